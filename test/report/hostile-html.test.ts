// Whatever a registry, a branch, a workload or an error message holds: on the page it is text, and it calls nobody.

import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commentMarker } from '../../src/report/render-comment.ts';
import { benignFor, DOCUMENTS, HOSTILE, HOSTILE_ON_GITLAB, hostileText } from '../builders/hostile-text.ts';
import { readHtml } from '../support/html-structure.ts';
import { requireProgram } from '../support/real-parts.ts';
import { renderGithubHtml } from '../support/render-github-html.ts';

/** Elements that our own Markdown makes. */
const OURS = new Set(
  (
    'h2 h3 p ul li table thead tbody tr th td strong em b sub details summary code pre div blockquote ' + 'br wbr span'
  ).split(' '),
);

/** What GitHub looks for in finished text: mentions, issues, commits, addresses, emoji. */
const LOOKED_FOR: Readonly<Record<string, RegExp>> = {
  mention: /(?<![a-z0-9])@[a-z0-9]/i,
  'e-mail address': /[\w.+-]@[\w-]+\.\w/,
  issue: /#\d|\bgh-\d/i,
  commit: /(?<![a-z0-9])[0-9a-f]{7,}(?![a-z0-9])/i,
  address: /[a-z]:\/\/|www\./i,
};

/** What GitLab looks for besides: https://docs.gitlab.com/user/markdown/#gitlab-specific-references, and formulas, placeholders, diffs. */
const LOOKED_FOR_ON_GITLAB: Readonly<Record<string, RegExp>> = {
  'merge request': /!\d/,
  snippet: /\$\d/,
  epic: /&\d/,
  label: /~(?:[\w?.&-]*\w|"[^"\n]+")/,
  milestone: /%(?:\w|"[^"\n]+")/,
  placeholder: /%\{/,
  iteration: /\*iteration:/,
  'reference in brackets': /\[[a-z_]+:[^\]\n]+\]/,
  project: /\w\/[\w.-]+>/,
  commit: /(?=[a-f]*\d)[\da-f]{7,}/,
  'inline diff': /\{\+.*\+\}|\{-.*-\}|\[\+.*\+\]|\[-.*-\]/,
};

/** What GitLab looks for within one text, which an element splits: it keeps `wbr` and `span`. */
const LOOKED_FOR_IN_ONE_TEXT: Readonly<Record<string, RegExp>> = {
  'issue of another tracker': /\b[A-Za-z]\w*-\d/,
  'wiki page': /\[\[.+\]\]/,
  'table of contents': /^\[TOC\]$|\[\[_TOC_\]\]/m,
  task: /^[^\S\n]*\[[ x~]\]/im,
  emoji: /:[\w+-]+:/,
  formula: /\$.+\$/,
};

const CMARK = '--unsafe -e table -e strikethrough -e autolink -e tagfilter -e tasklist -e footnotes'.split(' ');

const PARSERS: Readonly<Record<string, (markdown: string) => string>> = {
  marked: renderGithubHtml,
  // GitHub's own parser, where it is installed.
  ...(requireProgram('cmark-gfm')
    ? { 'cmark-gfm': (input: string) => execFileSync('cmark-gfm', CMARK, { input, encoding: 'utf8' }) }
    : {}),
};

/** Texts outside code, put together where only an element stands between them that a filter might take away. */
function proseOf(html: string): readonly string[] {
  return textsOutsideCode(html.replace(/<\/?(?:wbr|span|strong|em|b|sub)>/g, ''));
}

function textsOutsideCode(html: string): readonly string[] {
  return readHtml(html)
    .texts.filter(({ within }) => !within.includes('code') && !within.includes('pre'))
    .map(({ text }) => text);
}

function expectHarmless(html: string, benign: string, [fromUs]: readonly string[]): void {
  const { tags, names, comments } = readHtml(html);
  expect(tags).toEqual(readHtml(benign).tags);
  expect([...names].filter((name) => !OURS.has(name))).toEqual([]);
  expect(comments.map((comment) => `<!--${comment}-->`)).toEqual(fromUs === undefined ? [] : [fromUs]);
  const everywhere = [...Object.values(LOOKED_FOR), ...Object.values(LOOKED_FOR_ON_GITLAB)];
  // One text a line: an expectation for each of them would take most of the time.
  const prose = proseOf(html).join('\n');
  for (const pattern of everywhere) expect(prose).not.toMatch(pattern);
  const texts = textsOutsideCode(html).join('\n');
  for (const pattern of Object.values(LOOKED_FOR_IN_ONE_TEXT)) expect(texts).not.toMatch(pattern);
}

describe.each(Object.entries(PARSERS))('on a page that %s made', (_, parse) => {
  describe.each(Object.entries(DOCUMENTS))('the %s', (name, render) => {
    const markersOf = (text: string) =>
      name === 'comment' ? [commentMarker(text)] : name.startsWith('comment') ? [commentMarker('k')] : [];

    it.each(HOSTILE)('shows %j as text', (text) => {
      expectHarmless(parse(render(text)), parse(render(benignFor(text))), markersOf(text));
    });

    it('shows any text as text', () => {
      fc.assert(
        fc.property(hostileText, (text) => {
          expectHarmless(parse(render(text)), parse(render(benignFor(text))), markersOf(text));
        }),
        { numRuns: 40 },
      );
    });
  });
});

describe('on GitLab, which looks for more', () => {
  const { 'comment on a plan': render } = DOCUMENTS;

  it.each(HOSTILE_ON_GITLAB)('a note shows %j as text', (text) => {
    expectHarmless(renderGithubHtml(render!(text)), renderGithubHtml(render!(benignFor(text))), [commentMarker('k')]);
  });
});

// The checks above pass on harmless pages, which proves little: here each of them meets what it is there for.
describe('the checks of a page', () => {
  const plain = '<p>a</p>';

  it.each([
    ['an element', '<p>a</p><img src="x">'],
    ['an attribute', '<p title="x">a</p>'],
    ['a link in the text', '<p><a href="x">a</a></p>'],
    ['a tag that is none', '<p>a <b</p>'],
    ['an element that is not closed', '<p><b>a</p>'],
    ['a comment', '<p>a</p><!-- x -->'],
    ['a mention', '<p>by @octocat</p>'],
    ['a mention whose parts only an element keeps apart', '<p>by <wbr>@<wbr>octocat</p>'],
    ['a mention by an entity', '<p>by &#64;octocat</p>'],
    ['an issue', '<p>see #1</p>'],
    ['an issue with letters', '<p>see GH-1</p>'],
    ['a commit', '<p>1a2b3c4</p>'],
    ['an address', '<p>https://evil.example</p>'],
    ['a merge request', '<p>group/app!12</p>'],
    ['a snippet', '<p><span>&#36;</span>1</p>'],
    ['an epic', '<p>&amp;1</p>'],
    ['a label', '<p>~bug</p>'],
    ['a label of several words', '<p>~"a b"</p>'],
    ['a milestone', '<p>36%v1</p>'],
    ['a placeholder', '<p>%{project_path}</p>'],
    ['an iteration', '<p>*iteration:1</p>'],
    ['a reference in brackets', '<p>&#91;<wbr>issue:1]</p>'],
    ['a project', '<p>team/app&gt;</p>'],
    ['a commit in a word', '<p>v1a2b3c4</p>'],
    ['an inline diff', '<p>{+ a +}</p>'],
    ['an issue of another tracker', '<p>PROJ-12</p>'],
    ['a wiki page', '<p>[[page]]</p>'],
    ['a task', '<p>[ ] a</p>'],
    ['an emoji', '<p>:tada:</p>'],
    ['a formula', '<p>$x$</p>'],
  ])('find %s', (_, html) => {
    expect(() => expectHarmless(html, plain, [])).toThrow();
  });

  it('pass what is harmless', () => {
    expect(() => expectHarmless('<p>by <code>@octocat</code><wbr>, PROJ-<wbr>1, 36%</p>', plain, [])).not.toThrow();
  });
});
