// Everything that GitLab knows and that protects images: references, open merge requests, releases, deployments.

import type { ForgeReading, ForgeRules } from '../forge/forge-source.ts';
import { checkProject } from './check-project.ts';
import type { GitlabProject } from './project-evidence.ts';
import { readDeployments } from './read-deployments.ts';
import { readMergeRequests } from './read-merge-requests.ts';
import { readReferences } from './read-references.ts';
import { readReleases } from './read-releases.ts';

/** What to read. */
export interface Reading {
  readonly rules: ForgeRules;
  /** False for job tokens: GitLab lets them read the lists of a project, and not the project. */
  readonly mayReadProject: boolean;
}

/**
 * Reads all that the rules need, each list to its end. The order is that in which commits move: a merge request is merged before it closes,
 * a release gets its tag when it is made, and whatever is deployed meanwhile is seen last.
 * @throws EvidenceError EVIDENCE_FORGE when any of it cannot be read, or the project is another one.
 */
export async function readForge(source: GitlabProject, { rules, mayReadProject }: Reading): Promise<ForgeReading> {
  if (mayReadProject) await checkProject(source);
  const pullRequests = rules.pullRequests ? await readMergeRequests(source) : undefined;
  const releases = rules.releases ? await readReleases(source) : undefined;
  const listed = await readReferences(source);
  const deployments = rules.deployments ? await readDeployments(source) : undefined;
  return {
    listed,
    ...(pullRequests === undefined ? {} : { pullRequests }),
    ...(releases === undefined ? {} : { releases }),
    ...(deployments === undefined ? {} : { deployments }),
  };
}
