// How wide text is on a terminal, and how it is cut to fit.

/** Characters that take two columns: East Asian wide and full-width ones, and pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
/** Characters that take none: they stand on the one before. */
const COMBINING = /[\p{Mn}\p{Me}]/u;
/** Printable ASCII: the common case, where columns are characters. */
const ASCII = /^[\x20-\x7e]*$/;

/** Columns that printable text takes on a terminal. Combining marks take none, East Asian characters and pictures two. */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let columns = 0;
  for (const char of text) columns += columnsOf(char);
  return columns;
}

/** The text cut to at most `columns` (at least 1) with a final `…` when something was cut. Never splits a character. */
export function truncateText(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let shown = '';
  let used = 0;
  for (const char of text) {
    used += columnsOf(char);
    if (used > columns - 1) break;
    shown += char;
  }
  return `${shown}…`;
}

/** The end of the text, at most `columns` (at least 1), with a `…` before it when something was cut: for paths. */
export function truncateStart(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  const chars = Array.from(text);
  let used = 1;
  let start = chars.length;
  while (start > 0 && used + columnsOf(chars[start - 1] ?? '') <= columns) {
    start -= 1;
    used += columnsOf(chars[start] ?? '');
  }
  return `…${chars.slice(start).join('')}`;
}

function columnsOf(char: string): number {
  if (COMBINING.test(char)) return 0;
  return WIDE.test(char) ? 2 : 1;
}
