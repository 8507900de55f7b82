// Puts one run together as a report and computes the sums. Nothing is decided here.

import { formatInstant, type Instant } from '../model/time.ts';
import type { ApplyVerification } from '../model/verification.ts';
import type { Outcome } from '../plan/outcome.ts';
import type { EvidenceSummary, Plan, RepositoryPlan } from '../plan/plan.ts';
import type { PlanDifference } from '../plan/plan-difference.ts';
import { countLeftToCollect, goneBySteps, isGoneByStep, isLeftToCollect } from './left-to-collect.ts';
import { countApplied, recordsIn, sumRecords } from './record-steps.ts';
import type { Report, ReportTotals, RepositoryOutcome, RunResult, UsageReadAt } from './report.ts';

/** Everything that is known about a run when it ends. */
export interface ReportInput {
  /** `registry-cleanup 0.1.0`. */
  readonly tool: string;
  readonly command: Report['command'];
  readonly isPurge?: true;
  readonly startedAt: Instant;
  readonly finishedAt: Instant;
  readonly result: RunResult;
  /** The plan of this run (for `apply --plan-file` the fresh one); absent when the run stopped before it had one. */
  readonly plan?: Plan;
  /** What apply did, also when it stopped in the middle; absent when it did not begin. */
  readonly applied?: readonly RepositoryOutcome[];
  readonly verification?: ApplyVerification;
  readonly usageReadAt?: UsageReadAt;
  readonly planFile?: string;
  readonly journal?: string;
  readonly baseline?: EvidenceSummary;
  readonly difference?: PlanDifference;
  readonly firstSeen: Report['firstSeen'];
}

/** The report of a run, with its totals. Times are RFC 3339 in UTC, to the second. */
export function buildReport(input: ReportInput): Report {
  const { startedAt, finishedAt, ...rest } = input;
  return {
    version: 1,
    ...rest,
    startedAt: formatInstant(startedAt),
    finishedAt: formatInstant(finishedAt),
    totals: input.command === 'plan' ? plannedTotals(input.plan) : doneTotals(input.plan, input.applied ?? []),
  };
}

function plannedTotals(plan: Plan | undefined): ReportTotals {
  const all = plan?.repositories ?? [];
  return {
    kept: sum(all, (one) => one.totals.kept),
    deleted: sum(all, (one) => one.totals.deleted),
    ...collectedField(plan, (one) => one.totals.collected ?? 0),
    untagged: sum(all, (one) => one.totals.untagged),
    ...recordsField(plan),
    skipped: 0,
    failed: 0,
    left: 0,
    reclaimableBytes: sum(all, (one) => one.totals.reclaimableBytes),
  };
}

function doneTotals(plan: Plan | undefined, applied: readonly RepositoryOutcome[]): ReportTotals {
  const planned = new Map((plan?.repositories ?? []).map((one) => [one.name, one]));
  const counts = countApplied(plan, applied, 'outcomes');
  const nodes = sum([...planned.values()], ({ totals }) => totals.kept + totals.deleted + (totals.collected ?? 0));
  const outcomesIn = new Map(applied.map((one) => [one.name, one.outcomes]));
  const collected = collectedField(plan, (one) => countLeftToCollect(one, outcomesIn.get(one.name) ?? []));
  const goneIn = (one: RepositoryOutcome): readonly Outcome[] => one.outcomes.filter(isGoneByStep);
  const isRecordIn = (name: string) => {
    const records = recordsIn(planned.get(name));
    return ({ step }: Outcome): boolean => records.has(step.digest);
  };
  const goneRecords = sum(applied, (one) => goneIn(one).filter(isRecordIn(one.name)).length);
  const gone = sum(applied, (one) => goneIn(one).length) - goneRecords + (collected.collected ?? 0);
  return {
    kept: Math.max(0, nodes - gone),
    deleted: counts.deleted,
    ...collected,
    untagged: counts.untagged,
    ...recordsField(plan, { gone: goneRecords, deleted: counts.records }),
    skipped: counts.skipped + countApplied(plan, applied, 'notApplied').skipped,
    failed: counts.failed,
    left: counts.left,
    reclaimableBytes: sum(applied, (one) => freedBytes(one.outcomes, planned.get(one.name))),
  };
}

/** Absent where there are no records. `done`: how many are gone after an apply, and how many of them by this run. */
function recordsField(
  plan: Plan | undefined,
  done?: { readonly gone: number; readonly deleted: number },
): Pick<ReportTotals, 'records'> {
  const records = sumRecords((plan?.repositories ?? []).map(({ totals }) => totals));
  if (records === undefined) return {};
  if (done === undefined) return { records };
  return { records: { kept: records.kept + records.deleted - done.gone, deleted: done.deleted } };
}

/** Absent where no repository's registry collects anything by itself. */
function collectedField(
  plan: Plan | undefined,
  count: (one: RepositoryPlan) => number,
): Pick<ReportTotals, 'collected'> {
  const collecting = (plan?.repositories ?? []).filter(({ totals }) => totals.collected !== undefined);
  return collecting.length === 0 ? {} : { collected: sum(collecting, count) };
}

/**
 * An upper bound of what the deletions freed. Two are known, and the smaller one is taken: what the whole plan would free,
 * and the sizes of the deleted nodes with everything they share counted again for each (infinite when one has no known
 * size). Nothing deleted is 0.
 */
function freedBytes(outcomes: readonly Outcome[], plan: RepositoryPlan | undefined): number {
  if (plan === undefined) return 0;
  const sizes = new Map(plan.decisions.map((decision) => [decision.digest, decision.sizeBytes]));
  const deleted = outcomes.filter(({ step, outcome }) => step.action === 'delete' && outcome === 'deleted');
  if (deleted.length === 0) return 0;
  const gone = goneBySteps(outcomes);
  const collected = plan.decisions.filter((decision) => isLeftToCollect(decision, gone));
  return Math.min(
    plan.totals.reclaimableBytes,
    sum(deleted, ({ step }) => sizes.get(step.digest) ?? Number.POSITIVE_INFINITY) +
      sum(collected, ({ sizeBytes }) => sizeBytes),
  );
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}
