// Outcomes as numbers.

import type { Outcome } from '../plan/outcome.ts';

/** How many steps ended how. Every outcome is in exactly one of these numbers. */
export interface OutcomeCounts {
  /** Manifests deleted by this run. */
  readonly deleted: number;
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

/** Counts outcomes by what became of the step; all zero for an empty list. */
export function countOutcomes(outcomes: readonly Outcome[]): OutcomeCounts {
  const counts = { deleted: 0, untagged: 0, alreadyGone: 0, skipped: 0, failed: 0, left: 0 };
  for (const { step, outcome, left } of outcomes) {
    if (left === true) counts.left += 1;
    else if (outcome === 'deleted') counts[step.action === 'delete' ? 'deleted' : 'untagged'] += 1;
    else counts[outcome === 'already-gone' ? 'alreadyGone' : outcome] += 1;
  }
  return counts;
}
