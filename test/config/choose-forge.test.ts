import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listTokenForms } from '../../src/config/read-github-token.ts';
import type { RawOptions } from '../../src/options.ts';
import { ACTION, LAPTOP, makeSettingsFolder, type SettingsFolder } from './try-settings.ts';

const TOKEN = 'ghs_0123456789abcdef';
const FINE = { repository: ['registry.example.com/team/app'], 'without-kube': 'true' } as const;
const WITH_TOKEN = { ...FINE, 'github-token': TOKEN } as const;

let folder: SettingsFolder;
beforeAll(async () => {
  folder = await makeSettingsFolder();
});
afterAll(() => folder.remove());

describe('the forge', () => {
  it('is the repository of the workflow, unless another is named', async () => {
    const { settings } = await folder.decide(WITH_TOKEN, ACTION);
    expect(settings.forge).toEqual({
      kind: 'github',
      apiUrl: 'https://api.github.com',
      serverUrl: 'https://github.com',
      owner: 'team',
      name: 'app',
      token: TOKEN,
    });
    expect(settings.git).toMatchObject({ directory: folder.path, isNamed: false });
    const named = await folder.decide({ ...WITH_TOKEN, 'github-repository': 'acme_corp/web.site' }, ACTION);
    expect(named.settings.forge).toMatchObject({ owner: 'acme_corp', name: 'web.site' });
  });

  it('is an Enterprise Server where the workflow runs on one, without slashes at the end', async () => {
    const environment = {
      GITHUB_REPOSITORY: 'team/app',
      GITHUB_API_URL: 'https://ghe.example.com/api/v3/',
      GITHUB_SERVER_URL: 'https://ghe.example.com/',
    };
    const { settings } = await folder.decide(WITH_TOKEN, { ...ACTION, environment });
    expect(settings.forge).toMatchObject({
      apiUrl: 'https://ghe.example.com/api/v3',
      serverUrl: 'https://ghe.example.com',
    });
  });

  it('is asked on a laptop only where it is named, with the token of the environment', async () => {
    expect((await folder.decide(WITH_TOKEN, LAPTOP)).settings.forge).toBe('off');
    const inWorkflow = { ...LAPTOP, environment: ACTION.environment };
    expect((await folder.decide(WITH_TOKEN, inWorkflow)).settings.forge).toBe('off');
    const { settings } = await folder.decide({ ...WITH_TOKEN, 'github-repository': 'team/app' }, LAPTOP);
    expect(settings.forge).toMatchObject({ apiUrl: 'https://api.github.com', owner: 'team', token: TOKEN });
  });

  it('is missed on a laptop that cleans a package of GitHub, unless it is left out on purpose', async () => {
    const raw = { ...WITH_TOKEN, repository: ['ghcr.io/team/app'] };
    const notesOf = async (more: RawOptions) => (await folder.decide({ ...raw, ...more }, LAPTOP)).notes.join('\n');
    expect(await notesOf({})).toContain('GitHub is not asked');
    expect(await notesOf({ 'without-git': true })).toContain('GitHub is not asked');
    for (const more of [
      { 'without-forge': true },
      { 'github-repository': 'team/app' },
      { repository: FINE.repository },
    ])
      expect(await notesOf(more)).not.toContain('GitHub is not asked');
  });

  it.each<readonly [string, RawOptions]>([
    ['without-forge', { ...FINE, 'without-forge': 'true' }],
    ['without-git', { ...FINE, 'without-git': 'true' }],
  ])('is off with %s, and needs no token then', async (_, raw) => {
    const { settings } = await folder.decide(raw, { ...ACTION, environment: {} });
    expect(settings.forge).toBe('off');
  });

  it('is off where the policy file disables Git, unless a repository is named', async () => {
    await folder.write('no-git.yml', 'cleanup: {disableGitHistoryBasedPolicy: true}\n');
    const raw = { ...WITH_TOKEN, config: 'no-git.yml' };
    expect((await folder.decide(raw, ACTION)).settings).toMatchObject({ git: 'off', forge: 'off' });
    const { settings, notes } = await folder.decide({ ...raw, 'github-repository': 'team/app' }, ACTION);
    expect(settings.forge).toMatchObject({ name: 'app' });
    expect(notes).toEqual(['Git is asked: github-repository outranks disableGitHistoryBasedPolicy in the policy file']);
  });

  it.each<readonly [string, RawOptions, NodeJS.ProcessEnv, readonly string[]]>([
    [
      'no token',
      FINE,
      {},
      ["input github-token: got none: leave the input out to use the workflow's own, or say without-forge"],
    ],
    [
      'a token of two lines',
      { ...FINE, 'github-token': 'ghs_1\nghs_2' },
      {},
      ['input github-token: got 11 characters that are no token, expected a token'],
    ],
    [
      'a repository that is an address',
      { ...WITH_TOKEN, 'github-repository': 'https://github.com/team/app' },
      {},
      ['input github-repository: got "https://github.com/team/app", expected OWNER/NAME of a repository on GitHub'],
    ],
    [
      'no repository at all',
      WITH_TOKEN,
      { GITHUB_REPOSITORY: '' },
      [
        'input github-repository: got none, expected OWNER/NAME; GITHUB_REPOSITORY is not set either. Without GitHub: without-forge',
      ],
    ],
    [
      'a repository that leads upwards',
      WITH_TOKEN,
      { GITHUB_REPOSITORY: 'team/..' },
      ['GITHUB_REPOSITORY: got "team/..", expected OWNER/NAME of a repository on GitHub'],
    ],
    [
      'addresses that are none, both at once',
      WITH_TOKEN,
      { GITHUB_API_URL: 'api.github.com', GITHUB_SERVER_URL: 'ftp://github.com' },
      [
        'GITHUB_API_URL: got an address, expected one such as https://github.example.com',
        'GITHUB_SERVER_URL: got an address, expected one such as https://github.example.com',
      ],
    ],
    [
      'an address with a password',
      WITH_TOKEN,
      { GITHUB_API_URL: 'https://me:hunter2@ghe.example.com/api/v3' },
      ['GITHUB_API_URL: got an address, expected one without user name and password'],
    ],
    [
      'plain HTTP to another machine',
      WITH_TOKEN,
      { GITHUB_SERVER_URL: 'http://ghe.example.com' },
      ['GITHUB_SERVER_URL: got an address, expected one that begins with https://: the token goes there'],
    ],
    [
      'without-forge and a repository',
      { ...WITH_TOKEN, 'without-forge': 'true', 'github-repository': 'team/app' },
      {},
      ['input github-repository: not together with without-forge: either GitHub is asked or it is not'],
    ],
    [
      'without-git and a repository',
      { ...WITH_TOKEN, 'without-git': 'true', 'github-repository': 'team/app' },
      {},
      ['input github-repository: not together with without-git: GitHub is asked for branches and tags'],
    ],
  ])('is refused with %s', async (_, raw, environment, expected) => {
    const source = { ...ACTION, environment: { ...ACTION.environment, ...environment } };
    expect(await folder.listMistakes(raw, source)).toEqual(expected);
  });

  it('says on the command line where its token comes from', async () => {
    const raw = { ...FINE, 'github-repository': 'team/app' };
    const expected = ['--github-repository: no token goes with it: set GITHUB_TOKEN or GH_TOKEN'];
    expect(await folder.listMistakes(raw, LAPTOP)).toEqual(expected);
    expect(await folder.listMistakes({ ...raw, 'github-token': '' }, LAPTOP)).toEqual(expected);
    expect(await folder.listMistakes({ ...raw, 'github-token': 'a b' }, LAPTOP)).toEqual([
      'GITHUB_TOKEN: got 3 characters that are no token, expected a token',
    ]);
  });

  it('may be on this machine without TLS', async () => {
    const environment = { ...ACTION.environment, GITHUB_API_URL: 'http://127.0.0.1:8080' };
    const { settings } = await folder.decide(WITH_TOKEN, { ...ACTION, environment });
    expect(settings.forge).toMatchObject({ apiUrl: 'http://127.0.0.1:8080' });
  });
});

it('knows every form in which a token travels', () => {
  expect(listTokenForms('abc')).toEqual(['abc', 'YWJj', 'eC1hY2Nlc3MtdG9rZW46YWJj']);
});
