// Whatever a registry, a branch, a workload or an error message holds: it stays text.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Explanation } from '../../src/report/explanation.ts';
import { renderExplanation, renderExplanationMarkdown } from '../../src/report/render-explanation.ts';
import { renderMarkdown } from '../../src/report/render-markdown.ts';
import { renderText } from '../../src/report/render-text.ts';
import { displayWidth } from '../../src/report/truncate-text.ts';
import { because, decisionOf, digestOf, reportFullOf, tagOf } from '../builders/report.ts';

const HOSTILE = [
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
  'mail@evil.example',
  '#1',
  'owner/repo#1',
  'https://evil.example',
  'www.evil.example',
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

const MARKS = '|\\`<>&*_~[]()#@:$!-+=. \n\r\t"\'a1'.split('');

/** Pieces of structure in any order: what a person who knows the escaping would try. */
const hostileText = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc
    .array(fc.oneof(fc.constantFrom(...HOSTILE, ...MARKS), fc.string({ unit: 'grapheme' })), {
      maxLength: 12,
    })
    .map((parts) => parts.join('').slice(0, 1500)),
);

const NO_LIMIT = { maxBytes: 100_000_000 };

function explanationOf(text: string): Explanation {
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
    links: [{ commit: text, found: found.name, inHistory: false }],
  };
}

/**
 * The structure alone: without what the escaping writes (names as code, entities, breaks, guarded characters) and without
 * words. A list item that opens another block shows as one.
 */
function structureOf(markdown: string): string {
  return markdown
    .replace(/<code>[^<\n]*(?:<(?:wbr|span|\/span)>[^<\n]*)*<\/code>|`[^`\n]+`/g, 'c')
    .replace(/:\/\/|www\.|:[\w+-]+:/g, '~link~')
    .replace(/<wbr>@<wbr>|#<wbr>|<span>\$<\/span>|&#\d+;|&(?:lt|gt|amp|nbsp);/g, 'e')
    .replace(/<wbr>|<br>/g, '')
    .replace(/^- (?=[-+>=]|\d+[.)]|\t| )/gm, '~block~')
    .replace(/<(\/?)(\w+)>/g, (_, slash: string, name: string) => `<${slash}${name.length}>`)
    .replace(/[^\n|<>[\]`*_~@#$&\d]|\d(?!>)/g, '');
}

describe('Markdown', () => {
  const benign = structureOf(renderMarkdown(reportFullOf('benign'), NO_LIMIT));
  const benignExplanation = structureOf(renderExplanationMarkdown(explanationOf('benign')));

  it('has a structure that the comparison can see', () => {
    expect(benign).toContain('|');
    expect(benign).toContain(`<${'details'.length}>`);
    expect(structureOf('| a | b |')).not.toBe(structureOf('| a |'));
    expect(structureOf('- - a')).not.toBe(structureOf('- a'));
    expect(structureOf('a <b> c')).not.toBe(structureOf('a b c'));
  });

  it.each(HOSTILE)('gains no structure from %j', (text) => {
    expect(structureOf(renderMarkdown(reportFullOf(text), NO_LIMIT))).toBe(benign);
    expect(structureOf(renderExplanationMarkdown(explanationOf(text)))).toBe(benignExplanation);
  });

  it('gains no structure from any text', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(structureOf(renderMarkdown(reportFullOf(text), NO_LIMIT))).toBe(benign);
      }),
      { numRuns: 300 },
    );
  });

  it('never exceeds its limit, whatever it holds', () => {
    fc.assert(
      fc.property(hostileText, fc.integer({ min: 0, max: 60_000 }), (text, maxBytes) => {
        const size = new TextEncoder().encode(renderMarkdown(reportFullOf(text), { maxBytes })).length;
        expect(size).toBeLessThanOrEqual(maxBytes);
      }),
    );
  });
});

describe('text', () => {
  const widths = fc.integer({ min: 0, max: 200 });

  it('holds no control, format or private character but its newlines, fits its width, and no runner obeys it', () => {
    fc.assert(
      fc.property(hostileText, widths, (text, width) => {
        const options = { color: false, width };
        for (const shown of [
          renderText(reportFullOf(text), options),
          renderExplanation(explanationOf(text), options),
        ]) {
          for (const line of shown.split('\n')) {
            expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u);
            expect(line).not.toMatch(/^\s*::|##\w*\[/);
            expect(displayWidth(line)).toBeLessThanOrEqual(Math.max(40, width) + 1);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('holds no escape code but our own colours', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const shown = renderText(reportFullOf(text), { color: true, width: 80 });
        const codes = ['0', '1', '2', '31', '32', '33'].map((code) => `\u001b[${code}m`);
        const plain = codes.reduce((left, code) => left.replaceAll(code, ''), shown);
        expect(plain).not.toContain('\u001b');
      }),
    );
  });
});
