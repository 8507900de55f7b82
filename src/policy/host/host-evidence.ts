// Everything that decisions about a local store rest on: the store itself, and what a registry, Git and earlier runs say about it.

import type { CommitGraph } from '../../model/history.ts';
import type { ImageUses, LocalStore } from '../../model/local-store.ts';
import type { Annotations } from '../../model/snapshot.ts';

/**
 * What a registry says of one local name. `never-pushed`: it is not there, and nothing proves that it ever was. `in-doubt`: what it says cannot
 * be understood, or contradicts itself: that keeps, and proves nothing for later.
 */
export type RegistryWord = 'there' | 'absent' | 'never-pushed' | 'in-doubt';

/** What one repository says of the local names in it. */
export interface RepositoryWords {
  /** `registry.example.com/team/app`. */
  readonly repository: string;
  /** `unknown`, `empty`: it has nothing at all, and then nothing follows from it. */
  readonly state: 'read' | 'unknown' | 'empty';
  /** By full local name. A name in the repository that is not among them was not asked for: it stays. */
  readonly words: ReadonlyMap<string, RegistryWord>;
}

/** An image that is in a registry now, as far as stages of dapp and werf 1 on this machine hang on it. */
export interface RegistryFinal {
  /** For reasons: `registry.example.com/team/app:v1`. */
  readonly reference: string;
  /** Of its config: the digest is what an engine with classic storage and podman call the image. */
  readonly configDigest?: string;
  /** `config.Image`: the image that it was made from, by the id it had where it was made. Untrusted text. */
  readonly madeFrom?: string;
  /** Absent: its config could not be read, and nobody knows what it needs. */
  readonly labels: Annotations | undefined;
}

/** The commits of one Git repository, read as a whole. */
export type KnownCommits = Pick<CommitGraph, 'indexOf'>;

/** The evidence of one run of `host`. What was not read is absent, and nothing goes because of it. */
export interface HostEvidence {
  readonly store: LocalStore;
  /** What earlier runs saw, refreshed by what this one sees. An image that only this run saw has `firstSeen` now, or is not among them. */
  readonly uses: ImageUses;
  /** One for each declared repository; empty when no registry was asked. */
  readonly repositories: readonly RepositoryWords[];
  /** Every image of the declared repositories, for `improperRepoCache`. Absent: not read, and then no stage goes by that rule. */
  readonly finals?: readonly RegistryFinal[];
  /** For `improperGitCommit`. `own` is absent when the project's own repository was not read. */
  readonly git: {
    readonly own?: KnownCommits;
    /** By the name that dapp's labels have for it: `dapp-git-<name>-commit`. */
    readonly byName: ReadonlyMap<string, KnownCommits>;
  };
}
