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
const DELETE = 'glpat-deletes0123456789';
const HOST = 'registry.example.com:5050';
const API = 'https://gitlab.example.com/api/v4';
const JOB_TOKEN = JOB_VARIABLES.CI_JOB_TOKEN;
const IN_JOB = { 'without-kube': true, 'without-forge': true } as const;
const ON_COM = { ...IN_JOB, repository: ['registry.gitlab.com/team/app'] } as const;
const OWN = { ...IN_JOB, provider: 'gitlab', repository: ['images.example.org/team/app'] } as const;

let folder: SettingsFolder;
beforeAll(async () => {
  folder = await makeSettingsFolder();
  await folder.write('listed.yml', `repositories: [${HOST}/team/other]\n`);
  await folder.write('broken.yml', 'repositories: [\n');
});
afterAll(() => folder.remove());

const decide = async (raw: RawOptions, source: SettingsSource) => (await folder.decide(raw, source)).settings;
const accessOf = async (raw: RawOptions, source: SettingsSource) => (await decide(raw, source)).registry.gitlab;
const notesOf = async (raw: RawOptions, source: SettingsSource) => (await folder.decide(raw, source)).notes.join('\n');

const jobLogin = { username: 'gitlab-ci-token', password: JOB_TOKEN, from: 'CI_REGISTRY_PASSWORD' };
const tokenLogin = { username: 'registry-cleanup', password: TOKEN, from: 'GITLAB_TOKEN' };
const privateToken = { kind: 'private', value: TOKEN };

describe('the provider', () => {
  it.each<readonly [string, string, RawOptions, SettingsSource, string]>([
    ['gitlab for the registry of gitlab.com', 'registry.gitlab.com', {}, LAPTOP, 'gitlab'],
    ['gitlab for the registry of the job', HOST, {}, JOB, 'gitlab'],
    ['gitlab for it also where the project’s registry is off', HOST, {}, jobWith({ CI_REGISTRY_IMAGE: '' }), 'gitlab'],
    ['oci for it outside of jobs', HOST, {}, LAPTOP, 'oci'],
    ['oci for any other in a job', 'quay.io', {}, JOB, 'oci'],
    ['oci for Docker Hub in the variables’ place', 'docker.io', {}, jobWith({ CI_REGISTRY: 'docker.io' }), 'oci'],
    ['what the user says', 'quay.io', { provider: 'gitlab' }, LAPTOP, 'gitlab'],
    ['what the user says, against the host', 'registry.gitlab.com', { provider: 'oci' }, LAPTOP, 'oci'],
    ['oci for no host at all', 'quay.io', {}, jobWith({ CI_REGISTRY: 'https://x y/' }), 'oci'],
  ])('is %s', async (_, host, raw, source, expected) => {
    const settings = await decide({ ...IN_JOB, ...raw, repository: [`${host}/team/app`] }, source);
    expect(settings.repositories).toMatchObject([{ provider: expected }]);
    expect(settings.registry.gitlab?.host).toBe(expected === 'gitlab' ? host : undefined);
  });

  it('says why the registry of a job is not taken for GitLab’s', async () => {
    const source = jobWith({ CI_REGISTRY: 'docker.io', CI_REGISTRY_IMAGE: 'docker.io/me/app' });
    const raw = { ...IN_JOB, repository: ['docker.io/me/app'] };
    expect(await notesOf(raw, source)).toContain("docker.io is not taken for GitLab's registry");
    expect(await notesOf({ ...raw, provider: 'oci' }, source)).not.toContain('is not taken');
    expect(await notesOf({ ...raw, repository: ['quay.io/a/b'] }, source)).not.toContain('is not taken');
  });

  it('that is gitlab takes capitals of a project for what the registry has', async () => {
    const raw = { ...IN_JOB, repository: [`${HOST}/Team/Sub/App`] };
    const { settings, notes } = await folder.decide(raw, JOB);
    expect(settings.repositories).toMatchObject([{ repository: { host: HOST, name: 'team/sub/app' } }]);
    expect(notes).toContain(
      `${HOST}/Team/Sub/App is taken as ${HOST}/team/sub/app: names in GitLab's registry are in lower case`,
    );
  });
});

describe('the repository', () => {
  it('is the one of the job’s project where nobody names one, and that is told', async () => {
    const { settings, notes } = await folder.decide(IN_JOB, JOB);
    expect(settings.repositories).toMatchObject([
      { repository: { host: HOST, name: 'team/sub/app' }, provider: 'gitlab' },
    ]);
    expect(notes).toContain(
      `no repository is named: it is ${HOST}/team/sub/app (CI_REGISTRY_IMAGE), and none of those below it`,
    );
  });

  it.each<readonly [string, RawOptions, string]>([
    ['an option', { repository: [`${HOST}/team/sub/app/web`] }, 'team/sub/app/web'],
    ['the policy file', { config: 'listed.yml' }, 'team/other'],
  ])('is the one of %s before that', async (_, raw, name) => {
    expect((await decide({ ...IN_JOB, ...raw }, JOB)).repositories).toMatchObject([{ repository: { name } }]);
    expect(await notesOf({ ...IN_JOB, ...raw }, JOB)).not.toContain('CI_REGISTRY_IMAGE');
  });

  it('is missed where the project has no registry, and outside of jobs', async () => {
    const none =
      '--repository: got none, expected a repository to clean, here or under repositories in the policy file';
    expect(await folder.listMistakes(IN_JOB, jobWith({ CI_REGISTRY_IMAGE: '' }))).toEqual([
      `${none}; CI_REGISTRY_IMAGE is not set either: is the container registry switched on in this project?`,
    ]);
    expect(await folder.listMistakes(IN_JOB, jobWith({ GITLAB_CI: 'false' }))).toEqual([none]);
    expect(await folder.listMistakes(IN_JOB, LAPTOP)).toEqual([none]);
  });

  it('is not made up where the policy file cannot be read', async () => {
    const mistakes = await folder.listMistakes({ ...IN_JOB, config: 'broken.yml' }, JOB);
    expect(mistakes.join('\n')).not.toContain('--repository');
    expect(mistakes.join('\n')).toContain('broken.yml');
    const worse = jobWith({ CI_REGISTRY_IMAGE: 'not a repository' });
    expect(await folder.listMistakes({ ...IN_JOB, config: 'broken.yml' }, worse)).toEqual(mistakes);
  });

  it('that the variable names wrongly is told as the variable’s', async () => {
    const [mistake] = await folder.listMistakes(IN_JOB, jobWith({ CI_REGISTRY_IMAGE: 'not a repository' }));
    expect(mistake).toContain('CI_REGISTRY_IMAGE: got "not a repository", expected a repository');
  });
});

describe('the login at GitLab’s registry', () => {
  it.each<readonly [string, RawOptions, SettingsSource, object]>([
    [
      'is the job’s own, without any input',
      IN_JOB,
      JOB,
      { host: HOST, login: jobLogin, api: { apiUrl: API, token: { kind: 'job', value: JOB_TOKEN } } },
    ],
    [
      'is the job’s token where the registry has no user of its own',
      IN_JOB,
      jobWith({ CI_REGISTRY_PASSWORD: '' }),
      { host: HOST, login: { ...jobLogin, from: 'CI_JOB_TOKEN' } },
    ],
    [
      'is the given token before the job’s',
      { ...IN_JOB, 'gitlab-token': TOKEN },
      JOB,
      { host: HOST, login: tokenLogin, api: { apiUrl: API, token: privateToken } },
    ],
    [
      'is the given token on a laptop',
      { ...ON_COM, 'gitlab-token': ` ${TOKEN}\n` },
      LAPTOP,
      {
        host: 'registry.gitlab.com',
        login: tokenLogin,
        api: { apiUrl: 'https://gitlab.com/api/v4', token: privateToken },
      },
    ],
    [
      'is the given token for a registry of the GitLab that was named',
      { ...OWN, 'gitlab-token': TOKEN, 'gitlab-url': 'https://gitlab.example.org' },
      LAPTOP,
      { host: 'images.example.org', login: tokenLogin, api: { apiUrl: 'https://gitlab.example.org/api/v4' } },
    ],
    [
      'is the job’s for another name of its registry, where its GitLab was named',
      { ...OWN, 'gitlab-url': 'https://gitlab.example.com' },
      JOB,
      { host: 'images.example.org', login: { ...jobLogin, from: 'CI_JOB_TOKEN' } },
    ],
    [
      'is the job’s, when the given token is the job’s',
      { ...IN_JOB, 'gitlab-token': JOB_TOKEN },
      JOB,
      { login: { ...jobLogin, from: 'GITLAB_TOKEN' }, api: { token: { kind: 'job', value: JOB_TOKEN } } },
    ],
    ['is docker’s, without any token', ON_COM, LAPTOP, { host: 'registry.gitlab.com' }],
    ['is the job’s where the given token is empty', { ...IN_JOB, 'gitlab-token': ' ' }, JOB, { login: jobLogin }],
    [
      'is the input’s in the action',
      { ...ON_COM, 'gitlab-token': TOKEN },
      ACTION,
      { login: { ...tokenLogin, from: 'input gitlab-token' } },
    ],
  ])('%s', async (_, raw, source, expected) => {
    const access = await accessOf(raw, source);
    expect(access).toMatchObject(expected);
    expect(access).not.toHaveProperty('deleteLogin');
    if (!('login' in expected)) expect(access).toEqual(expected);
  });

  it('is the user name and password that were given, before any token; the interface has the token all the same', async () => {
    const raw = { ...IN_JOB, username: 'me', password: 'secret', 'gitlab-token': TOKEN };
    const { registry } = await decide(raw, JOB);
    expect(registry).toEqual({
      plainHttp: false,
      username: 'me',
      password: 'secret',
      gitlab: { host: HOST, api: { apiUrl: API, token: privateToken } },
    });
  });

  it.each<readonly [string, RawOptions, SettingsSource]>([
    ['a registry that belongs to another GitLab than the job’s', ON_COM, JOB],
    ['it, with a token for the job’s GitLab', { ...ON_COM, 'gitlab-token': TOKEN }, JOB],
    [
      'the job’s, when another GitLab was named',
      { ...IN_JOB, 'gitlab-url': 'https://gitlab.com', 'gitlab-token': TOKEN },
      JOB,
    ],
    ['a registry of which nobody can tell', OWN, JOB],
    [
      'a registry with the host of the job’s and no image',
      { ...IN_JOB, repository: [`${HOST}/a/b`] },
      jobWith({ CI_REGISTRY_IMAGE: '' }),
    ],
  ])('is never a token for %s', async (_, raw, source) => {
    const access = await accessOf(raw, source);
    expect(Object.keys(access ?? {})).toEqual(['host']);
    expect(await notesOf(raw, source)).toMatch(/is asked by the login of docker or podman: .* with gitlab-url/);
  });

  it('is a job’s token in no other place, though another registry stands in the variables', async () => {
    const variables = { CI_REGISTRY: 'docker.io', CI_REGISTRY_IMAGE: 'docker.io/me/app', CI_REGISTRY_PASSWORD: '' };
    const { registry } = await decide({ ...IN_JOB, 'gitlab-token': TOKEN }, jobWith(variables));
    expect(registry).toEqual({ plainHttp: false });
  });
});

it('a registry of which nobody can tell is fine with a user name and a password of its own', async () => {
  const raw = { ...OWN, username: 'me', password: 'secret', 'gitlab-token': TOKEN };
  expect(await accessOf(raw, LAPTOP)).toEqual({ host: 'images.example.org' });
  expect(await notesOf(raw, LAPTOP)).not.toContain('the login of docker');
});

describe('what deletes', () => {
  const APPLY = { ...IN_JOB, command: 'apply' } as const;
  const deleteLogin = { username: 'registry-cleanup', password: DELETE };

  it('is the delete-token, for the registry and for the interface, and nothing else is', async () => {
    expect(await accessOf({ ...APPLY, 'delete-token': DELETE }, JOB)).toEqual({
      host: HOST,
      login: jobLogin,
      deleteLogin: { ...deleteLogin, from: 'REGISTRY_CLEANUP_DELETE_TOKEN' },
      api: { apiUrl: API, token: { kind: 'job', value: JOB_TOKEN }, deleteToken: { kind: 'private', value: DELETE } },
    });
  });

  it.each(['WERF_IMAGES_CLEANUP_PASSWORD', 'DAPP_DIMG_CLEANUP_REGISTRY_PASSWORD'])(
    'is the token in %s where there is no other, and that is told',
    async (name) => {
      const source = jobWith({ [name]: DELETE });
      expect(await accessOf(APPLY, source)).toMatchObject({ deleteLogin: { ...deleteLogin, from: name } });
      expect(await notesOf(APPLY, source)).toContain(`images are deleted with the token in ${name}`);
      expect(await accessOf({ ...APPLY, 'delete-token': 'glpat-x' }, source)).toMatchObject({
        deleteLogin: { password: 'glpat-x' },
      });
      expect(await accessOf(IN_JOB, source)).not.toHaveProperty('deleteLogin');
      const laptop = { ...LAPTOP, environment: { [name]: DELETE } };
      expect(await accessOf({ ...ON_COM, command: 'apply' }, laptop)).not.toHaveProperty('deleteLogin');
    },
  );

  it('goes with a user name and password that were given, too', async () => {
    const raw = { ...APPLY, username: 'me', password: 'secret', 'delete-token': DELETE };
    expect(await accessOf(raw, JOB)).toMatchObject({ deleteLogin });
    expect(await accessOf(raw, JOB)).not.toHaveProperty('login');
  });

  it('is not looked at by a plan, also where one step serves both', async () => {
    const raw = { ...ON_COM, 'gitlab-token': TOKEN, 'delete-token': DELETE };
    expect(await accessOf(raw, ACTION)).not.toHaveProperty('deleteLogin');
    expect(await notesOf(raw, ACTION)).not.toContain('delete-token');
  });

  it('is of no use without a registry of GitLab, which is told', async () => {
    const raw = { ...APPLY, repository: ['quay.io/a/b'], 'delete-token': DELETE };
    expect(await notesOf(raw, LAPTOP)).toContain('delete-token is of no use here');
  });
});

describe('GitLab’s registry is refused', () => {
  const nobody = 'nobody can tell which GitLab images.example.org belongs to: name it with gitlab-url';

  it.each<readonly [string, RawOptions, SettingsSource, readonly string[]]>([
    [
      'with a token and no GitLab to go with it',
      { ...OWN, 'gitlab-token': TOKEN },
      LAPTOP,
      [`GITLAB_TOKEN: ${nobody}`],
    ],
    [
      'with a token to delete and no GitLab to go with it',
      { ...OWN, command: 'apply', username: 'me', password: 'x', 'delete-token': DELETE },
      LAPTOP,
      [`REGISTRY_CLEANUP_DELETE_TOKEN: ${nobody}`],
    ],
    [
      'with a token to delete for another GitLab',
      { ...ON_COM, command: 'apply', 'delete-token': DELETE },
      JOB,
      [
        'REGISTRY_CLEANUP_DELETE_TOKEN: registry.gitlab.com belongs to https://gitlab.com, and the tokens are for https://gitlab.example.com: name one GitLab with gitlab-url',
      ],
    ],
    [
      'when there are two',
      { ...IN_JOB, repository: [`${HOST}/a/b`, 'registry.gitlab.com/a/b'] },
      JOB,
      [`--repository: ${HOST} and registry.gitlab.com: one run is for one registry of GitLab`],
    ],
    [
      'with a token of two words',
      { ...ON_COM, 'gitlab-token': 'two words' },
      LAPTOP,
      ['GITLAB_TOKEN: got 9 characters that are no token, expected a token'],
    ],
    [
      'with such a token for forge and registry, told once',
      { ...ON_COM, 'without-forge': false, 'gitlab-project': 'a/b', 'gitlab-token': 'two words' },
      LAPTOP,
      ['GITLAB_TOKEN: got 9 characters that are no token, expected a token'],
    ],
    [
      'with a deploy token',
      { ...ON_COM, 'gitlab-token': 'gldt-0123456789' },
      ACTION,
      [
        "input gitlab-token: got a deploy token, which GitLab's interface does not take: give it as user name and password of the registry",
      ],
    ],
    [
      'with a job’s token elsewhere',
      { ...ON_COM, 'gitlab-token': 'glcbt-0123456789' },
      LAPTOP,
      ["GITLAB_TOKEN: got a job's token, which is for the GitLab of its job alone"],
    ],
    [
      'with the job’s own token for another GitLab, whatever it looks like',
      { ...ON_COM, 'gitlab-url': 'https://gitlab.com', 'gitlab-token': 'plain-job-token' },
      jobWith({ CI_JOB_TOKEN: 'plain-job-token' }),
      ["GITLAB_TOKEN: got a job's token, which is for the GitLab of its job alone"],
    ],
    [
      'with an address that is none, whatever it is for',
      { ...IN_JOB, repository: ['quay.io/a/b'], 'gitlab-url': 'gitlab.com' },
      LAPTOP,
      ['--gitlab-url: got an address, expected one such as https://gitlab.example.com'],
    ],
  ])('%s', async (_, raw, source, expected) => {
    expect(await folder.listMistakes(raw, source)).toEqual(expected);
  });

  it('without a word of any secret', async () => {
    const raw = {
      ...OWN,
      command: 'apply',
      'gitlab-token': `${TOKEN} x`,
      'delete-token': `${DELETE}\nx`,
      'gitlab-url': 'https://me:hunter2@example.org',
    } as const;
    const text = (await folder.listMistakes(raw, jobWith({ CI_SERVER_URL: 'https://me:hunter2@x' }))).join('\n');
    expect(text).not.toMatch(/glpat|hunter2|glcbt/);
    expect(text).toContain('--gitlab-url');
  });
});
