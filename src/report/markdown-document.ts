// A Markdown document that never grows beyond its limit: it is cut between rows, the least important part first.

import { formatCount } from './format-count.ts';

/** A part of the document. Lines are finished Markdown without newlines. */
export interface Block {
  /** Smaller is more important: it gets its place first. Order of display is the order of the blocks. */
  readonly priority: number;
  readonly head: readonly string[];
  /** Rows of a table or items of a list; as many as fit are shown, from the first on. */
  readonly rows: readonly string[];
  readonly tail: readonly string[];
}

const encoder = new TextEncoder();

/** How large a text is; of two texts together never more than the sum. */
type Measure = (text: string) => number;

/**
 * The blocks as one document of at most `most` bytes of UTF-8, or of what `sizeOf` counts. Rows that do not fit are counted in a
 * line of their own, blocks whose head does not fit are left out, and a last line says so. Empty when not even that line fits.
 */
export function fitBlocks(blocks: readonly Block[], most: number, sizeOf: Measure = countBytes): string {
  const whole = blocks.map((block) => renderBlock(block, block.rows.length)).join('');
  if (sizeOf(whole) <= most) return endLine(whole);
  const note = `_Parts of this report do not fit here. All of it is in the JSON report._\n`;
  let left = most - sizeOf(note);
  if (left < 0) return '';
  const shown = new Map<Block, string>();
  for (const block of blocks.toSorted((a, b) => a.priority - b.priority)) {
    const text = fitBlock(block, left, sizeOf);
    if (text === undefined) continue;
    shown.set(block, text);
    left -= sizeOf(text);
  }
  return `${blocks.map((block) => shown.get(block) ?? '').join('')}${note}`;
}

/** The block with as many rows as fit, or undefined when its frame alone does not. */
function fitBlock(block: Block, most: number, sizeOf: Measure): string | undefined {
  const whole = renderBlock(block, block.rows.length);
  if (sizeOf(whole) <= most) return whole;
  // The line that counts what is left out is longest when nothing is shown.
  let left = most - sizeOf(renderBlock(block, 0));
  if (left < 0) return undefined;
  let count = 0;
  for (const row of block.rows) {
    left -= sizeOf(row) + 1;
    if (left < 0) break;
    count += 1;
  }
  return renderBlock(block, count);
}

function renderBlock({ head, rows, tail }: Block, count: number): string {
  const left = rows.length - count;
  const more = left > 0 ? ['', `_… and ${formatCount(left)} more (all in the JSON report)._`] : [];
  return `${[...head, ...rows.slice(0, count), ...more, ...tail].join('\n')}\n\n`;
}

/** One newline at the end, not the empty line that separates blocks. */
function endLine(text: string): string {
  return text === '' ? '' : `${text.trimEnd()}\n`;
}

function countBytes(text: string): number {
  return encoder.encode(text).length;
}
