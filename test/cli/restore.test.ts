import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Digest } from '../../src/model/reference.ts';
import { runActionProcess } from '../action/run-action-process.ts';
import { buildImage } from '../builders/image.ts';
import { type FakeGithub, startGithub } from '../fakes/github/github.ts';
import type { FakePackage } from '../fakes/github/packages.ts';
import { runProcess } from './run-process.ts';

const START = fileURLToPath(new URL('./start-cli.ts', import.meta.url));
const OLD = '2026-01-01T00:00:00Z';

let folder: string;
let github: FakeGithub;
let app: FakePackage;
let token: string;
let before: readonly Digest[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'restore-'));
  github = await startGithub();
  token = github.addToken({ kind: 'classic' });
  app = github.addPackage('team/app');
  app.add(buildImage({ seed: 'old', created: OLD }), { tags: ['old'] });
  app.add(buildImage({ seed: 'older', created: OLD }), { tags: ['older'] });
  app.add(buildImage({ seed: 'kept', created: OLD }), { tags: ['kept'] });
  before = app.digests();
  await writeFile(join(folder, '.registry-cleanup.yml'), 'pins: {tags: [kept]}\n');
});

afterEach(async () => {
  await github.close();
  await rm(folder, { recursive: true });
});

const environment = (more: NodeJS.ProcessEnv = {}) => ({
  GITHUB_API_URL: github.apiUrl,
  GITHUB_SERVER_URL: github.serverUrl,
  GITHUB_TOKEN: token,
  ...more,
});

const run = (words: readonly string[], more: NodeJS.ProcessEnv = {}) =>
  runProcess({ file: START, words, directory: folder, environment: environment(more) });

const apply = () => {
  const repository = `${github.registryHost}/team/app`;
  return run(['apply', '--provider', 'github', '--repository', repository, '--without-git', '--without-kube']);
};

describe('restore', () => {
  it('brings back on the command line what an apply has deleted', async () => {
    expect(await apply()).toMatchObject({ code: 0 });
    expect(app.digests()).toHaveLength(1);
    const result = await run(['restore', '--provider', 'github', '--report-file', 'report.json', '--format', 'json']);
    expect(result.code).toBe(0);
    expect(JSON.parse(result.stdout)).toMatchObject({
      command: 'restore',
      totals: { restored: 2, refused: 0, left: 0 },
    });
    expect(JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'))).toMatchObject({ command: 'restore' });
    expect(new Set(app.digests())).toEqual(new Set(before));
    expect(result.stdout + result.stderr).not.toContain(token);
  });

  it('tells in text and Markdown, and says when there is nothing left to do', async () => {
    await apply();
    const text = await run(['restore', '--provider', 'github']);
    expect(text).toMatchObject({ code: 0, stderr: expect.not.stringContaining('error') as string });
    expect(text.stdout).toContain('2 of 2 deletions taken back');
    const again = await run(['restore', '--provider', 'github', '--format', 'markdown']);
    expect(again.stdout).toContain('Nothing to bring back');
  });

  it('tells all mistakes at once, before any request, in the report too', async () => {
    const words = [
      'restore',
      '--journal',
      'nope',
      '--api-budget',
      '7',
      '--report-file',
      'report.json',
      '--format',
      'x',
    ];
    const { code, stdout, stderr } = await run(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('error: 3 mistakes in the settings:');
    expect(JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'))).toMatchObject({
      command: 'restore',
      result: { kind: 'stopped', error: { code: 'USAGE' } },
    });
    expect(github.requests).toEqual([]);
  });

  it('ends in an error on standard error when the registry refuses the token', async () => {
    await apply();
    const result = await run(['restore', '--provider', 'github'], { GITHUB_TOKEN: 'ghp_unknown0000' });
    expect(result.code).toBe(3);
    expect(result.stderr).toMatch(/^error: /m);
    expect(result.stderr + result.stdout).not.toContain('ghp_unknown0000');
  });

  it('is a command of the action too, with outputs and a summary', async () => {
    await apply();
    const inputs = {
      command: 'restore',
      journal: join(folder, 'registry-cleanup-journal.jsonl'),
      provider: 'github',
      'github-token': token,
      'kube-config-base64': 'a secret of one step for all its commands',
      'kube-context': 'what only a plan needs',
    };
    const { code, stdout, outputs, summary } = await runActionProcess(folder, inputs, environment());
    expect(code).toBe(0);
    expect(outputs).toMatchObject({ 'restored-count': '2', 'failed-count': '0', 'left-count': '0', 'plan-file': '' });
    expect(JSON.parse(await readFile(outputs['report-file'] ?? '', 'utf8'))).toMatchObject({ command: 'restore' });
    expect(summary).toContain('All is there again');
    expect(stdout).toContain('restore does not look at kube-context');
    expect(stdout.replaceAll(/^::add-mask::.*$/gm, '')).not.toContain(token);
    expect(new Set(app.digests())).toEqual(new Set(before));
  });

  it('fails in the action with one annotation, all outputs and a summary', async () => {
    const { code, stdout, outputs, summary } = await runActionProcess(folder, { command: 'restore', journal: 'nope' });
    expect(code).toBe(2);
    expect(stdout.match(/^::error::.*$/gm)).toHaveLength(1);
    expect(outputs).toMatchObject({ 'restored-count': '0', 'deleted-count': '0', 'plan-file': '' });
    expect(summary).toContain('there is none');
    expect(JSON.parse(await readFile(outputs['report-file'] ?? '', 'utf8'))).toMatchObject({ command: 'restore' });
  });
});
