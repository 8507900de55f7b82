// `host` as a process where there is nothing to clean yet: wrong words, no engine, and the report that is left either way.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProcess } from './run-process.ts';

const START = fileURLToPath(new URL('./start-cli.ts', import.meta.url));
const DISK = ['--image-gc-high-threshold', '85%'];

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'host-cli-'));
});
afterEach(() => rm(folder, { recursive: true }));

const host = (words: readonly string[], environment: NodeJS.ProcessEnv = {}) =>
  runProcess({ file: START, words: ['host', ...words], directory: folder, environment });
const report = async (): Promise<unknown> => JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'));

describe('host', () => {
  it('teaches what can be asked where nothing is', async () => {
    const { code, stdout, stderr } = await host(['--confirm']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('nothing is asked for');
    expect(stderr).toContain('--image-gc-high-threshold');
  });

  it('tells all mistakes at once, and leaves a report of them', async () => {
    const words = ['--image-gc-high-threshold', '120%', '--dangling', '--engine', 'ssh://builder'];
    const { code, stderr } = await host([...words, '--report-file', 'report.json']);
    expect(code).toBe(2);
    for (const text of ['"120%"', '--dangling: only with --project-label', 'no engine by ssh'])
      expect(stderr).toContain(text);
    expect(await report()).toMatchObject({
      version: 1,
      command: 'host',
      isConfirmed: false,
      result: { kind: 'stopped', error: { code: 'USAGE', exitCode: 2 } },
      steps: [],
    });
  });

  it('says where no engine answers, by the option and by the variable, and that nothing was deleted', async () => {
    const address = `unix://${folder}/nobody.sock`;
    for (const environment of [{ DOCKER_HOST: address }, { REGISTRY_CLEANUP_INPUT_ENGINE: address }]) {
      const { code, stdout, stderr } = await host([...DISK, '--report-file', 'report.json', '--confirm'], environment);
      expect([code, stdout]).toEqual([5, '']);
      expect(stderr).toContain('nobody.sock');
      expect(await report()).toMatchObject({ isConfirmed: true, result: { kind: 'stopped' }, totals: { deleted: 0 } });
    }
  });

  it('takes its wishes from variables too, as the template hands them over', async () => {
    const environment = {
      REGISTRY_CLEANUP_INPUT_MRPROPER: 'all',
      REGISTRY_CLEANUP_INPUT_PROJECT_LABEL: '["dapp=app"]',
      REGISTRY_CLEANUP_INPUT_FLUSH: ' false',
      // Of other commands: nobody gave it to this one.
      REGISTRY_CLEANUP_INPUT_UNTAG: 'true',
    };
    const { code, stderr } = await host([], environment);
    expect(code).toBe(2);
    expect(stderr).toContain("--project-label: not together with --mrproper, which is about everybody's images");
    expect(stderr).not.toContain('untag');
  });

  it('has a help of its own with examples, and no word of the policy file', async () => {
    const { code, stdout } = await host(['--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('Usage: registry-cleanup host [--confirm] [options]');
    expect(stdout).toContain('registry-cleanup host --maximum-image-age 7d');
    expect(stdout).not.toContain('of the policy file');
  });
});
