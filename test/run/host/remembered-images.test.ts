import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Log, silentLog } from '../../../src/log.ts';
import type { ImageId } from '../../../src/model/local-store.ts';
import { type Instant, instantFromMs } from '../../../src/model/time.ts';
import type { HostMemory } from '../../../src/plan/host/host-memory.ts';
import {
  hostMemoryPath,
  type MemoryPlace,
  readHostMemory,
  writeHostMemory,
} from '../../../src/run/host/remembered-images.ts';
import { imageIdOf } from '../../builders/memory-engine.ts';

const APP = imageIdOf('app');
const BASE = imageIdOf('base');

let cacheDirectory: string;
let warnings: string[];

beforeEach(async () => {
  cacheDirectory = await mkdtemp(join(tmpdir(), 'host-memory-'));
  warnings = [];
});

afterEach(async () => {
  await rm(cacheDirectory, { recursive: true });
});

function at(minute: number): Instant {
  return instantFromMs(Date.UTC(2026, 10, 21, 12, minute));
}

function place(now: Instant): MemoryPlace {
  const log: Log = { ...silentLog, warn: (text) => warnings.push(text) };
  return { cacheDirectory, storeId: 'store-1', now, log };
}

function saw(seenAt: Instant, ...ids: readonly ImageId[]): HostMemory {
  return { storeId: 'store-1', seenAt, images: new Map(ids.map((id) => [id, { firstSeen: seenAt }])) };
}

describe('the memory of a store in the cache folder', () => {
  it('is nothing before the first run, without a warning', async () => {
    expect(await readHostMemory(place(at(0)))).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  it('is found by the next run, and only this user may read it', async () => {
    const before = place(at(0));
    await writeHostMemory(saw(at(0), APP), { place: before, now: at(0) });
    expect(await readHostMemory(place(at(5)))).toEqual(saw(at(0), APP));
    const path = hostMemoryPath(before);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(cacheDirectory, 'host'))).toHaveLength(1);
    expect(path).not.toContain('store-1');
  });

  it('does not follow one store into another', async () => {
    await writeHostMemory(saw(at(0), APP), { place: place(at(0)), now: at(0) });
    expect(await readHostMemory({ ...place(at(5)), storeId: 'store-2' })).toBeUndefined();
  });

  it('is begun anew, with a warning, where the file is damaged', async () => {
    const path = hostMemoryPath(place(at(0)));
    await mkdir(join(cacheDirectory, 'host'));
    await writeFile(path, '{"version":1,');
    expect(await readHostMemory(place(at(0)))).toBeUndefined();
    expect(warnings.join()).toContain('begun anew');
    await writeHostMemory(saw(at(1), APP), { place: place(at(0)), now: at(1) });
    expect(await readHostMemory(place(at(5)))).toEqual(saw(at(1), APP));
  });

  it('forgets images that a later run did not see', async () => {
    await writeHostMemory(saw(at(0), APP), { place: place(at(0)), now: at(0) });
    await writeHostMemory(saw(at(5), BASE), { place: place(at(5)), now: at(6) });
    expect((await readHostMemory(place(at(9))))?.images.has(APP)).toBe(false);
  });

  it('keeps what another run has written since this one began', async () => {
    const long = place(at(0));
    const other: HostMemory = { ...saw(at(2)), images: new Map([[APP, { firstSeen: at(2), lastUsed: at(2) }]]) };
    await writeHostMemory(other, { place: place(at(2)), now: at(2) });
    await writeHostMemory(saw(at(0), APP, BASE), { place: long, now: at(3) });
    const found = await readHostMemory(place(at(9)));
    expect(found?.images.get(APP)).toEqual({ firstSeen: at(0), lastUsed: at(2) });
    expect(found?.images.has(BASE)).toBe(true);
  });

  it('is whole whoever writes at the same time', async () => {
    const writers = Array.from({ length: 20 }, (_, minute) =>
      writeHostMemory(saw(at(minute), APP), { place: place(at(minute)), now: at(minute) }),
    );
    await Promise.all(writers);
    expect(await readHostMemory(place(at(30)))).toBeDefined();
    expect(await readdir(join(cacheDirectory, 'host'))).toHaveLength(1);
    expect(warnings).toEqual([]);
  });

  it('that cannot be written is a warning, and nothing is left behind', async () => {
    await writeFile(join(cacheDirectory, 'host'), 'a file where the folder should be');
    await writeHostMemory(saw(at(0), APP), { place: place(at(0)), now: at(0) });
    expect(warnings.join()).toContain('cannot be remembered');
    expect(await readFile(join(cacheDirectory, 'host'), 'utf8')).toContain('a file');
  });
});
