// `npx registry-cleanup` in a checkout, started by whichever Node the machine has.

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addToLayout, makeLayout } from '../builders/image.ts';
import { IMAGES } from '../support/bad-input.ts';
import { program } from '../support/run-bundle.ts';
import { root } from '../support/source-files.ts';

/** PATH without what npm puts before it, so that `node` is the machine's. */
const systemPath = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('node_modules') && !folder.includes('node-gyp-bin'))
  .join(delimiter);

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'npx-'));
});

afterAll(() => rm(folder, { recursive: true }));

interface Ended {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program in the checkout with the machine's PATH. npm may not download: then it would not be ours. */
function start(file: string, words: readonly string[]): Promise<Ended> {
  const env = { PATH: systemPath, HOME: folder, npm_config_offline: 'true', npm_config_update_notifier: 'false' };
  return new Promise((resolve) => {
    execFile(file, words, { cwd: root, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? 'signal'), stdout, stderr });
    });
  });
}

const run = (...words: readonly string[]) => start('npx', ['registry-cleanup', ...words]);

describe('npx registry-cleanup in a checkout', () => {
  it('is started by the Node of the machine, not by the one in the checkout', async () => {
    const { code, stdout } = await start('node', ['-p', 'process.execPath']);
    expect(code).toBe(0);
    expect(stdout).not.toContain(root);
  });

  it('shows its help', async () => {
    const { code, stdout } = await run('--help');
    expect(code).toBe(0);
    expect(stdout).toContain('Exit codes:');
    expect(stdout).toContain('--max-delete-share');
  });

  it('tells its version, also when that Node starts it without npx', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(await run('--version')).toMatchObject({ code: 0, stdout: `${version}\n` });
    expect(await start('node', [program, '--version'])).toEqual({
      code: 0,
      stdout: `${version}\n`,
      stderr: '',
    });
  });

  it('passes exit codes on: 0 for a plan, 2 for a mistake, 5 for evidence, 6 for a guard', async () => {
    const layout = join(folder, 'layout');
    await mkdir(layout);
    await makeLayout(layout);
    for (const [tag, manifest] of Object.entries(IMAGES)) await addToLayout(layout, manifest, [tag]);
    const usual = ['--repository', `oci-layout:${layout}=registry.example.com/team/app`, '--without-git'];
    const files = ['--journal', join(folder, 'journal.jsonl')];
    const template = join(folder, 'template.yaml');
    await writeFile(template, 'kind: Pod\nspec: {containers: [{image: "{{ .Values.image }}"}]}\n');
    expect(await run('plan', ...usual, '--without-kube')).toMatchObject({ code: 0 });
    expect(await run('paln')).toMatchObject({ code: 2, stdout: '' });
    expect(await run('plan', ...usual, '--kube-manifests', template)).toMatchObject({ code: 5, stdout: '' });
    expect(await run('apply', ...usual, '--without-kube', ...files)).toMatchObject({ code: 6 });
  });
});
