// Texts as an attacker would choose them for a name or a message, and every document that shows such texts.

import fc from 'fast-check';
import type { Explanation } from '../../src/report/explanation.ts';
import { renderComment } from '../../src/report/render-comment.ts';
import { renderExplanationMarkdown } from '../../src/report/render-explanation.ts';
import { renderMarkdown } from '../../src/report/render-markdown.ts';
import type { Report } from '../../src/report/report.ts';
import { because, decisionOf, digestOf, reportFullOf, tagOf } from './report.ts';

/** What GitLab acts upon, links or hides: https://docs.gitlab.com/user/markdown/, https://docs.gitlab.com/user/project/quick_actions/. */
export const HOSTILE_ON_GITLAB = [
  '/close',
  '/label ~bug',
  '/merge',
  'a\n/close\nb',
  '\r\n/approve\r\n',
  '/assign @all',
  '!1',
  'group/project!1',
  '$1',
  'project$12',
  '&1',
  'group&1',
  '~1',
  '~bug',
  'project~"feature request"',
  '%1',
  '%v1.23',
  '36%v1.23',
  '%"release candidate"',
  '~" b" %" b"',
  '~.net %.5',
  '%{project_path}',
  '^alert#1',
  '*iteration:1',
  '*iteration:"a b"',
  '*iteration:" a b"',
  '*iteration:',
  '*iteration',
  '[issue:1]',
  '[vulnerability:group/project/1]',
  '[feature_flag:12]',
  '[cadence:"a b"]',
  '[contact:mail@evil.example]',
  '[work_item:1]+s',
  'namespace/project>',
  'GL-1',
  'PROJ-12',
  '(proj-12)',
  'v1a2b3c4',
  '9ba12248...b19a04f5',
  '{+ added +}',
  '{-gone-}',
  '[+ added +]',
  '[- gone -]',
  '$`a^2`$',
  '$$',
  '$x$ $$y$$',
  '[TOC]',
  '[[_TOC_]]',
  '[[page|title]]',
  '>>>',
  '::include{file=x.md}',
  '+++',
  ';;;',
  '```suggestion:-0+0',
  '```math',
  'ftp://evil.example',
  'smb://evil/x',
  '- [~] task',
  ': details',
];

/** Each is structure somewhere: in Markdown, in HTML, in what GitHub looks for, on a terminal, in a CI log. */
export const HOSTILE = [
  '| a | b |',
  'a\\| b',
  'a\\\\| b',
  '\\',
  '`',
  '``` x',
  '` | `',
  '<script>alert(1)</script>',
  '</code></td></table>',
  '</details>',
  '<!-- hidden',
  '-->',
  '<img src=x onerror=y>',
  '<https://evil.example>',
  '[click](https://evil.example)',
  '![x](https://evil.example/x.png)',
  '[x]: https://evil.example',
  '[^1]',
  '@octocat',
  '@team',
  '(@acme/team)',
  'x@octocat',
  '"@octocat"',
  '_@octocat_',
  'GH-1',
  '(gh-12)',
  'owner/repo@1a2b3c4d5e',
  '1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d',
  'see 1a2b3c4d.',
  '--> <!-- registry-cleanup:other -->',
  '<!-- registry-cleanup:other -->',
  '```mermaid\npie\n"x" : 1\n```',
  '~~~',
  '"label" : 7',
  '%%{init: {}}%%',
  '$',
  '$`x`$',
  'mail@evil.example',
  '#1',
  'owner/repo#1',
  'https://evil.example',
  'www.evil.example',
  // Titles are cut: what is left of an address must not be one either.
  '<\u2e80    \u2e80  www.evil.example',
  'www.',
  '(www.) x',
  '"www…" www.…',
  'www',
  'mailto:x@evil.example',
  ':tada:',
  '$\\sqrt{3}$',
  '*a* **b** _c_ __d__ ~e~ ~~f~~',
  '# heading',
  '- item',
  '1. item',
  '> quote',
  '> [!TIP]',
  '---',
  '| --- | --- |',
  '- [ ] task',
  '&lt;b&gt; &#124; &amp;',
  'a\n\n# b\n\n| c |',
  'a\r\nb',
  '    code',
  '\t',
  ' ',
  '\u001b[2J\u001b[31m',
  '\u202egnp',
  '::error::x',
  '##[error]x',
  'x'.repeat(1500),
  '日本語'.repeat(60),
];

const MARKS = '|\\`<>&*_~[]()#@:$!%^{}/-+=. \n\r\t"\'aG1'.split('');

/** Pieces of structure in any order: what a person who knows the escaping would try. */
export const hostileText = fc.oneof(
  fc.constantFrom(...HOSTILE, ...HOSTILE_ON_GITLAB),
  fc
    .array(fc.oneof(fc.constantFrom(...HOSTILE, ...HOSTILE_ON_GITLAB, ...MARKS), fc.string({ unit: 'grapheme' })), {
      maxLength: 12,
    })
    .map((parts) => parts.join('').slice(0, 1500)),
);

/** Bytes that no test reaches. */
export const NO_LIMIT = { maxBytes: 100_000_000 };

/** Everything that is rendered as Markdown, by what it is; each with every place that can hold text from outside. */
export const DOCUMENTS: Readonly<Record<string, (text: string) => string>> = {
  'job summary': (text) => renderMarkdown(reportFullOf(text), { ...NO_LIMIT, frontEnd: 'action' }),
  'summary of a plan': (text) => renderMarkdown(planFullOf(text), NO_LIMIT),
  comment: (text) => renderComment(reportFullOf(text), { key: text, maxCharacters: NO_LIMIT.maxBytes }),
  'comment on a plan': (text) => renderComment(planFullOf(text), { key: 'k', maxCharacters: NO_LIMIT.maxBytes }),
  'comment without a difference': (text) =>
    renderComment(
      { ...planFullOf(text), difference: { kind: 'untold', base: text, why: text } },
      { key: 'k', maxCharacters: NO_LIMIT.maxBytes },
    ),
  explanation: (text) => renderExplanationMarkdown(explanationOf(text)),
};

/** The same report of a run that was not stopped: it has a chart. */
function planFullOf(text: string): Report {
  return { ...reportFullOf(text), command: 'plan', result: { kind: 'planned' } };
}

/** What holds as many lines as the text: an error of several lines is shown as a list. */
export function benignFor(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map(() => 'benign').join('\n');
}

/** An explanation in which every place that can hold text from outside holds it. */
export function explanationOf(text: string): Explanation {
  const found = { kind: 'label', name: text } as const;
  return {
    repository: text,
    target: text,
    node: decisionOf({
      decision: 'keep',
      name: 'a',
      tags: [text, text],
      what: text,
      reasons: [
        { ...because.branch(text), rule: 'unlinked', why: text },
        { rule: 'pin', pin: text, tag: tagOf(text) },
      ],
      untag: [text],
    }),
    related: [{ relation: 'child', digest: digestOf('b'), tags: [tagOf(text)], decision: 'absent' }],
    links: [
      { kind: 'named', commit: text, found: found.name, inHistory: false, imageName: text },
      { kind: 'gone', commit: text, proof: text, found: found.name, inHistory: false },
      { kind: 'unknown', why: text, inHistory: false },
    ],
  };
}
