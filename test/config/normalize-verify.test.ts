import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SettingsSource } from '../../src/config/findings.ts';
import { normalizeVerify } from '../../src/config/normalize-verify.ts';
import { UsageError } from '../../src/errors.ts';
import type { RawOptions } from '../../src/options.ts';
import { ACTION, JOB, jobWith, LAPTOP, makeSettingsFolder, type SettingsFolder } from './try-settings.ts';

let folder: SettingsFolder;
beforeAll(async () => {
  folder = await makeSettingsFolder();
  await folder.write('pods.yaml', '');
});
beforeEach(() => folder.write('.registry-cleanup.yml', 'kubernetes: {mirrors: {mirror.example.com: ghcr.io}}\n'));
afterAll(() => folder.remove());

const decide = async (raw: RawOptions, source: SettingsSource = LAPTOP) =>
  await normalizeVerify({ command: 'verify', ...raw }, { ...source, workingDirectory: folder.path });
const mistakeOf = async (raw: RawOptions, source: SettingsSource = LAPTOP): Promise<string> => {
  const error: unknown = await decide(raw, source).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof UsageError) return error.message;
  throw new Error('there is no mistake', { cause: error });
};
const PODS = { 'kube-manifests': ['pods.yaml'] };
const APP = 'registry.example.com/team/app';

describe('the settings of a verify', () => {
  it('are repositories, prefixes, clusters and mirrors, and files to write', async () => {
    const raw = {
      ...PODS,
      repository: [APP],
      registry: ['Registry.Example.com/other/', 'registry.example.com:5000'],
      metrics: 'out.prom',
      'report-file': 'report.json',
    };
    const { settings } = await decide(raw);
    expect(settings).toMatchObject({
      repositories: [{ kind: 'registry', provider: 'oci' }],
      registries: [
        { prefix: 'registry.example.com/other', provider: 'oci' },
        { prefix: 'registry.example.com:5000', provider: 'oci' },
      ],
      mirrors: new Map([['mirror.example.com', 'ghcr.io']]),
      kubernetes: { manifests: [join(folder.path, 'pods.yaml')] },
      metrics: join(folder.path, 'out.prom'),
      reportFile: join(folder.path, 'report.json'),
    });
  });

  it('are the repository of the job in GitLab CI, or a prefix with the login of its registry', async () => {
    const { settings, notes } = await decide(PODS, JOB);
    const gitlab = { host: 'registry.example.com:5050', login: { from: 'CI_REGISTRY_PASSWORD' } };
    expect(settings).toMatchObject({ repositories: [{ provider: 'gitlab' }], registry: { gitlab } });
    expect(notes.join()).toContain('CI_REGISTRY_IMAGE');
    const prefix = { ...PODS, registry: ['registry.example.com:5050/team'], 'gitlab-token': 'glpat-0123456789' };
    const verify = (await decide(prefix, JOB)).settings;
    expect(verify).toMatchObject({ repositories: [], registries: [{ provider: 'gitlab' }] });
    expect(verify.registry.gitlab).toMatchObject({ login: { from: 'GITLAB_TOKEN' } });
    expect(verify.registry.gitlab).not.toHaveProperty('deleteLogin');
    expect(await mistakeOf(PODS, jobWith({ CI_REGISTRY_IMAGE: '' }))).toContain('expected a repository to look at');
  });

  it('need no repository where there is a prefix, and take those of the policy file beside it', async () => {
    const raw = { ...PODS, registry: ['registry.example.com'] };
    expect((await decide(raw)).settings.repositories).toEqual([]);
    await folder.write('.registry-cleanup.yml', `repositories: [${APP}]\n`);
    expect((await decide(raw)).settings.repositories).toHaveLength(1);
  });

  it('ask clusters whatever the policy leaves out: what is deleted is another question', async () => {
    await folder.write('.registry-cleanup.yml', 'cleanup: {disable: true, disableKubernetesBasedPolicy: true}\n');
    expect((await decide({ repository: [APP] })).settings.kubernetes).toMatchObject({
      kubeConfig: { kind: 'ambient' },
    });
  });

  it('take the token of the workflow for GitHub’s registry, by repository or by prefix', async () => {
    const github = { apiUrl: 'https://api.github.com', token: 'ghs_0123456789abcdef' };
    for (const place of [{ repository: ['ghcr.io/team/app'] }, { registry: ['ghcr.io/team'] }]) {
      const { settings } = await decide({ ...PODS, ...place, 'github-token': github.token }, ACTION);
      expect(settings.registry).toMatchObject({ github });
    }
  });

  it('in the action: what other commands are given is not looked at, and that is told', async () => {
    const { notes } = await decide({ ...PODS, repository: [APP], 'keep-list': 'keep.txt', 'plan-file': 'p' }, ACTION);
    expect(notes).toContain('verify does not look at keep-list, plan-file');
  });
});

describe('a wrong setting of a verify', () => {
  it.each<[string, RawOptions, SettingsSource, RegExp]>([
    ['nothing to verify', PODS, LAPTOP, /--repository: got none/],
    [
      'a prefix with a tag',
      { ...PODS, registry: ['ghcr.io/team/app:v1'] },
      LAPTOP,
      /--registry: got "ghcr.io\/team\/app:v1"/,
    ],
    ['a prefix that is no host', { ...PODS, registry: ['team'] }, LAPTOP, /--registry: got "team"/],
    [
      'a prefix twice',
      { ...PODS, registry: ['a.example.com', 'A.example.com/'] },
      LAPTOP,
      /a\.example\.com is named twice/,
    ],
    ['no cluster in CI', { repository: [APP] }, ACTION, /no cluster to ask/],
    ['no cluster on purpose', { repository: [APP], 'without-kube': 'true' }, ACTION, /not together with verify/],
    [
      'no cluster on purpose',
      { repository: [APP], 'without-kube': true },
      LAPTOP,
      /^--without-kube: only for plan, apply, explain and purge/,
    ],
    ['an option of another command', { ...PODS, repository: [APP], untag: true }, LAPTOP, /--untag: only for/],
    ['two files in one', { ...PODS, repository: [APP], metrics: 'a', 'report-file': 'a' }, LAPTOP, /same file/],
    [
      'one password for two registries',
      { ...PODS, registry: ['a.example.com', 'b.example.com'], username: 'me', password: 'secret' },
      LAPTOP,
      /one user name is for one registry/,
    ],
  ])('is told: %s', async (_name, raw, source, text) => {
    expect(await mistakeOf(raw, source)).toMatch(text);
  });
});
