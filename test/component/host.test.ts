// The jobs that clean a build runner's local store, run in a shell with a real engine: what is in use, young, or has the label stays.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { openPipelineProject, type PipelineProject, SOURCES } from '../support/gitlab-ci-local.ts';
import { type LocalEngine, startLocalEngine } from '../support/local-engines.ts';
import { requireProgram } from '../support/real-parts.ts';

const hasRsync = requireProgram('rsync');
const hasPodman = requireProgram('podman');
const JOB = 'registry-host-cleanup: [build-1]';
const Memory = z.looseObject({ images: z.record(z.string(), z.looseObject({ firstSeen: z.string() })) });

let project: PipelineProject;
let folder: string;

beforeAll(() => {
  project = openPipelineProject();
  folder = mkdtempSync(join(tmpdir(), 'host-'));
});

afterAll(() => {
  project.close();
  rmSync(folder, { recursive: true });
});

function configure(inputs: object): void {
  const include = {
    component: '$CI_SERVER_FQDN/$CI_PROJECT_PATH/host-cleanup@$CI_COMMIT_SHA',
    inputs: { runners: ['build-1'], 'cache-dir': join(folder, 'cache'), ...inputs },
  };
  project.configure(JSON.stringify({ include: [include] }));
}

const report = (): unknown => JSON.parse(project.readLeft(JOB, 'registry-cleanup-report/host.json') ?? '{}');

describe.runIf(hasRsync)('the job on a runner', () => {
  it('whose engine does not answer says so, is red, and leaves a report', async () => {
    configure({ engine: `unix://${folder}/nobody.sock`, command: 'apply' });
    const { exitCode, output } = await project.runJob(JOB, SOURCES.schedule);
    expect(exitCode).not.toBe(0);
    expect(output).toContain('nobody.sock');
    expect(report()).toMatchObject({ command: 'host', result: { kind: 'stopped' }, steps: [] });
  });

  it('whose inputs say nothing to do teaches what there is', async () => {
    configure({ 'older-than': '' });
    const { exitCode, output } = await project.runJob(JOB, SOURCES.schedule);
    expect(exitCode).not.toBe(0);
    expect(output).toContain('nothing is asked for');
  });
});

describe.runIf(hasRsync && hasPodman)('the job on a runner with podman', () => {
  let engine: LocalEngine;

  beforeAll(async () => {
    engine = await startLocalEngine('podman', { isForgetful: true });
  }, 60_000);

  afterAll(() => engine.stop());

  /** Images that an earlier run saw long ago, and one that none saw. */
  beforeEach(async () => {
    await engine.empty();
    rmSync(join(folder, 'cache'), { recursive: true, force: true });
    for (const name of ['old', 'used']) await engine.add(name, 1);
    await engine.add('kept', 1, ['LABEL registry-cleanup.keep=']);
    await engine.client('create', '--name', 'holder', 'used');
    await run({ 'older-than': '168h' });
    rewindMemory();
    await engine.add('young', 1);
  }, 120_000);

  /** What was seen by then was seen two weeks before. */
  function rewindMemory(): void {
    const home = join(folder, 'cache', 'host');
    for (const name of readdirSync(home)) {
      const memory = Memory.parse(JSON.parse(readFileSync(join(home, name), 'utf8')));
      const firstSeen = new Date(Date.now() - 14 * 86_400_000).toISOString();
      const images = Object.entries(memory.images).map(([id, known]) => [id, { ...known, firstSeen }] as const);
      writeFileSync(join(home, name), JSON.stringify({ ...memory, images: Object.fromEntries(images) }));
    }
  }

  async function run(inputs: object, variables: Readonly<Record<string, string>> = {}) {
    configure({ engine: `unix://${engine.socket}`, ...inputs });
    return await project.runJob(JOB, { ...SOURCES.schedule, ...variables });
  }

  it('tells what would go, and deletes nothing', async () => {
    const { exitCode, output } = await run({});
    expect([exitCode, output]).toEqual([0, expect.stringContaining('localhost/old:latest') as string]);
    expect(report()).toMatchObject({ result: { kind: 'planned' }, totals: { imagesDeleted: 1, imagesKept: 3 } });
    expect(await engine.names()).toEqual(['kept', 'old', 'used', 'young']);
  });

  it('deletes just that when told to', async () => {
    const { exitCode, output } = await run({ command: 'apply' });
    expect([exitCode, output]).toEqual([0, expect.stringContaining('localhost/old:latest') as string]);
    expect(report()).toMatchObject({ result: { kind: 'applied' }, totals: { deleted: 1, failed: 0 } });
    expect(await engine.names()).toEqual(['kept', 'used', 'young']);
  });

  it('only tells in a pipeline that only plans', async () => {
    const { exitCode } = await run({ command: 'apply' }, { REGISTRY_CLEANUP: 'plan' });
    expect(exitCode).toBe(0);
    expect(report()).toMatchObject({ result: { kind: 'planned' } });
    expect(await engine.names()).toEqual(['kept', 'old', 'used', 'young']);
  });

  it('keeps what has the label that is named, and only that', async () => {
    expect((await run({ command: 'apply', 'keep-label': 'other' })).exitCode).toBe(0);
    expect(await engine.names()).toEqual(['used', 'young']);
  });
});
