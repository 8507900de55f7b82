// A plan in a merge request pipeline of GitLab: the note, the Markdown and the Code Quality report, whatever becomes of the run.

import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeWorld, type World } from '../../src/demo/make-world.ts';
import { instantFromMs } from '../../src/model/time.ts';
import type { CodeQualityItem } from '../../src/report/build-code-quality.ts';
import { JOB_VARIABLES } from '../config/try-settings.ts';
import { requireProgram } from '../support/real-parts.ts';
import { type ScriptedServer, startScriptedServer } from '../support/scripted-server.ts';
import { type ProcessResult, runProcess } from './run-process.ts';

const START = fileURLToPath(new URL('./start-cli.ts', import.meta.url));
const TOKEN = 'glpat-notesnotesnotes123456';
const NOTES = '/api/v4/projects/34/merge_requests/7/notes';

interface Note {
  readonly id: number;
  body: string;
}

let folder: string;
let server: ScriptedServer;
let notes: Note[];
/** What GitLab answers instead to whatever writes. */
let refuseWith: number | undefined;
/** The policy file at the commit that the merge request goes to; undefined for none. */
let targetPolicy: string | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-merge-request-'));
});
afterAll(() => rm(folder, { recursive: true }));

beforeEach(async () => {
  notes = [];
  refuseWith = undefined;
  targetPolicy = undefined;
  server = await startScriptedServer(({ method, url, body }) => {
    const json = (data: unknown, status = 200) => ({
      status,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(data),
    });
    if (url === '/api/v4/user') return json({ id: 5 });
    if (url.includes('/repository/files/')) {
      if (targetPolicy === undefined) return json({ message: '404 File Not Found' }, 404);
      if (targetPolicy === 'hidden') return json({ message: '404 Project Not Found' }, 404);
      return { status: 200, headers: { 'content-type': 'text/plain', 'x-gitlab-blob-id': 'b' }, body: targetPolicy };
    }
    if (method === 'GET')
      return json(
        notes.map((note) => ({ ...note, created_at: '2026-11-21T20:00:00Z', author: { id: 5 }, system: false })),
      );
    if (refuseWith !== undefined) return json({ message: `${refuseWith} no ${TOKEN}` }, refuseWith);
    const text = (JSON.parse(body) as { body: string }).body;
    const known = notes.find(({ id }) => url === `${NOTES}/${id}`);
    if (known === undefined) notes.push({ id: notes.length + 1, body: text });
    else known.body = text;
    return json({ id: 1 }, known === undefined ? 201 : 200);
  });
});
afterEach(() => server.stop());

function job(change: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return {
    ...JOB_VARIABLES,
    CI_SERVER_URL: server.origin,
    CI_API_V4_URL: `${server.origin}/api/v4`,
    CI_PIPELINE_SOURCE: 'merge_request_event',
    CI_MERGE_REQUEST_IID: '7',
    CI_MERGE_REQUEST_PROJECT_ID: '34',
    CI_JOB_NAME: 'registry-cleanup plan',
    CI_JOB_URL: 'https://gitlab.example.com/team/sub/app/-/jobs/99',
    GITLAB_TOKEN: TOKEN,
    ...change,
  };
}

const run = (words: readonly string[], environment: NodeJS.ProcessEnv = job()): Promise<ProcessResult> =>
  runProcess({ file: START, words, directory: folder, environment });

const read = (name: string) => readFile(join(folder, name), 'utf8');
const readItems = async () => JSON.parse(await read('quality.json')) as readonly CodeQualityItem[];
const writes = () =>
  server.requests.filter(({ method }) => method !== 'GET').map(({ method, url }) => `${method} ${url}`);

const FILES = ['--markdown-file', 'out/plan.md', '--code-quality-file', 'quality.json', '--merge-request-note'];

describe.runIf(requireProgram('git'))('a plan', () => {
  let world: World;
  let options: readonly string[];

  beforeAll(async () => {
    const directory = await mkdtemp(join(folder, 'world-'));
    world = await makeWorld(directory, instantFromMs(Date.now()), process.env);
    const { policyFile, cloneDirectory, clustersDirectory } = world;
    options = [
      '--config',
      policyFile,
      '--git-dir',
      cloneDirectory,
      '--kube-manifests',
      clustersDirectory,
      '--without-forge',
    ];
  });

  it('is a note, a file that GitLab shows and lines of its widget, all with one verdict', async () => {
    const { code, stderr } = await run(['plan', ...options, ...FILES]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toContain('the note on merge request !7 is created');
    const verdict = /## (.*)/.exec(await read('out/plan.md'))?.[1] ?? '';
    expect(verdict).toMatch(/ images would go, /);
    const [note] = notes;
    expect(note?.body).toMatch(/^<!-- registry-cleanup:[0-9a-f]{16} -->\n## /);
    expect(note?.body).toContain(verdict);
    expect(note?.body).toContain('[the run with the whole report](https://gitlab.example.com/team/sub/app/-/jobs/99)');
    const items = await readItems();
    expect(items[0]?.description).toMatch(/ images would go, /);
    expect(new Set(items.map(({ location }) => location.path))).toEqual(new Set([relative(folder, world.policyFile)]));
    expect((note?.body ?? '') + (await read('out/plan.md'))).not.toMatch(/registry-cleanup apply|workflow/);
  });

  it('updates its note, and another job has another', async () => {
    await run(['plan', ...options, '--merge-request-note']);
    await run(['plan', ...options, '--merge-request-note']);
    expect(notes).toHaveLength(1);
    await run(['plan', ...options, '--merge-request-note'], job({ CI_JOB_NAME: 'other' }));
    expect(notes).toHaveLength(2);
  });

  it.each([401, 403, 404])('is none the worse for a token that may not write notes (%d)', async (status) => {
    refuseWith = status;
    const { code, stderr } = await run(['plan', ...options, '--merge-request-note']);
    expect(code).toBe(0);
    expect(stderr).toContain('this token may not write a note on the merge request');
    expect(stderr).not.toContain(TOKEN);
  });

  it('is none the worse for a GitLab that refuses the note', async () => {
    refuseWith = 400;
    const { code, stderr } = await run(['plan', ...options, '--merge-request-note']);
    expect(code).toBe(0);
    expect(stderr).toContain('the note on the merge request could not be written');
    expect(writes()).toEqual([`POST ${NOTES}`]);
  });

  it('asks for no note outside of a merge request pipeline', async () => {
    const outside = {
      CI_MERGE_REQUEST_IID: undefined,
      CI_MERGE_REQUEST_PROJECT_ID: undefined,
      CI_PIPELINE_SOURCE: 'push',
    };
    const { code, stderr } = await run(['plan', ...options, '--merge-request-note'], job(outside));
    expect(code).toBe(0);
    expect(stderr).toContain('no note is written');
    expect(server.requests).toEqual([]);
  });

  it('stops before it begins where a file cannot be written', async () => {
    await writeFile(join(folder, 'file'), '');
    const { code, stderr } = await run(['plan', ...options, '--markdown-file', 'file/plan.md', '--format', 'json']);
    expect(code).toBe(2);
    expect(stderr).toContain('--markdown-file');
  });

  it('that is applied leaves the Markdown too, and no note', async () => {
    const words = ['apply', ...options, '--max-delete-share', '0.01', '--journal', 'journal.jsonl'];
    const { code } = await run([...words, '--markdown-file', 'refused.md']);
    expect(code).toBe(6);
    expect(await read('refused.md')).toContain('Refused by a guard: nothing was deleted.');
    expect(server.requests).toEqual([]);
  });
});

describe.runIf(requireProgram('git'))('a change of the policy', () => {
  let world: World;
  let text: string;
  let words: readonly string[];

  beforeAll(async () => {
    const directory = await mkdtemp(join(folder, 'change-'));
    world = await makeWorld(directory, instantFromMs(Date.now()), process.env);
    const { policyFile, cloneDirectory, clustersDirectory } = world;
    text = await readFile(policyFile, 'utf8');
    await mkdir(join(directory, '.git'));
    const sources = ['--git-dir', cloneDirectory, '--kube-manifests', clustersDirectory, '--without-forge'];
    words = ['plan', '--config', policyFile, ...sources, '--format', 'markdown'];
  });

  const plan = (change: NodeJS.ProcessEnv = {}): Promise<ProcessResult> =>
    run(
      words,
      job({
        CI_PROJECT_DIR: dirname(world.policyFile),
        CI_MERGE_REQUEST_TARGET_BRANCH_NAME: 'main',
        CI_MERGE_REQUEST_DIFF_BASE_SHA: '1a2b3c4d5e'.repeat(4),
        ...change,
      }),
    );

  it('is compared with the policy of the commit that it is based on', async () => {
    targetPolicy = text.replace('buildcache', "'*'");
    const { code, stdout } = await plan();
    expect(code).toBe(0);
    expect(stdout).toMatch(/### ⚠️ This change would delete \d+ more images/);
    expect(stdout).toContain('Compared with the policy of main at `1a2b3c4d5e`');
    const asked = server.requests.filter(({ url }) => url.includes('/files/'));
    expect(asked.map(({ url }) => url)).toEqual([
      `/api/v4/projects/34/repository/files/${basename(world.policyFile)}/raw?ref=${'1a2b3c4d5e'.repeat(4)}`,
    ]);
  });

  it('is read with the token of the job where there is no other', async () => {
    targetPolicy = text;
    await plan({ GITLAB_TOKEN: undefined });
    const [asked] = server.requests.filter(({ url }) => url.includes('/files/'));
    expect(asked?.headers['job-token']).toBe(JOB_VARIABLES.CI_JOB_TOKEN);
  });

  it('is compared with the newest commit of the target where the checkout holds that', async () => {
    targetPolicy = text;
    await plan({ CI_MERGE_REQUEST_TARGET_BRANCH_SHA: 'f'.repeat(40) });
    expect(server.requests.some(({ url }) => url.endsWith(`ref=${'f'.repeat(40)}`))).toBe(true);
  });

  it('that changes nothing shows nothing', async () => {
    targetPolicy = text;
    expect((await plan()).stdout).not.toMatch(/This change|cannot be told/);
  });

  it('where there was no policy file is compared with the built-in policy', async () => {
    expect((await plan()).stdout).toContain('the built-in policy');
  });

  it.each([
    ['that GitLab does not show', 'hidden'],
    ['that is broken', 'keepPolicys: []'],
  ])('of a policy %s is never called none', async (_, policy) => {
    targetPolicy = policy;
    const { code, stdout } = await plan();
    expect(code).toBe(0);
    expect(stdout).toContain('What this change of the policy does cannot be told');
  });

  it('is not looked for outside of merge request pipelines, and not guessed without a checkout', async () => {
    await plan({ CI_PIPELINE_SOURCE: 'push', CI_MERGE_REQUEST_IID: undefined });
    // The file lies elsewhere; and below a folder that is no checkout.
    for (const top of [world.cloneDirectory, folder]) {
      const { stderr } = await plan({ CI_PROJECT_DIR: top });
      expect(stderr).toContain('whether this merge request changes the policy is not known');
    }
    expect(server.requests).toEqual([]);
  });
});

describe('a plan that stopped', () => {
  it('over the policy file says so in the note, in the file, and at the line of the mistake', async () => {
    await writeFile(
      join(folder, '.registry-cleanup.yml'),
      'repositories:\n  - registry.example.com/team/app\nkeepPolicys: []\n',
    );
    const { code } = await run(['plan', '--without-kube', '--without-git', ...FILES]);
    expect(code).toBe(2);
    expect(notes[0]?.body).toContain('unknown key "keepPolicys"');
    expect(await read('out/plan.md')).toContain('unknown key "keepPolicys"');
    const items = await readItems();
    expect(items).toMatchObject([
      { severity: 'blocker', location: { path: '.registry-cleanup.yml', lines: { begin: 3 } } },
    ]);
    await rm(join(folder, '.registry-cleanup.yml'));
  });

  it('over a registry says so, and shows no secret that the registry quotes', async () => {
    refuseWith = 400;
    const repository = `${server.host}/team/app`;
    const registry = await startScriptedServer(() => ({
      status: 403,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ errors: [{ code: 'DENIED', message: `no ${JOB_VARIABLES.CI_JOB_TOKEN} and ${TOKEN}` }] }),
    }));
    refuseWith = undefined;
    const words = [
      'plan',
      '--repository',
      repository.replace(server.host, registry.host),
      '--without-kube',
      '--without-git',
    ];
    const { code, stderr } = await run([...words, ...FILES]);
    await registry.stop();
    expect({ code, stderr }).toMatchObject({ code: 3 });
    const shown = [stderr, notes[0]?.body ?? '', await read('out/plan.md'), await read('quality.json')];
    for (const text of shown) {
      expect(text).toContain('403');
      expect(text).not.toContain(TOKEN);
      expect(text).not.toContain(JOB_VARIABLES.CI_JOB_TOKEN);
    }
  });

  it('over an option that is wrong writes what it can, and tells the option', async () => {
    const { code, stderr } = await run([
      'plan',
      '--repository',
      'registry.example.com/a',
      '--format',
      'nonsense',
      ...FILES,
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('--format');
    await expect(access(join(folder, 'out/plan.md'))).resolves.toBeUndefined();
    expect((await readItems())[0]?.severity).toBe('blocker');
    expect(notes).toHaveLength(1);
  });
});
