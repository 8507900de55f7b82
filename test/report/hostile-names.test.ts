// Whatever a registry, a branch, a workload or an error message holds: it stays text.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderExplanation } from '../../src/report/render-explanation.ts';
import { renderMarkdown } from '../../src/report/render-markdown.ts';
import { renderText } from '../../src/report/render-text.ts';
import { displayWidth } from '../../src/report/truncate-text.ts';
import {
  benignFor,
  DOCUMENTS,
  explanationOf,
  HOSTILE,
  HOSTILE_ON_GITLAB,
  hostileText,
  NO_LIMIT,
} from '../builders/hostile-text.ts';
import { reportFullOf } from '../builders/report.ts';

/**
 * The structure alone: without what the escaping writes (names as code, entities, breaks, guarded characters) and without
 * words. A list item that opens another block shows as one.
 */
function structureOf(markdown: string): string {
  return markdown
    .replace(/^<!-- registry-cleanup:[\w.]* -->\n/, '')
    .replace(/<code>[^<\n]*(?:<(?:wbr|span|\/span)>[^<\n]*)*<\/code>|`[^`\n]+`/g, 'c')
    .replace(/:\/\/|www\.|:[\w+-]+:/g, '~link~')
    .replace(/<wbr>@<wbr>|#<wbr>|<span>&#36;<\/span>|&#\d+;|&(?:lt|gt|amp|nbsp);/g, 'e')
    .replace(/<wbr>|<br>/g, '')
    .replace(/^- (?=[-+>=]|\d+[.)]|\t| )/gm, '~block~')
    .replace(/<(\/?)(\w+)>/g, (_, slash: string, name: string) => `<${slash}${name.length}>`)
    .replace(/[^\n|<>[\]`*_~@#$&\d]|\d(?!>)/g, '');
}

describe('Markdown', () => {
  const benign = structureOf(renderMarkdown(reportFullOf('benign'), NO_LIMIT));

  it('has a structure that the comparison can see', () => {
    expect(benign).toContain('|');
    expect(benign).toContain(`<${'details'.length}>`);
    expect(structureOf('| a | b |')).not.toBe(structureOf('| a |'));
    expect(structureOf('- - a')).not.toBe(structureOf('- a'));
    expect(structureOf('a <b> c')).not.toBe(structureOf('a b c'));
  });

  describe.each(Object.entries(DOCUMENTS))('as a %s', (_, render) => {
    it.each(HOSTILE)('gains no structure from %j', (text) => {
      expect(structureOf(render(text))).toBe(structureOf(render(benignFor(text))));
    });

    it('gains no structure from any text', () => {
      fc.assert(
        fc.property(hostileText, (text) => {
          expect(structureOf(render(text))).toBe(structureOf(render(benignFor(text))));
        }),
        { numRuns: 60 },
      );
    });
  });

  it.each(Object.entries(DOCUMENTS))('has no line that GitLab would act upon, as a %s', (_, render) => {
    const acting = /^(?:\/|>>>|::|\+\+\+|;;;|---|~~~|```(?!mermaid$|$))/m;
    for (const text of [...HOSTILE, ...HOSTILE_ON_GITLAB]) expect(render(text)).not.toMatch(acting);
  });

  it.each(HOSTILE_ON_GITLAB)('gains no structure from %j, which GitLab looks for', (text) => {
    const render = DOCUMENTS['comment on a plan']!;
    expect(structureOf(render(text))).toBe(structureOf(render(benignFor(text))));
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
