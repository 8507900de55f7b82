// What a forge (GitHub, GitLab) knows beyond Git: pull requests, releases, deployments. Evidence that protects images.

import type { CommitId } from './history.ts';
import type { Instant } from './time.ts';

/** What a forge calls a pull request. */
export type RequestName = 'pull request' | 'merge request';

/** What a reason calls it: every reason that does not say otherwise is about a pull request. */
export function nameOfRequest({ requestName = 'pull request' }: { readonly requestName?: RequestName }): RequestName {
  return requestName;
}

/** The field of a reason that carries the name; nothing for a pull request. */
export function requestNameField(name: RequestName): { readonly requestName?: 'merge request' } {
  return name === 'merge request' ? { requestName: name } : {};
}

/** A request by its number, as its forge writes it: `#7` for a pull request, `!7` for a merge request. */
export function formatRequest(name: RequestName, number: number): string {
  return `${name === 'merge request' ? '!' : '#'}${number}`;
}

/** An open pull request (merge request). Its head is in the history's graph, though no branch of the repository may lead to it (forks). */
export interface PullRequest {
  /** 1 or more. */
  readonly number: number;
  readonly head: CommitId;
  /** The branch it wants to be merged into; untrusted text. */
  readonly baseBranch: string;
  /** The branch it comes from, in whatever repository that is: pipelines put its name into tags. Untrusted text; absent: not known. */
  readonly headBranch?: string;
}

/** A release. A draft's tag may not exist yet. */
export interface Release {
  /** The Git tag's name; untrusted text. */
  readonly tag: string;
  readonly isDraft: boolean;
  /** When it was published; of a draft, when it was made. */
  readonly date: Instant;
  /** The commit of its tag, or what a draft's tag will be made on, where that is a commit of the history. */
  readonly commit?: CommitId;
}

/**
 * What became of a deployment, by its latest status. `active`: it succeeded and nothing has taken its place. `inactive`: it was
 * active once. `pending`: queued, waiting for approval, in progress, or without any status. `unknown`: a word we do not know.
 */
export type DeploymentState = 'active' | 'inactive' | 'pending' | 'failed' | 'unknown';

/** One deployment of a commit to an environment. */
export interface Deployment {
  /** `production`; untrusted text. */
  readonly environment: string;
  /**
   * Not always a commit of the history: what was deployed from a branch that was rewritten or deleted may be nowhere any more. Images
   * that name it, in full or by its first digits, are of this deployment all the same.
   */
  readonly commit: CommitId;
  readonly state: DeploymentState;
  readonly createdAt: Instant;
}

/**
 * What the forge said, every list to its end. A list is absent only when its rule is switched off.
 */
export interface Forge {
  readonly complete: true;
  /** For people: `GitHub`. */
  readonly title: string;
  /** Its own word for what wants to be merged. */
  readonly requestName: RequestName;
  /** `owner/name`; on GitLab any number of groups before the name. */
  readonly repository: string;
  readonly pullRequests?: readonly PullRequest[];
  readonly releases?: readonly Release[];
  /** Newest first within each environment. */
  readonly deployments?: readonly Deployment[];
  /**
   * Commits that the forge made to test a merge, and the commit of a pull request that each merges. No branch leads to them, but
   * workflows of pull requests build them.
   */
  readonly testMerges: ReadonlyMap<CommitId, CommitId>;
}
