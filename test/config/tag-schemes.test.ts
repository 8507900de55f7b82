// Tag schemes, as options, variables and the policy file say them.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TagSchemes } from '../../src/model/policy.ts';
import { parseDuration } from '../../src/model/time.ts';
import type { RawOptions } from '../../src/options.ts';
import { LAPTOP, makeSettingsFolder, type SettingsFolder } from './try-settings.ts';

let folder: SettingsFolder;
beforeAll(async () => {
  folder = await makeSettingsFolder();
});
afterAll(() => folder.remove());

const WORDS: RawOptions = { command: 'plan', repository: ['registry.example.com/shop/app'], 'without-kube': true };
const COMMIT = { last: 50, in: parseDuration('30d'), tags: [] };
const TAG = { last: 10, in: parseDuration('30d'), tags: [] };
const BRANCH = { last: -1, tags: [] };
const ALL: TagSchemes = { branch: BRANCH, commit: COMMIT, tag: TAG };

async function decide(text: string, raw: RawOptions = {}) {
  await folder.write('p.yml', text);
  const { settings, notes } = await folder.decide({ ...WORDS, config: 'p.yml', ...raw }, LAPTOP);
  return { ...settings.policy, notes: notes.join('\n') };
}

async function mistakes(text: string, raw: RawOptions = {}): Promise<readonly string[]> {
  await folder.write('p.yml', text);
  return await folder.listMistakes({ ...WORDS, config: 'p.yml', ...raw }, LAPTOP);
}

describe('tag schemes', () => {
  it.each<[what: string, text: string, raw: RawOptions, expected: TagSchemes | 'off']>([
    ['are off where nobody asks for them', '{}', {}, 'off'],
    ['have the limits of dapp', 'schemes: {branch: true, commit: true, tag: true}', {}, ALL],
    ['are those that the file names', 'schemes: {commit: true}', {}, { commit: COMMIT }],
    ['are those that the option names', '{}', { 'tag-scheme': ['tag', 'branch'] }, { branch: BRANCH, tag: TAG }],
    [
      'are those of the option rather than those of the file, whose limits count all the same',
      'schemes: {commit: true, tag: {last: 3, tags: ["v{tag}"]}}',
      { 'tag-scheme': ['tag'] },
      { tag: { ...TAG, last: 3, tags: ['v{tag}'] } },
    ],
    ['are all on with one limit, as in dapp', '{}', { 'git-tag-strategy-limit': '10' }, ALL],
    [
      'take the limits of the options before those of the file',
      'schemes: {commit: {last: 7, in: 2w}}',
      { 'git-commit-strategy-limit': '9' },
      { commit: { ...COMMIT, last: 9, in: parseDuration('2w') } },
    ],
    [
      'may keep none, or all',
      '{}',
      {
        'git-commit-strategy-limit': '0',
        'git-commit-strategy-expiry-days': '0',
        'git-tag-strategy-limit': '-1',
        'git-tag-strategy-expiry-days': '-1',
      },
      {
        branch: BRANCH,
        commit: { last: 0, in: parseDuration('0'), tags: [] },
        tag: { last: -1, tags: [] },
      },
    ],
    [
      'may have an age in days or as a duration',
      '{}',
      { 'git-commit-strategy-expiry-days': '5', 'git-tag-strategy-expiry-days': '90s' },
      { ...ALL, commit: { ...COMMIT, in: parseDuration('5d') }, tag: { ...TAG, in: parseDuration('90s') } },
    ],
    ['may have no age in the file', 'schemes: {tag: {in: none}}', {}, { tag: { last: 10, tags: [] } }],
    [
      'have the patterns of the file, also in the words of GitLab CI',
      "schemes: {branch: {tags: ['{branch}', 'b-{branch}-{build}']}, commit: {tags: [$CI_COMMIT_SHORT_SHA]}}",
      {},
      {
        branch: { last: -1, tags: ['{branch}', 'b-{branch}-{build}'] },
        commit: { ...COMMIT, tags: ['{commit}'] },
      },
    ],
  ])('%s', async (_, text, raw, expected) => {
    expect((await decide(text, raw)).schemes).toEqual(expected);
  });

  it('stand in the place of the default keep policies', async () => {
    expect((await decide('{}')).git.keepPolicies).toHaveLength(3);
    expect((await decide('schemes: {tag: true}')).git).toEqual({ enabled: true, keepPolicies: [] });
  });

  it('stand beside keep policies that the user wrote', async () => {
    const text = 'schemes: {tag: true}\ncleanup: {keepPolicies: [{references: {branch: main}}]}';
    expect((await decide(text)).git.keepPolicies).toMatchObject([{ name: 'keepPolicies[0]' }]);
  });

  it('are told of where only a limit switched them on', async () => {
    const { notes } = await decide('{}', { 'git-tag-strategy-limit': '10' });
    expect(notes).toContain(
      "the tag schemes branch, commit, tag are on, because of --git-tag-strategy-limit: they decide in place of Git's default keep policies",
    );
    expect((await decide('schemes: {tag: true}', { 'git-tag-strategy-limit': '9' })).notes).not.toContain('are on');
  });

  it('are not switched on by a limit where others are named', async () => {
    const limit = { 'git-commit-strategy-limit': '1' };
    const byFile = await decide('schemes: {tag: true}', limit);
    expect(byFile.schemes).toEqual({ tag: TAG });
    expect(byFile.notes).toContain(
      'git-commit-strategy-limit: no effect, schemes in the policy file does not name the scheme',
    );
    const byOption = await decide('{}', { ...limit, 'tag-scheme': ['branch'] });
    expect(byOption.schemes).toEqual({ branch: BRANCH });
    expect(byOption.notes).toContain('git-commit-strategy-limit: no effect, --tag-scheme does not name the scheme');
  });
});

describe('mistakes about tag schemes', () => {
  const WITHOUT = { 'without-git': true } as const;
  const NEED = 'tag schemes need Git, which is not asked: without it nothing can be called gone';

  it.each<[text: string, raw: RawOptions, expected: readonly string[]]>([
    ['schemes: {tag: true}', WITHOUT, [`schemes in the policy file: ${NEED}`]],
    ['{}', { ...WITHOUT, 'tag-scheme': ['tag'] }, [`--tag-scheme: ${NEED}`]],
    ['{}', { ...WITHOUT, 'git-tag-strategy-limit': '10' }, [`--git-tag-strategy-limit: ${NEED}`]],
    [
      '{}',
      { 'tag-scheme': ['comit', 'all'] },
      [
        '--tag-scheme: got "comit", expected one of branch, commit, tag; did you mean "commit"?',
        '--tag-scheme: got "all", expected one of branch, commit, tag',
      ],
    ],
    [
      '{}',
      {
        'git-tag-strategy-limit': 'ten',
        'git-tag-strategy-expiry-days': '30 days',
        'git-commit-strategy-limit': '1.5',
        'git-commit-strategy-expiry-days': '-',
      },
      [
        '--git-commit-strategy-limit: got "1.5", expected a whole number; 0: none stay, -1: all',
        '--git-commit-strategy-expiry-days: got "-", expected a whole number of days, or a duration such as 36h; -1: no limit',
        '--git-tag-strategy-limit: got "ten", expected a whole number; 0: none stay, -1: all',
        '--git-tag-strategy-expiry-days: got "30 days", expected a whole number of days, or a duration such as 36h; -1: no limit',
      ],
    ],
    ['schemes: {}', {}, ['p.yml:1:10: got a mapping, expected at least one of branch, commit and tag']],
    [
      'schemes: {tags: true}',
      {},
      [
        'p.yml:1:10: got a mapping, expected at least one of branch, commit and tag',
        'p.yml:1:11: unknown key "tags"; did you mean "tag"?',
      ],
    ],
    ['schemes: {branch: {last: 3}}', {}, ['p.yml:1:20: unknown key "last"; known here: tags']],
    ['schemes: {commit: 5}', {}, ['p.yml:1:19: got 5, expected true, or a mapping of keys to values']],
    [
      'schemes: {commit: {last: many, in: soon}}',
      {},
      [
        'p.yml:1:26: got "many", expected a whole number; negative: all',
        'p.yml:1:36: got "soon", expected a duration such as 168h, 7d, 2w or 1h30m, without a sign',
      ],
    ],
    ...(
      [
        ['branch', "'{tag}'"],
        ['branch', "'{branch}-{commit}'"],
        ['commit', "'{branch}'"],
        ['tag', "'{tag}-{tag}'"],
      ] as const
    ).map(
      ([kind, pattern]) =>
        [
          `schemes: {${kind}: {tags: [${pattern}]}}`,
          {},
          [expect.stringContaining(`expected a pattern with {${kind}} once, and no other word but {build}`)],
        ] as [string, RawOptions, string[]],
    ),
    [
      'schemes: {branch: {tags: [$CI_COMMIT_REF_SLUG]}}',
      {},
      [
        expect.stringContaining(
          'expected a pattern with {branch}: what a job of GitLab CI is for may be a branch or a tag, and each has its scheme',
        ),
      ],
    ],
    [
      "schemes: {tag: {tags: ['{tagg}']}}",
      {},
      [expect.stringContaining('only the placeholders {branch}, {tag}, {commit}, {number} and {build}')],
    ],
  ])('%s with %j', async (text, raw, expected) => {
    const found = await mistakes(text, raw);
    expect(found).toEqual(expected);
  });
});
