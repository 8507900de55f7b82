// What a forge protects, as one small table.

import type { RepositoryPlan } from '../plan/plan.ts';
import { markdownCode } from './escape-markdown.ts';
import { formatCount } from './format-count.ts';
import { codeList, titledTable } from './markdown-blocks.ts';
import type { Block } from './markdown-document.ts';
import { PRIORITY } from './markdown-priority.ts';
import type { Report } from './report.ts';
import { summarizeForgeUse } from './summarize-forge-use.ts';

/** A busy repository has hundreds of pull requests: what is left out stands in the JSON report. */
const MAX_ROWS = 25;

/** The table of pull requests, releases and environments that hold on to images; no block when none does. */
export function markdownForgeUse(report: Report, plan: RepositoryPlan, isFolded: boolean): readonly Block[] {
  const uses = summarizeForgeUse(plan.decisions);
  const rows = uses
    .slice(0, MAX_ROWS)
    .map(
      ({ kind, name, images, by }) => `| ${kind} | ${markdownCode(name)} | ${formatCount(images)} | ${codeList(by)} |`,
    );
  const left = uses.length - rows.length;
  const more = left > 0 ? [`| … | and ${formatCount(left)} more | | |`] : [];
  return titledTable({
    priority: PRIORITY.protectors,
    title: `What ${report.plan?.evidence.forge?.title ?? 'the forge'} protects`,
    isFolded,
    columns: ['', 'Name', 'Images', 'By commit'],
    rows: [...rows, ...more],
  });
}
