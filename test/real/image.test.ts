// The container image, built by a real engine without a network, and run as it is meant to be: as its own user, with a root that nobody
// can write to.

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TOOL } from '../../src/version.ts';
import { createGitSandbox, type GitSandbox } from '../builders/git-repository.ts';
import { addToLayout, buildImage, makeLayout } from '../builders/image.ts';
import { type ContainerEngine, makeBaseFolder, openContainerEngine } from '../support/container-engine.ts';
import { root } from '../support/source-files.ts';

const engine = openContainerEngine();
const BASE = 'localhost/registry-cleanup-test-base:latest';
const IMAGE = 'localhost/registry-cleanup-test:latest';

describe.runIf(engine !== undefined)('the container image', () => {
  let folder: string;
  let sandbox: GitSandbox;
  let clone: string;
  let log: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'image-'));
    sandbox = createGitSandbox();
    makeBaseFolder(join(folder, 'base'));
    use().importImage(join(folder, 'base'), BASE);
    log = build(['--base', BASE, '--tag', IMAGE, '--engine', use().program]).output;
    await makeLayout(join(folder, 'layout'));
    await addToLayout(join(folder, 'layout'), buildImage({ created: '2024-01-01T00:00:00Z' }), ['main']);
    const origin = sandbox.bare('app.git');
    sandbox.add(origin, { commits: [{ name: 'a', date: '2024-01-01T00:00:00Z' }], branches: { main: 'a' } });
    clone = sandbox.clone(origin, 'clone');
    for (const open of [folder, sandbox.root]) chmodSync(open, 0o755);
  }, 300_000);

  afterAll(() => {
    for (const image of [IMAGE, BASE]) engine?.remove(image);
    engine?.close();
    sandbox.remove();
    rmSync(folder, { recursive: true });
  });

  function use(): ContainerEngine {
    if (engine === undefined) throw new Error('no engine');
    return engine;
  }

  function build(words: readonly string[]) {
    const script = join(root, 'scripts', 'build-image.sh');
    const { status, stdout, stderr } = spawnSync('bash', [script, ...words], {
      encoding: 'utf8',
      env: use().environment,
    });
    return { exitCode: status, output: stdout + stderr };
  }

  it('is built from a base with node and git without fetching anything', () => {
    expect(log).toContain(`build-image: ${IMAGE} with ${use().program}`);
    expect(log).not.toMatch(/fetch|Trying to pull/);
  });

  it('says its version', () => {
    expect(use().run(IMAGE, { words: ['--version'] })).toMatchObject({
      exitCode: 0,
      stdout: `${TOOL.split(' ')[1]}\n`,
    });
  });

  it('runs as a user that is not root, and finds node and git', () => {
    const { stdout } = use().run(IMAGE, {
      entrypoint: 'sh',
      words: ['-c', 'id -u; git --version; node --version; touch /x || echo no'],
    });
    expect(stdout).toMatch(/^1000\ngit version 2\.\d[^\n]*\nv24\.[^\n]*\nno\n$/);
  });

  it('starts a shell as jobs of GitLab CI do, which have no use for an entrypoint', () => {
    const { exitCode } = use().run(IMAGE, { entrypoint: '', words: ['sh', '-c', 'registry-cleanup --version'] });
    expect(exitCode).toBe(0);
  });

  /** A plan with these words beside. */
  function plan(words: readonly string[], variables: Readonly<Record<string, string>> = {}) {
    return use().run(IMAGE, {
      words: ['plan', '--repository', 'oci-layout:/layout=registry.example.com/team/app', '--without-kube', ...words],
      mounts: [`${join(folder, 'layout')}:/layout:ro`, `${sandbox.root}:${sandbox.root}:ro`],
      variables: { CI: 'true', HOME: '/tmp', ...variables },
    });
  }

  it('plans', () => {
    const { exitCode, stdout, stderr } = plan(['--without-git']);
    expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining('error') as string]);
    expect(stdout).toContain('registry.example.com/team/app');
  });

  it('reads sources that another user has cloned where it is told to, as the component does, and stops where it is not', () => {
    const untold = plan(['--git-dir', clone]);
    const refused = (path: string) => `dubious ownership in repository at '${path}`;
    expect([untold.exitCode, untold.stderr]).toEqual([5, expect.stringContaining(refused(clone)) as string]);
    const told = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: clone };
    // The clone is read: what is told now is about its origin, which here is a folder of that user's, too.
    expect(plan(['--git-dir', clone], told).stderr).toContain(refused(join(sandbox.root, 'app.git')));
  });
});
