import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { makeWorld, type World } from '../../src/demo/make-world.ts';
import { instantFromMs } from '../../src/model/time.ts';
import { requireProgram } from '../support/real-parts.ts';
import { runActionProcess } from './run-action-process.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'action-'));
});

afterAll(() => rm(folder, { recursive: true }));

const act = (inputs: Readonly<Record<string, string>>, more: NodeJS.ProcessEnv = {}) =>
  runActionProcess(folder, inputs, more);

async function declaredOutputs(): Promise<readonly string[]> {
  const action: unknown = parseYaml(await readFile(join(import.meta.dirname, '../../action.yml'), 'utf8'));
  return Object.keys((action as { outputs: object }).outputs);
}

describe('the action with wrong inputs', () => {
  it('ends in 2, with one annotation, a summary, all outputs and a report', async () => {
    const { code, stdout, outputs, summary } = await act({ repository: '', 'kube-config-base64': '', format: '' });
    expect(code).toBe(2);
    expect(stdout.match(/^::error::.*$/gm)).toHaveLength(1);
    expect(stdout).toContain('::error::2 mistakes in the settings:%0A  input repository: got none');
    expect(summary).toContain('no cluster to ask');
    expect(Object.keys(outputs).sort()).toEqual([...(await declaredOutputs())].sort());
    expect(outputs['plan-file']).toBe('');
    expect(JSON.parse(await readFile(outputs['report-file'] ?? '', 'utf8'))).toMatchObject({
      result: { kind: 'stopped' },
    });
  });

  it('masks secrets before anything else, and shows them nowhere', async () => {
    const secret = 'hunter2hunter2';
    const inputs = {
      repository: 'a/b',
      'kube-config-base64': 'bm90IGEga3ViZWNvbmZpZw',
      username: 'me',
      password: secret,
      untag: 'no',
      'log-level': 'debug',
    };
    const { stdout, summary } = await act(inputs);
    expect(stdout.split('\n').slice(0, 2).sort()).toEqual([
      '::add-mask::bm90IGEga3ViZWNvbmZpZw',
      `::add-mask::${secret}`,
    ]);
    expect(stdout.replaceAll(/^::add-mask::.*$/gm, '') + summary).not.toMatch(/hunter2|bm90IGEg/);
  });

  it('fails as our fault only when it is', async () => {
    const { code, stdout } = await act(
      { repository: 'a/b', 'without-kube': 'true' },
      { RUNNER_TEMP: join(folder, 'gone') },
    );
    expect(code).toBe(70);
    expect(stdout).toContain('::error::this is our fault');
  });
});

describe.runIf(requireProgram('git'))('the action on a world of its own', () => {
  let world: World;
  let inputs: Readonly<Record<string, string>>;

  beforeAll(async () => {
    const directory = await mkdtemp(join(folder, 'world-'));
    world = await makeWorld(directory, instantFromMs(Date.now()), process.env);
    inputs = {
      config: world.policyFile,
      'git-dir': world.cloneDirectory,
      'kube-manifests': `\n${world.clustersDirectory}\n`,
    };
  });

  const count = async () => (await readdir(join(world.layoutDirectory, 'blobs', 'sha256'))).length;

  it('plans by default: outputs, files, summary, and nothing deleted', async () => {
    const before = await count();
    const { code, stdout, outputs, summary } = await act(inputs);
    expect(code).toBe(0);
    expect(stdout).not.toContain('::error');
    expect(Number(outputs['deleted-count'])).toBeGreaterThan(0);
    expect(JSON.parse(await readFile(outputs['plan-file'] ?? '', 'utf8'))).toMatchObject({ version: 1 });
    expect(JSON.parse(await readFile(outputs['report-file'] ?? '', 'utf8'))).toMatchObject({ command: 'plan' });
    expect(summary).toMatch(/^## /);
    for (const text of [stdout, summary]) {
      expect(text).toContain(`plan-file: \${{ steps.ID.outputs.plan-file }}`);
      expect(text).not.toContain('registry-cleanup apply');
    }
    expect(stdout).not.toContain('::warning');
    expect(await count()).toBe(before);
  });

  it('annotates a plan that apply would refuse with a warning, and takes the journal that is always given', async () => {
    const { code, stdout, outputs } = await act({ ...inputs, 'max-delete-share': '0', journal: './j.jsonl' });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^::warning::apply would refuse this plan%0A/m);
    expect(outputs['plan-file']).not.toBe('');
  });

  it('names no plan file when the run stopped before it had a plan', async () => {
    const { code, outputs } = await act({ ...inputs, 'git-dir': folder, 'report-file': join(folder, 'stopped.json') });
    expect(code).toBe(5);
    expect(outputs).toMatchObject({ 'plan-file': '', 'report-file': join(folder, 'stopped.json') });
  });

  it('says why a guard refused, and writes summary, outputs and the plan', async () => {
    const { code, stdout, outputs, summary } = await act({ ...inputs, command: 'apply', 'max-delete-share': '0' });
    expect(code).toBe(6);
    expect(stdout).toMatch(/^::error::a guard refused the plan; nothing was deleted%0A/m);
    expect(summary).not.toBe('');
    expect(outputs).toMatchObject({ 'deleted-count': '0', 'failed-count': '0' });
    expect(JSON.parse(await readFile(outputs['plan-file'] ?? '', 'utf8'))).toMatchObject({ version: 1 });
  });

  it('applies without a plan file and tells what was deleted', async () => {
    const { code, outputs } = await act({ ...inputs, command: 'apply' });
    expect(code).toBe(0);
    expect(Number(outputs['deleted-count'])).toBeGreaterThan(0);
    expect(Number(outputs['reclaimable-bytes'])).toBeGreaterThan(0);
  });

  it('does without a summary where the runner has none', async () => {
    expect((await act(inputs, { GITHUB_STEP_SUMMARY: '' })).code).toBe(0);
    const { code, stdout } = await act(inputs, { GITHUB_STEP_SUMMARY: join(folder, 'gone', 'summary.md') });
    expect(code).toBe(0);
    expect(stdout).toContain('::warning::the job summary could not be written');
  });
});
