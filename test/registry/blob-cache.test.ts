// The cache of manifests by itself: whatever happens to its file, it answers with the right bytes or with none.

import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Log, silentLog } from '../../src/log.ts';
import { parseRepository } from '../../src/model/reference.ts';
import { blobCachePath, openBlobCache } from '../../src/registry/blob-cache.ts';
import { digestOf } from '../../src/registry/check-digest.ts';
import { readPack } from '../../src/registry/pack-file.ts';
import { containing } from '../support/typed-matchers.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blob-cache-'));
  path = join(folder, 'deep', 'app.pack');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const TEXTS = ['one', 'two', '', '\n\n', `sha256:${'0'.repeat(64)} 3\n`, 'x'.repeat(10_000)];
const BLOBS = TEXTS.map((text) => Buffer.from(text));

function open(options: { readonly maxBytes?: number; readonly log?: Log } = {}) {
  return openBlobCache({ path, log: silentLog, ...options });
}

async function fill(blobs: readonly Uint8Array[] = BLOBS): Promise<void> {
  const cache = await open();
  for (const bytes of blobs) cache.put(digestOf(bytes), bytes);
  await cache.close();
}

async function textsFound(): Promise<readonly (string | undefined)[]> {
  const cache = await open();
  return BLOBS.map((bytes) => cache.get(digestOf(bytes))).map((found) => found && Buffer.from(found).toString());
}

describe('the cache', () => {
  it('gives back what was put, from file to file', async () => {
    await fill();
    expect(await textsFound()).toEqual(TEXTS);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, 'deep'))).toEqual(['app.pack']);
  });

  it('lives for one run without a file', async () => {
    const cache = await openBlobCache({ path: undefined, log: silentLog });
    cache.put(digestOf(BLOBS[0]!), BLOBS[0]!);
    expect(cache.get(digestOf(BLOBS[0]!))).toEqual(Uint8Array.from(BLOBS[0]!));
    await cache.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it('does not take bytes under a digest that is not theirs', async () => {
    const cache = await open();
    cache.put(digestOf(BLOBS[0]!), BLOBS[1]!);
    expect(cache.get(digestOf(BLOBS[0]!))).toBeUndefined();
  });

  it('is not changed by who changes the bytes afterwards', async () => {
    const cache = await open();
    const bytes = Buffer.from('mine');
    const digest = digestOf(bytes);
    cache.put(digest, bytes);
    bytes.fill(0);
    expect(Buffer.from(cache.get(digest)!).toString()).toBe('mine');
  });

  it.each([0, 1, 20, 30, 100, 120])('with a file cut to %i bytes has what is whole', async (length) => {
    await fill();
    const whole = await readPack(path, 1_000_000);
    await truncate(path, length);
    const cut = await readPack(path, 1_000_000);
    expect([...cut]).toEqual([...whole].slice(0, cut.size));
    await fill();
    expect(await textsFound()).toEqual(TEXTS);
  });

  it('answers with nothing where the file has other bytes of the same length', async () => {
    await fill();
    const whole = (await readFile(path)).toString('latin1');
    await writeFile(path, whole.replace(' 3\none\n', ' 3\neno\n'), 'latin1');
    expect(await textsFound()).toEqual([undefined, ...TEXTS.slice(1)]);
  });

  it('never answers with other bytes, whatever the file holds', async () => {
    await fill();
    const whole = await readFile(path);
    const change = fc.record({
      at: fc.nat(whole.length - 1),
      bytes: fc.uint8Array({ maxLength: 40 }),
      cut: fc.nat(50),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ at, bytes, cut }) => {
        await writeFile(path, Buffer.concat([whole.subarray(0, at), bytes, whole.subarray(at + cut)]));
        const found = await textsFound();
        expect(found.every((text, index) => text === undefined || text === TEXTS[index])).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('reads a file that is too large, or none of ours, as an empty one', async () => {
    await fill();
    const cache = await open({ maxBytes: 10 });
    expect(cache.get(digestOf(BLOBS[0]!))).toBeUndefined();
    await writeFile(path, 'something else');
    expect(await textsFound()).toEqual(TEXTS.map(() => undefined));
  });

  it('takes no more than there is room for', async () => {
    const cache = await open({ maxBytes: 5 });
    for (const text of ['abc', 'def', 'gh']) cache.put(digestOf(Buffer.from(text)), Buffer.from(text));
    expect(['abc', 'def', 'gh'].map((text) => cache.get(digestOf(Buffer.from(text))) !== undefined)).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('forgets what nobody asked for, but only after a run that asked for everything', async () => {
    await fill();
    const early = await open();
    early.put(digestOf(Buffer.from('new')), Buffer.from('new'));
    await early.close();
    expect((await readPack(path, 1_000_000)).size).toBe(BLOBS.length + 1);
    const whole = await open();
    whole.get(digestOf(BLOBS[0]!));
    whole.settle();
    await whole.close();
    expect([...(await readPack(path, 1_000_000)).keys()]).toEqual([digestOf(BLOBS[0]!)]);
  });

  it('of two runs at once is the last one’s, and whole', async () => {
    const caches = await Promise.all([open(), open(), open()]);
    for (const [at, cache] of caches.entries()) cache.put(digestOf(BLOBS[at]!), BLOBS[at]!);
    await Promise.all(caches.map((cache) => cache.close()));
    const left = await readPack(path, 1_000_000);
    expect(left.size).toBe(1);
    expect(await readdir(join(folder, 'deep'))).toEqual(['app.pack']);
  });

  it('that cannot be read or written is a warning and no more', async () => {
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'in the way'), '');
    const warnings: string[] = [];
    const cache = await open({ log: { ...silentLog, warn: (message) => void warnings.push(message) } });
    cache.put(digestOf(BLOBS[0]!), BLOBS[0]!);
    await cache.close();
    expect(warnings).toEqual([containing('could not be read'), containing('could not be written')]);
    expect(await readdir(join(folder, 'deep'))).toEqual(['app.pack']);
    await chmod(path, 0o700);
  });

  it('has a file of its own for every repository', () => {
    const paths = [
      'ghcr.io/a/b',
      'ghcr.io/a-b',
      'ghcr.io/a_b',
      'localhost:5000/a/b',
      `ghcr.io/${'a/'.repeat(120)}b`,
    ].map((text) => blobCachePath('/cache', parseRepository(text)));
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths[0]).toBe('/cache/manifests/ghcr.io+a+b.pack');
    expect(paths.every((name) => (name.split('/').at(-1)?.length ?? 0) < 256)).toBe(true);
  });
});
