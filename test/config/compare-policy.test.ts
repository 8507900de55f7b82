import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { comparePolicy } from '../../src/config/compare-policy.ts';
import { findPullRequestAccess } from '../../src/config/read-pull-request.ts';
import type { ComparedPolicy } from '../../src/config/settings.ts';
import type { RawOptions } from '../../src/options.ts';
import { matching } from '../support/typed-matchers.ts';
import { ACTION, makeSettingsFolder, type SettingsFolder } from './try-settings.ts';

const OPTIONS = { 'github-token': 'ghs_0123456789', 'kube-manifests': ['manifest.yml'] } as const;
const REPO = { repository: ['registry.example.com/team/app'] } as const;

let folder: SettingsFolder;
beforeAll(async () => {
  folder = await makeSettingsFolder();
  await folder.write('manifest.yml', 'kind: List\n');
});
afterAll(() => folder.remove());

async function compare(
  own: string,
  text: string | undefined,
  raw: RawOptions = { ...OPTIONS, ...REPO },
): Promise<ComparedPolicy> {
  await folder.write('.registry-cleanup.yml', own);
  const source = { ...ACTION, workingDirectory: folder.path };
  const { settings } = await folder.decide(raw, source);
  return comparePolicy({ raw, source, settings }, { base: 'main at 1a2b3c4d5e', path: '.registry-cleanup.yml', text });
}

describe('the policy of the base', () => {
  it('is decided with the options of this run', async () => {
    const raw = { ...OPTIONS, ...REPO, 'max-delete-share': '0.3' };
    const compared = await compare('untag: true', 'pins: {tags: [keep-*]}\nguards: {maxDeleteShare: 0.9}', raw);
    expect(compared).toMatchObject({
      kind: 'policy',
      base: 'main at 1a2b3c4d5e',
      policy: { untag: false, pins: { tags: ['keep-*'] }, guards: { maxDeleteShare: 0.3 } },
    });
  });

  it('is the built-in one where the base has no file', async () => {
    expect(await compare('untag: true', undefined)).toMatchObject({
      kind: 'policy',
      base: 'the built-in policy',
      policy: { untag: false, pins: { tags: [] } },
    });
  });

  it('may ask for less than this run', async () => {
    const raw = { 'github-token': OPTIONS['github-token'], 'without-kube': 'true', ...REPO };
    const compared = await compare('{}', 'cleanup: {disableGitHistoryBasedPolicy: true}', raw);
    expect(compared).toMatchObject({ kind: 'policy', policy: { git: { enabled: false } } });
  });

  const NO_KUBE = { 'github-token': OPTIONS['github-token'], ...REPO };
  const DISABLED = 'cleanup: {disableKubernetesBasedPolicy: true}';

  it.each<readonly [string, string, string, RawOptions | undefined, string | RegExp]>([
    ['is wrong', '{}', 'untog: 1', undefined, '.registry-cleanup.yml:1:1: unknown key "untog"; did you mean "untag"?'],
    ['is no YAML', '{}', 'a: [', undefined, /^\.registry-cleanup\.yml:1:\d+: not YAML/],
    ['wants clusters, and none is named', DISABLED, '{}', NO_KUBE, /^Kubernetes: no cluster to ask/],
    [
      'wants Git',
      'cleanup: {disableGitHistoryBasedPolicy: true}',
      '{}',
      undefined,
      'it wants other evidence than this run collects: it asks Git',
    ],
    [
      'looks into other namespaces',
      'kubernetes: {namespaces: [a]}',
      'kubernetes: {namespaces: [a, b]}',
      undefined,
      'it wants other evidence than this run collects: it asks other contexts or namespaces',
    ],
    [
      'cleans other repositories',
      'repositories: [registry.example.com/a/b]',
      'repositories: [registry.example.com/a/c]',
      OPTIONS,
      'it wants other evidence than this run collects: it is about other repositories',
    ],
  ])('gives nothing to compare with where it %s', async (_, own, text, raw, why) => {
    expect(await compare(own, text, raw)).toEqual({
      kind: 'broken',
      base: 'main at 1a2b3c4d5e',
      why: typeof why === 'string' ? why : matching(why),
    });
  });

  it('is about the same repositories when it names none, or the same in another order', async () => {
    const own = 'repositories: [registry.example.com/a/b, registry.example.com/a/c]';
    expect(await compare(own, '{}', OPTIONS)).toMatchObject({ kind: 'policy' });
    const turned = 'repositories: [registry.example.com/a/c, registry.example.com/a/b]';
    expect(await compare(own, turned, OPTIONS)).toMatchObject({ kind: 'policy' });
  });
});

describe('the way to a pull request', () => {
  it('needs the token and nothing else of the settings', () => {
    const raw = { 'github-token': 'ghs_0123456789', 'pull-request-comment': 'True', format: 'wrong' };
    expect(findPullRequestAccess(raw, ACTION)).toEqual({
      apiUrl: 'https://api.github.com',
      token: 'ghs_0123456789',
      wantsComment: true,
    });
    expect(findPullRequestAccess({ 'github-token': 'ghs_0123456789' }, ACTION)).toMatchObject({ wantsComment: false });
    expect(findPullRequestAccess({}, ACTION)).toBeUndefined();
    const environment = { GITHUB_API_URL: 'nonsense' };
    expect(findPullRequestAccess(raw, { ...ACTION, environment })).toBeUndefined();
  });

  it('is a mistake to want without a token, or with a word that is no flag', async () => {
    const raw = { ...REPO, 'without-kube': 'true', 'without-forge': 'true' };
    expect(await folder.listMistakes({ ...raw, 'pull-request-comment': 'true' }, ACTION)).toEqual([
      "input pull-request-comment: needs a token: leave the input github-token out to use the workflow's own",
    ]);
    expect(await folder.listMistakes({ ...raw, 'pull-request-comment': 'yes' }, ACTION)).toEqual([
      'input pull-request-comment: got "yes", expected true or false',
    ]);
  });
});
