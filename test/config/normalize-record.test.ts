import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { normalizeRecord } from '../../src/config/normalize-record.ts';
import type { RawOptions } from '../../src/options.ts';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const IMAGE = `registry.example.com/team/app@${DIGEST}`;
const SHA = '1'.repeat(40);
const HEAD = '2'.repeat(40);

let folder: string;
let eventFile: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'record-settings-'));
  eventFile = join(folder, 'event.json');
  await writeFile(eventFile, JSON.stringify({ pull_request: { number: 7, head: { sha: HEAD } } }));
});
afterAll(async () => await rm(folder, { recursive: true }));

async function decide(raw: RawOptions = {}, environment: NodeJS.ProcessEnv = {}, frontEnd: 'cli' | 'action' = 'cli') {
  const source = { environment, workingDirectory: folder, frontEnd };
  return (await normalizeRecord({ command: 'record', image: [IMAGE], ...raw }, source)).settings;
}

const github = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  GITHUB_ACTIONS: 'true',
  GITHUB_SHA: SHA,
  GITHUB_REF: 'refs/heads/main',
  GITHUB_EVENT_NAME: 'push',
  GITHUB_EVENT_PATH: eventFile,
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_REPOSITORY: 'team/app',
  ...more,
});

const gitlab = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  GITLAB_CI: 'true',
  CI_COMMIT_SHA: SHA,
  CI_COMMIT_BRANCH: 'main',
  CI_PROJECT_URL: 'https://gitlab.com/team/app',
  ...more,
});

describe('the image', () => {
  it.each([
    { given: IMAGE, name: 'team/app' },
    { given: `registry.example.com/team/app:v1@${DIGEST}`, name: 'team/app' },
    { given: `nginx@${DIGEST}`, name: 'library/nginx' },
    { given: `localhost:5000/app@${DIGEST}`, name: 'app' },
  ])('is $given', async ({ given, name }) => {
    const { images } = await decide({ image: [given] });
    expect(images).toMatchObject([{ digest: DIGEST, target: { kind: 'registry', repository: { name } } }]);
  });

  it('may lie in a directory', async () => {
    const { images } = await decide({ image: [`oci-layout:images=registry.example.com/app@${DIGEST}`] });
    expect(images).toMatchObject([{ target: { kind: 'oci-layout', directory: join(folder, 'images') } }]);
  });

  it('is recorded once when it is named twice', async () => {
    expect((await decide({ image: [IMAGE, IMAGE] })).images).toHaveLength(1);
  });

  it.each([
    'registry.example.com/team/app:v1',
    'registry.example.com/team/app',
    'registry.example.com/team/app@sha256:0123',
    DIGEST,
  ])('by %s is refused, and told how to get its digest', async (given) => {
    await expect(decide({ image: [given] })).rejects.toThrow(
      /a tag may have moved.*docker\/build-push-action.*--metadata-file.*imagetools inspect/,
    );
  });

  it('must be there, and every mistake is told at once', async () => {
    const { image: _image, ...rest } = { image: [], commit: 'abc', 'image-name': 'a\nb' };
    const source = { environment: {}, workingDirectory: folder, frontEnd: 'cli' } as const;
    const wrong = normalizeRecord({ command: 'record', ...rest }, source);
    await expect(wrong).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('3 mistakes') as string,
    });
    await expect(wrong).rejects.toThrow(/--image: got none[\s\S]*--commit[\s\S]*--image-name/);
  });
});

describe('the commit', () => {
  it.each(['1234567', SHA.toUpperCase().replaceAll('1', 'A'), '0'.repeat(40), 'main', ''])(
    '%j is none',
    async (commit) => {
      await expect(decide({ commit })).rejects.toThrow('--commit');
    },
  );

  it('that is given outranks every job', async () => {
    const { built } = await decide({ commit: HEAD, ref: 'refs/tags/v1' }, github());
    expect(built).toEqual({ kind: 'given', commits: [{ commit: HEAD, reference: 'refs/tags/v1' }] });
  });

  it('is what is checked out where no job tells', async () => {
    expect((await decide()).built).toEqual({ kind: 'clone' });
    expect((await decide({ ref: 'main' })).built).toEqual({ kind: 'clone', reference: 'main' });
    expect((await decide({}, { GITLAB_CI: 'true' })).built).toEqual({ kind: 'clone' });
  });

  const JOBS: readonly { name: string; environment: () => NodeJS.ProcessEnv; built: object }[] = [
    {
      name: 'a push on GitHub',
      environment: github,
      built: { commits: [{ commit: SHA, reference: 'refs/heads/main' }], variable: 'GITHUB_SHA', needsClone: false },
    },
    {
      name: 'a pull request on GitHub',
      environment: () => github({ GITHUB_EVENT_NAME: 'pull_request', GITHUB_REF: 'refs/pull/7/merge' }),
      built: {
        commits: [
          { commit: SHA, reference: 'refs/pull/7/merge' },
          { commit: HEAD, reference: 'refs/pull/7/head' },
        ],
        needsClone: false,
      },
    },
    {
      name: 'a pull request on GitHub whose event cannot be read',
      environment: () => github({ GITHUB_EVENT_NAME: 'pull_request', GITHUB_EVENT_PATH: '/nowhere' }),
      built: { commits: [{ commit: SHA }] },
    },
    {
      name: 'a workflow of the base for a pull request',
      environment: () => github({ GITHUB_EVENT_NAME: 'pull_request_target' }),
      built: { commits: [{ commit: SHA }, { commit: HEAD }], needsClone: true },
    },
    {
      name: 'a workflow that another one started',
      environment: () => github({ GITHUB_EVENT_NAME: 'workflow_run' }),
      built: { commits: [{ commit: SHA }], needsClone: true },
    },
    {
      name: 'a branch on GitLab',
      environment: gitlab,
      built: { commits: [{ commit: SHA, reference: 'refs/heads/main' }], variable: 'CI_COMMIT_SHA', hasNoClone: false },
    },
    {
      name: 'a tag on GitLab',
      environment: () => gitlab({ CI_COMMIT_BRANCH: '', CI_COMMIT_TAG: 'v1' }),
      built: { commits: [{ commit: SHA, reference: 'refs/tags/v1' }] },
    },
    {
      name: 'a merge request on GitLab',
      environment: () => gitlab({ CI_COMMIT_BRANCH: '', CI_MERGE_REQUEST_REF_PATH: 'refs/merge-requests/7/head' }),
      built: { commits: [{ commit: SHA, reference: 'refs/merge-requests/7/head' }] },
    },
    {
      name: 'merged results on GitLab',
      environment: () =>
        gitlab({
          CI_COMMIT_BRANCH: '',
          CI_MERGE_REQUEST_REF_PATH: 'refs/merge-requests/7/merge',
          CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: HEAD,
        }),
      built: {
        commits: [
          { commit: SHA, reference: 'refs/merge-requests/7/merge' },
          { commit: HEAD, reference: 'refs/merge-requests/7/head' },
        ],
      },
    },
    {
      name: 'a job without a checkout on GitLab',
      environment: () => gitlab({ GIT_STRATEGY: 'none' }),
      built: { hasNoClone: true },
    },
  ];

  it.each(JOBS)('follows from $name', async ({ environment, built }) => {
    expect((await decide({}, environment())).built).toMatchObject({ kind: 'job', ...built });
  });

  it('follows from the workflow in the action too, and a given ref stands in place of its own', async () => {
    const { built } = await decide({ ref: 'v1' }, github({ GITHUB_ACTIONS: '' }), 'action');
    expect(built).toMatchObject({ kind: 'job', commits: [{ commit: SHA, reference: 'v1' }] });
  });
});

describe('the address of the sources', () => {
  it.each([
    { environment: github(), source: 'https://github.com/team/app' },
    { environment: gitlab(), source: 'https://gitlab.com/team/app' },
    { environment: gitlab({ CI_PROJECT_URL: 'https://user:secret@gitlab.com/team/app' }), source: undefined },
    { environment: gitlab({ CI_PROJECT_URL: 'https://secret@gitlab.com/team/app' }), source: undefined },
    { environment: {}, source: undefined },
  ])('is $source', async ({ environment, source }) => {
    expect((await decide({}, environment)).source).toBe(source);
  });
});

it('options that a record does not look at are mistakes on a command line and notes in the action', async () => {
  await expect(decide({ 'keep-list': 'x' })).rejects.toThrow(/--keep-list: only for .*, not for record/);
  const source = { environment: github(), workingDirectory: folder, frontEnd: 'action' } as const;
  const { notes } = await normalizeRecord({ command: 'record', image: [IMAGE], 'keep-list': 'x' }, source);
  expect(notes).toContain('record does not look at keep-list');
});
