// The jobs that clean a build runner's local store, run in a shell with a real engine: what is in use, young, or has the label stays.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ContainerEngine, openContainerEngine } from '../support/container-engine.ts';
import { openPipelineProject, type PipelineProject, SOURCES } from '../support/gitlab-ci-local.ts';
import { requireProgram } from '../support/real-parts.ts';

const hasRsync = requireProgram('rsync');
const engine = openContainerEngine();
const JOB = 'registry-host-cleanup: [build-1]';

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
    inputs: { runners: ['build-1'], ...inputs },
  };
  project.configure(JSON.stringify({ include: [include] }));
}

/** A folder with one program in it. */
function program(name: string, script: string): string {
  const bin = join(folder, `bin-${name}-${createHash('sha256').update(script).digest('hex').slice(0, 8)}`);
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, name), 0o755);
  return bin;
}

describe.runIf(hasRsync)('the job on a runner', () => {
  it('whose engine does not answer says so, and is red', async () => {
    configure({ engine: 'podman', command: 'apply' });
    const { exitCode, output } = await project.runJob(JOB, SOURCES.schedule, [program('podman', 'exit 1')]);
    expect(exitCode).not.toBe(0);
    expect(output).toContain('podman does not answer: does the runner hand its socket to jobs?');
  });

  it('whose engine fails in the middle deletes nothing, and is red', async () => {
    configure({ engine: 'podman', command: 'apply' });
    const script = 'case "$1 $2" in "image ls") exit 1 ;; "image prune") echo PRUNED ;; esac';
    const { exitCode, output } = await project.runJob(JOB, SOURCES.schedule, [program('podman', script)]);
    expect(exitCode).not.toBe(0);
    expect(output).not.toContain('PRUNED');
  });
});

/** An image as `docker save` writes it, made at a time. */
function saveImage(
  tag: string,
  { created, labels = {} }: { created: string; labels?: Readonly<Record<string, string>> },
): string {
  const home = mkdtempSync(join(folder, 'image-'));
  writeFileSync(join(home, 'file'), tag);
  spawnSync('tar', ['--create', '--file', 'layer.tar', 'file'], { cwd: home });
  const diffId = createHash('sha256')
    .update(readFileSync(join(home, 'layer.tar')))
    .digest('hex');
  const config = {
    architecture: 'amd64',
    os: 'linux',
    created,
    config: { Labels: labels, Cmd: ['/file'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${diffId}`] },
  };
  writeFileSync(join(home, 'config.json'), JSON.stringify(config));
  writeFileSync(
    join(home, 'manifest.json'),
    JSON.stringify([{ Config: 'config.json', RepoTags: [tag], Layers: ['layer.tar'] }]),
  );
  spawnSync('tar', ['--create', '--file', 'image.tar', 'config.json', 'manifest.json', 'layer.tar'], { cwd: home });
  return join(home, 'image.tar');
}

// The store of a docker that is somebody's is not ours to clean: only an engine with a store of its own.
describe.runIf(hasRsync && engine?.program === 'podman')('the job on a runner with podman', () => {
  const OLD = '2024-01-01T00:00:00Z';
  let path: readonly string[];

  function use(): ContainerEngine {
    if (engine === undefined) throw new Error('no engine');
    return engine;
  }

  beforeAll(() => {
    const variables = Object.entries(use().environment).filter(([name]) => name.startsWith('CONTAINERS_'));
    const exports = variables.map(([name, value]) => `export ${name}='${value}'`).join('\n');
    path = [program('podman', `${exports}\nexec /usr/bin/podman "$@"`)];
  });

  afterAll(() => engine?.close());

  beforeEach(() => {
    use().start('rm', '--all', '--force');
    use().start('image', 'rm', '--all', '--force');
    const young = new Date().toISOString();
    const images = [
      saveImage('localhost/old:1', { created: OLD }),
      saveImage('localhost/used:1', { created: OLD }),
      saveImage('localhost/kept:1', { created: OLD, labels: { 'registry-cleanup.keep': '' } }),
      saveImage('localhost/young:1', { created: young }),
    ];
    for (const image of images) expect(use().start('load', '--input', image)).toMatchObject({ exitCode: 0 });
    expect(use().start('create', 'localhost/used:1')).toMatchObject({ exitCode: 0 });
  });

  const left = () =>
    use()
      .start('image', 'ls', '--format', '{{.Repository}}')
      .stdout.trim()
      .split('\n')
      .map((name) => name.replace('localhost/', ''))
      .sort();

  it('tells what would go, and deletes nothing', async () => {
    configure({ engine: 'podman' });
    const { exitCode, output } = await project.runJob(JOB, SOURCES.schedule, path);
    expect([exitCode, output]).toEqual([0, expect.stringContaining('1 unused images are older than 168h.') as string]);
    expect(output).toContain('localhost/old:1');
    for (const name of ['used', 'kept', 'young']) expect(output).not.toContain(`localhost/${name}:1`);
    expect(output).toContain('nothing was deleted');
    expect(left()).toEqual(['kept', 'old', 'used', 'young']);
  });

  it('deletes just that when told to', async () => {
    configure({ engine: 'podman', command: 'apply' });
    const { exitCode, output } = await project.runJob(JOB, SOURCES.schedule, path);
    expect([exitCode, output]).toEqual([0, expect.stringContaining('1 unused images') as string]);
    expect(left()).toEqual(['kept', 'used', 'young']);
  });

  it('only tells in a pipeline that only plans', async () => {
    configure({ engine: 'podman', command: 'apply' });
    const { output } = await project.runJob(JOB, { ...SOURCES.schedule, REGISTRY_CLEANUP: 'plan' }, path);
    expect(output).toContain('nothing was deleted');
    expect(left()).toEqual(['kept', 'old', 'used', 'young']);
  });
});
