import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Block, fitBlocks } from '../../src/report/markdown-document.ts';

const bytes = (text: string) => new TextEncoder().encode(text).length;
const block = (priority: number, name: string, count = 0): Block => ({
  priority,
  head: [`# ${name}`],
  rows: Array.from({ length: count }, (_, index) => `- ${name} ${index} größe`),
  tail: ['', '</details>'],
});

describe('fitBlocks', () => {
  it('shows everything when it fits', () => {
    expect(fitBlocks([block(0, 'a', 1)], 1000)).toBe('# a\n- a 0 größe\n\n</details>\n');
  });

  it('counts the rows that do not fit, and still closes what it opened', () => {
    const text = fitBlocks([block(0, 'a', 5000)], 1000);
    const shown = text.split('\n').filter((line) => line.startsWith('- a')).length;
    expect(shown).toBeGreaterThan(30);
    expect(text).toContain(`and ${(5000 - shown).toLocaleString('en')} more`);
    expect(text).toContain('\n</details>\n');
  });

  it('gives up the least important part first, wherever it stands', () => {
    const text = fitBlocks([block(9, 'list', 5000), block(0, 'verdict'), block(1, 'guards', 3)], 600);
    expect(text.indexOf('# list')).toBeLessThan(text.indexOf('# verdict'));
    expect(text).toContain('guards 2');
    expect(text).not.toContain('list 40');
  });

  it('says that parts are missing', () => {
    expect(fitBlocks([block(0, 'a', 5000), block(1, 'b')], 300)).toMatch(/do not fit here.*\n$/);
  });

  it('never exceeds its limit, however small, and never cuts inside a line', () => {
    const blocks = [block(0, 'a'), block(2, 'b', 300), block(1, 'c', 40)];
    const lines = new Set(fitBlocks(blocks, 1e6).split('\n'));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8000 }), (maxBytes) => {
        const text = fitBlocks(blocks, maxBytes);
        expect(bytes(text)).toBeLessThanOrEqual(maxBytes);
        for (const line of text.split('\n')) expect(lines.has(line) || line.startsWith('_')).toBe(true);
      }),
    );
  });
});
