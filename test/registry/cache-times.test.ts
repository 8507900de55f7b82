// How old BuildKit's registry caches are, as a reading of their repository tells: one request for each cache config, where anybody wants it.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../src/log.ts';
import { parseRepository } from '../../src/model/reference.ts';
import type { ImageNode } from '../../src/model/snapshot.ts';
import { MAX_CONFIG_BYTES } from '../../src/registry/decode-config.ts';
import { openRegistry } from '../../src/registry/open-registry.ts';
import {
  addToLayout,
  type BuiltManifest,
  buildCacheImage,
  buildCacheIndex,
  buildImage,
  buildIndex,
  buildOdd,
  makeLayout,
  pushImage,
  TYPES,
} from '../builders/image.ts';
import { NOW, openServerRegistry } from '../contract/registry-places.ts';
import { type FakeRegistry, type ScriptedAnswer, startFakeRegistry } from '../fakes/registry-server.ts';
import { matching } from '../support/typed-matchers.ts';

const AT = '2026-11-03T10:00:00Z';
const KNOWN = { kind: 'known', at: Date.parse(AT) };

/** A cache config with one result, which no other has. */
function cacheOf(seed: string, createdAt = AT): object {
  return { records: [{ digest: seed, layers: [{ layer: 0, createdAt }] }] };
}

function configOf({ blobs }: BuiltManifest) {
  const found = blobs.find(({ mediaType }) => mediaType === TYPES.cacheConfig);
  if (found === undefined) throw new Error('this is no cache');
  return found.digest;
}

async function serve(...pushed: readonly BuiltManifest[]): Promise<FakeRegistry> {
  const server = await startFakeRegistry();
  onTestFinished(() => server.stop());
  for (const [at, manifest] of pushed.entries())
    await pushImage(server.origin, 'team/app', { manifest, tags: [`v${at}`] });
  return server;
}

async function read(server: FakeRegistry, wantsCacheTimes = true) {
  const before = server.log.length;
  const registry = await openServerRegistry(server, 'team/app', { wantsCacheTimes });
  onTestFinished(() => registry.close());
  const { nodes } = await registry.readSnapshot([]);
  const blobs = server.log.slice(before).flatMap((line) => /^GET .*\/blobs\/(.+)$/.exec(line)?.[1] ?? []);
  return { created: (of: BuiltManifest): ImageNode['created'] | undefined => nodes.get(of.digest)?.created, blobs };
}

/** What is known when the registry answers so for the cache config. */
async function createdWith(cache: BuiltManifest, answer: ScriptedAnswer) {
  const server = await serve(cache);
  server.script = ({ path }) => (path.endsWith(`/blobs/${configOf(cache)}`) ? answer : undefined);
  return (await read(server)).created(cache);
}

describe('a registry cache of BuildKit’s', () => {
  it.each([
    ['an index', buildCacheIndex],
    ['an image', buildCacheImage],
  ])('in the form of %s is as old as its youngest result, for one request more', async (_name, build) => {
    const cache = build('timed', cacheOf('timed'));
    const image = buildImage({ seed: 'final', created: '2026-05-01T10:00:00Z' });
    const { created, blobs } = await read(await serve(cache, image));
    expect(created(cache)).toEqual(KNOWN);
    expect(created(image)).toEqual({ kind: 'known', at: Date.parse('2026-05-01T10:00:00Z') });
    expect(blobs).toHaveLength(2);
    expect(new Set(blobs)).toEqual(new Set([configOf(cache), image.blobs[0]?.digest]));
  });

  it('is not read where nobody decides by its age', async () => {
    const cache = buildCacheIndex('timed', cacheOf('timed'));
    const { created, blobs } = await read(await serve(cache), false);
    expect(created(cache)).toEqual({ kind: 'unknown', why: 'the image has no creation time' });
    expect(blobs).toEqual([]);
  });

  it('shares one request with others of the same content', async () => {
    const both = [buildCacheIndex('index', cacheOf('shared')), buildCacheImage('image', cacheOf('shared'))];
    const { created, blobs } = await read(await serve(...both));
    expect(both.map(created)).toEqual([KNOWN, KNOWN]);
    expect(blobs).toHaveLength(1);
  });

  it('has its age also below an index', async () => {
    const cache = buildCacheImage('listed', cacheOf('listed'));
    const { created } = await read(await serve(buildIndex([{ manifest: cache }])));
    expect(created(cache)).toEqual(KNOWN);
  });

  it('has no age when it names two cache configs', async () => {
    const [one, two] = [buildCacheIndex('one', cacheOf('one')), buildCacheIndex('two', cacheOf('two'))];
    const entries = [...one.blobs, ...two.blobs].map(({ mediaType, digest, bytes }) => ({
      mediaType,
      digest,
      size: bytes.byteLength,
    }));
    const odd = buildOdd(TYPES.index, { schemaVersion: 2, mediaType: TYPES.index, manifests: entries });
    const { created, blobs } = await read(await serve({ ...odd, blobs: [...one.blobs, ...two.blobs] }));
    expect(created(odd)).toEqual({ kind: 'unknown', why: 'it names more than one cache config' });
    expect(blobs).toEqual([]);
  });

  it('lies in a layout too', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'cache-times-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const cache = buildCacheIndex('timed', cacheOf('timed'));
    await makeLayout(directory);
    await addToLayout(directory, cache, ['v1']);
    const target = { kind: 'oci-layout', directory, repository: parseRepository('registry.example.com/a') } as const;
    const options = { settings: { plainHttp: false }, environment: {}, now: NOW, log: silentLog };
    const registry = await openRegistry(target, { ...options, wantsCacheTimes: true });
    expect((await registry.readSnapshot([])).nodes.get(cache.digest)?.created).toEqual(KNOWN);
    await registry.close();
  });

  it('is not read again by the next run', async () => {
    const cacheDirectory = await mkdtemp(join(tmpdir(), 'cache-times-'));
    onTestFinished(() => rm(cacheDirectory, { recursive: true, force: true }));
    const cache = buildCacheIndex('timed', cacheOf('timed'));
    const server = await serve(cache);
    const reads: number[] = [];
    for (let run = 0; run < 2; run += 1) {
      const before = server.log.length;
      const registry = await openRegistry(
        { kind: 'registry', repository: parseRepository(`${server.host}/team/app`), provider: 'oci' },
        {
          settings: { plainHttp: false },
          environment: {},
          now: NOW,
          log: silentLog,
          cacheDirectory,
          wantsCacheTimes: true,
        },
      );
      expect((await registry.readSnapshot([])).nodes.get(cache.digest)?.created).toEqual(KNOWN);
      await registry.close();
      reads.push(server.log.slice(before).filter((line) => line.includes('/blobs/')).length);
    }
    expect(reads).toEqual([1, 0]);
  });
});

describe('the age of a cache is unknown', () => {
  const cache = buildCacheIndex('timed', cacheOf('timed'));
  it.each<[string, ScriptedAnswer, RegExp]>([
    ['when its config is not there', { status: 404 }, /is not there$/],
    ['when its config has other bytes', { status: 200, body: '{}' }, /does not have the digest/],
    [
      'when its config is too large',
      { status: 200, body: 'x'.repeat(MAX_CONFIG_BYTES + 1) },
      /has more than 8388608 bytes$/,
    ],
  ])('%s', async (_name, answer, why) => {
    expect(await createdWith(cache, answer)).toEqual({ kind: 'unknown', why: matching(why) });
  });

  it('when its config tells none', async () => {
    const empty = buildCacheIndex('empty');
    const { created } = await read(await serve(empty));
    expect(created(empty)).toEqual({ kind: 'unknown', why: 'its cache config tells no time' });
  });
});

it.each([
  ['no permission', 403, 'AuthError'],
  ['an error', 500, 'NetworkError'],
])('%s for a cache config ends the reading', async (_name, status, name) => {
  await expect(createdWith(buildCacheIndex('timed', cacheOf('timed')), { status })).rejects.toMatchObject({ name });
});
