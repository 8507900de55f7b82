// The demo's world on disk: a repository, a registry and two clusters that belong together, and a policy file for them.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InternalError } from '../errors.ts';
import type { Instant } from '../model/time.ts';
import { writeClusterManifests } from './cluster-manifests.ts';
import { fillLayout, mainTag, REPOSITORY, SOURCE, shaTag } from './fill-layout.ts';
import { type HistoryRequest, type MadeCommit, makeHistory } from './make-history.ts';
import { writeLayout } from './write-layout.ts';

/** Where everything lies. All paths are absolute. */
export interface World {
  readonly directory: string;
  /** The developer's clone; its `origin` is `originDirectory`. */
  readonly cloneDirectory: string;
  readonly originDirectory: string;
  /** The OCI layout that stands for {@link World.repository}. */
  readonly layoutDirectory: string;
  /** `registry.example.com/shop/app`. */
  readonly repository: string;
  readonly clustersDirectory: string;
  readonly policyFile: string;
}

/**
 * Makes the world in an existing, empty directory in about half a second. All dates are relative to `now`, so that the
 * plan is the same one every day. `environment`: this process's, for git.
 * @throws UsageError USAGE when there is no git program.
 */
export async function makeWorld(
  directory: string,
  now: Instant,
  environment: HistoryRequest['environment'],
): Promise<World> {
  const history = await makeHistory({ directory, now, environment });
  const { layout, oldArmImage, newestRelease } = fillLayout(history.commits, now);
  const commitOf = (key: string): MadeCommit => {
    const commit = history.commits.get(key);
    if (commit === undefined) throw new InternalError(`The demo has no commit ${key}.`, { code: 'INTERNAL' });
    return commit;
  };
  const world: World = {
    directory,
    cloneDirectory: history.cloneDirectory,
    originDirectory: history.originDirectory,
    layoutDirectory: join(directory, 'registry'),
    repository: REPOSITORY,
    clustersDirectory: join(directory, 'clusters'),
    policyFile: join(directory, '.registry-cleanup.yml'),
  };
  await writeLayout(world.layoutDirectory, layout);
  await writeClusterManifests(world.clustersDirectory, {
    oldReleaseTag: 'v1.0.1',
    newReleaseTag: 'v2.0.1',
    newReleaseDigest: newestRelease.digest,
    rollbackTag: shaTag(commitOf('m17')),
    workerTag: mainTag(commitOf('m26')),
    stagingTag: mainTag(commitOf('m29')),
    movedTag: '1.2',
    runningDigest: oldArmImage.digest,
  });
  await writeFile(world.policyFile, renderPolicy(world));
  return world;
}

function renderPolicy(world: World): string {
  return `# The policy of the demo. It has no "cleanup:" block, so the built-in keep policies decide: the 10 newest Git tags,
# 2 images of the last week for each of up to 10 branches active in it, and 10 images for each of main, master, staging
# and production.
repositories:
  - ${JSON.stringify(`oci-layout:${world.layoutDirectory}=${world.repository}`)}
images:
  # Images with this source are ours: when their commit is gone from Git, they may go too.
  source:
    - ${SOURCE}
  tagPatterns:
    - sha-{commit}
pins:
  tags:
    - buildcache
`;
}
