import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RawOptions } from '../../src/options.ts';
import { ACTION, LAPTOP, makeSettingsFolder, type SettingsFolder } from './try-settings.ts';

const TOKEN = 'ghs_0123456789abcdef';
const GHCR = { repository: ['ghcr.io/team/app'], 'without-kube': 'true', 'without-forge': 'true' } as const;

let folder: SettingsFolder;
beforeAll(async () => {
  folder = await makeSettingsFolder();
});
afterAll(() => folder.remove());

describe('the provider', () => {
  it.each([
    ['ghcr.io/team/app', 'auto', 'github'],
    ['ghcr.io/team/app', 'oci', 'oci'],
    ['registry.example.com/team/app', 'auto', 'oci'],
    ['registry.example.com/team/app', 'github', 'github'],
  ])('of %s with %s is %s', async (repository, provider, expected) => {
    const raw = { ...GHCR, repository: [repository], provider, 'github-token': TOKEN };
    const { settings } = await folder.decide(raw, ACTION);
    expect(settings.repositories).toMatchObject([{ provider: expected }]);
    expect(settings.registry.github).toEqual(
      expected === 'oci' ? undefined : { apiUrl: 'https://api.github.com', token: TOKEN, budgetShare: 0.8 },
    );
  });

  it('that is github takes capitals of an owner and a repository for what the registry has', async () => {
    const raw = { ...GHCR, 'github-token': TOKEN };
    const { settings, notes } = await folder.decide({ ...raw, repository: ['ghcr.io/Team/App'] }, ACTION);
    expect(settings.repositories).toMatchObject([{ repository: { host: 'ghcr.io', name: 'team/app' } }]);
    expect(notes).toContainEqual(expect.stringContaining('ghcr.io/Team/App is taken as ghcr.io/team/app'));
    const twice = { ...raw, repository: ['ghcr.io/Team/App', 'ghcr.io/team/app'] };
    await expect(folder.decide(twice, ACTION)).rejects.toThrow('is named twice');
    for (const repository of [
      'registry.example.com/Team/App',
      'ghcr.io/Team/App:v1',
      'oci-layout:Dir=ghcr.io/Team/App',
    ])
      await expect(folder.decide({ ...raw, repository: [repository] }, ACTION)).rejects.toThrow('expected');
  });

  it('knows the registry of an Enterprise Server and of data residency', async () => {
    const raw = { ...GHCR, 'github-token': TOKEN, repository: ['containers.ghe.example.com/team/app'] };
    const environment = { ...ACTION.environment, GITHUB_SERVER_URL: 'https://ghe.example.com', GITHUB_API_URL: '' };
    const { settings } = await folder.decide(raw, { ...ACTION, environment });
    expect(settings.registry.github).toMatchObject({ apiUrl: 'https://ghe.example.com/api/v3' });
    const residency = { GITHUB_SERVER_URL: 'https://octo.ghe.com', GITHUB_API_URL: 'https://api.octo.ghe.com' };
    const decided = await folder.decide(
      { ...raw, repository: ['containers.octo.ghe.com/team/app'] },
      { ...ACTION, environment: residency },
    );
    expect(decided.settings.registry.github).toMatchObject({ apiUrl: 'https://api.octo.ghe.com' });
  });

  it('takes the password for the token, with a user name or without, and before any other', async () => {
    const raw = { ...GHCR, 'github-token': TOKEN, password: 'ghp_secret\n' };
    const { settings } = await folder.decide(raw, ACTION);
    expect(settings.registry).toEqual({
      plainHttp: false,
      github: { apiUrl: 'https://api.github.com', token: 'ghp_secret', budgetShare: 0.8 },
    });
    const named = await folder.decide({ ...GHCR, username: 'me', password: 'ghp_secret' }, LAPTOP);
    expect(named.settings.registry).toMatchObject({
      username: 'me',
      password: 'ghp_secret',
      github: { token: 'ghp_secret' },
    });
  });

  it('spends the share of the quota that was given', async () => {
    const raw = { ...GHCR, command: 'apply', 'github-token': TOKEN, 'api-budget': '0.25' };
    expect((await folder.decide(raw, ACTION)).settings.registry.github).toMatchObject({ budgetShare: 0.25 });
    expect(await folder.listMistakes({ ...raw, 'api-budget': '80%' }, ACTION)).toEqual([
      'input api-budget: got "80%", expected a number from 0 to 1',
    ]);
  });

  const enterprise = { GITHUB_API_URL: 'https://ghe.example.com/api/v3', GITHUB_SERVER_URL: 'https://ghe.example.com' };

  it.each<readonly [string, RawOptions, NodeJS.ProcessEnv, readonly string[]]>([
    [
      'without any token',
      GHCR,
      {},
      ['--repository: ghcr.io needs a token: set GITHUB_TOKEN or GH_TOKEN, or give --username and --password-stdin'],
    ],
    [
      'with a token for another GitHub',
      { ...GHCR, 'github-token': TOKEN },
      enterprise,
      [
        '--repository: the token is for https://ghe.example.com, and ghcr.io is elsewhere: give --username and --password-stdin',
      ],
    ],
    [
      'with registries of two GitHubs',
      { ...GHCR, 'github-token': TOKEN, repository: ['ghcr.io/a/b', 'containers.ghe.example.com/a/b'] },
      enterprise,
      ['--repository: ghcr.io and containers.ghe.example.com belong to different GitHubs: one run is for one of them'],
    ],
    [
      'at a registry of which nobody can tell',
      { ...GHCR, 'github-token': TOKEN, provider: 'github', repository: ['registry.example.com/a/b'] },
      {},
      ["--provider: nobody can tell where GitHub's interface for registry.example.com is: set GITHUB_API_URL"],
    ],
    [
      'with a password that cannot be a token',
      { ...GHCR, password: 'two words' },
      {},
      ["--password-stdin: got 9 characters that are no token, expected one of GitHub's"],
    ],
    ['with an empty password, told once', { ...GHCR, password: '' }, {}, ['--password-stdin: got an empty password']],
    [
      'with a password alone for two registries',
      { ...GHCR, password: 'x', repository: ['ghcr.io/a/b', 'quay.io/a/b'] },
      {},
      [
        '--username: missing, and there is a password',
        '--username: one user name is for one registry, and the repositories are on 2: ghcr.io, quay.io; log in with docker instead',
      ],
    ],
    [
      'by a name that is none',
      { ...GHCR, 'github-token': TOKEN, provider: 'gihub' },
      {},
      ['--provider: got "gihub", expected one of auto, oci, github, gitlab; did you mean "github"?'],
    ],
  ])('is refused %s', async (_, raw, environment, expected) => {
    expect(await folder.listMistakes(raw, { ...LAPTOP, environment })).toEqual(expected);
  });

  it('tells what each would do without a token, when forge and registry both want it', async () => {
    const raw = { repository: ['ghcr.io/team/app'], 'without-kube': 'true' };
    expect(await folder.listMistakes(raw, ACTION)).toEqual([
      "input github-token: got none, and ghcr.io needs one: leave the input out to use the workflow's own, or give the inputs username and password",
      "input github-token: got none: leave the input out to use the workflow's own, or say without-forge",
    ]);
  });

  it('reaches ghcr.io from an Enterprise Server with a password', async () => {
    const raw = { ...GHCR, 'github-token': TOKEN, username: 'me', password: 'ghp_secret' };
    const { settings } = await folder.decide(raw, { ...ACTION, environment: enterprise });
    expect(settings.registry.github).toMatchObject({ apiUrl: 'https://api.github.com', token: 'ghp_secret' });
  });
});
