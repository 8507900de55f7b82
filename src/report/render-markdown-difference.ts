// What a changed policy would do, as Markdown: the number first, the images in folds.

import type { DifferingImages, PlanDifference } from '../plan/plan-difference.ts';
import { describeDifference } from './describe-difference.ts';
import { escapeMarkdown, htmlCode } from './escape-markdown.ts';
import { formatBytes } from './format-bytes.ts';
import { imageRow } from './list-changes.ts';
import { foldBlock, paragraph } from './markdown-blocks.ts';
import type { Block } from './markdown-document.ts';
import { IMAGE_TABLE, markdownImageRow } from './markdown-image-row.ts';
import { PRIORITY } from './markdown-priority.ts';
import { pluralize } from './pluralize.ts';
import type { Report } from './report.ts';

/** How the difference is headed: `##` where it is the first thing, `###` below a verdict. */
export type DifferenceHeading = '##' | '###';

/** The blocks about the difference, in order of display; empty when there is nothing to compare. */
export function markdownDifference(report: Report, heading: DifferenceHeading): readonly Block[] {
  const words = describeDifference(report);
  if (words === undefined || report.difference === undefined) return [];
  const mark = words.tone === 'attention' ? '⚠️ ' : '';
  return [
    paragraph(
      PRIORITY.difference,
      `${heading} ${mark}${escapeMarkdown(words.headline)}`,
      '',
      escapeMarkdown(words.detail),
    ),
    ...imageFolds(report.difference),
  ];
}

function imageFolds(difference: PlanDifference): readonly Block[] {
  if (difference.kind === 'untold') return [];
  const { repositories } = difference;
  return repositories.flatMap(({ name, moreDeleted, moreKept }) => {
    const where = repositories.length === 1 ? '' : ` in ${htmlCode(name)}`;
    return [
      ...imageFold(moreDeleted, `that this change would delete${where} (${formatBytes(moreDeleted.bytes)} freed)`),
      ...imageFold(moreKept, `that this change would keep${where}`),
    ];
  });
}

function imageFold({ count, decisions }: DifferingImages, what: string): readonly Block[] {
  const title = `<b>${pluralize(count, 'more image')}</b> ${what}`;
  const rows = decisions.map((decision) => markdownImageRow(imageRow(decision)));
  return foldBlock({ priority: PRIORITY.differingImages, title, head: IMAGE_TABLE, rows });
}
