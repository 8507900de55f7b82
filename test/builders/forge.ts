// What a forge said, from a few lines: commits by the short names that histories use.

import type { Deployment, DeploymentState, Forge, PullRequest, Release, RequestName } from '../../src/model/forge.ts';
import { at, commitIdOf } from './history.ts';

/** What {@link forgeOf} takes; a list that is left out was not asked for. */
export interface ForgeSpec {
  /** `merge request`: it is GitLab. */
  readonly requestName?: RequestName | undefined;
  /** `base` is `main` when it is left out. */
  readonly pullRequests?: readonly PullRequestSpec[] | undefined;
  readonly releases?: readonly ReleaseSpec[] | undefined;
  readonly deployments?: readonly DeploymentSpec[] | undefined;
  /** Merge → the commit of a pull request that it merges. */
  readonly testMerges?: Readonly<Record<string, string>> | undefined;
}

/** An open pull request in short. */
interface PullRequestSpec {
  readonly number: number;
  readonly head: string;
  readonly base?: string | undefined;
  /** The branch it comes from; nobody knows it when it is left out. */
  readonly from?: string | undefined;
}

/** A release in short; its commit is left out where nobody knows it. */
export interface ReleaseSpec {
  readonly tag: string;
  readonly date: string;
  readonly commit?: string | undefined;
  readonly draft?: boolean | undefined;
}

/** A deployment in short, to `production` when no environment is given. */
export interface DeploymentSpec {
  readonly environment?: string | undefined;
  readonly commit: string;
  readonly state: DeploymentState;
  readonly date: string;
}

/** The evidence of a forge. */
export function forgeOf(spec: ForgeSpec): Forge {
  const { requestName = 'pull request', pullRequests, releases, deployments, testMerges = {} } = spec;
  return {
    complete: true,
    title: requestName === 'merge request' ? 'GitLab' : 'GitHub',
    requestName,
    repository: 'acme/shop',
    ...(pullRequests === undefined ? {} : { pullRequests: pullRequests.map(pullRequestOf) }),
    ...(releases === undefined ? {} : { releases: releases.map(releaseOf) }),
    ...(deployments === undefined ? {} : { deployments: deployments.map(deploymentOf) }),
    testMerges: new Map(Object.entries(testMerges).map(([merge, head]) => [commitIdOf(merge), commitIdOf(head)])),
  };
}

function pullRequestOf({ number, head, base = 'main', from }: PullRequestSpec): PullRequest {
  const headBranch = from === undefined ? {} : { headBranch: from };
  return { number, head: commitIdOf(head), baseBranch: base, ...headBranch };
}

function releaseOf({ tag, date, commit, draft = false }: ReleaseSpec): Release {
  return { tag, isDraft: draft, date: at(date), ...(commit === undefined ? {} : { commit: commitIdOf(commit) }) };
}

function deploymentOf({ environment = 'production', commit, state, date }: DeploymentSpec): Deployment {
  return { environment, commit: commitIdOf(commit), state, createdAt: at(date) };
}
