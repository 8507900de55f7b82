// What a changed policy would do to a plan: the same evidence, decided by two policies.

import type { ShownDecision } from './plan.ts';

/** Images on which two policies disagree. */
export interface DifferingImages {
  readonly count: number;
  /** Bytes that the plan of the changed policy would free beyond the other's (`moreDeleted`), or no longer free (`moreKept`). */
  readonly bytes: number;
  /** The decisions of the changed policy; order: as in its plan. */
  readonly decisions: readonly ShownDecision[];
}

/** One repository's part. */
export interface RepositoryDifference {
  readonly name: string;
  /** Deleted by the changed policy, kept by the other. */
  readonly moreDeleted: DifferingImages;
  /** Kept by the changed policy, deleted by the other. */
  readonly moreKept: DifferingImages;
}

/** The difference, or why it cannot be told. */
export type PlanDifference =
  | {
      readonly kind: 'told';
      /** For people: `main at 1a2b3c4d5e`, or `the built-in policy`. */
      readonly base: string;
      readonly repositories: readonly RepositoryDifference[];
    }
  | { readonly kind: 'untold'; readonly base: string; readonly why: string };
