import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ActionLog } from '../../src/action/action-log.ts';
import { restoreCache } from '../../src/action/keep-cache.ts';
import { type CacheService, startCacheService } from '../fakes/cache-service.ts';
import { createRememberingLog } from '../support/try-transport.ts';

let root: string;
let folder: string;
let service: CacheService;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'keep-cache-'));
  folder = join(root, 'temp', 'registry-cleanup-cache');
  await mkdir(join(root, 'temp'));
  await mkdir(join(root, 'workspace'));
  service = await startCacheService();
  vi.stubEnv('RUNNER_TEMP', join(root, 'temp'));
  vi.stubEnv('GITHUB_WORKSPACE', join(root, 'workspace'));
  vi.stubEnv('GITHUB_SERVER_URL', 'https://github.com');
  vi.stubEnv('ACTIONS_CACHE_URL', service.url);
  vi.stubEnv('ACTIONS_RUNTIME_TOKEN', 'runtime');
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
});

afterEach(async () => {
  await service.stop();
  await rm(root, { recursive: true });
});

/** One run: restores, does something with the folder, saves. What it was told, and the files it began with. */
async function run(id: string, act: () => Promise<void>, repositories: readonly string[] = ['ghcr.io/a/b']) {
  const remembering = createRememberingLog();
  const log: ActionLog = { ...remembering, clean: (text) => text };
  const environment = { GITHUB_RUN_ID: id, GITHUB_ACTION: '__step' };
  const kept = await restoreCache({ folder, repositories, environment, log });
  const found = await readFile(join(folder, 'one'), 'utf8').catch(() => undefined);
  await act();
  await kept.save();
  await rm(folder, { recursive: true, force: true });
  return { found, lines: remembering.lines };
}

const write = (name: string, text: string) => async () => {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), text);
};
const nothing = async () => undefined;

describe('the cache between runs', () => {
  it('begins with what the last run of the same repositories left', async () => {
    expect((await run('1', write('one', 'first'))).found).toBeUndefined();
    expect((await run('2', write('two', 'second'))).found).toBe('first');
    expect(service.entries.map(({ key }) => key)).toEqual([
      expect.stringMatching(/^registry-cleanup-v1-[0-9a-f]{16}-1-1-[0-9a-f]{16}$/),
      expect.stringMatching(/^registry-cleanup-v1-[0-9a-f]{16}-2-1-[0-9a-f]{16}$/),
    ]);
    expect((await run('3', nothing, ['ghcr.io/a/c'])).found).toBeUndefined();
  });

  it('saves nothing when nothing has changed, and no empty folder', async () => {
    await run('1', nothing);
    expect(service.entries).toEqual([]);
    await run('2', write('one', 'first'));
    await run('3', nothing);
    expect(service.entries).toHaveLength(1);
  });

  it('takes the order of the repositories for nothing', async () => {
    await run('1', write('one', 'first'), ['ghcr.io/a/b', 'ghcr.io/a/c']);
    expect((await run('2', nothing, ['ghcr.io/a/c', 'ghcr.io/a/b'])).found).toBe('first');
  });

  it('does not fetch what an earlier step of the job has left', async () => {
    await run('1', write('one', 'first'));
    await write('one', 'earlier step')();
    expect((await run('2', nothing)).found).toBe('earlier step');
  });

  it('is not asked for where the runner has none', async () => {
    vi.stubEnv('ACTIONS_CACHE_URL', '');
    vi.stubEnv('ACTIONS_RESULTS_URL', '');
    const { lines } = await run('1', write('one', 'first'));
    expect(lines).toEqual(['this runner has no cache between runs']);
    expect(service.requests).toEqual([]);
  });

  it('fails nothing when it is down', async () => {
    service.isDown = true;
    expect((await run('1', write('one', 'first'))).found).toBeUndefined();
    expect(service.requests.length).toBeGreaterThan(0);
    expect(service.entries).toEqual([]);
  });

  it('fails nothing when the folder cannot be made', async () => {
    await writeFile(join(root, 'temp', 'registry-cleanup-cache'), '');
    const { lines } = await run('1', nothing);
    expect(lines.join('\n')).toContain("GitHub's cache cannot be used");
  });
});
