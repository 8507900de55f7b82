import { describe, expect, it } from 'vitest';
import { escapeMarkdown, markdownCode } from '../../src/report/escape-markdown.ts';

describe('escapeMarkdown', () => {
  it.each([
    ['a table cell', 'a | b', 'a &#124; b'],
    ['an escaped table cell', 'a \\| b', 'a &#92;&#124; b'],
    ['a tag', '<script>', '&lt;script&gt;'],
    ['a comment', '<!-- x -->', '&lt;!-- x --&gt;'],
    ['an entity', '&lt;b&gt;', '&amp;lt;b&amp;gt;'],
    ['a code span', '`x`', '&#96;x&#96;'],
    ['emphasis', '*a* _b_ c~', '&#42;a&#42; &#95;b&#95; c&#126;'],
    ['a strike', '~~c~~', '`~~c~~`'],
    ['a link', '[x](http://evil)', '&#91;<wbr>`x](http://evil`)'],
    ['an image', '![x](y)', '!&#91;<wbr>x&#93;(y)'],
    ['a mention', 'by @octocat', 'by `@octocat`'],
    ['a mention of a team in brackets', '(@acme/team), too', '(`@acme/team`), too'],
    ['a mention at the start', '@octocat', '`@octocat`'],
    ['an e-mail address', 'a@b.com', '`a@b.com`'],
    ['an issue number', 'see #12', 'see `#12`'],
    ['an issue number of another repository', 'acme/app#12', '`acme/app#12`'],
    ['an issue number with letters', 'GH-12: x', '`GH-12`: x'],
    ['a commit', 'commit 209fb98011 is gone', 'commit `209fb98011` is gone'],
    ['a digest', 'belongs to sha256:3d78a6a5e4e4, which', 'belongs to `sha256:3d78a6a5e4e4`, which'],
    ['a mention with structure in it', '@a|<b>', '<code><wbr>@<wbr>a&#124;&lt;b&gt;</code>'],
    ['a bare address', 'https://evil.com', '`https://evil.com`'],
    ['a bare host', 'www.evil.com', '`www.evil.com`'],
    ['a bare host of which a cut left the beginning', 'see www.…', 'see `www`.…'],
    ['a bare host without a name', '(www.) x', '(`www`.) x'],
    ['a bare host by the dot of our own sentence', 'by www', 'by `www`'],
    ['a mail scheme', 'mailto:a', 'mailto<wbr>:a'],
    ['an emoji name', ':tada:', '&#58;<wbr>tada:'],
    ['a formula', '$x$', '<span>&#36;</span>x<span>&#36;</span>'],
    ['a heading at the start', '# x', '`#` x'],
    ['a list at the start', '- x', '&#45;<wbr> x'],
    ['a numbered list at the start', '1. x', '1&#46; x'],
    ['a newline', 'a\nb', 'a&#92;nb'],
    ['spaces at the start', '    code', 'code'],
  ])('lets no text become %s', (_, text, escaped) => {
    expect(escapeMarkdown(text)).toBe(escaped);
  });

  it.each([
    ['a quick action', '/close', '&#47;close'],
    ['a quick action with a label', '/label ~bug', '&#47;label `~bug`'],
    ['a merge request', 'see !1.', 'see `!1`.'],
    ['a merge request of another project', '(group/app!12)', '(`group/app!12`)'],
    ['a snippet', '$1', '<code><span>&#36;</span>1</code>'],
    ['an epic', 'group&1', '<code>group&amp;1</code>'],
    ['a label', '~bug, ~"feature request"', '`~bug,` `~"feature` request"'],
    ['a milestone', '%v1.23 and %"release candidate"', '`%v1.23` and `%"release` candidate"'],
    ['a milestone behind a number', '36%v1', '`36%v1`'],
    ['a placeholder', '%{project_path}', '`%{project_path}`'],
    ['an iteration', '*iteration:1', '`*iteration:1`'],
    ['an iteration whose name begins with a blank', '*iteration:" a b"', '`*iteration`:" a b"'],
    ['an iteration of which a cut left the beginning', '*iteration:…', '`*iteration`:…'],
    ['a reference in brackets', '[issue:1]', '`[issue:1]`'],
    ['a project', 'team/app>', '<code>team/app&gt;</code>'],
    ['an issue of another tracker', 'PROJ-12', 'PROJ&#45;<wbr>12'],
    ['a commit in the middle of a word', 'v1a2b3c4', '`v1a2b3c4`'],
    ['an inline diff', '{+a+} [- b -]', '`{+a+}` `[-` b -&#93;'],
    ['a table of contents', '[[_TOC_]]', '&#91;<wbr>&#91;<wbr>&#95;TOC&#95;&#93;&#93;'],
    ['a task', '[ ] x', '&#91;<wbr> &#93; x'],
    ['a multiline quote', '>>>', '&gt;&gt;&gt;'],
    ['an address of any scheme', 'smb://evil/x', '`smb://evil/x`'],
  ])('lets no text become %s on GitLab', (_, text, escaped) => {
    expect(escapeMarkdown(text)).toBe(escaped);
  });

  it.each([
    '5 of 14 images (36%) would go, more than the 30% that are allowed: raise --max-delete-share.',
    'www-data and wwwroot, one iteration: later.',
  ])('leaves %j readable', (text) => {
    expect(escapeMarkdown(text)).toBe(text);
  });

  it('cuts a text that nobody would read', () => {
    expect(escapeMarkdown('x'.repeat(5000))).toBe(`${'x'.repeat(1999)}…`);
  });
});

describe('markdownCode', () => {
  it.each([
    ['v1.2.3', '`v1.2.3`'],
    ['feature/x_y*z', '`feature/x_y*z`'],
    ['ghcr.io/team/app@sha256:ab', '`ghcr.io/team/app@sha256:ab`'],
    ['registry-cleanup apply --plan-file p.json', '`registry-cleanup apply --plan-file p.json`'],
    ['a`b', '<code>a&#96;b</code>'],
    ['a|b', '<code>a&#124;b</code>'],
    ['a\\|b', '<code>a&#92;&#124;b</code>'],
    ['<b>', '<code>&lt;b&gt;</code>'],
    ['a\u001b[1mb', '<code>a&#92;u{1b}&#91;<wbr>1mb</code>'],
    ['', '<code></code>'],
    [' ', '<code></code>'],
    ['$', '<code><span>&#36;</span></code>'],
    ['x$', '<code>x<span>&#36;</span></code>'],
  ])('shows %j as %s', (text, code) => {
    expect(markdownCode(text)).toBe(code);
  });
});
