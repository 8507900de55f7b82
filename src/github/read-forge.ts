// Everything that GitHub knows and that protects images: references, open pull requests, releases, deployments.

import type { ForgeReading, ForgeRules } from '../forge/forge-source.ts';
import type { ForgeRepository } from './forge-evidence.ts';
import type { Github } from './github.ts';
import { readDeployments } from './read-deployments.ts';
import { readPullRequests } from './read-pull-requests.ts';
import { readReferences } from './read-references.ts';
import { readReleases } from './read-releases.ts';

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
    listed,
    ...(pullRequests === undefined ? {} : { pullRequests }),
    ...(releases === undefined ? {} : { releases }),
    ...(deployments === undefined ? {} : { deployments }),
  };
}
