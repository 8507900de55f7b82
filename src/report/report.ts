// The report: one JSON document about one run, whatever became of it. Renderers only read it.

import type { Capabilities } from '../model/snapshot.ts';
import type { ApplyVerification } from '../model/verification.ts';
import type { Outcome } from '../plan/outcome.ts';
import type { EvidenceSummary, Plan } from '../plan/plan.ts';
import type { PlanDifference } from '../plan/plan-difference.ts';

/** How a run ended: what it did, or the error that stopped it. */
export type RunResult =
  | { readonly kind: 'planned' }
  | { readonly kind: 'applied' }
  /** A guard said no; nothing was deleted. */
  | { readonly kind: 'refused' }
  /** Something that a cluster uses was there before the apply, and is gone after it. */
  | { readonly kind: 'alarm'; readonly error: ReportedError }
  | { readonly kind: 'stopped'; readonly error: ReportedError };

/** An error as the report shows it. No secret, no unredacted URL. */
export interface ReportedError {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly exitCode: number;
}

/** What apply did in one repository. */
export interface RepositoryOutcome {
  readonly name: string;
  readonly outcomes: readonly Outcome[];
  /** Steps of the plan file that the fresh plan does not hold any more, with the reason. */
  readonly notApplied: readonly Outcome[];
  /** How the registry takes a deletion back: the journal's bytes pushed again, an undo of its own, or not at all. */
  readonly undo?: Capabilities['undo'];
}

/** When readings of the clusters began, RFC 3339: whatever was deployed later is not in them. */
export interface UsageReadAt {
  /** The one just before the first step. */
  readonly beforeFirstStep?: string;
  /** The latest that steps went by. */
  readonly beforeLastStep?: string;
  /** The one for the look after the last step. */
  readonly afterLastStep?: string;
}

/** Sums over all repositories, as the action's outputs show them. */
export interface ReportTotals {
  /** Images that stay; after an apply also those whose deletion was skipped, failed, or was not in the plan file. */
  readonly kept: number;
  /** Planned deletions for a plan; deletions done for an apply. */
  readonly deleted: number;
  /** Untagged nodes that go with what is deleted: the registry collects them by itself. Absent where no registry does. */
  readonly collected?: number;
  /** Tags taken off nodes that stay: planned, or done. */
  readonly untagged: number;
  /** Records of what images were published for: planned, or done; in no other sum but those of steps. Absent where there are none. */
  readonly records?: { readonly kept: number; readonly deleted: number };
  /** Steps that were not done on purpose, those that only the plan file holds included; not those whose object had already gone. */
  readonly skipped: number;
  readonly failed: number;
  /** Steps that were not tried because a quota is used up: the next run goes on with them. Not among `skipped`. */
  readonly left: number;
  /** An upper bound: of what the plan would free, or of what the apply's deletions freed. */
  readonly reclaimableBytes: number;
}

/** The whole report. `plan` is absent only when the run stopped before it had one. */
export interface Report {
  readonly version: 1;
  readonly tool: string;
  readonly command: 'plan' | 'apply';
  /** The user's word was `purge`: all that werf made is to go. */
  readonly isPurge?: true;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly result: RunResult;
  readonly plan?: Plan;
  readonly applied?: readonly RepositoryOutcome[];
  readonly totals: ReportTotals;
  /** The look for all that clusters use, after the last step; absent where nothing was deleted, no cluster is asked, or it failed. */
  readonly verification?: ApplyVerification;
  /** How old the proof is. Absent where an apply read no cluster again. */
  readonly usageReadAt?: UsageReadAt;
  /** Where the plan file lies: the one that was written (plan) or read (apply). */
  readonly planFile?: string;
  /** Where the journal lies, when something was deleted. */
  readonly journal?: string;
  /** The evidence of an earlier run, when this one stopped before it had any of its own. */
  readonly baseline?: EvidenceSummary;
  /** Only on `plan`, where the policy file differs from the one of the branch that a pull request goes to. */
  readonly difference?: PlanDifference;
  /** When each digest was first seen by a run of ours: `{repository: {digest: RFC 3339}}`; read back by `--previous-report`. */
  readonly firstSeen: { readonly [repository: string]: { readonly [digest: string]: string } };
}
