import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whyWithoutVariables } from '../../src/config/gitlab-job.ts';
import { listSecrets } from '../../src/config/list-secrets.ts';
import { findMergeRequestAccess } from '../../src/config/read-merge-request.ts';
import type { RawOptions } from '../../src/options.ts';
import { JOB, JOB_VARIABLES, jobWith, makeSettingsFolder, type SettingsFolder } from './try-settings.ts';

const TOKEN = 'glpat-0123456789abcdef';
const UNPROTECTED = 'protected variables are not given to pipelines of unprotected branches';
const MERGE_REQUEST = {
  CI_PIPELINE_SOURCE: 'merge_request_event',
  CI_COMMIT_REF_PROTECTED: 'false',
  CI_MERGE_REQUEST_IID: '7',
  CI_MERGE_REQUEST_PROJECT_ID: '42',
  CI_MERGE_REQUEST_PROJECT_PATH: 'Team/Sub/App',
  CI_MERGE_REQUEST_SOURCE_PROJECT_PATH: 'Team/Sub/App',
} as const;
const FORK = { ...MERGE_REQUEST, CI_MERGE_REQUEST_SOURCE_PROJECT_PATH: 'someone/app' };

let folder: SettingsFolder;
beforeAll(async () => {
  folder = await makeSettingsFolder();
  await folder.write('kubeconfig', 'apiVersion: v1\nkind: Config\nclusters: []\n');
});
afterAll(() => folder.remove());

describe('protected variables', () => {
  it.each<readonly [string, NodeJS.ProcessEnv, string | undefined]>([
    ['are not given to a merge request of an unprotected branch', MERGE_REQUEST, UNPROTECTED],
    [
      'are not given where nothing says that the branch is protected',
      { ...MERGE_REQUEST, CI_COMMIT_REF_PROTECTED: '' },
      UNPROTECTED,
    ],
    ['are not given to a fork', FORK, 'protected variables are not given to pipelines of forks'],
    [
      'are not given to a fork’s protected branch: they are another project’s',
      { ...FORK, CI_COMMIT_REF_PROTECTED: 'true' },
      'protected variables are not given to pipelines of forks',
    ],
    [
      'are given to a merge request of a protected branch',
      { ...MERGE_REQUEST, CI_COMMIT_REF_PROTECTED: 'true' },
      undefined,
    ],
    [
      'may be missed by nobody else: not by a push to any branch',
      { ...MERGE_REQUEST, CI_PIPELINE_SOURCE: 'push' },
      undefined,
    ],
    [
      'may be missed by nobody else: not by a schedule',
      { ...MERGE_REQUEST, CI_PIPELINE_SOURCE: 'schedule' },
      undefined,
    ],
    ['may be missed by nobody else: not outside of GitLab', { ...MERGE_REQUEST, GITLAB_CI: 'false' }, undefined],
  ])('%s', (_, variables, expected) => {
    expect(whyWithoutVariables({ ...JOB_VARIABLES, ...variables })).toBe(expected);
  });

  const source = { ...jobWith(MERGE_REQUEST), withoutSecrets: UNPROTECTED };
  const missing = [{ source: 'kubernetes', why: UNPROTECTED }];

  it.each<readonly [string, RawOptions]>([
    ['there is no word of a kubeconfig', {}],
    ['its variable stands for nothing', { 'kube-config': [''] }],
    ['one of two variables stands for nothing', { 'kube-config': ['kubeconfig', ' '] }],
    ['its text is nothing', { 'kube-config-base64': '' }],
  ])('that a plan lacks make it go on without clusters: %s', async (_, raw) => {
    const { settings } = await folder.decide(raw, source);
    expect(settings).toMatchObject({ kubernetes: 'off', missing });
    expect(settings.repositories).toHaveLength(1);
  });

  it('that are there all the same are used', async () => {
    const { settings } = await folder.decide({ 'kube-config': ['kubeconfig'] }, source);
    expect(settings).toMatchObject({ kubernetes: { kubeConfig: { kind: 'files' } }, missing: [] });
  });

  it('that a plan lacks for the registry leave it to the job’s own login', async () => {
    const raw = { 'without-kube': true, username: 'me', password: '' };
    const { settings, notes } = await folder.decide(raw, source);
    expect(settings.registry.gitlab).toMatchObject({ login: { from: 'CI_REGISTRY_PASSWORD' } });
    expect(settings.registry).not.toHaveProperty('username');
    expect(notes).toContain(`the user name for the registry is left out, for want of its password: ${UNPROTECTED}`);
    const both = await folder.decide({ ...raw, username: '' }, source);
    expect(both.settings.registry).toEqual(settings.registry);
  });

  it('are missed by an apply, which then does not run', async () => {
    const mistakes = await folder.listMistakes({ command: 'apply', 'kube-config': [''] }, source);
    expect(mistakes).toEqual([
      '--kube-config: got an empty value, expected a value; is the CI/CD variable set, and given to this pipeline?',
      '--kube-config: got no file, expected a kubeconfig',
    ]);
    const [none] = await folder.listMistakes({ command: 'apply' }, source);
    expect(none).toContain('no cluster to ask');
  });
});

it('a job says which cluster it has, and does not ask it by itself', async () => {
  const [mistake] = await folder.listMistakes({}, jobWith({ KUBECONFIG: '/builds/agent.tmp/KUBECONFIG' }));
  expect(mistake).toContain('no cluster to ask');
  expect(mistake).toContain(
    'KUBECONFIG is set: --kube-config "$KUBECONFIG" gives it, in the component the input kube-config: [$KUBECONFIG]',
  );
});

describe('the note on a merge request', () => {
  const WISH = { 'merge-request-note': true, 'gitlab-token': TOKEN, 'without-kube': true } as const;
  const ACCESS = { apiUrl: 'https://gitlab.example.com/api/v4', token: TOKEN, project: '42', iid: 7 };

  it.each<readonly [string, RawOptions, NodeJS.ProcessEnv, object | undefined]>([
    ['goes where the variables say', WISH, MERGE_REQUEST, ACCESS],
    ['goes to the project that a fork’s merge request goes to', WISH, FORK, ACCESS],
    ['is not written unless it is wanted', { ...WISH, 'merge-request-note': false }, MERGE_REQUEST, undefined],
    ['is not written without a word of it', { 'gitlab-token': TOKEN }, MERGE_REQUEST, undefined],
    ['is written whatever else is wrong', { ...WISH, format: 'x', repository: ['?'] }, MERGE_REQUEST, ACCESS],
    ['is not written outside of merge requests', WISH, {}, undefined],
    ['is not written outside of jobs', WISH, { ...MERGE_REQUEST, GITLAB_CI: '' }, undefined],
    [
      'is not written with a job’s token',
      { ...WISH, 'gitlab-token': JOB_VARIABLES.CI_JOB_TOKEN },
      MERGE_REQUEST,
      undefined,
    ],
    ['is not written without a token', { ...WISH, 'gitlab-token': '' }, MERGE_REQUEST, undefined],
    [
      'is not written by the token of another GitLab',
      { ...WISH, 'gitlab-url': 'https://gitlab.com' },
      MERGE_REQUEST,
      undefined,
    ],
    [
      'is not written where a variable is no number',
      WISH,
      { ...MERGE_REQUEST, CI_MERGE_REQUEST_IID: '7/../8' },
      undefined,
    ],
  ])('%s', (_, raw, variables, expected) => {
    expect(findMergeRequestAccess(raw, jobWith(variables))).toEqual(expected);
  });

  const needs =
    "--merge-request-note: needs an access token with the scope api in GITLAB_TOKEN: a job's own token cannot write notes";

  it.each<readonly [string, RawOptions, NodeJS.ProcessEnv, readonly string[]]>([
    ['the job’s token', { 'gitlab-token': JOB_VARIABLES.CI_JOB_TOKEN }, MERGE_REQUEST, [needs]],
    ['no token', { 'gitlab-token': '' }, MERGE_REQUEST, [needs]],
    [
      'variables that are no numbers',
      {},
      { ...MERGE_REQUEST, CI_MERGE_REQUEST_IID: '0', CI_MERGE_REQUEST_PROJECT_ID: '' },
      ['CI_MERGE_REQUEST_IID: got "0", expected a number', 'CI_MERGE_REQUEST_PROJECT_ID: got "", expected a number'],
    ],
  ])('is refused with %s', async (_, raw, variables, expected) => {
    expect(await folder.listMistakes({ ...WISH, ...raw }, jobWith(variables))).toEqual(expected);
  });

  it('that cannot be is told, and is no mistake, where nobody is to blame', async () => {
    const notesOf = async (raw: RawOptions, variables: NodeJS.ProcessEnv, withoutSecrets?: string) => {
      const source = { ...jobWith(variables), ...(withoutSecrets === undefined ? {} : { withoutSecrets }) };
      return (await folder.decide({ ...WISH, ...raw }, source)).notes;
    };
    expect(await notesOf({}, {})).toContain('no note is written: this is no merge request pipeline');
    const elsewhereThanJobs = { ...MERGE_REQUEST, GITLAB_CI: '' };
    const outside = { repository: ['quay.io/a/b'] };
    expect(await notesOf(outside, elsewhereThanJobs)).toContain(
      'no note is written: this is no merge request pipeline',
    );
    expect(await notesOf({ 'gitlab-token': '' }, MERGE_REQUEST, UNPROTECTED)).toContain(
      `no note is written, for want of a token: ${UNPROTECTED}`,
    );
    const elsewhere = { 'gitlab-url': 'https://gitlab.com', 'without-forge': true };
    expect(await notesOf(elsewhere, MERGE_REQUEST)).toContain(
      'no note is written: the merge request of this pipeline is not on https://gitlab.com',
    );
  });
});

it('knows every secret of a job in every form in which it travels', () => {
  const encode = (text: string) => Buffer.from(text).toString('base64');
  const environment = {
    ...JOB_VARIABLES,
    CI_REGISTRY_USER: 'somebody',
    CI_REGISTRY_PASSWORD: 'their-password',
    WERF_IMAGES_CLEANUP_PASSWORD: 'werf-password',
    DAPP_DIMG_CLEANUP_REGISTRY_PASSWORD: 'dapp-password',
    REGISTRY_CLEANUP_DELETE_TOKEN: 'unread-token',
  };
  const secrets = listSecrets(
    { 'gitlab-token': ` ${TOKEN} `, 'delete-token': 'delete-token', password: ' p ' },
    environment,
  );
  const token = JOB.environment['CI_JOB_TOKEN'] ?? '';
  for (const one of [TOKEN, 'delete-token', token, 'their-password', 'werf-password', 'dapp-password', 'unread-token'])
    for (const form of [
      one,
      encode(one),
      encode(`gitlab-ci-token:${one}`),
      encode(`oauth2:${one}`),
      encode(`registry-cleanup:${one}`),
    ])
      expect(secrets).toContain(form);
  expect(secrets).toContain(encode('somebody:their-password'));
  expect(secrets).toContain(' p ');
  expect(secrets).not.toContain('');
  expect(listSecrets({}, {})).toEqual([]);
});
