// Rules for build cache and its repositories, as options and the policy file say them.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CachePolicy } from '../../src/model/policy.ts';
import { formatRepository } from '../../src/model/reference.ts';
import { parseDuration } from '../../src/model/time.ts';
import type { RawOptions } from '../../src/options.ts';
import { ACTION, LAPTOP, makeSettingsFolder, type SettingsFolder } from './try-settings.ts';

let folder: SettingsFolder;
beforeAll(async () => {
  folder = await makeSettingsFolder();
});
afterAll(() => folder.remove());

const REPOSITORY = 'registry.example.com/shop/app';
const WORDS: RawOptions = { command: 'plan', repository: [REPOSITORY], 'without-kube': true };
const NONE: CachePolicy = {
  improperRepoCache: false,
  improperGitCommit: false,
  flush: false,
  grace: parseDuration('2h'),
  unattributedGrace: parseDuration('14d'),
  isDev: false,
  isAlone: false,
};
const LABELS = ['dapp-cache-version', 'werf-cache-version'];

async function decide(text: string, raw: RawOptions = {}, source = LAPTOP) {
  await folder.write('p.yml', text);
  const { settings, notes } = await folder.decide({ ...WORDS, config: 'p.yml', ...raw }, source);
  return { settings, cache: settings.policy.cache, notes: notes.join('\n') };
}

async function mistakes(text: string, raw: RawOptions = {}): Promise<readonly string[]> {
  await folder.write('p.yml', text);
  return await folder.listMistakes({ ...WORDS, config: 'p.yml', ...raw }, LAPTOP);
}

describe('build cache', () => {
  it.each<[what: string, text: string, raw: RawOptions, expected: Partial<CachePolicy>]>([
    ['is left alone where nobody asks', '{}', {}, {}],
    ['goes by the rules of the file', 'cache: {improperRepoCache: true}', {}, { improperRepoCache: true }],
    ['goes by the rules of the options', '{}', { 'improper-git-commit': true }, { improperGitCommit: true }],
    [
      'stays where an option says so, whatever the file says',
      'cache: {improperRepoCache: true, improperGitCommit: true}',
      { 'improper-repo-cache': false, 'improper-git-commit': 'false' },
      {},
    ],
    [
      'has a current version, by the labels of dapp and werf',
      "cache: {improperCacheVersion: '33'}",
      {},
      { improperCacheVersion: { current: '33', labels: LABELS, tags: [] } },
    ],
    [
      'has a current version by labels and tags of the user',
      "cache: {improperCacheVersion: {current: '4', labels: [v], tags: ['^v([0-9]+)-']}}",
      {},
      { improperCacheVersion: { current: '4', labels: ['v'], tags: ['^v([0-9]+)-'] } },
    ],
    [
      'has the version of the option by the labels of the file',
      "cache: {improperCacheVersion: {current: '4', labels: [v]}}",
      { 'improper-cache-version': '5' },
      { improperCacheVersion: { current: '5', labels: ['v'], tags: [] } },
    ],
    [
      'has the version of the option by its label',
      "cache: {improperCacheVersion: {current: '4', tags: ['(a)']}}",
      { 'improper-cache-version': 'com.example.v = 1=2' },
      { improperCacheVersion: { current: '1=2', labels: ['com.example.v'], tags: [] } },
    ],
    [
      'has its graces',
      'cache: {grace: 3h, unattributedGrace: 3w}',
      {},
      { grace: parseDuration('3h'), unattributedGrace: parseDuration('3w') },
    ],
    ['has the grace of the option', 'cache: {grace: 3h}', { 'cache-grace': '0' }, { grace: parseDuration('0') }],
    [
      'all goes with flush, whatever the file says',
      'cache: {improperRepoCache: true}',
      { flush: true },
      { flush: true },
    ],
    ['is that of development mode with dev', '{}', { flush: true, dev: true }, { flush: true, isDev: true }],
    ['is all that is decided about', '{}', { flush: true, 'build-cache-only': true }, { flush: true, isAlone: true }],
    ['stays while cleaning is switched off', 'cleanup: {disable: true}', { flush: true }, {}],
  ])('%s', async (_, text, raw, expected) => {
    expect((await decide(text, raw)).cache).toEqual({ ...NONE, ...expected });
  });

  it('goes by inputs of the action, too', async () => {
    const raw = {
      'improper-repo-cache': 'true',
      'improper-cache-version': '33',
      dev: 'false',
      'without-forge': 'true',
    };
    expect((await decide('{}', { ...raw, 'github-token': 'ghs_x' }, ACTION)).cache).toEqual({
      ...NONE,
      improperRepoCache: true,
      improperCacheVersion: { current: '33', labels: LABELS, tags: [] },
    });
  });
});

describe('repositories of build cache', () => {
  it('stand after all others', async () => {
    const { settings, notes } = await decide('cache: {improperRepoCache: true}', {
      'build-cache-repo': ['registry.example.com/shop/app/cache', 'oci-layout:./c=example.com/c'],
      'meta-repo': 'registry.example.com/shop/meta',
    });
    const shown = settings.repositories.map((one) => [
      formatRepository(one.repository),
      one.role?.kind,
      one.isBuildCache,
    ]);
    expect(shown).toEqual([
      [REPOSITORY, undefined, undefined],
      ['registry.example.com/shop/meta', 'meta', undefined],
      ['registry.example.com/shop/app/cache', undefined, true],
      ['example.com/c', undefined, true],
    ]);
    expect(notes).not.toContain('nothing goes from there');
  });

  it('stay as they are without a rule, which is told', async () => {
    const { notes } = await decide('{}', { 'build-cache-repo': ['registry.example.com/c'] });
    expect(notes).toContain('build-cache-repo: nothing goes from there, as no rule for build cache is on');
  });
});

describe('further Git repositories', () => {
  const RULE = 'cache: {improperGitCommit: true, gitRepositories: {abc: https://git.example.com/lib.git}}';

  it('are those of the file', async () => {
    expect((await decide(RULE)).settings.furtherGit).toEqual([{ name: 'abc', url: 'https://git.example.com/lib.git' }]);
  });

  it('are those of the option instead, with absolute paths', async () => {
    const raw = { 'cache-git-repository': ['x=./lib=1', 'y=git@git.example.com:team/y.git', 'z=file:///srv/z'] };
    expect((await decide(RULE, raw)).settings.furtherGit).toEqual([
      { name: 'x', url: join(folder.path, 'lib=1') },
      { name: 'y', url: 'git@git.example.com:team/y.git' },
      { name: 'z', url: 'file:///srv/z' },
    ]);
  });

  it('are not asked without the rule', async () => {
    expect((await decide(RULE, { 'improper-git-commit': false })).settings).not.toHaveProperty('furtherGit');
    expect((await decide(`${RULE}\ncleanup: {disable: true}`)).settings).not.toHaveProperty('furtherGit');
  });
});

describe('mistakes about build cache', () => {
  const WITHOUT = { 'without-git': true } as const;
  const NEED = 'it needs Git, which is not asked: without it no commit can be called gone';
  const BESIDE = 'not together with flush: all build cache goes then';
  const URL = 'the address of a Git repository: https://git.example.com/team/lib.git, or ./path';

  it.each<[text: string, raw: RawOptions, expected: readonly string[]]>([
    ['{}', { ...WITHOUT, 'improper-git-commit': true }, [`--improper-git-commit: ${NEED}`]],
    ['cache: {improperGitCommit: true}', WITHOUT, [`cache.improperGitCommit in the policy file: ${NEED}`]],
    [
      '{}',
      { flush: true, 'improper-repo-cache': true, 'improper-cache-version': '3', 'improper-git-commit': false },
      [`--improper-repo-cache: ${BESIDE}`, `--improper-cache-version: ${BESIDE}`],
    ],
    [
      '{}',
      { 'build-cache-only': true },
      [
        '--build-cache-only: only with a rule for build cache (improper-repo-cache, improper-cache-version, improper-git-commit or flush): without one nothing would be decided',
      ],
    ],
    [
      '{}',
      { dev: true },
      [
        "--dev: only with a rule for build cache (improper-repo-cache, improper-cache-version, improper-git-commit or flush): it says whose cache they are about; werf's own --dev means nothing to a cleanup",
      ],
    ],
    [
      '{}',
      { 'improper-cache-version': '=3', 'cache-grace': '-2h', flush: 'maybe' },
      [
        '--flush: got "maybe", expected true or false',
        '--improper-cache-version: got "=3", expected a version such as 33, or a label with it: my-label=33',
        '--cache-grace: got "-2h", expected a duration such as 168h, 7d, 2w or 1h30m, without a sign',
      ],
    ],
    [
      '{}',
      { 'build-cache-repo': [REPOSITORY, 'registry.example.com/c', 'registry.example.com/c', 'Not A Repository'] },
      [
        `--build-cache-repo: ${REPOSITORY} is to be cleaned as well: a repository with images is no repository of build cache`,
        '--build-cache-repo: registry.example.com/c is named twice',
        '--build-cache-repo: got "Not A Repository", expected a repository such as ghcr.io/team/app, in lower case, without https://, tag and digest',
      ],
    ],
    [
      '{}',
      { 'build-cache-repo': ['registry.example.com/m'], 'meta-repo': 'registry.example.com/m' },
      [`--build-cache-repo: registry.example.com/m is the meta repository of ${REPOSITORY}: a repository has one role`],
    ],
    [
      '{}',
      { 'build-cache-repo': ['oci-layout:./app=example.com/c'], repository: ['oci-layout:./app=example.com/app'] },
      [
        '--build-cache-repo: example.com/c is to be cleaned as well: a repository with images is no repository of build cache',
      ],
    ],
    [
      '{}',
      { 'cache-git-repository': ['x=https://git.example.com/x'] },
      ['--cache-git-repository: only with improper-git-commit: nothing else asks these repositories'],
    ],
    [
      '{}',
      {
        'improper-git-commit': true,
        'cache-git-repository': ['https://u:hunter2@h/x y', 'x=lib', 'x=./lib', 'x=./other', 'e=ext::sh -c x'],
      },
      [
        '--cache-git-repository: got "" and its address, expected NAME=URL: what labels call a repository, without blanks and "="',
        `--cache-git-repository: got "x" and its address, expected NAME=URL: ${URL}`,
        '--cache-git-repository: "x" is named twice',
        `--cache-git-repository: got "e" and its address, expected NAME=URL: ${URL}`,
      ],
    ],
    [
      'cache: {improperCacheVersion: 33, grace: 2 hours, improper: true}',
      {},
      [
        'p.yml:1:31: got 33, expected the current version, as a text: "33", or a mapping of keys to values',
        'p.yml:1:42: got "2 hours", expected a duration such as 168h, 7d, 2w or 1h30m, without a sign',
        'p.yml:1:51: unknown key "improper"; did you mean "improperRepoCache"?',
      ],
    ],
    [
      "cache: {improperCacheVersion: {labels: [''], tags: ['v[0-9]+', '(']}}",
      {},
      [
        expect.stringContaining('the key "current" is missing'),
        expect.stringContaining('expected names of labels'),
        expect.stringContaining('expected a regular expression with a group'),
        expect.stringContaining('expected a regular expression in RE2 syntax'),
      ],
    ],
    [
      'cache: {gitRepositories: {a b: https://x.example.com/y}}',
      {},
      [expect.stringContaining('as the key what labels call a repository, without blanks and "="')],
    ],
    ['cache: {gitRepositories: {c: lib}}', {}, [`p.yml:1:30: got "lib", expected ${URL}`]],
  ])('%s with %j', async (text, raw, expected) => {
    const found = await mistakes(text, raw);
    expect(found).toEqual(expected);
  });

  it('are told without passwords', async () => {
    const raw = { 'improper-git-commit': true, 'cache-git-repository': ['x=https://u:hunter2@h/a b'] };
    expect((await mistakes('{}', raw)).join()).not.toContain('hunter2');
  });

  it('tell that other commands do not look at them', async () => {
    const raw: RawOptions = { command: 'restore', 'build-cache-repo': ['a/b'], flush: true };
    expect(await folder.listMistakes(raw, LAPTOP)).toEqual(
      expect.arrayContaining(['--build-cache-repo: only for plan, apply and explain, not for restore']),
    );
  });
});
