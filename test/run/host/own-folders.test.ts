import { mkdir, mkdtemp, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../../src/log.ts';
import { parseRepository } from '../../../src/model/reference.ts';
import { durationFromMs, hours, instantFromMs } from '../../../src/model/time.ts';
import { encodeHostMemory } from '../../../src/plan/host/host-memory.ts';
import { blobCachePath, openBlobCache } from '../../../src/registry/blob-cache.ts';
import { writePack } from '../../../src/registry/pack-file.ts';
import { deleteOwnFolder, listOwnFolders, type OwnFolderSearch } from '../../../src/run/host/own-folders.ts';
import { sha256 } from '../../builders/image.ts';

const NOW = instantFromMs(Date.UTC(2026, 10, 21, 12));
const BYTES = Buffer.from('a manifest');

let cacheDirectory: string;

beforeEach(async () => {
  cacheDirectory = await mkdtemp(join(tmpdir(), 'own-folders-'));
});

afterEach(async () => {
  await rm(cacheDirectory, { recursive: true });
});

function search(more: Partial<OwnFolderSearch> = {}): OwnFolderSearch {
  return { cacheDirectory, now: NOW, ...more };
}

async function age(path: string, hoursAgo: number): Promise<string> {
  const at = new Date(NOW - hours(hoursAgo));
  await utimes(path, at, at);
  return path;
}

async function makePack(name: string, hoursAgo: number): Promise<string> {
  const path = join(cacheDirectory, 'manifests', name);
  await writePack(path, new Map([[sha256(BYTES), BYTES]]));
  return age(path, hoursAgo);
}

async function makeGit(name: string, hoursAgo: number, head = 'ref: refs/heads/none\n'): Promise<string> {
  const path = join(cacheDirectory, 'git', name);
  await mkdir(join(path, 'objects', 'pack'), { recursive: true });
  await writeFile(join(path, 'HEAD'), head);
  await writeFile(join(path, 'objects', 'pack', 'pack-0.pack'), 'x'.repeat(1000));
  return age(path, hoursAgo);
}

async function makeMemory(name: string, hoursAgo: number): Promise<string> {
  const path = join(cacheDirectory, 'host', name);
  await mkdir(join(cacheDirectory, 'host'), { recursive: true });
  await writeFile(path, encodeHostMemory({ storeId: 'other', seenAt: NOW, images: new Map() }));
  return age(path, hoursAgo);
}

async function listPaths(more: Partial<OwnFolderSearch> = {}): Promise<readonly string[]> {
  return (await listOwnFolders(search(more))).map(({ path }) => path);
}

describe('what registry-cleanup keeps on a machine', () => {
  it('is found with its size and how long nobody used it', async () => {
    const git = await makeGit('github.com+acme+shop.git', 50);
    const memory = await makeMemory('0123.json', 30);
    const pack = await makePack('ghcr.io+team+app.pack', 10);
    const found = await listOwnFolders(search());
    expect(found.map(({ path, unusedFor }) => [path, unusedFor])).toEqual([
      [git, hours(50)],
      [memory, hours(30)],
      [pack, hours(10)],
    ]);
    expect(found.map(({ sizeBytes }) => sizeBytes > 50)).toEqual([true, true, true]);
    expect(found[0]?.sizeBytes).toBeGreaterThan(1000);
  });

  it('is nothing where no run has kept anything', async () => {
    expect(await listPaths()).toEqual([]);
    expect(await listPaths({ cacheDirectory: join(cacheDirectory, 'not there') })).toEqual([]);
  });

  it('never is what somebody else put there, whatever it is called', async () => {
    await makeGit('theirs.git', 1000, 'ref: refs/heads/main\n');
    await mkdir(join(cacheDirectory, 'git', 'empty.git'));
    await mkdir(join(cacheDirectory, 'manifests'), { recursive: true });
    await writeFile(join(cacheDirectory, 'manifests', 'theirs.pack'), 'PACK');
    await writeFile(join(cacheDirectory, 'manifests', 'notes.txt'), 'registry-cleanup blobs 1\n');
    await mkdir(join(cacheDirectory, 'host'));
    await writeFile(join(cacheDirectory, 'host', 'settings.json'), '{"version": 1}');
    await mkdir(join(cacheDirectory, 'other'));
    expect(await listPaths()).toEqual([]);
  });

  it('is not looked for behind symbolic links', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'elsewhere-'));
    try {
      const git = await makeGit('shop.git', 1000);
      await symlink(git, join(cacheDirectory, 'git', 'linked.git'));
      await symlink(elsewhere, join(cacheDirectory, 'manifests'));
      await symlink(await makeMemory('seen.json', 1000), join(cacheDirectory, 'host', 'linked.json'));
      await writePack(join(elsewhere, 'x.pack'), new Map([[sha256(BYTES), BYTES]]));
      expect(await listPaths()).toEqual([git, join(cacheDirectory, 'host', 'seen.json')]);
    } finally {
      await rm(elsewhere, { recursive: true });
    }
  });

  it('leaves out what this run remembers in', async () => {
    const own = await makeMemory('own.json', 1000);
    expect(await listPaths({ except: own })).toEqual([]);
  });

  it('leaves out for a day what a run may be filling', async () => {
    await makeGit('registry-cleanup-git-abc123', 23);
    await makePack('a.pack.0c4ef3a2-1111-4222-8333-444455556666.tmp', 23);
    expect(await listPaths()).toEqual([]);
    const left = await makeGit('registry-cleanup-git-def456', 25);
    expect(await listPaths()).toEqual([left]);
  });

  it('is never older than new when its time lies in the future', async () => {
    await makePack('a.pack', -5);
    expect((await listOwnFolders(search()))[0]?.unusedFor).toBe(0);
  });
});

describe('deleting what nobody used', () => {
  it('takes a folder with all that is in it, and nothing else', async () => {
    const gone = await makeGit('gone.git', 50);
    const stays = await makeGit('stays.git', 50);
    expect(await deleteOwnFolder(gone, { ...search(), unusedFor: hours(50) })).toEqual({ outcome: 'deleted' });
    expect(await readdir(join(cacheDirectory, 'git'))).toEqual(['stays.git']);
    expect((await stat(join(stays, 'HEAD'))).isFile()).toBe(true);
  });

  it('takes a file', async () => {
    const pack = await makePack('a.pack', 50);
    expect(await deleteOwnFolder(pack, { ...search(), unusedFor: hours(1) })).toEqual({ outcome: 'deleted' });
    expect(await readdir(join(cacheDirectory, 'manifests'))).toEqual([]);
  });

  it('skips what a run has used since the plan', async () => {
    const git = await makeGit('used.git', 50);
    await age(git, 0);
    const result = await deleteOwnFolder(git, { ...search(), unusedFor: hours(50) });
    expect(result).toEqual({ outcome: 'skipped', text: 'a run has used it since' });
  });

  it('skips what is something else by now, and tells of what is gone', async () => {
    const git = await makeGit('other.git', 50, 'ref: refs/heads/main\n');
    expect(await deleteOwnFolder(git, { ...search(), unusedFor: hours(1) })).toMatchObject({ outcome: 'skipped' });
    const path = join(cacheDirectory, 'git', 'nowhere.git');
    expect(await deleteOwnFolder(path, { ...search(), unusedFor: hours(1) })).toEqual({ outcome: 'already-gone' });
  });

  it('touches nothing outside of the cache folder, whatever it is asked', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'elsewhere-'));
    try {
      const result = await deleteOwnFolder(elsewhere, { ...search(), unusedFor: durationFromMs(0) });
      expect(result).toMatchObject({ outcome: 'skipped' });
      expect((await stat(elsewhere)).isDirectory()).toBe(true);
    } finally {
      await rm(elsewhere, { recursive: true });
    }
  });
});

describe('a use', () => {
  it('of kept manifests makes them new, also when nothing is added', async () => {
    const path = blobCachePath(cacheDirectory, parseRepository('ghcr.io/team/app'));
    await writePack(path, new Map([[sha256(BYTES), BYTES]]));
    await age(path, 1000);
    const cache = await openBlobCache({ path, log: silentLog });
    expect(cache.get(sha256(BYTES))).toBeDefined();
    await cache.close();
    expect(Date.now() - (await stat(path)).mtimeMs).toBeLessThan(60_000);
  });
});
