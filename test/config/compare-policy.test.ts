import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { comparePolicy } from '../../src/config/compare-policy.ts';
import { findPullRequestAccess } from '../../src/config/read-pull-request.ts';
import type { ComparedPolicy } from '../../src/config/settings.ts';
import { hours } from '../../src/model/time.ts';
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

describe('the policies of a werf.yaml', () => {
  const HOURS = (hours: number) => `configVersion: 1\ncleanup: {keepImagesBuiltWithinLastNHours: ${hours}}\n`;
  const ALL = { ...OPTIONS, ...REPO };
  let project: SettingsFolder;

  beforeAll(async () => {
    project = await makeSettingsFolder();
    await project.write('werf.yaml', HOURS(5));
    await project.write('manifest.yml', 'kind: List\n');
  });
  afterAll(() => project.remove());

  async function compareHere(path: string, text: string | undefined) {
    const source = { ...ACTION, workingDirectory: project.path };
    const { settings, policyText } = await project.decide(ALL, source);
    const compared = await comparePolicy({ raw: ALL, source, settings }, { base: 'main at 1a2b3c4d5e', path, text });
    return { compared, shown: policyText.path.replace(`${project.path}/`, '') };
  }

  it('are compared with those of the base, where there is no policy file', async () => {
    expect(await compareHere('werf.yaml', HOURS(7))).toMatchObject({
      shown: 'werf.yaml',
      compared: { kind: 'policy', base: 'main at 1a2b3c4d5e', policy: { recent: { within: hours(7) } } },
    });
    expect((await compareHere('werf.yaml', undefined)).compared).toMatchObject({
      base: 'the built-in policy',
      policy: { recent: { within: hours(2) } },
    });
    expect((await compareHere('werf.yaml', `${HOURS(7)}  {{ .x }}\n`)).compared).toMatchObject({
      kind: 'broken',
      why: matching(/^werf\.yaml:3:3: .* render it/),
    });
  });

  it('count for the base too, where the policy file is what changes', async () => {
    await project.write('.registry-cleanup.yml', 'untag: true\n');
    expect(await compareHere('.registry-cleanup.yml', 'untag: false\n')).toMatchObject({
      shown: '.registry-cleanup.yml',
      compared: { kind: 'policy', policy: { untag: false, recent: { within: hours(5) } } },
    });
    expect((await compareHere('.registry-cleanup.yml', undefined)).compared).toMatchObject({
      base: 'the policy of werf.yaml',
      policy: { untag: false, recent: { within: hours(5) } },
    });
  });
});
