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

/** What needs a sentence gets it whole; the others are a table. */
function renderRows(repository: RepositoryRestore, page: TextPage): readonly string[] {
  const rows = listRestored(repository);
  const told = rows.filter(({ note }) => note !== '');
  const plain = rows
    .filter(({ note }) => note === '')
    .map((row) => [describeRestoreOutcome(row.outcome), row.what, shortDigest(row.digest), row.tags.join(', ')]);
  return [
    ...page.title(repository.name),
    ...told.slice(0, MAX_ROWS).flatMap((row) => page.prose(describeRow(row), 4).map(paintOf(row, page))),
    ...page.more(told.length - MAX_ROWS),
    ...page.table(plain, [{}, {}, {}, {}], MAX_ROWS),
  ];
}

function describeRow({ outcome, what, digest, tags, note }: RestoreRow): string {
  const name = tags.length === 0 ? shortDigest(digest) : `${tags.join(', ')} (${shortDigest(digest)})`;
  return `${describeRestoreOutcome(outcome)}  ${what} ${name}: ${note}`;
}

function paintOf({ outcome }: RestoreRow, { paint }: TextPage): (line: string) => string {
  return outcome === 'refused' ? paint.bad : paint.attention;
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
