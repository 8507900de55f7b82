// The kinds of block that the Markdown renderers put together. They know nothing of reports.

import { escapeHtml, escapeMarkdown, markdownCode } from './escape-markdown.ts';
import { formatCount } from './format-count.ts';
import type { Block } from './markdown-document.ts';

/** Names that are shown in one cell. */
const MAX_NAMES = 5;

/** What stands in a fold. */
export interface Fold {
  readonly priority: number;
  /** Finished HTML in one line: Markdown is not read there. */
  readonly title: string;
  /** The head of a table; empty for a list. */
  readonly head: readonly string[];
  readonly rows: readonly string[];
}

/** A table that says in its first cell what it is about, unless it stands in a fold of that name. */
export interface TitledTable {
  readonly priority: number;
  /** Untrusted text. */
  readonly title: string;
  readonly isFolded: boolean;
  /** Names of the columns; the first is for a table in a fold. `Images` are numbers. */
  readonly columns: readonly string[];
  readonly rows: readonly string[];
}

/** Lines that are shown whole or not at all. */
export function paragraph(priority: number, ...lines: readonly string[]): Block {
  return { priority, head: lines, rows: [], tail: [] };
}

/** A table (or a list, when the head says so) of which as many rows are shown as fit; no block without rows. */
export function rowsBlock(priority: number, head: readonly string[], rows: readonly string[]): readonly Block[] {
  return rows.length === 0 ? [] : [{ priority, head, rows, tail: [] }];
}

/** The same behind a title that opens it. */
export function foldBlock({ priority, title, head, rows }: Fold): readonly Block[] {
  if (rows.length === 0) return [];
  const open = ['<details>', `<summary>${title}</summary>`, '', ...head];
  return [{ priority, head: open, rows, tail: ['', '</details>'] }];
}

/** A titled table: with the title in its first cell, or, where place is short, behind a fold. */
export function titledTable({ title, isFolded, ...table }: TitledTable): readonly Block[] {
  const [first = '', ...rest] = table.columns;
  const border = `| ${['---', ...rest.map((name) => (name === 'Images' ? '---:' : '---'))].join(' | ')} |`;
  const head = (name: string) => [`| ${[name, ...rest].join(' | ')} |`, border];
  if (!isFolded) return rowsBlock(table.priority, head(escapeMarkdown(title)), table.rows);
  return foldBlock({ ...table, title: `<b>${escapeHtml(title)}</b>`, head: head(first) });
}

/** The first five names as code, and how many more there are. Empty for none. */
export function codeList(names: readonly string[]): string {
  const left = names.length - MAX_NAMES;
  const shown = names.slice(0, MAX_NAMES).map(markdownCode).join(', ');
  return left > 0 ? `${shown} and ${formatCount(left)} more` : shown;
}
