// The report of a `restore`: one JSON document about what came back. Renderers only read it.

import type { Digest, Tag } from '../model/reference.ts';
import type { ReportedError } from './report.ts';

/**
 * What became of one deleted image. `restored`: it is back. `already-there`: it had not gone, or was back before. `refused`: the registry
 * does not give it back. `left`: a quota is used up, or the run ended before its turn; the same command goes on with it.
 */
export type RestoreOutcome = 'restored' | 'already-there' | 'refused' | 'left';

/** One image that the journal names as deleted, or one tag that was taken off an image. */
export interface RestoredImage {
  readonly what: 'image' | 'tag';
  readonly digest: Digest;
  readonly outcome: RestoreOutcome;
  /** Tags that it had when it was deleted, sorted; of a tag the one. */
  readonly tags: readonly Tag[];
  /** Those of `tags` that are on it now; nobody looked for one that was refused or left: then it is empty. */
  readonly tagsBack: readonly Tag[];
  /** Why it was refused or left; for people. Absent for the other two. */
  readonly why?: string;
}

/** What became of one repository's images. */
export interface RepositoryRestore {
  /** `ghcr.io/team/app`. */
  readonly name: string;
  /** In the order in which they were asked for: what is listed before what lists it, single tags last. */
  readonly images: readonly RestoredImage[];
}

/** How a restore ended. */
export type RestoreResult = { readonly kind: 'finished' } | { readonly kind: 'stopped'; readonly error: ReportedError };

/** Sums over all repositories; each image and each single tag is in exactly one of the first four. */
export interface RestoreTotals {
  readonly restored: number;
  readonly alreadyThere: number;
  readonly refused: number;
  readonly left: number;
  /** Tags that images which are back had, and have not any more: somebody has put them elsewhere, or GitHub did not. */
  readonly tagsLost: number;
}

/** The whole report. */
export interface RestoreReport {
  readonly version: 1;
  readonly tool: string;
  readonly command: 'restore';
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly result: RestoreResult;
  /** The journal that was read; absent when the run stopped before it knew which. */
  readonly journal?: string;
  /** Empty when there was nothing to bring back, or the run stopped before the first answer. */
  readonly repositories: readonly RepositoryRestore[];
  /** Images and tags that an earlier restore brought back already, as the journal says: nobody asked for them again. */
  readonly restoredBefore: number;
  readonly totals: RestoreTotals;
}
