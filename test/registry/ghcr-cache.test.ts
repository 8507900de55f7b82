// The cache beside GitHub's container registry: a second run reads the list and nothing else, and no cache can lie.

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../src/log.ts';
import { parseRepository, parseTag } from '../../src/model/reference.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { openRegistry } from '../../src/registry/open-registry.ts';
import { buildAttested, buildImage, buildIndex, buildMultiArch, buildOdd } from '../builders/image.ts';
import { buildFromGit } from '../builders/provenance.ts';
import { NOW } from '../contract/registry-places.ts';
import { count, type Scene, startScene } from './ghcr-scene.ts';

const READS = /^GET \/v2\/[^ ]+\/(?:manifests|blobs)\//;

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ghcr-cache-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function read(scene: Scene, cachePath: string, wantsProvenance = false): Promise<Snapshot> {
  const registry = await scene.open({ cachePath, wantsProvenance });
  const snapshot = await registry.readSnapshot([]);
  await registry.close();
  return snapshot;
}

describe('a second run', () => {
  it('reads the pages of the list and no manifest, and sees the same', async () => {
    const scene = await startScene();
    for (let at = 0; at < 120; at += 1) scene.app.add(buildImage({ seed: `image ${at}` }), { tags: [`v${at}`] });
    scene.app.add(buildMultiArch('index'), { tags: ['multi'] });
    scene.app.add(buildAttested('attested').index, { tags: ['attested'] });
    const cachePath = join(await newFolder(), 'manifests', 'app.pack');
    const cold = await read(scene, cachePath);
    const before = count(scene.log(), READS);
    expect(count(scene.log(), /^GET \/v2\/[^ ]+\/manifests\//)).toBe(cold.nodes.size);
    scene.github.clearRequests();
    const warm = await read(scene, cachePath);
    expect(before).toBeGreaterThan(200);
    expect(warm).toEqual(cold);
    expect(count(scene.log(), READS)).toBe(0);
    // Two pages, looked at twice; the owner; the registry's list of tags, and the look whether it is there.
    expect(scene.log().length).toBeLessThanOrEqual(Math.ceil(cold.nodes.size / 100) + 6);
  });

  it('reads no provenance again', async () => {
    const scene = await startScene();
    const { index, attestation } = buildFromGit('from git');
    scene.app.add(index, { tags: ['v1'] });
    const cachePath = join(await newFolder(), 'app.pack');
    const cold = await read(scene, cachePath, true);
    expect(cold.nodes.get(attestation.digest)?.provenance?.kind).toBe('read');
    expect(count(scene.log(), /^GET \/v2\/[^ ]+\/blobs\//)).toBe(2);
    scene.github.clearRequests();
    expect(await read(scene, cachePath, true)).toEqual(cold);
    expect(count(scene.log(), READS)).toBe(0);
  });

  it('reads only what is new, and forgets what is gone', async () => {
    const scene = await startScene();
    const [old, kept, late] = ['old', 'kept', 'late'].map((seed) => buildImage({ seed }));
    scene.app.add(old!, { tags: ['old'] });
    scene.app.add(kept!, { tags: ['kept'] });
    const cachePath = join(await newFolder(), 'app.pack');
    await read(scene, cachePath);
    scene.app.erase('old');
    scene.app.add(late!, { tags: ['late'] });
    scene.github.clearRequests();
    await read(scene, cachePath);
    expect(count(scene.log(), READS)).toBe(2);
    const pack = (await readFile(cachePath)).toString('latin1');
    expect([old, kept, late].map((image) => pack.includes(`${image?.digest} `))).toEqual([false, true, true]);
  });

  it('asks the registry for what GitHub does not list, whatever the cache holds', async () => {
    const scene = await startScene();
    const index = buildMultiArch('to be sparse');
    scene.app.add(index, { tags: ['v1'] });
    const cachePath = join(await newFolder(), 'app.pack');
    await read(scene, cachePath);
    const [child] = index.children;
    scene.app.erase(child!.digest);
    const snapshot = await read(scene, cachePath);
    expect([...snapshot.absent]).toEqual([[child?.digest, [index.digest]]]);
  });

  it('notices a cache that somebody changed', async () => {
    const scene = await startScene();
    const index = buildIndex([{ manifest: buildImage({ seed: 'child' }) }]);
    scene.app.add(index, { tags: ['v1'] });
    const cachePath = join(await newFolder(), 'app.pack');
    const honest = await read(scene, cachePath);
    // Of the same length, so that the file is in order: the index lists something else.
    const pack = (await readFile(cachePath)).toString('latin1');
    const poisoned = pack.replace(`"digest":"${index.children[0]?.digest}`, `"digest":"sha256:${'f'.repeat(64)}`);
    expect(poisoned).not.toBe(pack);
    await writeFile(cachePath, poisoned, 'latin1');
    scene.github.clearRequests();
    expect(await read(scene, cachePath)).toEqual(honest);
    expect(scene.log().filter((line) => READS.test(line))).toEqual([`GET /v2/team/app/manifests/${index.digest} 200`]);
  });

  it('takes a manifest whose type only the registry tells from the registry', async () => {
    const scene = await startScene();
    const odd = buildOdd('application/x.unknown+json', { whatever: [1] });
    const served = { ...buildImage({ seed: 'contradictory' }), mediaType: 'application/x.other+json' };
    scene.app.add(odd, { tags: ['odd'] });
    scene.app.add(served, { tags: ['served'] });
    const cachePath = join(await newFolder(), 'app.pack');
    const cold = await read(scene, cachePath);
    scene.github.clearRequests();
    const warm = await read(scene, cachePath);
    expect(warm).toEqual(cold);
    for (const { digest } of [odd, served]) expect(warm.nodes.get(digest)?.content.kind).toBe('opaque');
  });

  it('that ends early keeps what the first one knew', async () => {
    const scene = await startScene();
    const [first, second] = [buildImage({ seed: 'first' }), buildImage({ seed: 'second' })];
    scene.app.add(first, { tags: ['v1'] });
    const cachePath = join(await newFolder(), 'app.pack');
    await read(scene, cachePath);
    const registry = await scene.open({ cachePath });
    await registry.readManifest(second.digest);
    scene.app.add(second, { tags: ['v2'] });
    await registry.readManifest(second.digest);
    await registry.close();
    scene.github.clearRequests();
    await read(scene, cachePath);
    expect(scene.log().filter((line) => READS.test(line))).toEqual([
      `GET /v2/team/app/blobs/${second.blobs[0]?.digest} 200`,
    ]);
  });
});

describe('one run', () => {
  it('reads each manifest once, snapshot and apply together, also without a cache', async () => {
    const scene = await startScene();
    const index = buildMultiArch('index');
    scene.app.add(buildImage(), { tags: ['stays'] });
    scene.app.add(index, { tags: ['a', 'b', 'c'] });
    const registry = await scene.open();
    await registry.readSnapshot([index.digest]);
    await registry.readDigests([index.digest]);
    await registry.readManifest(index.digest);
    await registry.readEdges(index.digest);
    await registry.deleteTag(parseTag('a'), index.digest);
    await registry.deleteManifest(index.digest, [parseTag('b'), parseTag('c')]);
    expect(count(scene.log(), /^GET \/v2\/[^ ]+\/manifests\//)).toBe(4);
    expect(scene.app.versions('deleted').find(({ digest }) => digest === index.digest)?.downloads).toBe(1);
  });
});

describe('a registry that is opened by its provider', () => {
  it('keeps its cache below the cache folder, for its own eyes, without the token', async () => {
    const scene = await startScene();
    scene.app.add(buildImage(), { tags: ['v1'] });
    const folder = await newFolder();
    const token = scene.github.addToken();
    const open = () =>
      openRegistry(
        { kind: 'registry', provider: 'github', repository: parseRepository(`${scene.github.registryHost}/team/app`) },
        {
          settings: { plainHttp: false, github: { apiUrl: scene.github.apiUrl, token, budgetShare: 0.8 } },
          environment: {},
          now: NOW,
          log: silentLog,
          cacheDirectory: folder,
        },
      );
    const registry = await open();
    expect(registry.capabilities.title).toBe('GitHub Container Registry');
    await registry.readSnapshot([]);
    await registry.close();
    const [file, ...others] = await readdir(join(folder, 'manifests'));
    expect(others).toEqual([]);
    expect(file).toBe(`${scene.github.registryHost.replace(':', '_')}+team+app.pack`);
    expect((await readFile(join(folder, 'manifests', file!))).includes(token)).toBe(false);
    scene.github.clearRequests();
    const second = await open();
    await second.readSnapshot([]);
    await second.close();
    expect(count(scene.log(), READS)).toBe(0);
  });
});
