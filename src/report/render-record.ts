// What a `record` came to for people, as text and as Markdown. Reads the report, decides nothing.

import { shortDigest } from '../model/reference.ts';
import { escapeMarkdown, markdownCode } from './escape-markdown.ts';
import { pluralize } from './pluralize.ts';
import type { RecordReport, ReportedRecord } from './record-report.ts';
import { createTextPage, joinLines, type TextOptions } from './text-page.ts';

/** The report as text that ends in a newline; lines fit, names from outside are escaped. */
export function renderRecord(report: RecordReport, options: TextOptions): string {
  const page = createTextPage(options);
  return joinLines([
    ...page.statement(describeRecords(report), page.paint.good),
    ...report.records.flatMap((record) => [
      ...page.prose(`${record.repository}@${record.image}`),
      ...page.prose(`is the image of ${describeStatement(record)}`, 2),
      ...page.prose(`${describeOutcome(record)}: ${describePlace(record)}`, 2).map(page.paint.dim),
    ]),
  ]);
}

/** The same as Markdown, a table. */
export function renderRecordMarkdown(report: RecordReport): string {
  const rows = report.records.map((record) => {
    const cells = [
      `${record.repository}@${shortDigest(record.image)}`,
      describeStatement(record),
      describePlace(record),
    ];
    return `| ${cells.map(markdownCode).join(' | ')} | ${describeOutcome(record)} |`;
  });
  const head = ['| Image | Published for | Record | |', '| --- | --- | --- | --- |'];
  return `${[`**${escapeMarkdown(describeRecords(report))}**`, '', ...head, ...rows].join('\n')}\n`;
}

function describeRecords({ records }: RecordReport): string {
  const written = records.filter(({ outcome }) => outcome === 'written').length;
  if (written === 0) return 'All of this was recorded already. Nothing was written.';
  const known = records.length - written;
  return `${pluralize(written, 'record')} written${known === 0 ? '' : `, ${known} were there already`}.`;
}

function describeStatement({ commit, reference, imageName }: ReportedRecord): string {
  const named = imageName === undefined ? '' : `${imageName} at `;
  return `${named}commit ${commit}${reference === undefined ? '' : ` (${reference})`}`;
}

function describeOutcome({ outcome }: ReportedRecord): string {
  return outcome === 'written' ? 'written' : 'there already';
}

function describePlace({ record, tag }: ReportedRecord): string {
  return tag === undefined ? `referrer ${shortDigest(record)}` : `tag ${tag}`;
}
