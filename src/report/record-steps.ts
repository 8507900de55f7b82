// Records of what images were published for: they have steps like images, and are told of in one line, never among images.

import type { Digest } from '../model/reference.ts';
import type { RepositoryPlan, Totals } from '../plan/plan.ts';
import { countOutcomes, type OutcomeCounts } from './count-outcomes.ts';
import { pluralize } from './pluralize.ts';
import type { Report, RepositoryOutcome } from './report.ts';

/** The digests of the records in one repository's plan. */
export function recordsIn(plan: RepositoryPlan | undefined): ReadonlySet<Digest> {
  return new Set((plan?.decisions ?? []).flatMap(({ digest, isRecord }) => (isRecord === true ? digest : [])));
}

/** A plan's decisions without those on records. */
export function imageDecisions({ decisions }: Pick<RepositoryPlan, 'decisions'>): RepositoryPlan['decisions'] {
  return decisions.filter(({ isRecord }) => isRecord !== true);
}

/** Outcomes of the steps of a plan that was applied, over these repositories; records that went are counted as such. */
export function countApplied(
  plan: Report['plan'],
  applied: readonly RepositoryOutcome[],
  kind: 'outcomes' | 'notApplied',
): OutcomeCounts {
  return applied
    .map((one) => countOutcomes(one[kind], recordsIn(plan?.repositories.find(({ name }) => name === one.name))))
    .reduce(addCounts, countOutcomes([]));
}

function addCounts(a: OutcomeCounts, b: OutcomeCounts): OutcomeCounts {
  return {
    deleted: a.deleted + b.deleted,
    records: a.records + b.records,
    untagged: a.untagged + b.untagged,
    alreadyGone: a.alreadyGone + b.alreadyGone,
    skipped: a.skipped + b.skipped,
    failed: a.failed + b.failed,
    left: a.left + b.left,
  };
}

/** Sums of records over plans; undefined where none has any. */
export function sumRecords(totals: readonly Totals[]): Totals['records'] {
  const known = totals.flatMap(({ records }) => records ?? []);
  if (known.length === 0) return undefined;
  return {
    kept: known.reduce((sum, { kept }) => sum + kept, 0),
    deleted: known.reduce((sum, { deleted }) => sum + deleted, 0),
  };
}

/** `4,812 records of what images were published for`. */
export function nameRecords(count: number): string {
  return `${pluralize(count, 'record')} of what images were published for`;
}
