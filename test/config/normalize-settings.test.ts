import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FrontEnd } from '../../src/config/findings.ts';
import { normalizeSettings } from '../../src/config/normalize-settings.ts';
import { UsageError } from '../../src/errors.ts';
import { OPTIONS } from '../../src/options/option-table.ts';
import type { RawOptions } from '../../src/options.ts';
import { JOB_VARIABLES } from './try-settings.ts';

const KUBECONFIG = 'apiVersion: v1\nkind: Config\nclusters: []\n';
const BASE64 = Buffer.from(KUBECONFIG).toString('base64');

let root: string;
let folder: string;
let counter = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'settings-'));
});

beforeEach(async () => {
  counter += 1;
  folder = join(root, String(counter));
  await mkdir(join(folder, 'manifests'), { recursive: true });
  await writeFile(join(folder, 'kubeconfig'), KUBECONFIG);
  await writeFile(join(folder, 'ca.pem'), '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n');
});

afterAll(() => rm(root, { recursive: true }));

interface From {
  readonly frontEnd?: FrontEnd;
  readonly environment?: NodeJS.ProcessEnv;
  readonly policy?: string;
  readonly withoutSecrets?: string;
}

async function normalize(raw: RawOptions, from: From = {}) {
  if (from.policy !== undefined) await writeFile(join(folder, '.registry-cleanup.yml'), from.policy);
  const { frontEnd = 'cli', environment = {} } = from;
  const isAction = frontEnd === 'action';
  const given = { ...(isAction ? { 'github-token': 'ghs_0123456789' } : {}), ...raw };
  const variables = { ...(isAction ? { GITHUB_REPOSITORY: 'team/app' } : {}), ...environment };
  const source = { environment: variables, workingDirectory: folder, frontEnd };
  return normalizeSettings(
    given,
    from.withoutSecrets === undefined ? source : { ...source, withoutSecrets: from.withoutSecrets },
  );
}

/** The lines of the error, with the folder cut out; empty when there is none. */
async function mistakes(raw: RawOptions, from: From = {}): Promise<readonly string[]> {
  try {
    await normalize(raw, from);
    return [];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const lines = error.message.replaceAll(folder, '').split('\n');
    return lines.length === 1 ? lines : lines.slice(1).map((line) => line.trim());
  }
}

const FINE = { repository: ['registry.example.com/team/app'], 'without-kube': true } as const;

describe('settings', () => {
  it('have careful defaults', async () => {
    const { settings, notes } = await normalize({ repository: ['registry.example.com/team/app'] });
    expect(settings).toMatchObject({
      command: 'plan',
      repositories: [{ kind: 'registry', repository: { host: 'registry.example.com', name: 'team/app' } }],
      registry: { plainHttp: false },
      git: { directory: folder, allowUnshallow: true, allowFetch: true },
      kubernetes: { kubeConfig: { kind: 'ambient' }, manifests: [], contexts: [], namespaces: [] },
      format: 'text',
      logLevel: 'info',
      journal: join(folder, 'registry-cleanup-journal.jsonl'),
    });
    expect(settings).not.toHaveProperty('planFile');
    expect(notes).toEqual(['no .registry-cleanup.yml here: the built-in policy applies']);
  });

  it('leave paths as they are when the working directory is the process’s own', async () => {
    const source = { environment: {}, workingDirectory: '.', frontEnd: 'cli' } as const;
    const { settings } = await normalizeSettings({ ...FINE, 'plan-file': 'p.json' }, source);
    expect(settings).toMatchObject({ planFile: 'p.json', git: { directory: '.' } });
  });

  it('take every option', async () => {
    await writeFile(join(folder, 'keep.txt'), 'v1\n');
    await writeFile(join(folder, 'previous.json'), '{}');
    const { settings } = await normalize(
      {
        command: 'plan',
        repository: [' registry.example.com/team/app ', 'oci-layout:im=ages=registry.example.com/team/other'],
        'keep-list': 'keep.txt',
        untag: true,
        'git-dir': 'manifests',
        'kube-config': ['kubeconfig'],
        'kube-context': ['prod'],
        namespace: ['shop'],
        'kube-manifests': ['manifests'],
        username: 'me',
        password: ' pass ',
        'ca-file': 'ca.pem',
        'plain-http': 'True',
        'max-delete-share': '0.25',
        'allow-delete-all': 'false',
        'previous-report': 'previous.json',
        'plan-file': 'out/plan.json',
        'report-file': 'report.json',
        'as-of': '2026-12-01T00:00:00+01:00',
        format: 'json',
        'log-level': 'debug',
      },
      { frontEnd: 'action' },
    );
    expect(settings).toMatchObject({
      repositories: [
        { kind: 'registry' },
        { kind: 'oci-layout', directory: join(folder, 'im=ages'), repository: { name: 'team/other' } },
      ],
      policy: { pins: { list: ['v1'] }, untag: true, guards: { maxDeleteShare: 0.25, allowDeleteAll: false } },
      git: { directory: join(folder, 'manifests') },
      kubernetes: {
        kubeConfig: { kind: 'files', paths: [join(folder, 'kubeconfig')] },
        manifests: [join(folder, 'manifests')],
        contexts: ['prod'],
        namespaces: ['shop'],
      },
      registry: { username: 'me', password: ' pass ', caFile: join(folder, 'ca.pem'), plainHttp: true },
      previousReport: join(folder, 'previous.json'),
      planFile: join(folder, 'out/plan.json'),
      reportFile: join(folder, 'report.json'),
      asOf: Date.UTC(2026, 10, 30, 23),
      format: 'json',
      logLevel: 'debug',
    });
  });

  it('come from the policy file where no option is given, and the option outranks it', async () => {
    const policy = `repositories: [registry.example.com/a/b]
untag: true
kubernetes: {contexts: [one], namespaces: [two]}
gitWorktree: {allowUnshallow: false, allowFetchOriginBranchesAndTags: false}
`;
    const { settings } = await normalize({}, { policy });
    expect(settings).toMatchObject({
      repositories: [{ repository: { name: 'a/b' } }],
      policy: { untag: true },
      kubernetes: { contexts: ['one'], namespaces: ['two'] },
      git: { allowUnshallow: false, allowFetch: false },
    });
    const outranked = await normalize(
      { repository: ['quay.io/c/d'], untag: false, 'kube-context': ['three'] },
      { policy },
    );
    expect(outranked.settings).toMatchObject({
      repositories: [{ repository: { host: 'quay.io' } }],
      policy: { untag: false },
      kubernetes: { contexts: ['three'], namespaces: ['two'] },
    });
  });

  it('read ~ as the home directory', async () => {
    const { settings } = await normalize({ ...FINE, 'ca-file': '~/ca.pem' }, { environment: { HOME: folder } });
    expect(settings.registry.caFile).toBe(join(folder, 'ca.pem'));
  });
});

describe('the choice of clusters', () => {
  const NONE =
    'Kubernetes: no cluster to ask: give kube-config, kube-config-base64 or kube-manifests, or say without-kube. ' +
    'In CI nothing is taken from the environment, and an empty secret counts as not given';
  const REPO = { repository: ['registry.example.com/team/app'] };

  it('is the user’s own kubeconfig on a laptop only', async () => {
    const ambient = { KUBECONFIG: join(root, 'kubeconfig'), HOME: folder };
    expect(await mistakes(REPO, { environment: ambient })).toEqual([]);
    expect(await mistakes(REPO, { environment: { ...ambient, CI: 'false' } })).toEqual([]);
    expect(await mistakes(REPO, { environment: { ...ambient, CI: 'true' } })).toEqual([
      `${NONE}. KUBECONFIG is set: --kube-config "$KUBECONFIG" gives it`,
    ]);
    expect(await mistakes(REPO, { environment: { CI: 'true' } })).toEqual([NONE]);
    expect(await mistakes(REPO, { environment: ambient, frontEnd: 'action' })).toEqual([NONE]);
  });

  it.each([
    ['manifests', { 'kube-manifests': ['manifests'] }, { manifests: [expect.any(String)] }],
    ['a kubeconfig', { 'kube-config': ['kubeconfig'] }, { kubeConfig: { kind: 'files' } }],
    [
      'a kubeconfig in base64',
      { 'kube-config-base64': `${BASE64.slice(0, 20)}\n${BASE64.slice(20)}` },
      { kubeConfig: { kind: 'inline', text: KUBECONFIG } },
    ],
  ])('is %s in CI', async (_, raw, expected) => {
    const { settings } = await normalize({ ...REPO, ...raw }, { frontEnd: 'action' });
    expect(settings.kubernetes).toMatchObject(expected);
    expect(settings.policy.kubernetes.enabled).toBe(true);
  });

  it('does not add the ambient kubeconfig to manifests', async () => {
    const { settings } = await normalize({ ...REPO, 'kube-manifests': ['manifests'] });
    expect(settings.kubernetes).not.toHaveProperty('kubeConfig');
  });

  it('is "none" when an option or the policy file says so', async () => {
    const byOption = await normalize({ ...REPO, 'without-kube': 'true' }, { frontEnd: 'action' });
    const policy = 'cleanup: {disableKubernetesBasedPolicy: true}';
    const byFile = await normalize(REPO, { frontEnd: 'action', policy });
    for (const { settings } of [byOption, byFile]) {
      expect(settings.kubernetes).toBe('off');
      expect(settings.policy.kubernetes.enabled).toBe(false);
    }
  });

  it('is made by an option against the policy file, and a note says so', async () => {
    const policy = 'cleanup: {disableKubernetesBasedPolicy: true, disableGitHistoryBasedPolicy: true}';
    const { settings, notes } = await normalize(
      { ...REPO, 'kube-manifests': ['manifests'], 'git-dir': '.' },
      { policy },
    );
    expect([settings.kubernetes, settings.git]).not.toContain('off');
    expect(notes).toHaveLength(2);
  });

  it.each([
    [
      'an empty secret',
      { 'kube-config-base64': '' },
      '--kube-config-base64: got an empty text, expected a kubeconfig in base64; is the secret set?',
    ],
    [
      'a text that is not base64',
      { 'kube-config-base64': 'secret: hunter2!' },
      '--kube-config-base64: got 15 characters that are not text in base64, expected a kubeconfig in base64',
    ],
    [
      'both forms',
      { 'kube-config': ['kubeconfig'], 'kube-config-base64': BASE64 },
      '--kube-config-base64: not together with kube-config: give one of them',
    ],
    [
      'a missing kubeconfig',
      { 'kube-config': ['nope'] },
      '--kube-config: got "nope", expected a file that can be read (there is none)',
    ],
    [
      'a folder as kubeconfig',
      { 'kube-config': ['manifests'] },
      '--kube-config: got "manifests", expected a file that can be read (it is a folder)',
    ],
    [
      'missing manifests',
      { 'kube-manifests': ['nope'] },
      '--kube-manifests: got "nope", expected a file or folder that can be read (there is none)',
    ],
    [
      'without-kube and a kubeconfig',
      { 'without-kube': true, 'kube-config': ['kubeconfig'] },
      '--kube-config: not together with without-kube: either clusters are asked or they are not',
    ],
    [
      'a context without a kubeconfig',
      { 'kube-manifests': ['manifests'], 'kube-context': ['a'] },
      '--kube-context: only with kube-config or kube-config-base64: manifests have no contexts',
    ],
  ])('is refused with %s', async (_, raw, expected) => {
    expect(await mistakes({ ...REPO, ...raw }, { environment: { CI: '1' } })).toEqual([expected]);
  });

  it('is refused with an empty kubeconfig file, as an empty secret makes it', async () => {
    await writeFile(join(folder, 'kubeconfig'), '\n');
    expect(await mistakes({ ...REPO, 'kube-config': ['kubeconfig'] })).toEqual([
      '--kube-config: got the empty file kubeconfig, expected a kubeconfig',
    ]);
  });
});

describe('a wrong option', () => {
  it.each<readonly [string, RawOptions, readonly string[]]>([
    [
      'no repository',
      { 'without-kube': true },
      ['--repository: got none, expected a repository to clean, here or under repositories in the policy file'],
    ],
    [
      'a repository with a tag',
      { repository: ['registry.example.com/a/b:v1'] },
      [
        '--repository: got "registry.example.com/a/b:v1", expected a repository such as ghcr.io/team/app, in lower case, without https://, tag and digest',
      ],
    ],
    [
      'a layout without a name',
      { repository: ['oci-layout:dir'] },
      [
        '--repository: got "oci-layout:dir", expected oci-layout:DIR=NAME with a repository as the name: oci-layout:./images=ghcr.io/team/app',
      ],
    ],
    [
      'a repository twice',
      { repository: ['nginx', 'docker.io/library/nginx'] },
      ['--repository: docker.io/library/nginx is named twice'],
    ],
    ['an empty repository', { repository: ['a/b', ''] }, ['--repository: got an empty value, expected a value']],
    ['a share over 1', { 'max-delete-share': '1.5' }, ['--max-delete-share: got "1.5", expected a number from 0 to 1']],
    [
      'a share that is a sign',
      { 'max-delete-share': '-0' },
      ['--max-delete-share: got "-0", expected a number from 0 to 1'],
    ],
    [
      'a format with a typo',
      { format: 'jsno' },
      ['--format: got "jsno", expected one of text, json, markdown; did you mean "json"?'],
    ],
    ['a flag that is no flag', { untag: 'yes' }, ['--untag: got "yes", expected true or false']],
    [
      'a time without offset',
      { 'as-of': '2026-12-01' },
      ['--as-of: got "2026-12-01", expected a time with its offset: 2026-11-21T20:24:00Z'],
    ],
    [
      'as-of on apply',
      { command: 'apply', 'as-of': '2026-12-01T00:00:00Z' },
      ['--as-of: only for plan, not for apply'],
    ],
    [
      'a journal on plan',
      { command: 'plan', journal: 'j.jsonl' },
      ['--journal: only for apply, restore, purge and managed-images, not for plan'],
    ],
    [
      'explain without target',
      { command: 'explain' },
      ['explain: got nothing, expected a tag, a digest or the first 7 digits of one to explain'],
    ],
    [
      'explain of no tag',
      { command: 'explain', target: 'a b' },
      ['explain: got "a b", expected a tag, a digest or the first 7 digits of one to explain'],
    ],
    [
      'a report of explain',
      { command: 'explain', target: 'v1', 'report-file': 'r' },
      ['--report-file: only for plan, apply, verify, restore, purge and host, not for explain'],
    ],
    [
      'a user without password',
      { username: 'me' },
      ['--username: no password goes with it: give it by password-stdin or REGISTRY_CLEANUP_PASSWORD'],
    ],
    ['a password without user', { password: 'x' }, ['--username: missing, and there is a password']],
    ['an empty password', { username: 'me', password: '' }, ['--password-stdin: got an empty password']],
    [
      'one user for two registries',
      { username: 'me', password: 'x', repository: ['registry.example.com/a/b', 'quay.io/a/b'] },
      [
        '--username: one user name is for one registry, and the repositories are on 2: registry.example.com, quay.io; log in with docker instead',
      ],
    ],
    [
      'a git folder without git',
      { 'without-git': true, 'git-dir': '.' },
      ['--git-dir: not together with without-git: either Git is asked or it is not'],
    ],
    ['a git folder that is a file', { 'git-dir': 'ca.pem' }, ['--git-dir: got "ca.pem", expected a folder']],
    [
      'an authority that is none',
      { 'ca-file': 'kubeconfig' },
      ['--ca-file: got "kubeconfig", which holds no certificate, expected a file in PEM form'],
    ],
    [
      'a plan file that is not there',
      { command: 'apply', 'plan-file': 'nope' },
      ['--plan-file: got "nope", expected a file that can be read (there is none)'],
    ],
    [
      'a report below a file',
      { 'report-file': 'ca.pem/report.json' },
      [
        '--report-file: got "ca.pem/report.json", expected a file that can be written (a part of the path is no folder)',
      ],
    ],
    [
      'a report that is a folder',
      { 'report-file': 'manifests' },
      ['--report-file: got the folder "manifests", expected a file'],
    ],
    [
      'two files in one',
      { 'report-file': 'r.json', 'plan-file': 'r.json' },
      ['--plan-file, --report-file: they name the same file'],
    ],
    [
      'what people and GitLab read in one file',
      { 'markdown-file': 'r.md', 'code-quality-file': './r.md' },
      ['--markdown-file, --code-quality-file: they name the same file'],
    ],
    [
      'a policy file that is not there',
      { config: 'nope.yml' },
      ['--config: got "nope.yml", expected a file that can be read (there is none)'],
    ],
  ])('%s', async (_, raw, expected) => {
    expect(
      await mistakes({
        ...('repository' in raw || expected[0]?.includes('got none') ? { 'without-kube': true } : FINE),
        ...raw,
      }),
    ).toEqual(expected);
  });

  it('is told together with all others, and with those of the policy file and the keep list', async () => {
    await writeFile(join(folder, 'keep.txt'), 'v1\n!\n');
    const raw = { command: 'explain', 'max-delete-share': '2', 'keep-list': 'keep.txt', format: 'x' };
    const from = { policy: 'untog: true\nguards: {maxDeleteShare: 7}', environment: { CI: 'true' } };
    expect(await mistakes(raw, from)).toEqual([
      '.registry-cleanup.yml:1:1: unknown key "untog"; did you mean "untag"?',
      '.registry-cleanup.yml:2:26: got 7, expected a number from 0 to 1',
      'keep.txt:2: got "!", expected a tag or a digest',
      '--max-delete-share: got "2", expected a number from 0 to 1',
      '--format: got "x", expected one of text, json, markdown',
      'explain: got nothing, expected a tag, a digest or the first 7 digits of one to explain',
    ]);
  });

  it('has the code USAGE; a wrong policy file alone has POLICY_INVALID, with the mistakes as data', async () => {
    await expect(normalize({ ...FINE, format: 'x' })).rejects.toMatchObject({ code: 'USAGE', exitCode: 2 });
    await expect(normalize(FINE, { policy: 'untog: 1' })).rejects.toMatchObject({
      code: 'POLICY_INVALID',
      details: { mistakes: [{ path: 'untog', line: 1, column: 1, nearest: 'untag' }] },
    });
  });

  it('is called an input in the action', async () => {
    expect(await mistakes({ ...FINE, format: 'x' }, { frontEnd: 'action' })).toEqual([
      'input format: got "x", expected one of text, json, markdown',
    ]);
    expect(await mistakes({ ...FINE, command: 'explain' }, { frontEnd: 'action' })).toEqual([
      'input command: got "explain", expected one of plan, apply, verify, restore, record, host',
    ]);
  });

  it('never shows a secret', async () => {
    const raw = { ...FINE, username: 'me', password: 'hunter2', 'kube-config-base64': 'hunter2' };
    expect((await mistakes(raw)).join('\n')).not.toContain('hunter2');
  });
});

it('takes one folder under two names for a mistake, also by way of a link', async () => {
  await mkdir(join(folder, 'layout'));
  await symlink(join(folder, 'layout'), join(folder, 'same'));
  const repository = [
    'oci-layout:layout=registry.example.com/team/app',
    'oci-layout:same=registry.example.com/team/web',
  ];
  await expect(normalize({ ...FINE, repository })).rejects.toThrow(/is named twice/);
});

it('notes an empty keep list', async () => {
  await writeFile(join(folder, 'keep.txt'), '# nothing\n');
  expect((await normalize({ ...FINE, 'keep-list': 'keep.txt' })).notes).toEqual([
    'no .registry-cleanup.yml here: the built-in policy applies',
    'the keep list keep.txt has no entry',
  ]);
});

it('asks for no cluster when the policy file disables the cleanup', async () => {
  const { settings, notes } = await normalize(
    { repository: ['a/b'] },
    { frontEnd: 'action', policy: 'cleanup: {disable: true}' },
  );
  expect(settings.kubernetes).toBe('off');
  expect(notes).toEqual(['the policy file says cleanup.disable: nothing is deleted']);
});

it('ends in settings or in a UsageError, whatever the options are', async () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom(
      '',
      ' ',
      '.',
      'plan',
      'apply',
      '0.5',
      'true',
      'registry.example.com/a/b',
      'oci-layout:.=a',
      'kubeconfig',
      'manifests',
      '\0',
      '~',
      '/',
    ),
  );
  const anyValue = (kind: string) =>
    kind === 'list' ? fc.array(text, { maxLength: 3 }) : kind === 'flag' ? fc.oneof(fc.boolean(), text) : text;
  const options = fc.record(
    Object.fromEntries([...OPTIONS.map(({ name, kind }) => [name, anyValue(kind)] as const), ['target', text]]),
    { requiredKeys: [] },
  );
  const policy = fc.option(fc.oneof(fc.string(), fc.json()), { nil: undefined });
  const variables = fc.record(Object.fromEntries(Object.keys(JOB_VARIABLES).map((name) => [name, text])));
  const job = fc.record({ GITLAB_CI: fc.constant('true') });
  const environment = fc.oneof(
    fc.constant({}),
    fc.constant(JOB_VARIABLES),
    fc.tuple(variables, job).map(([some, set]) => ({ ...some, ...set })),
  );
  const ways = fc.record({ frontEnd: fc.constantFrom('cli', 'action'), environment });
  let decided = 0;
  await fc.assert(
    fc.asyncProperty(options, policy, ways, async (raw, policyText, way) => {
      await rm(join(folder, '.registry-cleanup.yml'), { force: true });
      try {
        const from = policyText === undefined ? way : { ...way, policy: policyText };
        await normalize(raw as RawOptions, from as From);
        decided += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
        expect((error as UsageError).message).not.toBe('');
      }
    }),
    { numRuns: 1000, examples: [[{ repository: ['a/b'] }, undefined, { frontEnd: 'cli', environment: {} }]] },
  );
  expect(decided).toBeGreaterThan(0);
});
