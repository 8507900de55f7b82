// What became of each step.

import type { Step } from './plan.ts';

/**
 * `skipped`: a precondition did not hold any more, or something it depends on was not done. `failed` also: it was deleted, and then
 * something came that needs it; `why` says whether it could be brought back.
 */
export type OutcomeKind = 'deleted' | 'already-gone' | 'skipped' | 'failed';

/** One step and what became of it. For an `untag` step `deleted` means that the tag is gone. */
export interface Outcome {
  readonly step: Step;
  readonly outcome: OutcomeKind;
  /** Why it was skipped or failed; for people. Absent for the other two. */
  readonly why?: string;
  /** True when the failure was a missing right (exit code 1 all the same, but no further delete is tried). */
  readonly forbidden?: boolean;
  /** True when it was not tried because the registry's quota is used up for now: the next run goes on with it. */
  readonly left?: boolean;
  /** True when a rule of the registry keeps it, whatever the credentials: no fault of the run, and no later run can do it. */
  readonly protected?: boolean;
}
