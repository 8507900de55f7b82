import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SettingsSource } from '../../src/config/findings.ts';
import type { RawOptions } from '../../src/options.ts';
import { ACTION, JOB, jobWith, LAPTOP, makeSettingsFolder, type SettingsFolder } from './try-settings.ts';

const TOKEN = 'ghs_0123456789abcdef';
const GITLAB = 'glpat-0123456789abcdef';
const OWN_REGISTRY = 'registry.example.com:5050';
const ELSEWHERE = { provider: 'gitlab', repository: ['images.example.org/team/app'] } as const;
const JOURNAL = 'registry-cleanup-journal.jsonl';

let folder: SettingsFolder;
beforeAll(async () => {
  folder = await makeSettingsFolder();
  await folder.write(JOURNAL, '');
  await folder.write('.registry-cleanup.yml', 'this: [is, broken');
  await mkdir(join(folder.path, 'folder'));
});
afterAll(() => folder.remove());

describe('the settings of a restore', () => {
  it('are the journal and the token of the workflow, whatever the policy file says', async () => {
    expect(await folder.decideRestore({ 'github-token': TOKEN }, ACTION)).toEqual({
      journal: join(folder.path, JOURNAL),
      repositories: [],
      githubHosts: ['ghcr.io'],
      registry: { plainHttp: false, github: { apiUrl: 'https://api.github.com', token: TOKEN, budgetShare: 0.8 } },
      format: 'text',
      logLevel: 'info',
    });
  });

  it('take every option', async () => {
    const raw = {
      repository: ['ghcr.io/team/app', 'ghcr.io/team/web'],
      username: 'me',
      password: 'ghp_secret',
      'api-budget': '0.5',
      'report-file': 'report.json',
      'cache-dir': 'cache',
      format: 'json',
      'log-level': 'debug',
    };
    expect(await folder.decideRestore(raw, LAPTOP)).toMatchObject({
      repositories: [{ name: 'team/app' }, { name: 'team/web' }],
      githubHosts: ['ghcr.io'],
      registry: {
        username: 'me',
        password: 'ghp_secret',
        github: { apiUrl: 'https://api.github.com', token: 'ghp_secret', budgetShare: 0.5 },
      },
      reportFile: join(folder.path, 'report.json'),
      cacheDirectory: join(folder.path, 'cache'),
      format: 'json',
      logLevel: 'debug',
    });
  });

  it.each<readonly [string, RawOptions, NodeJS.ProcessEnv, object]>([
    [
      'oci: no host',
      { provider: 'oci', 'github-token': TOKEN },
      {},
      { githubHosts: [], registry: { plainHttp: false } },
    ],
    ['github: any host', { provider: 'github', 'github-token': TOKEN }, {}, { githubHosts: 'any' }],
    [
      'auto, on an Enterprise Server: its registry',
      { 'github-token': TOKEN },
      { GITHUB_SERVER_URL: 'https://ghe.example.com' },
      {
        githubHosts: ['containers.ghe.example.com'],
        registry: { github: { apiUrl: 'https://ghe.example.com/api/v3' } },
      },
    ],
    [
      'auto, with the capitals that GitHub has and its registry has not',
      { repository: ['ghcr.io/Team/App'], 'github-token': TOKEN },
      {},
      { githubHosts: ['ghcr.io'], repositories: [{ host: 'ghcr.io', name: 'team/app' }] },
    ],
    ['auto, without a token: it shows later', {}, {}, { githubHosts: ['ghcr.io'], registry: { plainHttp: false } }],
    [
      'auto, and a password that no token of GitHub’s can be: it is for another registry',
      { username: 'me', password: 'two words' },
      {},
      { registry: { plainHttp: false, username: 'me', password: 'two words' } },
    ],
    [
      'auto, for a registry of somebody else',
      { repository: ['quay.io/a/b'], 'github-token': TOKEN },
      {},
      { githubHosts: [], registry: { plainHttp: false } },
    ],
  ])('with %s', async (_, raw, environment, expected) => {
    expect(await folder.decideRestore(raw, { ...LAPTOP, environment })).toMatchObject(expected);
  });

  it.each<readonly [string, RawOptions, SettingsSource, object | undefined]>([
    [
      'the job’s, for the registry of its GitLab',
      {},
      JOB,
      { host: OWN_REGISTRY, login: { from: 'CI_REGISTRY_PASSWORD' } },
    ],
    [
      'the given token, before the job’s',
      { 'gitlab-token': GITLAB },
      JOB,
      { host: OWN_REGISTRY, login: { password: GITLAB } },
    ],
    [
      'the given token, for gitlab.com on a laptop',
      { 'gitlab-token': GITLAB },
      LAPTOP,
      { host: 'registry.gitlab.com', login: { username: 'registry-cleanup', password: GITLAB, from: 'GITLAB_TOKEN' } },
    ],
    [
      'the given token, for the repositories that are named',
      { ...ELSEWHERE, 'gitlab-url': 'https://gitlab.example.org', 'gitlab-token': GITLAB },
      LAPTOP,
      { host: 'images.example.org', login: { password: GITLAB } },
    ],
    ['none, on a laptop without a token', {}, LAPTOP, undefined],
    ['none, for a registry of somebody else', { repository: ['quay.io/a/b'], 'gitlab-token': GITLAB }, JOB, undefined],
    ['none, for a registry of which nobody can tell', ELSEWHERE, JOB, undefined],
    ['none, beside a user name and a password', { username: 'me', password: 'two words' }, JOB, undefined],
    ['none, with provider oci', { provider: 'oci', 'gitlab-token': GITLAB }, JOB, undefined],
    ['none, where another registry is in the variables’ place', {}, jobWith({ CI_REGISTRY: 'docker.io' }), undefined],
    [
      'none, where another registry is in their place, though GitLab is named',
      { 'gitlab-url': 'https://gitlab.example.com', 'gitlab-token': GITLAB },
      jobWith({ CI_REGISTRY: 'docker.io' }),
      undefined,
    ],
    [
      'none of gitlab.com, for a GitLab elsewhere that has a registry of unknown name',
      { 'gitlab-url': 'https://gitlab.example.org', 'gitlab-token': GITLAB },
      LAPTOP,
      undefined,
    ],
  ])('have the login at GitLab’s registry: %s', async (_, raw, source, expected) => {
    const { registry } = await folder.decideRestore(raw, source);
    if (expected === undefined) expect(registry).not.toHaveProperty('gitlab');
    else expect(registry.gitlab).toMatchObject(expected);
    expect(registry.gitlab ?? {}).not.toHaveProperty('deleteLogin');
  });

  it('leave out, with a note, what only a decision needs: one step of a workflow serves all commands', async () => {
    const raw = { 'github-token': TOKEN, 'kube-config-base64': 'x', untag: 'true', 'as-of': 'x' };
    expect(await folder.listMistakes({ ...raw, command: 'restore' }, ACTION)).toEqual([]);
    expect(await folder.listMistakes({ command: 'restore', untag: true }, LAPTOP)).toEqual([
      '--untag: only for plan, apply and explain, not for restore',
    ]);
  });

  it.each<readonly [string, RawOptions, readonly string[]]>([
    [
      'a journal that is not there',
      { journal: 'nope' },
      ['--journal: got "nope", expected a file that can be read (there is none)'],
    ],
    [
      'a journal that is a folder',
      { journal: 'folder' },
      ['--journal: got "folder", expected a file that can be read (it is a folder)'],
    ],
    ['a report in the journal’s place', { 'report-file': JOURNAL }, ['--report-file: names the same file as journal']],
    [
      'a repository twice, and a directory',
      { repository: ['quay.io/a/b', 'quay.io/a/b', 'oci-layout:x=a/b'] },
      [
        '--repository: quay.io/a/b is named twice',
        '--repository: got "oci-layout:x=a/b", expected a repository in a registry: a directory has nothing to restore from',
      ],
    ],
    [
      'one password for several registries',
      { repository: ['quay.io/a/b', 'ghcr.io/a/b'], username: 'me', password: 'ghp_secret' },
      [
        '--username: one user name is for one registry, and the repositories are on 2: quay.io, ghcr.io; log in with docker instead',
      ],
    ],
    [
      'a password that is no token, where GitHub’s is meant',
      { provider: 'github', username: 'me', password: 'two words' },
      ["--password-stdin: got 9 characters that are no token, expected one of GitHub's"],
    ],
    [
      'provider github without a token',
      { provider: 'github' },
      [
        '--repository: the journal needs a token: set GITHUB_TOKEN or GH_TOKEN, or give --username and --password-stdin',
      ],
    ],
  ])('are refused with %s', async (_, raw, expected) => {
    expect(await folder.listMistakes({ ...raw, command: 'restore' }, LAPTOP)).toEqual(expected);
  });
});
