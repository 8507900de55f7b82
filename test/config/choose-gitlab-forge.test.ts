import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SettingsSource } from '../../src/config/findings.ts';
import type { RawOptions } from '../../src/options.ts';
import {
  ACTION,
  JOB,
  JOB_VARIABLES,
  jobWith,
  LAPTOP,
  makeSettingsFolder,
  type SettingsFolder,
} from './try-settings.ts';

const TOKEN = 'glpat-0123456789abcdef';
const FINE = { repository: ['quay.io/team/app'], 'without-kube': true } as const;
const OF_JOB = {
  kind: 'gitlab',
  apiUrl: 'https://gitlab.example.com/api/v4',
  serverUrl: 'https://gitlab.example.com',
  project: 'Team/Sub/App',
  token: { kind: 'job', value: JOB_VARIABLES.CI_JOB_TOKEN },
};
const ON_COM = {
  kind: 'gitlab',
  apiUrl: 'https://gitlab.com/api/v4',
  serverUrl: 'https://gitlab.com',
  project: 'team/app',
};

let folder: SettingsFolder;
beforeAll(async () => {
  folder = await makeSettingsFolder();
  await folder.write('no-git.yml', 'cleanup: {disableGitHistoryBasedPolicy: true}\n');
});
afterAll(() => folder.remove());

describe('the forge on GitLab', () => {
  it.each<readonly [string, RawOptions, SettingsSource, object | string]>([
    ['is the project of the job', FINE, JOB, OF_JOB],
    [
      'has the given token before the job’s',
      { ...FINE, 'gitlab-token': TOKEN },
      JOB,
      { ...OF_JOB, token: { kind: 'private', value: TOKEN } },
    ],
    [
      'is another project of the same GitLab',
      { ...FINE, 'gitlab-project': 'infra/deploy.d' },
      JOB,
      { ...OF_JOB, project: 'infra/deploy.d' },
    ],
    ['is off on a laptop', { ...FINE, 'gitlab-token': TOKEN }, LAPTOP, 'off'],
    ['is off where GITLAB_CI does not say that this is a job', FINE, jobWith({ GITLAB_CI: '1' }), 'off'],
    ['is a public project on a laptop without a token', { ...FINE, 'gitlab-project': 'team/app' }, LAPTOP, ON_COM],
    [
      'is a project elsewhere, without the job’s token',
      { ...FINE, 'gitlab-project': 'team/app', 'gitlab-url': 'https://gitlab.com' },
      JOB,
      ON_COM,
    ],
    [
      'is asked in place of GitHub where a workflow names it, and needs no token of GitHub’s',
      { ...FINE, 'gitlab-project': 'team/app', 'gitlab-token': TOKEN },
      ACTION,
      { ...ON_COM, token: { kind: 'private', value: TOKEN } },
    ],
    ['is off when the user says so', { ...FINE, 'without-forge': true }, JOB, 'off'],
    ['is off without Git', { ...FINE, 'without-git': true }, JOB, 'off'],
    ['is off where the policy file disables Git', { ...FINE, config: 'no-git.yml' }, JOB, 'off'],
    [
      'is named, which outranks the policy file',
      { ...FINE, config: 'no-git.yml', 'gitlab-project': 'a/b' },
      JOB,
      { ...OF_JOB, project: 'a/b' },
    ],
  ])('%s', async (_, raw, source, expected) => {
    expect((await folder.decide(raw, source)).settings.forge).toEqual(expected);
  });

  it('is GitHub in a job of GitLab that names a repository there', async () => {
    const raw = { ...FINE, 'github-repository': 'team/app', 'github-token': 'ghp_0123456789' };
    expect((await folder.decide(raw, JOB)).settings.forge).toMatchObject({ kind: 'github', owner: 'team' });
  });

  it('is missed where a repository is in GitLab’s registry, unless it is left out on purpose', async () => {
    const raw = { ...FINE, repository: ['registry.gitlab.com/team/app'] };
    const notesOf = async (more: RawOptions) => (await folder.decide({ ...raw, ...more }, LAPTOP)).notes.join('\n');
    expect(await notesOf({})).toContain('GitLab is not asked: no open merge request');
    expect(await notesOf({ 'without-forge': true })).not.toContain('is not asked');
    expect(await notesOf({ 'gitlab-project': 'team/app' })).not.toContain('is not asked');
  });

  const wrongPath = (got: string) =>
    `got "${got}", expected GROUP/NAME, the whole path of a project on GitLab, neither its number nor its address`;

  it.each<readonly [string, RawOptions, SettingsSource, readonly string[]]>([
    ['a number', { 'gitlab-project': '42' }, LAPTOP, [`--gitlab-project: ${wrongPath('42')}`]],
    [
      'an address',
      { 'gitlab-project': 'https://gitlab.com/a/b' },
      LAPTOP,
      [`--gitlab-project: ${wrongPath('https://gitlab.com/a/b')}`],
    ],
    ['a path that leads upwards', { 'gitlab-project': 'a/../b' }, LAPTOP, [`--gitlab-project: ${wrongPath('a/../b')}`]],
    ['a part that is empty', { 'gitlab-project': 'a//b' }, ACTION, [`input gitlab-project: ${wrongPath('a//b')}`]],
    ['a query', { 'gitlab-project': 'a/b?c' }, LAPTOP, [`--gitlab-project: ${wrongPath('a/b?c')}`]],
    ['a variable that is no path', {}, jobWith({ CI_PROJECT_PATH: 'app' }), [`CI_PROJECT_PATH: ${wrongPath('app')}`]],
    [
      'no variable',
      {},
      jobWith({ CI_PROJECT_PATH: '' }),
      [
        '--gitlab-project: got none, expected GROUP/NAME; CI_PROJECT_PATH is not set either. Without GitLab: without-forge',
      ],
    ],
    [
      'the job’s project on another GitLab',
      { 'gitlab-url': 'https://gitlab.com' },
      JOB,
      [
        '--gitlab-project: "Team/Sub/App", the project of this job, is not on https://gitlab.com: name the one that is, or say without-forge',
      ],
    ],
    [
      'a repository on GitHub beside it',
      { 'gitlab-project': 'a/b', 'github-repository': 'a/b' },
      LAPTOP,
      ['--gitlab-project: not together with github-repository: branches and tags come from one'],
    ],
    [
      'without-forge',
      { 'gitlab-project': 'a/b', 'without-forge': true },
      LAPTOP,
      ['--gitlab-project: not together with without-forge: either GitLab is asked or it is not'],
    ],
    [
      'without-git',
      { 'gitlab-project': 'a/b', 'without-git': true },
      LAPTOP,
      ['--gitlab-project: not together with without-git: GitLab is asked for branches and tags'],
    ],
    [
      'an address that is wrong and a token that is none, both at once',
      { 'gitlab-project': '42', 'gitlab-url': 'x' },
      LAPTOP,
      [
        '--gitlab-url: got an address, expected one such as https://gitlab.example.com',
        `--gitlab-project: ${wrongPath('42')}`,
      ],
    ],
  ])('is refused with %s', async (_, raw, source, expected) => {
    expect(await folder.listMistakes({ ...FINE, ...raw }, source)).toEqual(expected);
  });
});
