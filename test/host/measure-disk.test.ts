import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { measureDisk, type StorePlace } from '../../src/host/measure-disk.ts';
import { untilProved } from '../../src/host/own-folder.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'disk-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

function store(change: Partial<StorePlace> = {}): StorePlace {
  const place = { kind: 'unix', path: '/x.sock' } as const;
  return { place, hostname: hostname(), folders: [folder], isItsOwn: () => Promise.resolve(true), ...change };
}

const notItsOwn = () => Promise.resolve(false);

describe('the disk below a store', () => {
  it('has never more room than it is large, and some of it', async () => {
    const measured = await measureDisk(store());
    if (measured.kind !== 'known') throw new Error(measured.why);
    expect(measured.disk.path).toBe(folder);
    expect(measured.disk.capacityBytes).toBeGreaterThan(0);
    expect(measured.disk.availableBytes).toBeGreaterThanOrEqual(0);
    expect(measured.disk.availableBytes).toBeLessThanOrEqual(measured.disk.capacityBytes);
  });

  it.each<[string, Partial<StorePlace>]>([
    ['on another machine by its name, where the folder proves nothing', { hostname: 'elsewhere', isItsOwn: notItsOwn }],
    ['behind TCP, whatever folder is here', { place: { kind: 'tcp', host: '127.0.0.1', port: 1 } }],
    ['in a folder that is not here', { folders: ['/nowhere/at/all'] }],
    ['in one of several folders, of which the first is not here', { folders: ['/nowhere/at/all', tmpdir()] }],
    ['in one of several file systems', { folders: ['/proc', tmpdir()] }],
    ['on a file system without room', { engineRoot: '/proc' }],
    ['in a folder that the user named and that is not here', { engineRoot: '/nowhere/at/all' }],
  ])('is not known when the store is %s', async (_name, change) => {
    const measured = await measureDisk(store(change));
    expect(measured.kind).toBe('unknown');
  });

  it('is known on a machine of another name when the folder is the own one of the engine, as in a container with the engine in it', async () => {
    expect((await measureDisk(store({ hostname: 'elsewhere' }))).kind).toBe('known');
  });

  it('is the one that the user names, whatever speaks against it', async () => {
    const change = { hostname: 'elsewhere', isItsOwn: notItsOwn, engineRoot: folder, folders: ['/nowhere/at/all'] };
    const measured = await measureDisk(store(change));
    expect(measured).toMatchObject({ kind: 'known', disk: { path: folder } });
  });

  it('says how to get it known', async () => {
    expect(await measureDisk(store({ folders: ['/nowhere/at/all'] }))).toMatchObject({
      why: expect.stringContaining('--engine-root') as unknown,
    });
  });
});

it('a folder that was proved to be the engine’s own stays so when the image that proved it has gone', async () => {
  const answers = [false, true];
  const isItsOwn = untilProved(() => Promise.resolve(answers.shift() ?? false));
  expect([await isItsOwn('/a'), await isItsOwn('/a'), await isItsOwn('/a')]).toEqual([false, true, true]);
  expect(await isItsOwn('/b')).toBe(false);
});
