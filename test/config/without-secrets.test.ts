import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RawOptions } from '../../src/options.ts';
import { ACTION, makeSettingsFolder, type SettingsFolder } from './try-settings.ts';

const WHY = 'secrets are not given to pull requests of forks';
const FORK = { ...ACTION, withoutSecrets: WHY };
const MISSING = [{ source: 'kubernetes', why: WHY }];
const REPO = { repository: ['registry.example.com/team/app'], 'github-token': 'ghs_0123456789' } as const;
const NO_CLUSTER =
  'Kubernetes: no cluster to ask: give kube-config, kube-config-base64 or kube-manifests, or say without-kube. ' +
  'In CI nothing is taken from the environment, and an empty secret counts as not given';

let folder: SettingsFolder;
beforeAll(async () => {
  folder = await makeSettingsFolder();
  await folder.write('empty', '\n');
  await folder.write('kubeconfig', 'apiVersion: v1\nkind: Config\nclusters: []\n');
  await folder.write('manifest.yml', 'kind: List\n');
});
afterAll(() => folder.remove());

describe('a plan in a run without secrets', () => {
  it('says that no cluster could be asked, and goes on', async () => {
    const { settings } = await folder.decide(REPO, FORK);
    expect(settings).toMatchObject({ kubernetes: 'off', missing: MISSING, policy: { kubernetes: { enabled: false } } });
  });

  it('counts an empty file as the secret that it was made of', async () => {
    expect((await folder.decide({ ...REPO, 'kube-config': ['empty'] }, FORK)).settings).toMatchObject({
      kubernetes: 'off',
      missing: MISSING,
    });
  });

  it('counts a context without a kubeconfig as one that is not there, and reads the manifests all the same', async () => {
    const raw = { ...REPO, 'kube-context': ['prod'], 'kube-manifests': ['manifest.yml'] };
    expect((await folder.decide(raw, FORK)).settings).toMatchObject({
      kubernetes: { manifests: [expect.any(String)] },
      missing: MISSING,
    });
  });

  it('misses nothing where no secret is wanted', async () => {
    const raws: readonly RawOptions[] = [
      { ...REPO, 'without-kube': 'true' },
      { ...REPO, 'kube-manifests': ['manifest.yml'] },
      { ...REPO, 'kube-config': ['kubeconfig'] },
    ];
    for (const raw of raws) expect((await folder.decide(raw, FORK)).settings.missing).toEqual([]);
  });

  it('asks the registry without a user when the password is not there, and says so', async () => {
    const { settings, notes } = await folder.decide({ ...REPO, 'without-kube': 'true', username: 'me' }, FORK);
    expect(settings.registry).toEqual({ plainHttp: false });
    expect(notes).toContain(`the user name for the registry is left out, for want of its password: ${WHY}`);
  });
});

describe('an empty secret stays a mistake', () => {
  it.each<readonly [string, RawOptions, typeof ACTION]>([
    ['in any other run', REPO, ACTION],
    ['on apply', { ...REPO, command: 'apply' }, FORK],
    ['on a command with a typo', { ...REPO, command: 'aply' }, FORK],
  ])('%s', async (_, raw, source) => {
    expect(await folder.listMistakes(raw, source)).toContain(NO_CLUSTER);
  });

  it('also for a password', async () => {
    const raw = { ...REPO, 'without-kube': 'true', command: 'apply', username: 'me' };
    expect(await folder.listMistakes(raw, FORK)).toEqual([
      'input username: no password goes with it: give it by the input password',
    ]);
  });
});

describe('the folder for later runs', () => {
  it.each([
    ['the runner’s, in the action', ACTION, { RUNNER_TEMP: '/tmp' }, '/tmp/registry-cleanup-cache'],
    ['none, where there is no runner', ACTION, {}, undefined],
    [
      'the user’s, on a laptop',
      { ...ACTION, frontEnd: 'cli' as const },
      { HOME: '/tmp' },
      '/tmp/.cache/registry-cleanup',
    ],
    [
      'where XDG says',
      { ...ACTION, frontEnd: 'cli' as const },
      { HOME: '/nowhere', XDG_CACHE_HOME: '/tmp/xdg' },
      '/tmp/xdg/registry-cleanup',
    ],
    ['none without a home', { ...ACTION, frontEnd: 'cli' as const }, { XDG_CACHE_HOME: 'relative' }, undefined],
  ])('is %s', async (_, source, more, expected) => {
    const environment = { ...source.environment, ...more };
    const { settings } = await folder.decide({ ...REPO, 'without-kube': 'true' }, { ...source, environment });
    expect(settings.cacheDirectory).toBe(expected);
  });

  it('is none where the usual one cannot be written, and a mistake where a named one cannot', async () => {
    const raw = { ...REPO, 'without-kube': 'true' };
    const environment = { ...ACTION.environment, RUNNER_TEMP: `${folder.path}/empty` };
    const { settings, notes } = await folder.decide(raw, { ...ACTION, environment });
    expect(settings).not.toHaveProperty('cacheDirectory');
    expect(notes.join('\n')).toContain('nothing is kept for later runs');
    expect(await folder.listMistakes({ ...raw, 'cache-dir': 'empty/below' }, ACTION)).toEqual([
      'input cache-dir: got "empty/below", expected a folder that can be written to (a part of the path is no folder)',
    ]);
  });
});
