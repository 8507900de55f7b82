// BuildKit at work beside the cleanup: it pushes images and caches, the tool deletes, and what stays is good for the next build.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DockerEngine, startDockerEngine } from '../support/docker-engine.ts';
import { requireDockerEngine, requireProgram } from '../support/real-parts.ts';
import { type RegistryServer, startRegistry } from '../support/registry-server.ts';
import { type CacheScene, goingTags, makeCacheScene, tagsIn } from './build-cache-scene.ts';

const hasAll =
  (['docker-registry', 'git'] as const).every(requireProgram) && requireDockerEngine('docker-26') !== undefined;

const HOUR_MS = 3_600_000;

const DOCKERFILE = `FROM scratch AS build
COPY busybox /busybox
COPY branch /branch
RUN ["/busybox", "cp", "/branch", "/program"]

FROM scratch
COPY busybox /busybox
RUN ["/busybox", "touch", "/installed"]
COPY --from=build /program /program
`;

const CACHES = {
  'live-min': 'mode=min,image-manifest=false',
  'live-max': 'mode=max,image-manifest=true,oci-mediatypes=true',
};

describe.runIf(hasAll)('caches that BuildKit pushes', { timeout: 120_000 }, () => {
  let server: RegistryServer;
  let engine: DockerEngine;
  let scene: CacheScene;

  const build = async (branch: string, ...words: readonly string[]): Promise<void> => {
    await engine.build({ dockerfile: DOCKERFILE, files: { branch: `${branch}\n` }, words: ['--pull=false', ...words] });
  };
  const publish = async (branch: string): Promise<void> => {
    await build(branch, '--output', `type=registry,name=${server.host}/live:${branch}`);
    for (const [name, words] of Object.entries(CACHES))
      await build(branch, '--cache-to', `type=registry,ref=${server.host}/${name}:${branch},${words}`);
  };
  /** Builds with nothing but the cache in the registry. Returns the steps that it did not take from there. */
  const buildFrom = async (cache?: string): Promise<readonly string[]> => {
    await engine.docker('buildx', 'prune', '--all', '--force');
    const from = cache === undefined ? [] : ['--cache-from', `type=registry,ref=${server.host}/${cache}`];
    const at = new Date();
    const name = `${server.host}/rebuilt`;
    await build('main', ...from, '--cache-to', `type=registry,ref=${name}:main,mode=max`);
    return timesAfter(server, at);
  };

  beforeAll(async () => {
    [server, engine] = await Promise.all([startRegistry(), startDockerEngine('docker-26', { containerdStore: true })]);
    scene = await makeCacheScene(server, { images: ['live'], caches: Object.keys(CACHES) });
    for (const branch of ['main', 'feature']) await publish(branch);
  }, 120_000);
  afterAll(async () => {
    await scene?.remove();
    await engine?.stop();
    await server?.stop();
  }, 60_000);

  it('all stay while they are fresh', async () => {
    const planned = await scene.plan(new Date());
    expect(planned.result).toEqual({ kind: 'planned' });
    expect(goingTags(planned)).toEqual([]);
  });

  it('go with the image of a branch that is gone', async () => {
    const applied = await scene.apply(new Date(Date.now() + 3 * HOUR_MS));
    expect(applied.result).toEqual({ kind: 'applied' });
    for (const name of ['live', ...Object.keys(CACHES)]) expect(await tagsIn(server, name)).toEqual(['main']);
  });

  it.each(Object.keys(CACHES))('are whole when they stay: a build takes every step from %s', async (name) => {
    expect(await buildFrom(`${name}:main`)).toEqual([]);
  });

  it('would be missed: without any, a build does all steps again', async () => {
    expect((await buildFrom()).length).toBeGreaterThanOrEqual(4);
  });

  it('that a build makes after its image is gone stay, too', async () => {
    await publish('late');
    const [before] = await Promise.all([scene.plan(new Date()), build('late', '--no-cache')]);
    expect(goingTags(before)).toEqual([]);
  });
});

/** The times in the cache of the last build that are not before it began. */
async function timesAfter(server: RegistryServer, at: Date): Promise<readonly string[]> {
  const get = async (path: string): Promise<string> => {
    const answer = await fetch(`${server.origin}/v2/rebuilt/${path}`, {
      headers: { accept: 'application/vnd.oci.image.index.v1+json, */*' },
    });
    return answer.text();
  };
  const manifest = await get('manifests/main');
  const config = /"application\/vnd\.buildkit\.cacheconfig\.v0","digest":"([^"]+)"/.exec(manifest)?.[1];
  const text = await get(`blobs/${config}`);
  const times = [...text.matchAll(/"createdAt":"([^"]+)"/g)].map(([, time]) => time ?? '');
  if (times.length === 0) throw new Error('the build left no cache');
  return times.filter((time) => Date.parse(time) >= at.getTime());
}
