// What every forge answers, whichever it is: one interface for all that protects images and is not in Git. Types only.

import type { ForgeAddress } from '../git/forge-remote.ts';
import type { Deployment, Forge, PullRequest } from '../model/forge.ts';
import type { CommitGraph, CommitId } from '../model/history.ts';
import type { ListedReferences } from '../model/listed-references.ts';
import type { ListedRelease } from './place-releases.ts';

/** Which rules are on. What only a rule that is off needs is not asked for, so that the token need not be able to read it. */
export interface ForgeRules {
  readonly pullRequests: boolean;
  readonly releases: boolean;
  readonly deployments: boolean;
}

/** What a forge says of open pull requests (merge requests). */
export interface OpenPullRequests {
  /** Any order. Also those from forks, and drafts. */
  readonly pullRequests: readonly PullRequest[];
  /** The test merges that the forge names by itself, and the head that each merges; empty where it names none. */
  readonly testMerges: ReadonlyMap<CommitId, CommitId>;
}

/** What a forge says of deployments. */
export interface ListedDeployments {
  /** Newest first within each environment. */
  readonly deployments: readonly Deployment[];
  /** The distinct commits among them that may still be fetched, and are worth it. */
  readonly commits: readonly CommitId[];
}

/** What a forge said, before anybody looked at the commits. A part is absent only when its rule is off. */
export interface ForgeReading {
  readonly listed: ListedReferences;
  readonly pullRequests?: OpenPullRequests;
  readonly releases?: readonly ListedRelease[];
  readonly deployments?: ListedDeployments;
}

/** What to look for, and in which history. */
export interface TestMergeSearch {
  /** Commits that images name and the history does not have: 7 to 64 hex digits each. */
  readonly commits: readonly string[];
  readonly graph: CommitGraph;
  /** Heads of the open pull requests. */
  readonly heads: readonly CommitId[];
}

/** One repository on one forge, opened. `repository` is its full name there: `acme/shop`, `group/subgroup/name`. */
export interface ForgeSource extends Pick<Forge, 'title' | 'requestName' | 'repository'> {
  /** How git reaches the same repository. */
  readonly git: ForgeAddress;
  /**
   * All that the rules need, each list to its end.
   * @throws EvidenceError EVIDENCE_FORGE when any of it cannot be read or understood.
   */
  read(rules: ForgeRules): Promise<ForgeReading>;
  /**
   * Which of the commits merge a commit of an open pull request (their second parent): the merge's full id, and the commit it merges.
   * Everything else is left out.
   * @throws EvidenceError EVIDENCE_FORGE when the forge cannot be asked or understood.
   */
  findTestMerges(search: TestMergeSearch): Promise<ReadonlyMap<CommitId, CommitId>>;
  close(): Promise<void>;
}
