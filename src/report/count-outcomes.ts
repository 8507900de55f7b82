// Outcomes as numbers.

import type { Digest } from '../model/reference.ts';
import type { Outcome } from '../plan/outcome.ts';
import type { Step } from '../plan/plan.ts';

/** How many steps ended how. Every outcome is in exactly one of these numbers. */
export interface OutcomeCounts {
  /** Manifests deleted by this run, without records. */
  readonly deleted: number;
  /** Records of what images were published for, deleted by this run. */
  readonly records: number;
  /** Tags taken off by this run. */
  readonly untagged: number;
  /** Manifests and tags that somebody else had already deleted. */
  readonly alreadyGone: number;
  /** Those of `left` not among them. */
  readonly skipped: number;
  readonly failed: number;
  /** Steps that a later run goes on with, because a quota is used up. */
  readonly left: number;
}

/** Counts outcomes by what became of the step; all zero for an empty list. `records`: the digests that are records. */
export function countOutcomes(outcomes: readonly Outcome[], records: ReadonlySet<Digest> = new Set()): OutcomeCounts {
  const counts = { deleted: 0, records: 0, untagged: 0, alreadyGone: 0, skipped: 0, failed: 0, left: 0 };
  for (const { step, outcome, left } of outcomes) {
    if (left === true) counts.left += 1;
    else if (outcome === 'deleted') counts[whatWent(step, records)] += 1;
    else counts[outcome === 'already-gone' ? 'alreadyGone' : outcome] += 1;
  }
  return counts;
}

function whatWent({ action, digest }: Step, records: ReadonlySet<Digest>): 'deleted' | 'records' | 'untagged' {
  if (action === 'untag') return 'untagged';
  return records.has(digest) ? 'records' : 'deleted';
}
