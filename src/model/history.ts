// What Git knows: branches and tags of the remote, and the commit graph behind them.

import type { Instant } from './time.ts';

declare const commitBrand: unique symbol;

/** A full commit id: 40 (SHA-1) or 64 (SHA-256) lower-case hex digits. */
export type CommitId = string & { readonly [commitBrand]: true };

/** Whether the text is a full commit id. */
export function isCommitId(text: string): text is CommitId {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** A branch or a tag of the remote. */
export interface GitReference {
  readonly kind: 'branch' | 'tag';
  /** Short name without `refs/heads/` or `refs/tags/`: `main`, `feature/x`, `v1.2.3`. Untrusted text. */
  readonly name: string;
  /** The commit it ends at, after peeling any number of annotated tags. */
  readonly commit: CommitId;
  /** Branch and lightweight tag: committer date of the commit. Annotated tag: the outermost tagger date. */
  readonly date: Instant;
}

/** Position of a commit in a {@link CommitGraph}: 0 … size − 1. */
export type CommitIndex = number;

/**
 * All commits reachable from the references and, where a forge was asked, from the heads of open pull requests, as a graph over
 * positions. Immutable.
 */
export interface CommitGraph {
  readonly size: number;
  /** The position of a full commit id, or undefined when it is not in the history. */
  indexOf(commit: CommitId): CommitIndex | undefined;
  /** Every commit whose id starts with the prefix (4 to 64 lower-case hex digits). Empty when there is none. */
  withPrefix(prefix: string): readonly CommitIndex[];
  idOf(index: CommitIndex): CommitId;
  /** Committer date. */
  dateOf(index: CommitIndex): Instant;
  /** Positions of all parents, merge parents included. */
  parentsOf(index: CommitIndex): readonly CommitIndex[];
  /** All positions, every commit before its parents (children first). */
  readonly childrenFirst: Uint32Array;
}

/** The whole history: references complete, graph complete (a shallow one never becomes a History). */
export interface History {
  readonly complete: true;
  /** Every branch and tag of the remote; any order. */
  readonly references: readonly GitReference[];
  /** What the remote's HEAD points at, when it says. */
  readonly defaultBranch?: string;
  /** The remote's addresses without credentials, to recognise `org.opencontainers.image.source`. */
  readonly remoteUrls: readonly string[];
  readonly graph: CommitGraph;
}
