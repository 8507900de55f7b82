// A forge's word becomes evidence once the history is there that it is about.

import type { Forge } from '../model/forge.ts';
import type { CommitId, History } from '../model/history.ts';
import type { ForgeReading, ForgeSource } from './forge-source.ts';
import { placeReleases } from './place-releases.ts';

/** Whose word it is, for people. */
export type ForgeNames = Pick<ForgeSource, 'title' | 'requestName' | 'repository'>;

/** The forge's word as evidence. `olderTestMerges`: those found beside the ones that it names by itself. */
export function buildForge(
  reading: ForgeReading & ForgeNames,
  history: Pick<History, 'references' | 'graph'>,
  olderTestMerges: ReadonlyMap<CommitId, CommitId>,
): Forge {
  const { title, requestName, repository, pullRequests, releases, deployments } = reading;
  return {
    complete: true,
    title,
    requestName,
    repository,
    ...(pullRequests === undefined ? {} : { pullRequests: pullRequests.pullRequests }),
    ...(releases === undefined ? {} : { releases: placeReleases(releases, history) }),
    ...(deployments === undefined ? {} : { deployments: deployments.deployments }),
    testMerges: new Map([...olderTestMerges, ...(pullRequests?.testMerges ?? [])]),
  };
}
