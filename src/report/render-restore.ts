// The report of a restore for people, as text and as Markdown. Reads the report, decides nothing.

import { shortDigest } from '../model/reference.ts';
import {
  describeRestored,
  describeRestoreNext,
  describeRestoreOutcome,
  describeRestoreStatus,
  listRestored,
  type RestoreRow,
  toneOfRestore,
} from './describe-restore.ts';
import { escapeMarkdown, markdownCode } from './escape-markdown.ts';
import { type Block, fitBlocks } from './markdown-document.ts';
import type { RepositoryRestore, RestoreReport } from './restore-report.ts';
import { createTextPage, joinLines, type TextOptions, type TextPage } from './text-page.ts';

/** The JSON form has all rows. */
const MAX_ROWS = 200;
/** As for the other reports: well under what a job summary can show. */
const MAX_MARKDOWN_BYTES = 900_000;

/** The report as text that ends in a newline; lines fit, names from outside are escaped. */
export function renderRestore(report: RestoreReport, options: TextOptions): string {
  const page = createTextPage(options);
  const { result, repositories } = report;
  const next = describeRestoreNext(report);
  return joinLines([
    ...repositories.flatMap((one) => page.statement(`${one.name}: ${describeRestored(one)}`, page.paint.bold)),
    ...page.statement(describeRestoreStatus(report), page.paint[toneOfRestore(report)]),
    ...(result.kind === 'stopped' ? page.statement(result.error.message, page.paint.bad) : []),
    ...repositories.flatMap((one) => renderRows(one, page)),
    ...(next === undefined ? [] : ['', ...page.statement(next, (line) => line)]),
  ]);
}

function renderRows(repository: RepositoryRestore, page: TextPage): readonly string[] {
  const rows = listRestored(repository).map((row) => [
    describeRestoreOutcome(row.outcome),
    row.what,
    shortDigest(row.digest),
    row.tags.join(', '),
    row.note,
  ]);
  return [...page.title(repository.name), ...page.table(rows, [{}, {}, {}, { maxShare: 0.3 }, {}], MAX_ROWS)];
}

/** The same as Markdown of at most 900,000 bytes. */
export function renderRestoreMarkdown(report: RestoreReport): string {
  const { result, repositories, journal } = report;
  const next = describeRestoreNext(report);
  const paragraph = (text: string): Block => ({ priority: 0, head: [text], rows: [], tail: [] });
  return fitBlocks(
    [
      paragraph(`## ${escapeMarkdown(describeRestoreStatus(report))}`),
      ...(result.kind === 'stopped' ? [paragraph(`**${escapeMarkdown(result.error.message)}**`)] : []),
      ...(next === undefined ? [] : [paragraph(escapeMarkdown(next))]),
      ...repositories.flatMap((one, at) => [
        paragraph(`### ${markdownCode(one.name)}: ${escapeMarkdown(describeRestored(one))}`),
        tableOf(one, at + 1),
      ]),
      ...(journal === undefined ? [] : [paragraph(`By the journal ${markdownCode(journal)}.`)]),
    ],
    MAX_MARKDOWN_BYTES,
  );
}

function tableOf(repository: RepositoryRestore, priority: number): Block {
  return {
    priority,
    head: ['| | | Digest | Tags | |', '| --- | --- | --- | --- | --- |'],
    rows: listRestored(repository).map(markdownRow),
    tail: [],
  };
}

function markdownRow({ outcome, what, digest, tags, note }: RestoreRow): string {
  const word = describeRestoreOutcome(outcome);
  const shown = outcome === 'refused' ? `**${word}**` : word;
  return `| ${shown} | ${what} | ${markdownCode(shortDigest(digest))} | ${tags.map(markdownCode).join(', ')} | ${escapeMarkdown(note)} |`;
}
