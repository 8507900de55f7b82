// werf's words on our command line: its flags, its variables, and what becomes of both.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { replaceBetween } from '../../scripts/write-readme-tables.ts';
import { renderWerfNames, WERF_MARKS } from '../../scripts/write-werf-names.ts';
import { type ParsedArguments, parseArguments } from '../../src/cli/parse-arguments.ts';
import { listSecrets } from '../../src/config/list-secrets.ts';
import { UsageError } from '../../src/errors.ts';
import { isForCommand, type Option } from '../../src/options/option.ts';
import { OPTIONS } from '../../src/options/option-table.ts';
import { WERF_NAMES } from '../../src/options/werf-names.ts';

const REPO = 'registry.example.com/shop/app';

function run(line: string, environment: NodeJS.ProcessEnv = {}): Extract<ParsedArguments, { kind: 'run' }> {
  const parsed = parseArguments(
    line.split(' ').filter((word) => word !== ''),
    environment,
  );
  if (parsed.kind !== 'run') throw new Error(`no run: ${parsed.kind}`);
  return parsed;
}

/** Only what differs from a run without any word. */
function rawOf(line: string, environment: NodeJS.ProcessEnv = {}): object {
  const { command: _command, ...raw } = run(line, environment).raw;
  return raw;
}

function complaints(line: string, environment: NodeJS.ProcessEnv = {}): readonly string[] {
  try {
    run(line, environment);
    return [];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const lines = error.message.split('\n');
    return lines.length === 1 ? lines : lines.slice(1).map((one) => one.trim());
  }
}

describe("werf's flags", () => {
  it.each<[string, object]>([
    [`--repo ${REPO}`, { repository: [REPO] }],
    [`plan --repo=${REPO}`, { repository: [REPO] }],
    [`apply --repo ${REPO} --without-kube`, { repository: [REPO], 'without-kube': true }],
    [`explain v1 --repo ${REPO}`, { target: 'v1', repository: [REPO] }],
    [`explain --repo ${REPO} v1`, { target: 'v1', repository: [REPO] }],
    [`managed-images add web --repo ${REPO}`, { words: ['add', 'web'], repository: [REPO] }],
    ['managed-images ls --dry-run', { words: ['ls'] }],
    ['--repo-container-registry default', { provider: 'oci' }],
    ['--repo-container-registry harbor', { provider: 'oci' }],
    ['--repo-container-registry quay', { provider: 'oci' }],
    ['--repo-container-registry github', { provider: 'github' }],
    ['--repo-container-registry gitlab', { provider: 'gitlab' }],
    ['--insecure-registry', { 'plain-http': true }],
    ['--insecure-registry=1', { 'plain-http': true }],
    ['--insecure-registry=false', {}],
    ['--without-kube=true', { 'without-kube': true }],
    ['--without-kube=f', {}],
    ['--scan-context-only prod', { 'kube-context': ['prod'] }],
    ['--scan-context-only=', {}],
    ['--kube-context prod', { 'kube-context': ['prod'] }],
    ['--kube-scan-namespaces a --kube-scan-namespaces=b,c', { namespace: ['a', 'b', 'c'] }],
    [
      '--final-repo a/b --meta-repo c/d --cache-repo e/f --cache-repo g/h',
      { 'final-repo': 'a/b', 'meta-repo': 'c/d', 'cache-repo': ['e/f', 'g/h'] },
    ],
    ['--keep-list k.txt', { 'keep-list': 'k.txt' }],
    ['--keep-stages-built-within-last-n-hours 0', { werf: { keepBuiltWithinHours: 0 } }],
    ['--keep-stages-built-within-last-n-hours=36', { werf: { keepBuiltWithinHours: 36 } }],
    ['--docker-config /d', { werf: { dockerConfig: '/d' } }],
    ['--dir app --git-work-tree tree', { werf: { directory: 'app', workTree: 'tree' } }],
    ['--skip-tls-verify-registry', { werf: { skipTlsVerify: true } }],
    ['--skip-tls-verify-registry=false', {}],
    ['--scan-context-namespace-only', { werf: { ownNamespacesOnly: true } }],
    ['--scan-context-namespace-only --kube-scan-namespaces a', { namespace: ['a'] }],
    ['--log-quiet', { 'log-level': 'warn' }],
    ['--log-quiet --log-debug', { 'log-level': 'debug' }],
    ['--log-verbose --log-quiet', { 'log-level': 'info' }],
    ['--save-cleanup-report', { 'report-file': '.werf-cleanup-report.json' }],
    ['--save-cleanup-report --cleanup-report-path r.json', { 'report-file': 'r.json' }],
    ['--cleanup-report-path r.json', {}],
    ['--secondary-repo a/b -S https://x -p=false --parallel-tasks-limit 3 --env prod --tmp-dir /t', {}],
    ['-p -S https://x --platform linux/amd64 --log-color-mode off --disable-auto-host-cleanup=1', {}],
    // Of werf 1.
    [`--images-repo ${REPO}`, { repository: [REPO] }],
    [`-i ${REPO} --stages-storage :local`, { repository: [REPO] }],
    [`-i ${REPO} -s ${REPO}`, { repository: [REPO] }],
    [`-i ${REPO} -s ${REPO}/stages`, { repository: [REPO], 'build-cache-repo': [`${REPO}/stages`] }],
    ['--git-tag-strategy-limit 5', { 'git-tag-strategy-limit': '5' }],
    ['--images-repo-mode monorepo --stages-signature-strategy-limit 3 --git-history-based-cleanup=false', {}],
    ['--git-history-based-cleanup-v1.2 --allow-git-shallow-clone --dev=false', {}],
    // The only word that means something else here.
    ['--dev', { dev: true }],
    // What stands behind an option of ours is its value, whatever it looks like.
    ['--keep-list --repo', { 'keep-list': '--repo' }],
  ])('%s', (line, expected) => {
    expect(rawOf(line)).toEqual(expected);
  });

  it('are not known to commands that decide nothing', () => {
    expect(complaints('verify --repo a/b')).toEqual([expect.stringContaining("unknown option '--repo'")]);
    expect(complaints('restore --dry-run')).toEqual([expect.stringContaining("unknown option '--dry-run'")]);
  });

  it('do not turn a word that stands behind them into a command', () => {
    expect(complaints(`--repo ${REPO} apply`)).toEqual([expect.stringContaining('too many arguments')]);
    expect(complaints('--dry-run apply')).toEqual([expect.stringContaining('too many arguments')]);
  });

  it('are helped with as every other', () => {
    expect(parseArguments(['plan', '--repo', 'a/b', '--help'], {})).toEqual({ kind: 'help', command: 'plan' });
  });
});

describe('the words of werf host cleanup', () => {
  it.each<[string, NodeJS.ProcessEnv, object]>([
    [
      'host --allowed-backend-storage-volume-usage 70',
      {},
      { 'image-gc-high-threshold': '70', 'image-gc-low-threshold': '65' },
    ],
    [
      'host --allowed-backend-storage-volume-usage=70 --allowed-backend-storage-volume-usage-margin=20',
      {},
      { 'image-gc-high-threshold': '70', 'image-gc-low-threshold': '50' },
    ],
    [
      'host',
      { WERF_ALLOWED_DOCKER_STORAGE_VOLUME_USAGE: '3' },
      { 'image-gc-high-threshold': '3', 'image-gc-low-threshold': '0' },
    ],
    ['host --backend-storage-path /b', {}, { 'engine-root': '/b' }],
    ['host -N shop', {}, { 'project-label': ['werf=shop'] }],
    [`host --repo ${REPO}`, {}, { repository: [REPO] }],
    // What a registry has no more goes: nobody asks for that by a variable that every job has.
    ['host', { WERF_REPO: REPO }, {}],
    ['host --confirm --dry-run', {}, {}],
    [
      'host --dangling',
      { DAPP_STAGES_CLEANUP_LOCAL_DISABLED_DATE_POLICY: '1' },
      { dangling: true, 'cache-grace': '0' },
    ],
    ['plan --allowed-backend-storage-volume-usage 70 --project-name shop', {}, {}],
  ])('%s with %j', (line, environment, expected) => {
    expect(rawOf(line, environment)).toEqual(expected);
  });

  it('never force anything, and are told where a variable says what goes', () => {
    expect(complaints('host --force')).toEqual(['--force: not taken: what a container uses is never deleted']);
    expect(complaints('host --allowed-backend-storage-volume-usage 170')).toEqual([
      '--allowed-backend-storage-volume-usage: got "170", expected a percentage from 0 to 100',
    ]);
    const environment = { WERF_ALLOWED_BACKEND_STORAGE_VOLUME_USAGE: '70', WERF_REPO: REPO };
    expect(run('host', environment).told?.notes).toEqual([
      'without effect here: WERF_REPO',
      'set by the environment: WERF_ALLOWED_BACKEND_STORAGE_VOLUME_USAGE',
    ]);
  });
});

describe("werf's variables", () => {
  it.each<[NodeJS.ProcessEnv, object]>([
    [{ WERF_REPO: REPO }, { repository: [REPO] }],
    [{ WERF_REPO: '' }, {}],
    [
      { WERF_FINAL_REPO: 'a/b', WERF_META_REPO: 'c/d' },
      { 'final-repo': 'a/b', 'meta-repo': 'c/d' },
    ],
    [{ WERF_CACHE_REPO_2: 'e/f', WERF_CACHE_REPO_1: 'a/b', WERF_CACHE_REPO: 'no' }, { 'cache-repo': ['a/b', 'e/f'] }],
    [{ WERF_REPO_CONTAINER_REGISTRY: 'gitlab' }, { provider: 'gitlab' }],
    [
      { WERF_INSECURE_REGISTRY: 'TRUE', WERF_WITHOUT_KUBE: '1' },
      { 'plain-http': true, 'without-kube': true },
    ],
    [{ WERF_WITHOUT_KUBE: 'false' }, {}],
    [{ WERF_KEEP_LIST: 'k.txt' }, { 'keep-list': 'k.txt' }],
    [{ WERF_KEEP_STAGES_BUILT_WITHIN_LAST_N_HOURS: '0' }, { werf: { keepBuiltWithinHours: 0 } }],
    [{ WERF_SCAN_CONTEXT_ONLY: 'prod', WERF_KUBE_CONTEXT: 'other' }, { 'kube-context': ['prod'] }],
    [{ WERF_KUBE_CONFIG: '/a:/b' }, { 'kube-config': ['/a', '/b'] }],
    [{ WERF_KUBECONFIG: '/a' }, { 'kube-config': ['/a'] }],
    [
      { WERF_CONFIG: 'w.yaml', WERF_DIR: 'app', WERF_WORK_TREE: 't' },
      { werf: { config: 'w.yaml', directory: 'app', workTree: 't' } },
    ],
    [{ WERF_SAVE_CLEANUP_REPORT: '1', WERF_CLEANUP_REPORT_PATH: 'r.json' }, { 'report-file': 'r.json' }],
    [{ WERF_LOG_QUIET: 'true' }, { 'log-level': 'warn' }],
    [{ WERF_DOCKER_CONFIG: '/d' }, { werf: { dockerConfig: '/d' } }],
    // A job may have what it needs for other commands, too: no cluster is asked here.
    [
      { WERF_WITHOUT_KUBE: '1', WERF_KUBE_CONFIG: '/a', WERF_SCAN_CONTEXT_ONLY: 'x', WERF_KUBE_TOKEN: 't' },
      { 'without-kube': true, werf: { secrets: ['t'] } },
    ],
    // What werf 1 sets in a job of GitLab CI.
    [
      {
        WERF_GIT_TAG_STRATEGY_LIMIT: '10',
        WERF_GIT_TAG_STRATEGY_EXPIRY_DAYS: '30',
        WERF_GIT_COMMIT_STRATEGY_LIMIT: '-1',
        WERF_GIT_COMMIT_STRATEGY_EXPIRY_DAYS: '0',
        WERF_STAGES_SIGNATURE_STRATEGY_LIMIT: '-1',
      },
      {
        'git-tag-strategy-limit': '10',
        'git-tag-strategy-expiry-days': '30',
        'git-commit-strategy-limit': '-1',
        'git-commit-strategy-expiry-days': '0',
      },
    ],
    [
      { WERF_IMAGES_REPO: REPO, WERF_STAGES_STORAGE: `${REPO}/stages`, WERF_DEV: '1' },
      { repository: [REPO], 'build-cache-repo': [`${REPO}/stages`] },
    ],
    [{ WERF_ADD_ANNOTATION_X: 'y', WERF_LOG_COLOR_MODE: 'on' }, {}],
  ])('%j', (environment, expected) => {
    expect(rawOf('plan', environment)).toEqual(expected);
  });

  it.each(['WERF_KUBE_CONFIG_BASE64', 'WERF_KUBECONFIG_BASE64', 'KUBECONFIG_BASE64'])('%s is a kubeconfig', (name) => {
    expect(rawOf('plan', { [name]: 'a2luZA==' })).toEqual({
      'kube-config-base64': 'a2luZA==',
      werf: { secrets: ['a2luZA=='] },
    });
  });

  it('are nobody’s business in commands that decide nothing', () => {
    expect(rawOf('verify', { WERF_REPO: REPO, WERF_DRY_RUN: 'perhaps' })).toEqual({});
  });

  it('tell which repository is meant, and what has no effect, in one line', () => {
    const environment = { WERF_REPO: REPO, WERF_LOG_COLOR_MODE: 'on', WERF_LOG_TERMINAL_WIDTH: '130' };
    expect(run('plan', environment).told).toEqual({
      notes: [
        `the repository is ${REPO} (WERF_REPO)`,
        'without effect here: WERF_LOG_COLOR_MODE, WERF_LOG_TERMINAL_WIDTH',
      ],
      warnings: [],
    });
  });
});

describe('a variable that has a say in what goes', () => {
  it.each<[NodeJS.ProcessEnv, readonly string[]]>([
    [{ WERF_WITHOUT_KUBE: '1' }, ['WERF_WITHOUT_KUBE']],
    [{ WERF_WITHOUT_KUBE: '0' }, []],
    [
      { WERF_CACHE_REPO_1: 'a/b', WERF_KEEP_STAGES_BUILT_WITHIN_LAST_N_HOURS: '0' },
      ['WERF_CACHE_REPO_1', 'WERF_KEEP_STAGES_BUILT_WITHIN_LAST_N_HOURS'],
    ],
    [
      { WERF_SCAN_CONTEXT_ONLY: 'a', WERF_SCAN_CONTEXT_NAMESPACE_ONLY: '1' },
      ['WERF_SCAN_CONTEXT_ONLY', 'WERF_SCAN_CONTEXT_NAMESPACE_ONLY'],
    ],
    [
      { WERF_GIT_COMMIT_STRATEGY_LIMIT: '0', WERF_STAGES_STORAGE: 'a/b' },
      ['WERF_GIT_COMMIT_STRATEGY_LIMIT', 'WERF_STAGES_STORAGE'],
    ],
    [{ WERF_LOG_QUIET: '1' }, []],
  ])('is told of: %j', (environment, places) => {
    const notes = places.length === 0 ? [] : [`set by the environment: ${places.join(', ')}`];
    expect(run('plan', environment).told?.notes ?? []).toEqual(notes);
  });
});

describe('ours and theirs together', () => {
  it.each<[string, NodeJS.ProcessEnv, object, readonly string[]]>([
    [
      '--repository a/b',
      { WERF_REPO: REPO },
      { repository: ['a/b'] },
      ['WERF_REPO does not count: --repository is given'],
    ],
    [`--repository ${REPO}`, { WERF_REPO: REPO }, { repository: [REPO] }, []],
    [`--repo ${REPO}`, { WERF_REPO: 'a/b' }, { repository: [REPO] }, []],
    [`--repo ${REPO} --repository ${REPO}`, {}, { repository: [REPO] }, []],
    [
      '--username u',
      { REGISTRY_CLEANUP_INPUT_REPOSITORY: 'a/b', WERF_REPO: REPO },
      { username: 'u', repository: ['a/b'] },
      ['WERF_REPO does not count: --repository is given'],
    ],
    [
      '--kube-config mine',
      { WERF_KUBE_CONFIG_BASE64: 'YQ==' },
      { 'kube-config': ['mine'], werf: { secrets: ['YQ=='] } },
      ['WERF_KUBE_CONFIG_BASE64 does not count: --kube-config is given'],
    ],
    ['--config p.yml', { WERF_CONFIG: 'w.yaml' }, { config: 'p.yml', werf: { config: 'w.yaml' } }, []],
    [
      '--log-level error',
      { WERF_LOG_DEBUG: '1' },
      { 'log-level': 'error' },
      ['WERF_LOG_DEBUG does not count: --log-level is given'],
    ],
  ])('%s with %j', (line, environment, expected, notes) => {
    expect(rawOf(line, environment)).toEqual(expected);
    expect(run(line, environment).told?.notes ?? []).toEqual(notes);
  });

  it.each<[string, readonly string[]]>([
    [`--repo ${REPO} --repository a/b`, ['--repo: it says something else than --repository: give one of them']],
    [
      '--scan-context-only a --kube-context b',
      ['--scan-context-only: it says something else than --kube-context: give one of them'],
    ],
    ['--repo a/b --repo c/d', ['--repo: given twice']],
    [
      '--repo-container-registry ecr',
      [
        '--repo-container-registry: got "ecr", expected one of default, harbor, quay, github, gitlab; ecr is spoken to only by the distribution protocol, for which it is default',
      ],
    ],
    [
      '--repo-container-registry x',
      ['--repo-container-registry: got "x", expected one of default, harbor, quay, github, gitlab'],
    ],
    ['--insecure-registry=perhaps', ['--insecure-registry: got "perhaps", expected true or false']],
    [
      '--keep-stages-built-within-last-n-hours -1',
      ['--keep-stages-built-within-last-n-hours: got "-1", expected a whole number of hours, 0 or more'],
    ],
    ['--repo', ['--repo: got nothing, expected a value']],
    [`--images-repo ${REPO} --repo a/b`, ['--images-repo: another word for --repository says something else']],
    [
      '--repo-docker-hub-token abc',
      [
        "--repo-docker-hub-token: not taken: Docker Hub's own interface is not spoken: docker login gives the registry its user",
      ],
    ],
    [
      'apply --plan-file p.json --dry-run',
      ['--dry-run: not together with --plan-file: a plan would be written there, not read'],
    ],
    [
      'managed-images rm web --dry-run',
      ['--dry-run: managed-images has no dry run: only managed-images ls changes nothing'],
    ],
    [
      '--kube-token abc',
      ['--kube-token: it needs --kube-api-server (WERF_KUBE_API_SERVER), the address of the cluster with https://'],
    ],
  ])('%s is a mistake', (line, expected) => {
    expect(complaints(line)).toEqual(expected);
  });

  it.each([
    ['WERF_GIT_TAG_STRATEGY_LIMIT', 'ten', 'a whole number; 0: none stay, -1: all'],
    ['WERF_GIT_COMMIT_STRATEGY_LIMIT', '1.5', 'a whole number; 0: none stay, -1: all'],
    ['WERF_GIT_TAG_STRATEGY_EXPIRY_DAYS', '30d', 'a whole number of days; -1: no limit'],
    ['WERF_GIT_COMMIT_STRATEGY_EXPIRY_DAYS', '-', 'a whole number of days; -1: no limit'],
  ])('names the variable of a wrong limit: %s=%s', (variable, value, expected) => {
    expect(complaints('plan', { [variable]: value })).toEqual([`${variable}: got "${value}", expected ${expected}`]);
  });

  it('tells all mistakes at once', () => {
    expect(
      complaints('--repo-container-registry x --keep-stages-built-within-last-n-hours y', { WERF_DRY_RUN: '?' }),
    ).toHaveLength(3);
  });
});

describe('a dry run', () => {
  it.each<[string, NodeJS.ProcessEnv, string, object]>([
    ['apply --dry-run', {}, 'plan', {}],
    ['apply', { WERF_DRY_RUN: 'true' }, 'plan', {}],
    ['apply --dry-run=false', {}, 'apply', {}],
    ['apply --dry-run=false', { WERF_DRY_RUN: '1' }, 'apply', {}],
    ['apply --dry-run --journal j.jsonl --untag', {}, 'plan', { untag: true }],
    ['plan --dry-run', {}, 'plan', {}],
    ['explain v1 --dry-run', {}, 'explain', { target: 'v1' }],
    ['purge --confirm --dry-run', {}, 'purge', {}],
    ['purge --confirm', { WERF_DRY_RUN: '1' }, 'purge', {}],
    ['purge --confirm', {}, 'purge', { confirm: true }],
  ])('%s with %j is %s', (line, environment, command, expected) => {
    const parsed = run(line, environment);
    expect(parsed.command).toBe(command);
    expect(parsed.raw).toEqual({ command, ...expected });
  });

  it('is told of', () => {
    expect(run('apply --dry-run').told?.notes).toEqual(['--dry-run: this is a plan, nothing is deleted']);
  });
});

describe('the word cleanup', () => {
  it.each(['cleanup', 'cleanup --dry-run', 'cleanup --repo a/b'])('%s asks which is meant', (line) => {
    expect(complaints(line)).toEqual([
      "cleanup is werf's word, and deletes: here plan shows what would go, and apply deletes it",
    ]);
  });
});

describe('secrets', () => {
  it('of GitHub go to packages first, and to GitHub where there is no other token', () => {
    const environment = { WERF_REPO_GITHUB_TOKEN: 'ghp_packages', GITHUB_TOKEN: 'ghs_job' };
    expect(rawOf('plan', environment)).toMatchObject({
      'github-token': 'ghs_job',
      werf: { packagesToken: 'ghp_packages' },
    });
    const { GITHUB_TOKEN: _job, ...alone } = environment;
    expect(rawOf('plan', alone)).toMatchObject({
      'github-token': 'ghp_packages',
      werf: { packagesToken: 'ghp_packages' },
    });
  });

  it('on the command line are taken, with a warning that does not show them', () => {
    const { told, raw } = run('--repo-github-token ghp_x1y2z3');
    expect(told?.warnings).toEqual([
      '--repo-github-token: others can see the command line; set WERF_REPO_GITHUB_TOKEN instead',
    ]);
    expect(listSecrets(raw, {})).toContain('ghp_x1y2z3');
  });

  it('are secrets wherever they come from, also those without any effect', () => {
    const names = WERF_NAMES.filter(({ secret }) => secret === true).flatMap(({ variables }) => variables);
    expect(names.length).toBeGreaterThan(8);
    const environment = Object.fromEntries(names.map((name) => [name, `secret-of-${name}`]));
    expect(listSecrets({}, environment)).toEqual(expect.arrayContaining(Object.values(environment)));
  });

  it('stay out of messages', () => {
    const lines = [
      ['plan', { WERF_REPO_GITHUB_TOKEN: 'no token at all' }],
      ['--repo-docker-hub-password hunter2', {}],
      ['--kube-token hunter2', {}],
    ] as const;
    for (const [line, environment] of lines) {
      const told = complaints(line, environment).join('\n');
      expect(told).not.toBe('');
      expect(told).not.toMatch(/no token at all|hunter2/);
    }
  });
});

describe('a cluster by its token', () => {
  const decode = (raw: object): unknown =>
    JSON.parse(Buffer.from(String(Reflect.get(raw, 'kube-config-base64')), 'base64').toString('utf8'));

  it('becomes a kubeconfig with the context token', () => {
    const environment = {
      WERF_KUBE_TOKEN: 'abc',
      WERF_KUBE_API_SERVER: 'https://k.example.com',
      WERF_KUBE_CA_DATA: '-----BEGIN CERTIFICATE-----',
    };
    expect(decode(rawOf('plan', environment))).toEqual({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'token',
          cluster: {
            server: 'https://k.example.com',
            'certificate-authority-data': Buffer.from('-----BEGIN CERTIFICATE-----').toString('base64'),
          },
        },
      ],
      users: [{ name: 'token', user: { token: 'abc' } }],
      contexts: [{ name: 'token', context: { cluster: 'token', user: 'token' } }],
      'current-context': 'token',
    });
  });

  it('or by the file that has it, and unchecked with a warning', () => {
    const line = '--kube-token-path /t --kube-api-server https://k --skip-tls-verify-kube';
    expect(decode(rawOf(line))).toMatchObject({
      clusters: [{ cluster: { server: 'https://k', 'insecure-skip-tls-verify': true } }],
      users: [{ user: { tokenFile: '/t' } }],
    });
    expect(run(line).told?.warnings).toEqual(['--skip-tls-verify-kube: the certificate of the cluster is not checked']);
  });

  it('does not count beside a kubeconfig', () => {
    const { raw, told } = run('--kube-config mine --kube-token abc --kube-api-server https://k');
    expect(raw).not.toHaveProperty('kube-config-base64');
    expect(told?.notes).toEqual(['--kube-token does not count: --kube-config is given']);
  });
});

describe('the table', () => {
  it('is the one in docs/werf.md (node scripts/write-werf-names.ts)', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/werf.md'), 'utf8');
    expect(page).toBe(replaceBetween(page, WERF_MARKS, `\n${renderWerfNames()}\n`));
  });

  it('has each name and each variable once, and leads to options that a plan takes, or host', () => {
    const names = WERF_NAMES.flatMap(({ name, short }) => [name, short ?? name]);
    expect(new Set(names).size).toBe(new Set(WERF_NAMES.map(({ name }) => name)).size + 5);
    const variables = WERF_NAMES.flatMap((entry) => entry.variables);
    expect(new Set(variables).size).toBe(variables.length);
    for (const { name, meaning } of WERF_NAMES) {
      const target = meaning.kind === 'same' ? name : meaning.kind === 'option' ? meaning.option : undefined;
      if (target === undefined) continue;
      const option = (OPTIONS as readonly Option[]).find((one) => one.name === target);
      expect([name, option !== undefined && isForCommand(option, 'plan')]).toEqual([name, true]);
    }
    for (const { onHost } of WERF_NAMES) {
      const option = (OPTIONS as readonly Option[]).find(
        (one) => onHost?.kind === 'option' && one.name === onHost.option,
      );
      if (onHost?.kind === 'option')
        expect([onHost.option, option && isForCommand(option, 'host')]).toEqual([onHost.option, true]);
    }
  });
});
