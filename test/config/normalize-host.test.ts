// From the options of `host` to its settings: what each asks for, and every wish that contradicts another.

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SettingsSource } from '../../src/config/findings.ts';
import type { HostSettings } from '../../src/config/host-settings.ts';
import { normalizeHost } from '../../src/config/normalize-host.ts';
import { UsageError } from '../../src/errors.ts';
import { hours } from '../../src/model/time.ts';
import type { RawOptions } from '../../src/options.ts';
import { JOB_VARIABLES } from './try-settings.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'host-settings-'));
});
afterAll(() => rm(folder, { recursive: true }));

const sourceWith = (environment: NodeJS.ProcessEnv = {}, frontEnd: 'cli' | 'action' = 'cli'): SettingsSource => ({
  environment,
  workingDirectory: folder,
  frontEnd,
});

const normalize = (raw: RawOptions, source = sourceWith()) => normalizeHost({ command: 'host', ...raw }, source);

async function decide(raw: RawOptions, environment: NodeJS.ProcessEnv = {}): Promise<HostSettings> {
  return (await normalize(raw, sourceWith(environment))).settings;
}

async function listMistakes(raw: RawOptions, environment: NodeJS.ProcessEnv = {}): Promise<readonly string[]> {
  try {
    await decide(raw, environment);
    return [];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const lines = error.message.replaceAll(folder, '').split('\n');
    return lines.length === 1 ? lines : lines.slice(1).map((line) => line.trim());
  }
}

const REPOSITORY = { repository: ['registry.example.com/team/app'] };
const PROJECT = { 'project-label': ['dapp=app'] };
const DISK = { 'image-gc-high-threshold': '85' };

describe('a wish', () => {
  it('alone is shown and not carried out, and touches nothing that another one is about', async () => {
    const { confirm, engine, policy, repositories, git, maxDeleteShare } = await decide(DISK);
    expect({ confirm, engine, repositories, git, maxDeleteShare }).toEqual({
      confirm: false,
      engine: { kind: 'ambient' },
      repositories: [],
      git: [],
      maxDeleteShare: 0.8,
    });
    expect(policy).toEqual({
      project: [],
      grace: hours(2),
      absentFromRegistry: false,
      dangling: false,
      improperRepoCache: false,
      improperGitCommit: false,
      flush: false,
      isDev: false,
      devLabels: [{ label: 'dapp-dev-mode', value: 'true' }],
      disk: { high: { kind: 'percent', percent: 85 }, low: { kind: 'percent', percent: 80 } },
      minAge: hours(2),
      containers: { minAge: hours(2), maxPerPodContainer: -1, maxContainers: -1 },
      keep: { labels: [], names: [] },
    });
  });

  it.each<[string, RawOptions, object]>([
    ['a repository: what it has no more', REPOSITORY, { absentFromRegistry: true }],
    ['dangling', { dangling: true, ...PROJECT }, { dangling: true, project: [{ label: 'dapp', value: 'app' }] }],
    [
      'a label whatever its value',
      { flush: 'true', 'project-label': ['a.b/c'] },
      { flush: true, project: [{ label: 'a.b/c' }] },
    ],
    [
      'a label whose value is empty',
      { flush: true, 'project-label': ['a='] },
      { project: [{ label: 'a', value: '' }] },
    ],
    [
      'a label whose value has "="',
      { flush: true, 'project-label': ['a=b=c'] },
      { project: [{ label: 'a', value: 'b=c' }] },
    ],
    [
      'a version by the labels of dapp and werf',
      { 'improper-cache-version': '33', ...PROJECT },
      { improperCacheVersion: { labels: ['dapp-cache-version', 'werf-cache-version'], current: '33' } },
    ],
    [
      'a version by a label of one’s own',
      { 'improper-cache-version': 'com.example.cache=v2', ...PROJECT },
      { improperCacheVersion: { labels: ['com.example.cache'], current: 'v2' } },
    ],
    ['everybody’s', { mrproper: 'all' }, { mrproper: 'all' }],
    [
      'everybody’s stages of another version',
      { mrproper: 'improper-cache-version-stages', 'improper-cache-version': '33' },
      {
        mrproper: 'improper-cache-version-stages',
        improperCacheVersion: expect.objectContaining({ current: '33' }) as object,
      },
    ],
    ['an age', { 'maximum-image-age': '30d', 'minimum-image-age': '0' }, { maxAge: hours(720), minAge: 0 }],
    [
      'containers',
      { 'maximum-dead-containers': '0' },
      { containers: { minAge: hours(2), maxPerPodContainer: -1, maxContainers: 0 } },
    ],
    ['build cache', { 'build-cache-older-than': '1w' }, { buildCacheOlderThan: hours(168) }],
    [
      'what stays whatever else',
      { ...DISK, 'keep-label': ['keep'], 'keep-image': ['*/base:*'] },
      { keep: { labels: [{ label: 'keep' }], names: ['*/base:*'] } },
    ],
    ['no grace', { ...REPOSITORY, 'cache-grace': '0' }, { grace: 0 }],
  ])('%s', async (_name, raw, expected) => {
    expect((await decide(raw)).policy).toMatchObject(expected);
  });
});

describe('thresholds', () => {
  const percent = (value: number) => ({ kind: 'percent', percent: value });
  const bytes = (value: number) => ({ kind: 'bytes', bytes: value });

  it.each<[string, string | undefined, object]>([
    ['85', '80', { high: percent(85), low: percent(80) }],
    ['85%', '80 %', { high: percent(85), low: percent(80) }],
    ['3', undefined, { high: percent(3), low: percent(0) }],
    ['0', undefined, { high: percent(0), low: percent(0) }],
    ['85', '85', { high: percent(85), low: percent(85) }],
    ['200GB', '150 GB', { high: bytes(200e9), low: bytes(150e9) }],
    ['1.5TiB', '1Ti', { high: bytes(1.5 * 2 ** 40), low: bytes(2 ** 40) }],
    ['100G', undefined, { high: bytes(100e9), low: bytes(95e9) }],
  ])('%s and %s', async (high, low, expected) => {
    const raw = { 'image-gc-high-threshold': high, ...(low === undefined ? {} : { 'image-gc-low-threshold': low }) };
    expect((await decide(raw)).policy.disk).toEqual(expected);
  });

  it('of 100 percent are none, as kubelet has it', async () => {
    const { settings, notes } = await normalize({ ...REPOSITORY, 'image-gc-high-threshold': '100' });
    expect(settings.policy.disk).toBeUndefined();
    expect(notes.join()).toContain('100 percent');
  });

  it.each([
    ['high', '101'],
    ['high', '-1'],
    ['high', '85.5'],
    ['high', '200'],
    ['high', '200 XB'],
    ['high', 'full'],
    ['low', '101%'],
    ['low', '9999999PB'],
  ])('%s of %s is none', async (which, text) => {
    const raw = { ...DISK, [`image-gc-${which}-threshold`]: text };
    expect(await listMistakes(raw)).toEqual([
      `--image-gc-${which}-threshold: got "${text}", expected a percentage from 0 to 100 as 85 or 85%, or bytes with their unit as 200GB or 200GiB`,
    ]);
  });
});

describe('the engine', () => {
  it.each<[string, NodeJS.ProcessEnv, object]>([
    ['docker', {}, { kind: 'unix', path: '/var/run/docker.sock' }],
    ['podman', {}, { kind: 'unix', path: '/run/podman/podman.sock' }],
    ['unix:///tmp/a b.sock', {}, { kind: 'unix', path: '/tmp/a b.sock' }],
    ['tcp://127.0.0.1:4000', {}, { kind: 'tcp', host: '127.0.0.1', port: 4000 }],
    ['tcp://[::1]', {}, { kind: 'tcp', host: '::1', port: 2375 }],
    [
      'tcp://docker:2376',
      { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/certs/client' },
      { kind: 'tcp', host: 'docker', port: 2376, certificates: '/certs/client' },
    ],
    [
      'tcp://docker',
      { DOCKER_TLS_VERIFY: '1', HOME: '/h' },
      { kind: 'tcp', host: 'docker', port: 2376, certificates: '/h/.docker' },
    ],
  ])('%s', async (engine, environment, expected) => {
    expect((await decide({ ...DISK, engine }, environment)).engine).toEqual(expected);
  });

  it.each([
    ['ssh://builder', 'this goes to no engine by ssh'],
    ['npipe:////./pipe/docker_engine', 'this goes to no engine by npipe'],
    ['unix://relative.sock', 'expected unix:///PATH/OF/SOCKET'],
    ['/var/run/docker.sock', 'expected unix:///PATH/OF/SOCKET'],
    ['tcp://10.0.0.7:2375', 'set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH'],
    ['tcp://127.0.0.1:2375/path', 'expected tcp://HOST:PORT'],
    ['tcp://user:secret@127.0.0.1', 'expected tcp://HOST:PORT'],
    ['tcp://', 'expected tcp://HOST:PORT'],
    ['', 'got an empty value'],
  ])('"%s" is none', async (engine, text) => {
    const [first, ...more] = await listMistakes({ ...DISK, engine });
    expect([first, more]).toEqual([expect.stringContaining(text), []]);
  });
});

describe('Git', () => {
  const ASKED = { 'improper-git-commit': true, ...PROJECT };

  it('is the clone of the working directory, unless only a further one is named and there is no clone here', async () => {
    const lib = { name: 'lib', url: 'https://git.example.com/lib.git' };
    const raw = { ...ASKED, 'cache-git-repository': ['lib=https://git.example.com/lib.git'] };
    expect((await decide(raw)).git).toEqual([{ kind: 'further', repository: lib }]);
    expect(await listMistakes(ASKED)).toEqual([
      '--improper-git-commit: only in a clone, which the working directory is not, or with --git-dir or --cache-git-repository: commits are looked up there',
    ]);
    await mkdir(join(folder, 'clone', '.git'), { recursive: true });
    expect((await decide({ ...raw, 'git-dir': 'clone' })).git).toMatchObject([
      { kind: 'own', source: { directory: join(folder, 'clone'), isNamed: true } },
      { kind: 'further', repository: lib },
    ]);
  });

  it.each([
    ['a clone', ['.git'], ''],
    ['a folder below its top', ['.git', 'sub'], 'sub'],
    ['a bare clone', ['objects', 'refs', 'HEAD'], ''],
  ])('may be %s', async (_name, entries, below) => {
    const top = await mkdtemp(join(folder, 'git-'));
    for (const entry of entries) await mkdir(join(top, entry));
    const workingDirectory = join(top, below);
    const { settings } = await normalize(ASKED, { ...sourceWith(), workingDirectory });
    expect(settings.git).toMatchObject([{ kind: 'own', source: { directory: workingDirectory, isNamed: false } }]);
  });

  it('is asked by one rule alone, and a further repository has a name and an address', async () => {
    const raw = { ...DISK, 'cache-git-repository': ['lib=https://git.example.com/lib.git'], 'git-dir': '.' };
    expect(await listMistakes(raw)).toEqual([
      '--git-dir: only with --improper-git-commit: nothing else here asks Git',
      '--cache-git-repository: only with --improper-git-commit: nothing else here asks Git',
    ]);
    const wrong = await listMistakes({
      ...ASKED,
      'cache-git-repository': ['https://u:secret@h/x', 'a=nowhere', 'b=/x', 'b=/y'],
    });
    expect(wrong).toEqual([
      expect.stringContaining('expected NAME=URL'),
      expect.stringContaining('got "a=…", expected NAME=URL'),
      '--cache-git-repository: "b" is named twice',
    ]);
    expect(wrong.join()).not.toContain('secret');
  });
});

it('a job of GitLab CI compares nothing with a registry that nobody spoke of', async () => {
  expect((await decide(DISK, { ...JOB_VARIABLES })).repositories).toEqual([]);
});

describe('mistakes', () => {
  it('teach what can be asked where nothing is, confirmed or not', async () => {
    for (const raw of [{}, { confirm: true }, { ...PROJECT }, { dev: true }, { 'keep-label': ['a'] }]) {
      const message = await decide(raw).catch((error: unknown) => String(error));
      expect(message).toMatch(/^UsageError: host: nothing is asked for/);
      for (const word of ['--repository', '--image-gc-high-threshold', '--flush', '--mrproper'])
        expect(message).toContain(`\n    ${word}: `);
    }
  });

  it.each<[string, RawOptions, readonly string[]]>([
    [
      'rules about a project need its label',
      { dangling: true, 'improper-cache-version': '3', ...REPOSITORY },
      ['dangling', 'improper-cache-version'].map(
        (name) => `--${name}: only with --project-label, which says whose images they are: dapp=NAME, werf=NAME`,
      ),
    ],
    [
      'what a registry’s images need can be known only of a registry',
      { 'improper-repo-cache': true, ...PROJECT },
      ['--improper-repo-cache: only with --repository: what is needed is what its images need'],
    ],
    [
      'flush takes it all',
      { flush: true, 'improper-repo-cache': true, ...PROJECT, ...REPOSITORY },
      ['--improper-repo-cache: not together with --flush, by which all of the project goes'],
    ],
    [
      'mrproper is about everybody’s',
      { mrproper: 'all', dangling: true, dev: true, ...PROJECT, ...REPOSITORY },
      ['repository', 'project-label', 'dangling', 'dev'].map(
        (name) => `--${name}: not together with --mrproper, which is about everybody's images`,
      ),
    ],
    [
      'mrproper by version needs the version that stays',
      { mrproper: 'improper-cache-version-stages' },
      ['--mrproper: improper-cache-version-stages only with --improper-cache-version: the version that stays'],
    ],
    [
      'thresholds the wrong way round',
      { 'image-gc-high-threshold': '80', 'image-gc-low-threshold': '85' },
      ['--image-gc-low-threshold: 85% is higher than --image-gc-high-threshold, 80%: it is where deleting stops'],
    ],
    [
      'thresholds of two kinds',
      { 'image-gc-high-threshold': '80', 'image-gc-low-threshold': '10GB' },
      [
        '--image-gc-low-threshold: not in bytes while --image-gc-high-threshold is in percent: which one is higher depends on the disk',
      ],
    ],
    [
      'a low threshold alone',
      { ...REPOSITORY, 'image-gc-low-threshold': '80' },
      ['--image-gc-low-threshold: only with --image-gc-high-threshold: nobody begins by it'],
    ],
    [
      'ages the wrong way round',
      { 'maximum-image-age': '1h' },
      ['--maximum-image-age: shorter than --minimum-image-age, before which nothing goes'],
    ],
    [
      'all of them at once',
      {
        mrproper: 'everything',
        'build-cache-older-than': 'long',
        'maximum-dead-containers': 'few',
        'max-delete-share': '2',
        format: 'xml',
      },
      ['mrproper', 'maximum-dead-containers', 'build-cache-older-than', 'max-delete-share', 'format'].map(
        (name) => expect.stringContaining(`--${name}: got `) as string,
      ),
    ],
    [
      'a repository twice',
      { repository: ['a.example.com/b', 'a.example.com/b'] },
      ['--repository: a.example.com/b is named twice'],
    ],
    [
      'options of other commands',
      { ...DISK, 'without-kube': true },
      [expect.stringContaining('--without-kube: only for ') as string],
    ],
    [
      'no version',
      { 'improper-cache-version': '=3', ...PROJECT },
      [expect.stringContaining('expected VERSION or LABEL=VERSION') as string],
    ],
    [
      'no label',
      { flush: true, 'project-label': ['=x'] },
      ['--project-label: got "=x", expected LABEL or LABEL=VALUE'],
    ],
  ])('%s', async (_name, raw, expected) => {
    const found = await listMistakes(raw);
    expect(found).toHaveLength(expected.length);
    expect(found).toEqual(expect.arrayContaining([...expected]));
  });
});

describe('in the action', () => {
  it('memory is kept on the machine and not in the folder of the job, and options of other commands are only told', async () => {
    const source = sourceWith({ RUNNER_TEMP: '/tmp/job', HOME: folder }, 'action');
    const raw = { ...DISK, dangling: 'false', mrproper: 'off', 'minimum-image-age': '2h', 'keep-list': 'k.txt' };
    const { settings, notes } = await normalize(raw, source);
    expect(settings.cacheDirectory).toBe(join(folder, '.cache', 'registry-cleanup'));
    expect(notes).toContain('host does not look at keep-list');
  });
});
