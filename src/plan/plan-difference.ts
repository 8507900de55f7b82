// What a changed policy would do to a plan: the same evidence, decided by two policies.

import type { ShownDecision } from './plan.ts';

/** Images on which two policies disagree. */
export interface DifferingImages {
  readonly count: number;
  /**
   * What the deletions of these images add to those that both policies agree on: bytes of blobs that only they, and images which both
   * delete, have. So `moreDeleted` less `moreKept` is the difference of what the two plans free. 0 or more; as much an upper bound as
   * `Totals.reclaimableBytes` is.
   */
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
