// Lines for a terminal: wrapping, columns, colours. Takes printable text only (see escape-terminal.ts).

import { displayWidth, truncateStart, truncateText } from './truncate-text.ts';

/** Colours and weights by meaning; every function gives its text back unchanged when colours are off. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly attention: (text: string) => string;
  readonly bad: (text: string) => string;
}

/** One column of a table. */
export interface Column {
  readonly align?: 'right';
  /** Where a cell that is too long is cut. Default: at its end. */
  readonly cut?: 'start';
  /** Share of the width (0 to 1) that it may take at most. The last column takes what is left. */
  readonly maxShare?: number;
}

/** What lines of wrapped text start with. */
export interface Indents {
  readonly indent: string;
  /** At least as wide as `indent`. */
  readonly hang: string;
}

/** ANSI colours, or none. SGR codes: ECMA-48 8.3.117. */
export function createPaint(color: boolean): Paint {
  const style = (code: number) => (text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  return { bold: style(1), dim: style(2), good: style(32), attention: style(33), bad: style(31) };
}

/**
 * Text broken at spaces into lines of at most `width` columns, the first after `indent`, the others after `hang`; a word
 * that is longer is broken where it must be. At least one line.
 */
export function wrapText(text: string, width: number, { indent, hang }: Indents): readonly string[] {
  const lines: string[] = [];
  let start = indent;
  let line: string | undefined;
  for (const word of text.split(' ').flatMap((long) => breakWord(long, width - displayWidth(hang)))) {
    const longer = line === undefined ? start + word : `${line} ${word}`;
    if (line === undefined || displayWidth(longer) <= width) {
      line = longer;
      continue;
    }
    lines.push(line.trimEnd());
    start = hang;
    line = start + word;
  }
  return [...lines, (line ?? start).trimEnd()];
}

/** Rows as aligned columns, two spaces apart, each row one line of at most `width` columns; cells are cut to fit. */
export function layoutTable(rows: readonly (readonly string[])[], columns: readonly Column[], width: number): string[] {
  let left = width;
  const widths = columns.map(({ maxShare }, index) => {
    const natural = rows.reduce((most, row) => Math.max(most, displayWidth(row[index] ?? '')), 0);
    const limit = maxShare === undefined ? left : Math.min(left, Math.floor(width * maxShare));
    const taken = Math.max(1, Math.min(natural, limit));
    left -= taken + 2;
    return taken;
  });
  return rows.map((row) =>
    columns
      .map(({ align, cut }, index) => {
        const truncate = cut === 'start' ? truncateStart : truncateText;
        const cell = truncate(row[index] ?? '', widths[index] ?? 1);
        const padding = ' '.repeat((widths[index] ?? 1) - displayWidth(cell));
        return align === 'right' ? `${padding}${cell}` : `${cell}${padding}`;
      })
      .join('  ')
      .trimEnd(),
  );
}

function breakWord(word: string, width: number): string[] {
  if (displayWidth(word) <= width) return [word];
  const pieces: string[] = [];
  let piece = '';
  for (const char of word) {
    if (displayWidth(piece + char) > width) {
      pieces.push(piece);
      piece = '';
    }
    piece += char;
  }
  return [...pieces, piece];
}
