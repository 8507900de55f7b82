// What is left of a run: the way back for 30 days, a cache for the next run, and no secret anywhere.

import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { wrapGit } from '../../builders/git-repository.ts';
import { buildImage } from '../../builders/image.ts';
import { startCacheService } from '../../fakes/cache-service.ts';
import { requireProgram } from '../../support/real-parts.ts';
import { golden, openScene, type Scene } from './scene.ts';

const DAY_MS = 86_400_000;

describe.runIf(requireProgram('git'))('after an apply at GitHub', () => {
  let scene: Scene;
  let shiftMs: number;
  let journal: string;
  beforeEach(async () => {
    shiftMs = 0;
    scene = await openScene({ github: { now: () => Date.now() + shiftMs } });
    journal = join(scene.folder, 'journal.jsonl');
    scene.build('c');
    scene.build('d', { tags: ['second'] });
    scene.add('orphan', buildImage({ seed: 'orphan' }));
    scene.build('e');
  });
  afterEach(async () => {
    expect(scene.github.violations).toEqual([]);
    await scene.close();
  });

  const words = () => ['restore', '--journal', journal, '--provider', 'github'];
  const restored = () => scene.sent('POST /orgs/').map((line) => /\{(.+)\}/.exec(line)?.[1] ?? line);

  it('a restore brings everything back with its tags, children before their index, and a second one finds it there', async () => {
    const before = scene.left();
    await scene.run('apply', { inputs: { journal } });
    expect(scene.left()).toHaveLength(3);
    scene.github.clearRequests();
    const run = await scene.run('restore', { inputs: { journal } });
    expect({ code: run.code, restored: run.outputs['restored-count'] }).toEqual({ code: 0, restored: '7' });
    expect(scene.left()).toEqual(before);
    const order = restored();
    for (const index of ['c', 'd'])
      for (const child of [0, 1]) expect(order.indexOf(`${index}/${child}`)).toBeLessThan(order.indexOf(index));
    const first = scene.tell('restore', run);
    const again = await scene.run('restore', { inputs: { journal } });
    expect(again.summary).toMatch(/already|before/);
    await expect(first + scene.tell('again', again)).toMatchFileSnapshot(golden('restore'));
  });

  it('the command line brings everything back too, and says on the second time that it is there', async () => {
    const before = scene.left();
    await scene.run('apply', { inputs: { journal } });
    scene.github.clearRequests();
    const run = await scene.cli(words());
    expect({ code: run.code, stderr: run.stderr }).toMatchObject({ code: 0 });
    expect(scene.left()).toEqual(before);
    const first = scene.tell('restore', run);
    const again = await scene.cli(words());
    expect(again.code).toBe(0);
    expect(again.stdout).toMatch(/already|before/);
    await expect(first + scene.tell('again', again)).toMatchFileSnapshot(golden('restore-cli'));
  });

  it('what has been gone for longer than 30 days cannot be brought back, and all the rest can', async () => {
    shiftMs = -31 * DAY_MS;
    await scene.run('apply', { inputs: { journal } });
    shiftMs = 0;
    scene.build('b');
    await scene.run('apply', { inputs: { journal } });
    scene.github.clearRequests();
    const run = await scene.run('restore', { inputs: { journal } });
    expect({ code: run.code, failed: run.outputs['failed-count'] }).toEqual({ code: 1, failed: '7' });
    expect(run.outputs['restored-count']).toBe('3');
    expect(run.summary).toContain('30 days');
    expect(scene.left()).toEqual(['b/0', 'b/1', 'b: main-{commit b}', 'e/0', 'e/1', 'e: main-{commit e}']);
    await expect(scene.tell('restore', run)).toMatchFileSnapshot(golden('restore-too-late'));
  });

  it('GitHub keeps the cache for the next run, which reads no manifest and fetches no commit again', async () => {
    const service = await startCacheService();
    const temporary = join(scene.folder, 'runner-temp');
    try {
      const runOn = async (id: string) => {
        await rm(temporary, { recursive: true, force: true });
        await mkdir(temporary);
        const cache = { ACTIONS_CACHE_URL: service.url, ACTIONS_RUNTIME_TOKEN: 'runtime' };
        return await scene.run('plan', { environment: { ...cache, RUNNER_TEMP: temporary, GITHUB_RUN_ID: id } });
      };
      const cold = scene.tell('cold', await runOn('1'));
      expect(service.entries).toHaveLength(1);
      const run = await runOn('2');
      expect(run.stdout).toContain('starting from');
      expect(scene.sent('GET /v2/team/app/manifests/')).toEqual([]);
      expect(scene.sent('GET /v2/team/app/blobs/')).toEqual([]);
      expect(scene.sent('POST /team/app.git/git-upload-pack')).toEqual([]);
      await expect(cold + scene.tell('warm', run)).toMatchFileSnapshot(golden('kept-cache'));
    } finally {
      await service.stop();
    }
  });

  it('no output, no file, no command line and no cache holds the token', async () => {
    const calls = join(scene.folder, 'calls');
    const spy = wrapGit(
      scene.sandbox,
      'bin',
      `tr '\\0' ' ' < /proc/$PPID/cmdline >> '${calls}'; echo "$@" >> '${calls}'`,
    );
    const environment = { PATH: `${spy}:${process.env['PATH']}` };
    const inputs = { 'log-level': 'debug', 'cache-dir': join(scene.folder, 'cache'), journal };
    const forms = [
      scene.token,
      ...['', 'x-access-token:'].map((user) => Buffer.from(user + scene.token).toString('base64')),
    ];
    const runs = [await scene.run('apply', { inputs, environment })];
    for (const command of ['plan', 'restore'])
      runs.push(await scene.run(command, { inputs: { ...inputs, format: 'json' }, environment }));
    scene.github.revoke(scene.token);
    runs.push(await scene.run('apply', { inputs, environment }));
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0, 3]);
    for (const run of runs) {
      // That is how the runner is told what to hide.
      const shown = run.stdout.split('\n').filter((line) => !line.startsWith('::add-mask::'));
      const told = [...shown, run.stderr, run.summary, run.outputText].join('\n');
      for (const form of forms) expect(told).not.toContain(form);
    }
    expect(await readFile(calls, 'utf8')).toContain('fetch');
    const files = await listFiles(scene.folder);
    expect(files.length).toBeGreaterThan(20);
    for (const file of files) {
      const text = await readBytes(file);
      for (const form of forms) expect(text.includes(form), `${file} holds ${form}`).toBe(false);
    }
  });
});

async function listFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Unpacked where it is packed. */
async function readBytes(file: string): Promise<Buffer> {
  const bytes = await readFile(file);
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
}
