// What all text renderers share: one page of a given width, with or without colours. Every untrusted text passes through here.

import type { FrontEnd } from './describe-status.ts';
import { defuseWorkflowCommand, escapeTerminal } from './escape-terminal.ts';
import { formatCount } from './format-count.ts';
import { type Column, createPaint, layoutTable, type Paint, wrapText } from './text-layout.ts';
import { truncateText } from './truncate-text.ts';

/** How a text is rendered. */
export interface TextOptions {
  readonly color: boolean;
  /** Columns of the terminal; less than 40 counts as 40. */
  readonly width: number;
  /** Default: the command line. */
  readonly frontEnd?: FrontEnd;
}

/** A page to lay out on. Texts may be untrusted: they come back escaped and on lines that fit. */
export interface TextPage {
  readonly paint: Paint;
  /** A title over what follows, with an empty line before it. */
  title(text: string): readonly string[];
  /** Prose, indented by two; lines after the first by `hang` more. Cut when it is unreasonably long. */
  prose(text: string, hang?: number): readonly string[];
  /** Prose without indent, painted. */
  statement(text: string, paint: (line: string) => string): readonly string[];
  /** Aligned rows, indented by two, one line each; beyond `most` rows a line says how many are left out. */
  table(rows: readonly (readonly string[])[], columns: readonly Column[], most: number): readonly string[];
  /** The line that says how many were left out; nothing unless `left` is above zero. */
  more(left: number): readonly string[];
}

const MIN_WIDTH = 40;
const INDENT = '  ';
const FLUSH = { indent: '', hang: '' };
/** Untrusted prose (a registry's error page) is cut here; the JSON report has all of it. */
const MAX_COLUMNS = 2000;

/** A page that obeys the options. */
export function createTextPage({ color, width, frontEnd }: TextOptions): TextPage {
  const columns = Math.max(MIN_WIDTH, Math.floor(width));
  const paint = createPaint(color);
  const report = frontEnd === 'action' ? 'output report-file' : '--report-file';
  const clean = (text: string) => truncateText(defuseWorkflowCommand(escapeTerminal(text)), MAX_COLUMNS);
  const prose = (text: string, hang = 0) =>
    wrapText(clean(text), columns, { indent: INDENT, hang: INDENT + ' '.repeat(hang) });
  const more = (left: number) =>
    left > 0 ? prose(`… and ${formatCount(left)} more (all in the JSON report: ${report})`, 2).map(paint.dim) : [];
  return {
    paint,
    title: (text) => ['', ...wrapText(clean(text), columns, FLUSH).map(paint.bold)],
    prose,
    statement: (text, painted) => wrapText(clean(text), columns, FLUSH).map(painted),
    table(rows, layout, most) {
      const shown = rows.slice(0, most).map((row) => row.map(clean));
      const lines = layoutTable(shown, layout, columns - INDENT.length).map((line) => `${INDENT}${line}`);
      return [...lines, ...more(rows.length - shown.length)];
    },
    more,
  };
}

/** The finished page: no line that a CI runner would obey (wrapping may have begun one with `::`), a newline at the end. */
export function joinLines(lines: readonly string[]): string {
  return `${lines.map(defuseWorkflowCommand).join('\n')}\n`;
}
