// `command: host` as a step on a self-hosted runner with a real engine.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LocalEngine, startLocalEngine } from '../support/local-engines.ts';
import { requireProgram } from '../support/real-parts.ts';
import { runActionProcess } from './run-action-process.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'host-action-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('the step', () => {
  it('fails with one annotation where nothing is asked, with a report, and with outputs that say so', async () => {
    // As action.yml has them by default.
    const inputs = { command: 'host', mrproper: 'off', dangling: 'false', 'minimum-image-age': '2h', confirm: 'true' };
    const { code, stdout, outputs, summary } = await runActionProcess(folder, inputs);
    expect([code, stdout.match(/^::error::.*$/gm)?.length]).toEqual([2, 1]);
    expect(stdout).toContain('nothing is asked for');
    expect(outputs).toMatchObject({ 'deleted-count': '0', 'kept-count': '0', 'plan-file': '' });
    expect(outputs['report-file']).toMatch(/report\.json$/);
    expect(summary).toContain('nothing is asked for');
  });

  it('refuses what is for host where a plan is made', async () => {
    const { code, stdout } = await runActionProcess(folder, { command: 'plan', 'image-gc-high-threshold': '85' });
    expect(code).toBe(2);
    expect(stdout).toContain('input image-gc-high-threshold: only for host, not for plan');
  });
});

describe.runIf(requireProgram('podman'))('the step on a runner with podman', () => {
  let engine: LocalEngine;

  beforeAll(async () => {
    engine = await startLocalEngine('podman');
  }, 60_000);
  afterAll(() => engine.stop());

  beforeEach(async () => {
    await engine.empty();
    for (const name of ['ours', 'held']) await engine.add(name, 1, ['LABEL team=us']);
    await engine.add('theirs', 1);
    await engine.client('create', '--name', 'holder', 'held');
    // Not by flush: a container of an image that goes by it would go, too.
    await engine.client('untag', 'ours');
  });

  const run = (inputs: Readonly<Record<string, string>>) =>
    runActionProcess(folder, {
      command: 'host',
      engine: `unix://${engine.socket}`,
      dangling: 'true',
      'project-label': 'team=us',
      'cache-grace': '0',
      ...inputs,
    });

  it('shows in the job summary what would go, and deletes nothing', async () => {
    const { code, outputs, summary, stdout } = await run({});
    expect([code, stdout]).toEqual([0, expect.stringContaining('would go') as string]);
    expect(outputs).toMatchObject({ 'kept-count': '2', 'deleted-count': '1', 'failed-count': '0' });
    expect(summary).toContain('would go');
    expect(summary).not.toContain('--confirm');
    expect(await engine.names()).toHaveLength(3);
  });

  it('deletes it with confirm', async () => {
    const { code, outputs, summary } = await run({ confirm: 'true' });
    expect([code, summary]).toEqual([0, expect.stringContaining('1 image deleted') as string]);
    expect(outputs).toMatchObject({ 'kept-count': '2', 'deleted-count': '1', 'failed-count': '0', 'left-count': '0' });
    expect(Number(outputs['reclaimable-bytes'])).toBeGreaterThan(1024 * 1024);
    expect(await engine.names()).toEqual(['held', 'theirs']);
  });
});
