import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeWorld, type World } from '../../src/demo/make-world.ts';
import { instantFromMs } from '../../src/model/time.ts';
import { requireProgram } from '../support/real-parts.ts';
import { runProcess } from './run-process.ts';

const START = fileURLToPath(new URL('./start-cli.ts', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-'));
});

afterAll(() => rm(folder, { recursive: true }));

const run = (
  words: readonly string[],
  more: { environment?: NodeJS.ProcessEnv; input?: string; directory?: string } = {},
) => runProcess({ file: START, words, directory: folder, ...more });

describe('the command line', () => {
  it('prints help and version on standard output', async () => {
    const help = await run(['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('Exit codes:');
    expect(await run(['--version'])).toMatchObject({ code: 0, stdout: '0.1.0\n', stderr: '' });
  });

  it('tells mistakes on standard error, with hint and code, and ends in 2', async () => {
    const { code, stdout, stderr } = await run(['aply']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe(
      'error: unknown command "aply"; did you mean "apply"?\n' +
        '  hint: registry-cleanup --help lists all commands and options.\n  code: USAGE (exit 2)\n',
    );
  });

  it('wants a cluster in CI, and writes the report that was asked for all the same', async () => {
    const report = join(folder, 'usage.json');
    const { code, stderr } = await run(['apply', '--repository', 'a/b', '--report-file', report], {
      environment: { CI: 'true' },
    });
    expect(code).toBe(2);
    expect(stderr).toContain('no cluster to ask');
    expect(JSON.parse(await readFile(report, 'utf8'))).toMatchObject({
      command: 'apply',
      result: { kind: 'stopped', error: { code: 'USAGE' } },
    });
  });

  it('never shows a password, wherever it came from', async () => {
    const words = ['--repository', '127.0.0.1:9/a', '--without-kube', '--without-git', '--username', 'me'];
    const [piped, given] = await Promise.all([
      run([...words, '--password-stdin', '--log-level', 'debug'], { input: 'hunter2hunter2\n' }),
      run(words, { environment: { REGISTRY_CLEANUP_PASSWORD: 'hunter2hunter2' } }),
    ]);
    for (const { code, stdout, stderr } of [piped, given]) {
      expect(code).toBe(4);
      expect(stdout + stderr).not.toContain('hunter2');
      expect(stderr).toContain('NETWORK');
    }
  });

  it('says no to an empty password', async () => {
    const words = ['--repository', 'a/b', '--without-kube', '--username', 'me', '--password-stdin'];
    expect((await run(words, { input: '\n' })).stderr).toContain('--password-stdin: got an empty password');
  });
});

describe.runIf(requireProgram('git'))('on a world of its own', () => {
  let world: World;
  let options: readonly string[];

  beforeAll(async () => {
    const directory = await mkdtemp(join(folder, 'world-'));
    world = await makeWorld(directory, instantFromMs(Date.now()), process.env);
    options = [
      '--config',
      world.policyFile,
      '--git-dir',
      world.cloneDirectory,
      '--kube-manifests',
      world.clustersDirectory,
    ];
  });

  const blobs = () => readdir(join(world.layoutDirectory, 'blobs', 'sha256'));
  const index = () => readFile(join(world.layoutDirectory, 'index.json'), 'utf8');

  it('plans by default, with nothing but the result on standard output', async () => {
    const before = await index();
    const { code, stdout } = await run([...options, '--format', 'json', '--log-level', 'debug']);
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as { result: unknown; totals: { deleted: number } };
    expect(report.result).toEqual({ kind: 'planned' });
    expect(report.totals.deleted).toBeGreaterThan(0);
    expect(await index()).toBe(before);
  });

  it('says nothing but the result when that is asked for', async () => {
    const { stdout, stderr } = await run([...options, '--format', 'markdown', '--log-level', 'error']);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^## /);
  });

  it('colours when it is told to, and else only a terminal', async () => {
    expect((await run(options)).stdout).not.toContain('\u001b[');
    expect((await run(options, { environment: { FORCE_COLOR: '1' } })).stdout).toContain('\u001b[');
  });

  it('deletes nothing when a guard refuses, shows what it is about, and ends in 6', async () => {
    const before = { index: await index(), blobs: await blobs() };
    const report = join(folder, 'refused.json');
    const words = [
      'apply',
      ...options,
      '--max-delete-share',
      '0.01',
      '--report-file',
      report,
      '--journal',
      join(folder, 'refused.jsonl'),
    ];
    const { code, stdout, stderr } = await run(words);
    expect(code).toBe(6);
    expect(stdout).not.toBe('');
    expect(stderr).toContain('error: a guard refused the plan; nothing was deleted');
    expect(JSON.parse(await readFile(report, 'utf8'))).toMatchObject({ result: { kind: 'refused' } });
    expect({ index: await index(), blobs: await blobs() }).toEqual(before);
  });

  it('keeps everything when the policy file says cleanup.disable', async () => {
    const disabled = join(folder, 'disabled.yml');
    const text = await readFile(world.policyFile, 'utf8');
    await writeFile(disabled, `${text}\ncleanup:\n  disable: true\n`);
    const { code, stdout, stderr } = await run([...options, '--config', disabled, '--format', 'json'].slice(2));
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as { totals: unknown }).totals).toMatchObject({ deleted: 0, untagged: 0 });
    expect(stderr).toContain('the policy file says cleanup.disable: nothing is deleted');
  });

  it('explains an image', async () => {
    const { code, stdout } = await run(['explain', 'v1.0.1', ...options]);
    expect(code).toBe(0);
    expect(stdout).toContain('v1.0.1: stays');
    expect(await run(['explain', 'no-such-tag', ...options])).toMatchObject({ code: 2, stdout: '' });
  });

  it('applies what was planned, and nothing is left to do', async () => {
    const plan = join(folder, 'plan.json');
    expect((await run([...options, '--plan-file', plan])).code).toBe(0);
    const words = [
      'apply',
      ...options,
      '--plan-file',
      plan,
      '--journal',
      join(folder, 'journal.jsonl'),
      '--format',
      'json',
    ];
    const applied = await run(words);
    expect(applied.code).toBe(0);
    expect(JSON.parse(applied.stdout)).toMatchObject({ result: { kind: 'applied' }, totals: { failed: 0 } });
    const again = await run([...options, '--format', 'json']);
    expect(JSON.parse(again.stdout)).toMatchObject({ totals: { deleted: 0 } });
  });

  it('refuses a plan file that was changed by hand', async () => {
    const plan = join(folder, 'changed.json');
    expect((await run([...options, '--plan-file', plan])).code).toBe(0);
    await writeFile(plan, (await readFile(plan, 'utf8')).replace('"keep"', '"delete"'));
    expect((await run(['apply', ...options, '--plan-file', plan, '--journal', join(folder, 'j')])).code).toBe(2);
  });
});
