// Whether the images that clusters use are still there, as a look at their registries found it.

import type { Digest } from './reference.ts';
import type { Capabilities } from './snapshot.ts';
import type { UsageSource, Workload } from './usage.ts';

/** Why a registry did not say whether an image is there. */
export interface NoAnswer {
  /** `unavailable`: no usable answer in time. `unauthenticated`: 401. `forbidden`: 403, or a repository that is hidden. */
  readonly why: 'unavailable' | 'unauthenticated' | 'forbidden' | 'other';
  /** As errors are told: class, code, text, what to do, exit code. */
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly exitCode: number;
}

/**
 * How an image stands. Only the registry's own 404, twice, makes it `absent`; no answer is `unknown`, never absent, nor is a repository
 * that may only be hidden.
 */
export type Availability =
  /** It can be pulled: its manifest is there, and those that it lists for the platforms it is needed on. */
  | { readonly kind: 'available' }
  /** `withoutRepository`: the registry does not know its repository, or does not show it any more to whom it showed it before. */
  | { readonly kind: 'absent'; readonly withoutRepository?: true }
  /** It is there, and manifests that it lists are not. At least one is named. */
  | { readonly kind: 'incomplete'; readonly missing: readonly Digest[] }
  | { readonly kind: 'unknown'; readonly error: NoAnswer }
  /** Its name is no image reference: nobody can pull it. */
  | { readonly kind: 'bad-reference' };

/** The word for each way an image can stand, from the worst to the best. */
export const AVAILABILITIES = ['absent', 'incomplete', 'bad-reference', 'unknown', 'available'] as const;

/** One image that clusters use, and how it stands. */
export interface VerifiedImage {
  /** As clusters name it, with the tag that a puller fills in. Untrusted text when it is a bad reference. */
  readonly image: string;
  /** The repository that was asked, where its name is another: through a mirror, or by a digest of any name. */
  readonly askedIn?: string;
  readonly availability: Availability;
  /** Who uses it; at least one. */
  readonly workloads: readonly Workload[];
  /** How many further ones use it, beyond those that are named. */
  readonly unlisted?: number;
}

/** An image that was there when an apply collected its evidence, and has gone by its end. */
export interface LostImage extends VerifiedImage {
  /** Where it was. */
  readonly repository: string;
  /** Tags and digests that were there. At least one. */
  readonly lost: readonly string[];
  /** It can be pulled for now: no tag leads to it any more, and its registry will collect it. */
  readonly isStranded?: true;
  /** Whether this very run deleted any of them: then the journal has it. */
  readonly byThisRun: boolean;
  /** How its registry takes a deletion back. */
  readonly undo: Capabilities['undo'];
}

/** A place that showed far less after an apply than when its plan was made. */
export interface ShrunkSource extends Pick<UsageSource, 'kind' | 'name'> {
  readonly before: Pick<UsageSource, 'pods' | 'objects'>;
  readonly now: Pick<UsageSource, 'pods' | 'objects'>;
}

/** What the look after an apply found in the repositories that were cleaned. */
export interface ApplyVerification {
  /** RFC 3339: when the clusters had been read again. */
  readonly at: string;
  /** For the sake of these, what the plan's own reading saw in use was looked for too. Absent when there are none. */
  readonly shrunk?: readonly ShrunkSource[];
  /** Images in use that were looked at. */
  readonly images: number;
  /** There before, gone now: the alarm. */
  readonly lost: readonly LostImage[];
  /** Not there, and not there before either, as far as anybody knows: no alarm, but somebody's pods may fail. */
  readonly goneBefore: readonly VerifiedImage[];
  /** Images of which nobody can tell. */
  readonly unknown: readonly VerifiedImage[];
}

/** The two that need somebody: `absent`, and `incomplete`; a name that nobody can pull counts with them. */
export function isBroken({ availability }: VerifiedImage): boolean {
  return availability.kind !== 'available' && availability.kind !== 'unknown';
}
