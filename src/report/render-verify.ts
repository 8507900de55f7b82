// The report of a verify for people, as text and as Markdown. Reads the report, decides nothing.

import { formatWorkload } from '../model/usage.ts';
import type { VerifiedImage } from '../model/verification.ts';
import { describeAvailability } from './describe-verification.ts';
import {
  describeScope,
  describeVerifyNext,
  describeVerifyStatus,
  listTroubled,
  listVerifyNotes,
  toneOfVerify,
} from './describe-verify.ts';
import { escapeMarkdown, htmlCode, markdownCode } from './escape-markdown.ts';
import { formatCount } from './format-count.ts';
import { type Block, fitBlocks } from './markdown-document.ts';
import { createTextPage, joinLines, type TextOptions, type TextPage } from './text-page.ts';
import type { VerifyReport } from './verify-report.ts';

/** The JSON form has all. */
const MAX_IMAGES = 200;
const MAX_USERS = 20;
/** As for the other reports: well under what a job summary can show. */
const MAX_MARKDOWN_BYTES = 900_000;

/** The report as text that ends in a newline; lines fit, names from outside are escaped. */
export function renderVerify(report: VerifyReport, options: TextOptions): string {
  const page = createTextPage(options);
  const { result } = report;
  const troubled = listTroubled(report);
  const next = describeVerifyNext(report);
  const notes = listVerifyNotes(report);
  return joinLines([
    ...(report.scope.length === 0 ? [] : page.statement(describeScope(report), page.paint.bold)),
    ...page.statement(describeVerifyStatus(report), page.paint[toneOfVerify(report)]),
    ...(result.kind === 'stopped' ? page.statement(result.error.message, page.paint.bad) : []),
    ...troubled.slice(0, MAX_IMAGES).flatMap((image) => renderImage(image, page)),
    ...page.more(troubled.length - MAX_IMAGES),
    ...(notes.length === 0 ? [] : page.title('Looked at')),
    ...notes.flatMap((note) => page.prose(note, 2)),
    ...(next === undefined ? [] : ['', ...page.statement(next, (line) => line)]),
  ]);
}

function renderImage(image: VerifiedImage, page: TextPage): readonly string[] {
  const { workloads, unlisted = 0 } = image;
  const where = image.askedIn === undefined ? '' : ` (asked for in ${image.askedIn})`;
  return [
    ...page.title(`${image.image}${where}`),
    ...page
      .prose(describeAvailability(image), 2)
      .map(image.availability.kind === 'unknown' ? page.paint.attention : page.paint.bad),
    ...workloads.slice(0, MAX_USERS).flatMap((workload) => page.prose(`- ${formatWorkload(workload)}`, 2)),
    ...page.more(Math.max(0, workloads.length - MAX_USERS) + unlisted),
  ];
}

/** The same as Markdown of at most 900,000 bytes. */
export function renderVerifyMarkdown(report: VerifyReport): string {
  const { result } = report;
  const next = describeVerifyNext(report);
  const paragraph = (text: string): Block => ({ priority: 0, head: [text], rows: [], tail: [] });
  const names = report.scope.length === 0 ? '' : `${escapeMarkdown(describeScope(report))}: `;
  return fitBlocks(
    [
      paragraph(`## ${names}${escapeMarkdown(describeVerifyStatus(report))}`),
      ...(result.kind === 'stopped' ? [paragraph(`**${escapeMarkdown(result.error.message)}**`)] : []),
      ...(next === undefined ? [] : [paragraph(escapeMarkdown(next))]),
      ...imageTable(listTroubled(report)),
      ...noteList(listVerifyNotes(report)),
    ],
    MAX_MARKDOWN_BYTES,
  );
}

function imageTable(images: readonly VerifiedImage[]): readonly Block[] {
  if (images.length === 0) return [];
  return [
    {
      priority: 1,
      head: ['| Image | | Used by |', '| --- | --- | --- |'],
      rows: images.map(markdownRow),
      tail: [],
    },
  ];
}

function markdownRow(image: VerifiedImage): string {
  const { workloads, unlisted = 0 } = image;
  const users = workloads.slice(0, MAX_USERS).map((workload) => htmlCode(formatWorkload(workload)));
  const left = Math.max(0, workloads.length - MAX_USERS) + unlisted;
  const more = left > 0 ? [`and ${formatCount(left)} more`] : [];
  const where = image.askedIn === undefined ? '' : `<br>asked for in ${markdownCode(image.askedIn)}`;
  const state = escapeMarkdown(describeAvailability(image));
  return `| ${markdownCode(image.image)}${where} | ${state} | ${[...users, ...more].join('<br>')} |`;
}

function noteList(notes: readonly string[]): readonly Block[] {
  if (notes.length === 0) return [];
  return [{ priority: 2, head: [], rows: notes.map((note) => `- ${escapeMarkdown(note)}`), tail: [] }];
}
