// The images on which a changed policy and the one it replaces disagree, for a terminal.

import type { DifferingImages, PlanDifference } from '../plan/plan-difference.ts';
import { formatBytes } from './format-bytes.ts';
import { imageRow } from './list-changes.ts';
import { pluralize } from './pluralize.ts';
import { renderImages } from './render-text-images.ts';
import type { TextPage } from './text-page.ts';

/** About half a screen: what is left out stands in the JSON report. */
const MAX_ROWS = 20;

/** Both lists of each repository, with a title each; nothing where the policies agree or nobody can tell. */
export function renderDifferingImages(difference: PlanDifference, page: TextPage): readonly string[] {
  if (difference.kind === 'untold') return [];
  const { repositories } = difference;
  return repositories.flatMap(({ name, moreDeleted, moreKept }) => {
    const where = repositories.length === 1 ? '' : ` in ${name}`;
    return [
      ...renderList(moreDeleted, `that it would delete${where} (${formatBytes(moreDeleted.bytes)} freed)`, page),
      ...renderList(moreKept, `that it would keep${where}`, page),
    ];
  });
}

function renderList({ count, decisions }: DifferingImages, what: string, page: TextPage): readonly string[] {
  if (count === 0) return [];
  return [
    ...page.title(`${pluralize(count, 'more image')} ${what}`),
    ...renderImages(
      decisions.map((decision) => imageRow(decision)),
      page,
      MAX_ROWS,
    ),
  ];
}
