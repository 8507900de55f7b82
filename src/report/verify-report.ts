// The report of a `verify`: one JSON document about whether what clusters use is there. Renderers only read it.

import type { UsageSource } from '../model/usage.ts';
import type { NoAnswer, VerifiedImage } from '../model/verification.ts';
import type { ReportedError } from './report.ts';

/** How a verify ended. `verified`: every image was looked at; how they stand is in `images`. */
export type VerifyResult = { readonly kind: 'verified' } | { readonly kind: 'stopped'; readonly error: ReportedError };

/** Sums; each image is in exactly one of the five. */
export interface VerifyTotals {
  readonly available: number;
  readonly absent: number;
  readonly incomplete: number;
  readonly badReference: number;
  readonly unknown: number;
}

/** The whole report. */
export interface VerifyReport {
  readonly version: 1;
  readonly tool: string;
  readonly command: 'verify';
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly result: VerifyResult;
  /** What was verified, as the user named it: repositories and prefixes. Empty when the run stopped before it knew. */
  readonly scope: readonly string[];
  /** The clusters and manifests that were read. */
  readonly sources: readonly UsageSource[];
  /** Repositories that did not say whether they hold what clusters name otherwise, or anything at all. */
  readonly problems: readonly { readonly repository: string; readonly error: NoAnswer }[];
  /** What limits the look, for people: platforms that are not known. Untrusted names. */
  readonly notes: readonly string[];
  /** Every image that was looked at: broken ones first, then unknown ones, then by name. A run that was stopped may have looked at some. */
  readonly images: readonly VerifiedImage[];
  readonly totals: VerifyTotals;
  /** Where the metrics lie, when they were asked for and written. */
  readonly metricsFile?: string;
}
