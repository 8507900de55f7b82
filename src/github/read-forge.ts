// Everything that GitHub knows and that protects images: references, open pull requests, releases, deployments.

import type { Forge } from '../model/forge.ts';
import type { CommitId, History } from '../model/history.ts';
import type { ListedReferences } from '../model/listed-references.ts';
import type { ForgeRepository } from './forge-evidence.ts';
import type { Github } from './github.ts';
import { type ListedDeployments, readDeployments } from './read-deployments.ts';
import { type OpenPullRequests, readPullRequests } from './read-pull-requests.ts';
import { readReferences } from './read-references.ts';
import { type ListedRelease, placeReleases, readReleases } from './read-releases.ts';

/** Which rules are on. What only a rule that is off needs is not asked for, so that the token need not be able to read it. */
export interface ForgeRules {
  readonly pullRequests: boolean;
  readonly releases: boolean;
  readonly deployments: boolean;
}

/** What GitHub said, before anybody looked at the commits. A part is absent only when its rule is off. */
export interface ForgeReading {
  readonly repository: ForgeRepository;
  readonly listed: ListedReferences;
  readonly pullRequests?: OpenPullRequests;
  readonly releases?: readonly ListedRelease[];
  readonly deployments?: ListedDeployments;
}

/**
 * Reads all that the rules need, each list to its end. The order is that in which commits move: a pull request is merged before it closes,
 * a draft gets its tag when it is published, and whatever is deployed meanwhile is seen last.
 * @throws EvidenceError EVIDENCE_FORGE when any of it cannot be read.
 */
export async function readForge(github: Github, repository: ForgeRepository, rules: ForgeRules): Promise<ForgeReading> {
  const pullRequests = rules.pullRequests ? await readPullRequests(github, repository) : undefined;
  const releases = rules.releases ? await readReleases(github, repository) : undefined;
  const listed = await readReferences(github, repository);
  const deployments = rules.deployments ? await readDeployments(github, repository) : undefined;
  return {
    repository,
    listed,
    ...(pullRequests === undefined ? {} : { pullRequests }),
    ...(releases === undefined ? {} : { releases }),
    ...(deployments === undefined ? {} : { deployments }),
  };
}

/** The forge's word as evidence, once the history is there. `olderTestMerges`: those found beside the ones that are open now. */
export function buildForge(
  reading: ForgeReading,
  history: Pick<History, 'references' | 'graph'>,
  olderTestMerges: ReadonlyMap<CommitId, CommitId>,
): Forge {
  const { repository, pullRequests, releases, deployments } = reading;
  return {
    complete: true,
    title: 'GitHub',
    requestName: 'pull request',
    repository: `${repository.owner}/${repository.name}`,
    ...(pullRequests === undefined ? {} : { pullRequests: pullRequests.pullRequests }),
    ...(releases === undefined ? {} : { releases: placeReleases(releases, history) }),
    ...(deployments === undefined ? {} : { deployments: deployments.deployments }),
    testMerges: new Map([...olderTestMerges, ...(pullRequests?.testMerges ?? [])]),
  };
}
