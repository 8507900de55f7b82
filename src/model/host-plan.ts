// What is to happen on a build machine, and what became of it. Plain data, printable as JSON.

import type { LinkSource } from './decision.ts';
import type { ContainerId, DiskSpace, Engine, ImageId } from './local-store.ts';
import type { Duration, Instant } from './time.ts';

/** Why an image, or one name of it, stays. */
export type HostKeepReason =
  | { readonly rule: 'container'; readonly container: string; readonly state: string }
  | { readonly rule: 'young'; readonly age: Duration; readonly within: Duration }
  | { readonly rule: 'age-unknown'; readonly why: string }
  | { readonly rule: 'pin'; readonly pin: string }
  /** The registry still has it. */
  | { readonly rule: 'in-registry'; readonly reference: string }
  /** Nothing says that a registry ever had it. */
  | { readonly rule: 'never-pushed' }
  /** An image that stays was built on it, or took files from it. */
  | { readonly rule: 'needed-by'; readonly of: ImageId; readonly how: 'ancestor' | 'import source' | 'list' }
  | { readonly rule: 'development' }
  /** Not here for long enough to go for its age or for the disk; `age` is since when, by what is known. */
  | { readonly rule: 'new-here'; readonly age: Duration; readonly within: Duration }
  /** Somebody used it, or it came, no longer ago than images may be unused. */
  | { readonly rule: 'used-lately'; readonly unused: Duration; readonly within: Duration }
  /** The disk has room enough without it going. */
  | { readonly rule: 'room' }
  /** No rule that is on speaks of it. */
  | { readonly rule: 'not-asked' }
  /** Something that could not be told in full. */
  | { readonly rule: 'in-doubt'; readonly why: string };

/** Why an image, or one name of it, goes. */
export type HostDropReason =
  | { readonly rule: 'absent-from-registry'; readonly reference: string }
  | { readonly rule: 'dangling' }
  | { readonly rule: 'improper-repo-cache' }
  | {
      readonly rule: 'improper-cache-version';
      readonly label: string;
      readonly value: string;
      readonly current: string;
    }
  | { readonly rule: 'improper-git-commit'; readonly what: string; readonly found: LinkSource }
  | { readonly rule: 'flush' }
  | { readonly rule: 'mrproper'; readonly what: 'all' | 'improper-dev-mode-cache' | 'improper-cache-version-stages' }
  /** Nobody used it for so long; `unused` is since when, by what is known. */
  | { readonly rule: 'unused'; readonly unused: Duration; readonly within: Duration }
  /** The disk is too full; `lastUsed` is absent when no use was ever seen. */
  | { readonly rule: 'disk'; readonly lastUsed?: Instant; readonly since: Instant }
  /** Nothing but an image that goes was made from it, and it has no name. */
  | { readonly rule: 'intermediate'; readonly of: ImageId };

/** Why a container goes. */
export type ContainerReason =
  /** More of its unit ended than may stay. */
  | { readonly rule: 'max-per-pod-container'; readonly unit: string; readonly limit: number }
  | { readonly rule: 'max-containers'; readonly limit: number }
  /** Its image goes by a word that takes the containers with it. */
  | { readonly rule: 'image-goes'; readonly image: ImageId; readonly by: 'flush' | 'mrproper' };

/** What is to happen to an image. `names` of `untag`: those that go; of `keep`: none go. */
export type ImageDecision =
  | {
      readonly decision: 'keep';
      readonly id: ImageId;
      readonly names: readonly string[];
      readonly reasons: readonly HostKeepReason[];
    }
  | {
      readonly decision: 'untag';
      readonly id: ImageId;
      readonly names: readonly string[];
      readonly remove: readonly string[];
      readonly reasons: readonly HostDropReason[];
      readonly keptFor: readonly HostKeepReason[];
    }
  | {
      readonly decision: 'delete';
      readonly id: ImageId;
      readonly names: readonly string[];
      readonly reasons: readonly HostDropReason[];
    };

/**
 * One deed. Containers come first, then images (what was built on another before it), then the build cache, then our own folders.
 * `freesBytes`: what no image that stays shares, as far as the engine tells; a guess until the disk is measured again.
 */
export type HostStep =
  | {
      readonly action: 'delete-container';
      readonly id: ContainerId;
      readonly name: string;
      readonly reasons: readonly ContainerReason[];
    }
  /** Takes names off. The image stays. */
  | {
      readonly action: 'untag-image';
      readonly id: ImageId;
      readonly names: readonly string[];
      readonly reasons: readonly HostDropReason[];
    }
  /** Takes every name off, and deletes it. `precondition`: exactly these names, and no container. `onlyFor`: skipped once the disk is at `low`. */
  | {
      readonly action: 'delete-image';
      readonly id: ImageId;
      readonly names: readonly string[];
      readonly reasons: readonly HostDropReason[];
      readonly freesBytes: number;
      readonly onlyFor?: 'disk';
    }
  /** What the engine's own prune does. */
  | {
      readonly action: 'prune-build-cache';
      readonly olderThan: Duration;
      readonly entries: number;
      readonly freesBytes: number;
    }
  /** A folder of our own: kept manifests, commits of a forge's repository. */
  | {
      readonly action: 'delete-folder';
      readonly path: string;
      readonly unusedFor: Duration | undefined;
      readonly freesBytes: number;
    };

/** A sign that a plan rests on wrong evidence: a plan shows it, with `--confirm` it is refused as a whole. */
export interface HostFinding {
  readonly guard: 'unknown-repository' | 'empty-repository' | 'max-delete-share';
  readonly text: string;
  readonly hint: string;
}

/** What `decideHost` says. Its steps have the order in which they are safe. */
export interface HostDecisions {
  /** One for each image of the store, by id. */
  readonly images: readonly ImageDecision[];
  readonly containersKept: number;
  readonly steps: readonly HostStep[];
  readonly disk?: DiskGoal;
  /** For each repository, the images that its registry was asked for, and those of them that go since it has them no more. */
  readonly absent: readonly { readonly repository: string; readonly gone: number; readonly asked: number }[];
  readonly findings: readonly HostFinding[];
  readonly remarks: readonly string[];
}

/** What the disk is to come to. */
export interface DiskGoal {
  readonly before: DiskSpace;
  /** Percent in use, rounded up as kubelet does it. */
  readonly usedPercent: number;
  /** Bytes that are wanted free for `low`; 0: below `high`. */
  readonly wantedBytes: number;
  /** Bytes that everything which may go would free: what goes anyhow, and what may go for the disk's sake alone. */
  readonly eligibleBytes: number;
}

/** A whole plan. */
export interface HostPlan {
  readonly createdAt: Instant;
  readonly engine: Engine;
  readonly images: readonly ImageDecision[];
  readonly containersKept: number;
  readonly steps: readonly HostStep[];
  readonly disk?: DiskGoal;
  /** Empty when nothing speaks against doing it. */
  readonly findings: readonly HostFinding[];
  /** What a user should know that is no decision. */
  readonly remarks: readonly string[];
}

/** What became of a step. `text` says why it was skipped or failed. */
export interface HostOutcome {
  readonly step: HostStep;
  readonly outcome: 'deleted' | 'already-gone' | 'skipped' | 'failed';
  readonly text?: string;
  /** What a prune says that it freed. */
  readonly freedBytes?: number;
}
