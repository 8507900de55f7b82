// What the user wants to go from the local store of a build machine.

import type { Duration } from './time.ts';

/** How full a file system may be. */
export type DiskThreshold =
  | { readonly kind: 'percent'; readonly percent: number }
  /** So many bytes in use. */
  | { readonly kind: 'bytes'; readonly bytes: number };

/** Whose images these are: a label, with its value or with any. */
export interface LabelMatch {
  readonly label: string;
  readonly value?: string;
}

/** Everything that `decideHost` needs to know about the user's wishes. */
export interface HostPolicy {
  /** An image with any of these is of the project. Empty: none is known to be. */
  readonly project: readonly LabelMatch[];
  /** What is younger, or may be, stays, except of what the disk's pressure takes: a build that runs may just have made it. */
  readonly grace: Duration;
  /** Images of the repositories that the registry has no more go. */
  readonly absentFromRegistry: boolean;
  /** Images of the project without a name go. */
  readonly dangling: boolean;
  /** Cached stages of the project go that no image of it needs which the registry still has (dapp's `--improper-repo-cache`). */
  readonly improperRepoCache: boolean;
  /** Cached stages of the project go whose label has another value. */
  readonly improperCacheVersion?: { readonly labels: readonly string[]; readonly current: string };
  /** Cached stages of the project go whose commit is not in Git any more. */
  readonly improperGitCommit: boolean;
  /** Everything of the project goes. */
  readonly flush: boolean;
  /** The explicit word for everybody's: all of it, all of development mode, or all cached stages of another version. */
  readonly mrproper?: 'all' | 'improper-dev-mode-cache' | 'improper-cache-version-stages';
  /** `true`: only images of development mode are looked at. `false`: they are never touched, except by `mrproper` and the disk's pressure. */
  readonly isDev: boolean;
  /** What marks images of development mode. */
  readonly devLabels: readonly LabelMatch[];
  /** At or above `high` images go, the least recently used first, until `low` is reached. */
  readonly disk?: { readonly high: DiskThreshold; readonly low: DiskThreshold };
  /** For the disk's sake nothing goes that came later than so long ago. */
  readonly minAge: Duration;
  /** What nobody used for so long goes, also without pressure. */
  readonly maxAge?: Duration;
  /** Which containers that ended go. */
  readonly containers: ContainerPolicy;
  /** Entries of the engine's build cache that nobody used for so long go. */
  readonly buildCacheOlderThan?: Duration;
  /** What is kept whatever the rules say. */
  readonly keep: {
    readonly labels: readonly LabelMatch[];
    /** Globs on names: `*` any run of characters, `?` one. */
    readonly names: readonly string[];
  };
}

/** Kubelet's rules for dead containers. Negative: no limit. */
export interface ContainerPolicy {
  /** What was made less long ago stays. */
  readonly minAge: Duration;
  /** Of each unit (a container of a pod, a service of Compose, else an image) the newest so many stay. */
  readonly maxPerPodContainer: number;
  /** So many stay in all. */
  readonly maxContainers: number;
}
