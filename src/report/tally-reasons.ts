// Why things go and why they stay, with numbers that add up to the verdict.

import type { RepositoryPlan, ShownDecision } from '../plan/plan.ts';
import { formatCount } from './format-count.ts';
import { goneBySteps, isLeftToCollect } from './left-to-collect.ts';
import { imageDecisions } from './record-steps.ts';
import type { Report } from './report.ts';
import { type ReasonRow, summarizeReasons } from './summarize-reasons.ts';

/** One side of the decision. */
export interface Tally {
  /** `Why 23 would go`, `Why 1 went`, `Why 38 stay`. */
  readonly title: string;
  /** Empty when nothing is on this side. */
  readonly rows: readonly ReasonRow[];
}

/** The decisions of one repository by what became of them. */
interface Sides {
  /** To go, or gone; also what the registry collects now. */
  readonly went: readonly ShownDecision[];
  readonly kept: readonly ShownDecision[];
  /** To go, and still there after an apply. */
  readonly spared: readonly ShownDecision[];
}

/** Every decision on an image on exactly one side. After an apply: what really went, and everything else. */
export function splitDecisions(report: Report, plan: RepositoryPlan): Sides {
  const applied = report.command === 'plan' ? undefined : report.applied?.filter((one) => one.name === plan.name);
  const gone = goneBySteps((applied ?? []).flatMap((one) => one.outcomes));
  const decisions = imageDecisions(plan);
  const planned = decisions.filter(({ decision }) => decision === 'delete');
  const isGone = (decision: ShownDecision): boolean => gone.has(decision.digest) || isLeftToCollect(decision, gone);
  return {
    went: applied === undefined ? planned : planned.filter(isGone),
    kept: decisions.filter(({ decision }) => decision === 'keep'),
    spared: applied === undefined ? [] : planned.filter((decision) => !isGone(decision)),
  };
}

/** Both sides for one repository. */
export function tallyReasons(report: Report, plan: RepositoryPlan): { readonly go: Tally; readonly stay: Tally } {
  const { went, kept, spared } = splitDecisions(report, plan);
  const stay = kept.length + spared.length;
  const stayRows = [...summarizeReasons(kept), ...(spared.length === 0 ? [] : [sparedRow(spared.length)])];
  return {
    go: { title: `Why ${formatCount(went.length)} ${goVerb(report)}`, rows: summarizeReasons(went) },
    stay: { title: `Why ${formatCount(stay)} ${stayVerb(report, stay)}`, rows: stayRows },
  };
}

function sparedRow(count: number): ReasonRow {
  return { count, text: 'deletion not done in this run (skipped, failed, left, or not in the plan file)', names: [] };
}

function goVerb({ command, applied }: Report): string {
  if (command === 'plan') return 'would go';
  if (applied === undefined) return 'would have gone';
  return 'went';
}

function stayVerb({ command, applied }: Report, count: number): string {
  if (command === 'apply' && applied === undefined) return 'would have stayed';
  return count === 1 ? 'stays' : 'stay';
}
