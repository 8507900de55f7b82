// The report of a `host`: one JSON document about what goes from a local store, and what became of it. Renderers only read it.

import type { HostFinding, HostOutcome, HostStep } from '../model/host-plan.ts';
import type { DiskSpace, Engine } from '../model/local-store.ts';
import type { ReportedError } from './report.ts';

/** How a host ended. `planned`: nothing was asked to go yet. `refused`: a finding of the plan spoke against it; nothing was deleted. */
export type HostResult =
  | { readonly kind: 'planned' }
  | { readonly kind: 'applied' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'stopped'; readonly error: ReportedError };

/** A reason by its rule, and in a sentence without a full stop. The sentence may hold untrusted names. */
export interface HostReportReason {
  readonly rule: string;
  readonly text: string;
}

/** An image of the store, and what is decided about it. */
export interface ReportedLocalImage {
  readonly id: string;
  /** Sorted; empty for one that no name leads to. */
  readonly names: readonly string[];
  /** `registry.example.com/team/app@sha256:…`: by these it may be pulled again where a registry has it. */
  readonly digests: readonly string[];
  /** With everything that it shares. */
  readonly sizeBytes: number;
  readonly decision: 'keep' | 'untag' | 'delete';
  /** Of `untag`: the names that go. */
  readonly remove?: readonly string[];
  /** Why it stays, or why it or its names go. */
  readonly reasons: readonly HostReportReason[];
  /** Of `untag`: why the rest stays. */
  readonly keptFor?: readonly HostReportReason[];
}

/** One deed of the plan, in its order, with what became of it. */
export interface ReportedHostStep {
  readonly action: HostStep['action'];
  /** The id of an image or a container, or an absolute path; absent for the build cache. */
  readonly target?: string;
  /** Names that go: of an image all or some, of a container its own. Untrusted. */
  readonly names: readonly string[];
  readonly reasons: readonly HostReportReason[];
  /** What it frees, as far as that is known before. */
  readonly freesBytes: number;
  /** Absent while nothing was done. */
  readonly outcome?: HostOutcome['outcome'];
  /** Why it was skipped or failed; may hold the engine's words, untrusted. */
  readonly text?: string;
}

/** The file system of the store. Percent in use are rounded up as kubelet does it. */
export interface ReportedDisk {
  readonly before: DiskSpace & { readonly usedPercent: number };
  /** What the plan makes of it, by the sizes that the engine tells. */
  readonly expected: { readonly usedPercent: number };
  /** Measured at the end; absent for a plan, and where it could not be measured any more. */
  readonly after?: DiskSpace & { readonly usedPercent: number };
  /** Only where the disk is at or above its high threshold. */
  readonly goal?: {
    readonly wantedBytes: number;
    /** What everything that may go frees. */
    readonly eligibleBytes: number;
    /** What was still missing at the end; absent for a plan, and where the disk could not be measured any more. */
    readonly missingBytes?: number;
  };
}

/** Sums. Of a plan the first three say what would go. */
export interface HostTotals {
  readonly imagesKept: number;
  readonly imagesDeleted: number;
  readonly imagesUntagged: number;
  readonly containersKept: number;
  /** Over all steps that were not skipped and did not fail. */
  readonly freesBytes: number;
  readonly deleted: number;
  readonly alreadyGone: number;
  readonly skipped: number;
  readonly failed: number;
}

/** The whole report. */
export interface HostReport {
  readonly version: 1;
  readonly tool: string;
  readonly command: 'host';
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly result: HostResult;
  /** Whether it was asked to be done. */
  readonly isConfirmed: boolean;
  /** Absent when the run stopped before it was known. */
  readonly engine?: Pick<Engine, 'kind' | 'title' | 'address'>;
  /** By id. Empty when the run stopped before a plan. */
  readonly images: readonly ReportedLocalImage[];
  readonly steps: readonly ReportedHostStep[];
  /** Absent where it cannot be measured. */
  readonly disk?: ReportedDisk;
  /** Why it cannot be measured, where it is to be kept from filling up. */
  readonly diskUnknown?: string;
  readonly guards: readonly HostFinding[];
  /** What a user should know that is no decision. Untrusted names. */
  readonly notes: readonly string[];
  readonly totals: HostTotals;
}
