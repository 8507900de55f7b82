// What werf's words mean where no option of ours says it: the settings that come of them.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Settings } from '../../src/config/settings.ts';
import type { RawOptions } from '../../src/options.ts';
import { LAPTOP, makeSettingsFolder, type SettingsFolder } from './try-settings.ts';

const FINE = { repository: ['registry.example.com/a'], 'without-kube': true, 'without-git': true } as const;

let folder: SettingsFolder;

beforeEach(async () => {
  folder = await makeSettingsFolder();
});

afterEach(() => folder.remove());

const decide = async (raw: RawOptions): Promise<Settings> => (await folder.decide(raw, LAPTOP)).settings;

describe('the connection to the registry', () => {
  it('checks certificates and looks where docker keeps logins, when nothing is said', async () => {
    const { registry } = await decide(FINE);
    expect(registry).toEqual({ plainHttp: false });
  });

  it('checks no certificate when that is said', async () => {
    expect((await decide({ ...FINE, werf: { skipTlsVerify: true } })).registry.skipTlsVerify).toBe(true);
  });

  it('takes the logins from the folder that is named, which must be there', async () => {
    await mkdir(join(folder.path, 'docker'));
    const { registry } = await decide({ ...FINE, werf: { dockerConfig: 'docker' } });
    expect(registry.dockerConfig).toBe(join(folder.path, 'docker'));
    expect(await folder.listMistakes({ ...FINE, werf: { dockerConfig: 'none' } }, LAPTOP)).toEqual([
      'docker-config: got "none", expected the folder of docker\'s config.json',
    ]);
  });
});

describe("the token for GitHub's packages", () => {
  const ON_GITHUB = { ...FINE, repository: ['ghcr.io/team/app'], 'github-token': 'ghs_job' } as const;

  it.each<[string, RawOptions, string]>([
    ['is the job’s where nothing else is said', {}, 'ghs_job'],
    ['is the one for packages', { werf: { packagesToken: 'ghp_packages' } }, 'ghp_packages'],
    [
      'is the password of the registry before both',
      { werf: { packagesToken: 'ghp_packages' }, username: 'me', password: 'ghp_mine' },
      'ghp_mine',
    ],
  ])('%s', async (_name, more, token) => {
    expect((await decide({ ...ON_GITHUB, ...more })).registry.github?.token).toBe(token);
  });

  it('goes to no other registry', async () => {
    const { registry } = await decide({ ...FINE, werf: { packagesToken: 'ghp_packages' } });
    expect(JSON.stringify(registry)).not.toContain('ghp_packages');
  });
});

describe('the clone', () => {
  const { 'without-git': _without, ...WITH_GIT } = FINE;

  it.each<[string, RawOptions, string]>([
    ['is the working directory', {}, ''],
    ['is the directory of werf.yaml', { werf: { directory: 'app' } }, '/app'],
    ['is the work tree before it', { werf: { directory: 'app', workTree: 'tree' } }, '/tree'],
    ['is the one of git-dir before both', { 'git-dir': 'own', werf: { directory: 'app', workTree: 'tree' } }, '/own'],
  ])('%s', async (_name, more, expected) => {
    for (const name of ['app', 'tree', 'own']) await mkdir(join(folder.path, name));
    const { git } = await decide({ ...WITH_GIT, ...more });
    expect(git).toMatchObject({ directory: folder.path + expected, isNamed: expected !== '' });
  });

  it('is not asked for where werf.yaml switches the policies of Git off, wherever it is', async () => {
    await mkdir(join(folder.path, 'app'));
    await folder.write('app/werf.yaml', 'configVersion: 1\ncleanup: {disableGitHistoryBasedPolicy: true}\n');
    expect((await decide({ ...WITH_GIT, werf: { directory: 'app' } })).git).toBe('off');
  });
});

describe("each context's own namespace", () => {
  const { 'without-kube': _without, ...WITH_KUBE } = FINE;
  const own = { ownNamespacesOnly: true } as const;

  it('is looked into alone, and namespaces of the policy file are not', async () => {
    await folder.write('.registry-cleanup.yml', 'kubernetes: {namespaces: [shop]}\n');
    expect((await decide({ ...WITH_KUBE, werf: own })).kubernetes).toMatchObject({
      namespaces: [],
      ownNamespacesOnly: true,
    });
  });

  it('counts for nothing beside namespaces that an option names', async () => {
    const { kubernetes } = await decide({ ...WITH_KUBE, namespace: ['shop'], werf: own });
    expect(kubernetes).toMatchObject({ namespaces: ['shop'] });
    expect(kubernetes).not.toHaveProperty('ownNamespacesOnly');
  });
});
