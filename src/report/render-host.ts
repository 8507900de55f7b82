// The report of a `host` for people, as text and as Markdown. Reads the report, decides nothing.

import {
  describeHostDisk,
  describeHostNext,
  describeHostStatus,
  type HostRow,
  type HostTally,
  listHostSteps,
  listPullable,
  tallyHost,
  toneOfHost,
} from './describe-host.ts';
import { escapeMarkdown, markdownCode } from './escape-markdown.ts';
import { formatCount } from './format-count.ts';
import type { HostReport } from './host-report.ts';
import { joinSome } from './join-some.ts';
import { codeList, foldBlock, paragraph, rowsBlock } from './markdown-blocks.ts';
import { fitBlocks } from './markdown-document.ts';
import { createTextPage, joinLines, type TextOptions, type TextPage } from './text-page.ts';

/** About a screen; the JSON form has all. */
const MAX_ROWS = 40;
const MAX_REASONS = 15;
const MAX_NOTES = 20;
const MAX_NAMES = 3;
/** As for the other reports: well under what a job summary can show. */
const MAX_MARKDOWN_BYTES = 900_000;

/** The report as text that ends in a newline; lines fit, names from outside are escaped. */
export function renderHost(report: HostReport, options: TextOptions): string {
  const page = createTextPage(options);
  const { result, engine, guards, notes } = report;
  const plain = (line: string): string => line;
  const disk = describeHostDisk(report);
  const next = describeHostNext(report, options.frontEnd);
  const { go, stay } = tallyHost(report);
  const pullable = listPullable(report);
  return joinLines([
    ...(engine === undefined ? [] : page.statement(`${engine.title} (${engine.address})`, page.paint.bold)),
    ...page.statement(describeHostStatus(report), page.paint[toneOfHost(report)]),
    ...(disk === undefined ? [] : page.statement(disk, plain)),
    ...(result.kind === 'stopped' ? page.statement(result.error.message, page.paint.bad) : []),
    ...guards.flatMap(({ text, hint }) => page.statement(`${text}. ${hint}`, page.paint.bad)),
    ...renderTally('Why images go', go, page),
    ...renderTally('Why images stay', stay, page),
    ...renderSteps(report, page),
    ...(notes.length === 0 ? [] : page.title('To know')),
    ...notes.slice(0, MAX_NOTES).flatMap((note) => page.prose(`- ${note}`, 2)),
    ...page.more(notes.length - MAX_NOTES),
    ...(pullable.length === 0 ? [] : page.title('Can be pulled again, where the registry has it')),
    ...page.table(
      pullable.map((name) => [name]),
      [{}],
      MAX_ROWS,
    ),
    ...(next === undefined ? [] : ['', ...page.statement(next, plain)]),
  ]);
}

function renderTally(title: string, tallies: readonly HostTally[], page: TextPage): readonly string[] {
  if (tallies.length === 0) return [];
  const rows = tallies.map(({ count, text, names }) => [formatCount(count), `${text}: ${joinSome(names, MAX_NAMES)}`]);
  return [...page.title(title), ...page.table(rows, [{ align: 'right' }, {}], MAX_REASONS)];
}

/** What was not done is told in full; the rest is a table. */
function renderSteps(report: HostReport, page: TextPage): readonly string[] {
  const rows = listHostSteps(report);
  const told = rows.filter(isLeft);
  const table = rows.filter((row) => !isLeft(row)).map(({ what, bytes, name, why }) => [what, bytes, name, why]);
  const isDone = report.result.kind === 'applied' || report.result.kind === 'stopped';
  const columns = [{}, { align: 'right' as const }, { cut: 'start' as const, maxShare: 0.5 }, {}];
  return [
    ...(told.length === 0 ? [] : page.title('Not done')),
    ...told
      .slice(0, MAX_ROWS)
      .flatMap(({ outcome, what, name, why }) => page.prose(`${outcome}  ${what} ${name}: ${why}`, 4)),
    ...page.more(told.length - MAX_ROWS),
    ...(table.length === 0 ? [] : page.title(isDone ? 'What went' : 'What would go')),
    ...page.table(table, columns, MAX_ROWS),
  ];
}

function isLeft({ outcome }: HostRow): boolean {
  return outcome === 'skipped' || outcome === 'FAILED';
}

/** The same as Markdown of at most 900,000 bytes. */
export function renderHostMarkdown(report: HostReport, { frontEnd }: Pick<TextOptions, 'frontEnd'> = {}): string {
  const { result, engine, guards, notes } = report;
  const disk = describeHostDisk(report);
  const next = describeHostNext(report, frontEnd);
  const { go, stay } = tallyHost(report);
  const rows = listHostSteps(report).map(markdownRow);
  const pullable = listPullable(report).map((name) => `- ${markdownCode(name)}`);
  const table = ['| | Size | Name | Why | |', '| --- | ---: | --- | --- | --- |'];
  return fitBlocks(
    [
      paragraph(0, `## ${escapeMarkdown(describeHostStatus(report))}`),
      ...(result.kind === 'stopped' ? [paragraph(0, `**${escapeMarkdown(result.error.message)}**`)] : []),
      ...guards.map(({ text, hint }) => paragraph(0, `**${escapeMarkdown(text)}.** ${escapeMarkdown(hint)}`)),
      ...(disk === undefined ? [] : [paragraph(0, escapeMarkdown(disk))]),
      ...(next === undefined ? [] : [paragraph(0, escapeMarkdown(next))]),
      ...tallyTable('Why images go', go),
      ...tallyTable('Why images stay', stay),
      ...rowsBlock(2, table, rows),
      ...rowsBlock(
        1,
        [],
        notes.map((note) => `- ${escapeMarkdown(note)}`),
      ),
      ...foldBlock({ priority: 3, title: 'Can be pulled again, where the registry has it', head: [], rows: pullable }),
      ...(engine === undefined
        ? []
        : [paragraph(1, `${escapeMarkdown(engine.title)} at ${markdownCode(engine.address)}`)]),
    ],
    MAX_MARKDOWN_BYTES,
  );
}

function tallyTable(title: string, tallies: readonly HostTally[]): ReturnType<typeof rowsBlock> {
  const rows = tallies.map(
    ({ count, text, names }) => `| ${escapeMarkdown(text)} | ${formatCount(count)} | ${codeList(names)} |`,
  );
  return rowsBlock(1, [`| ${title} | Images | |`, '| --- | ---: | --- |'], rows);
}

function markdownRow({ what, bytes, name, why, outcome }: HostRow): string {
  const shown = outcome === 'FAILED' ? `**${outcome}**` : outcome;
  return `| ${what} | ${bytes} | ${markdownCode(name)} | ${escapeMarkdown(why)} | ${shown} |`;
}
