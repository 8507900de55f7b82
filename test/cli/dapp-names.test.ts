// dapp's variables on our command line, and what becomes of them.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DAPP_MARKS, renderDappNames } from '../../scripts/write-dapp-names.ts';
import { replaceBetween } from '../../scripts/write-readme-tables.ts';
import { type ParsedArguments, parseArguments } from '../../src/cli/parse-arguments.ts';
import { listSecrets } from '../../src/config/list-secrets.ts';
import { UsageError } from '../../src/errors.ts';
import { DAPP_NAMES } from '../../src/options/dapp-names.ts';
import { isForCommand, type Option } from '../../src/options/option.ts';
import { OPTIONS } from '../../src/options/option-table.ts';

function run(line: string, environment: NodeJS.ProcessEnv): Extract<ParsedArguments, { kind: 'run' }> {
  const parsed = parseArguments(line.split(' '), environment);
  if (parsed.kind !== 'run') throw new Error(`no run: ${parsed.kind}`);
  return parsed;
}

function rawOf(line: string, environment: NodeJS.ProcessEnv): object {
  const { command: _command, ...raw } = run(line, environment).raw;
  return raw;
}

function complaints(environment: NodeJS.ProcessEnv): readonly string[] {
  try {
    run('plan', environment);
    return [];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const lines = error.message.split('\n');
    return lines.length === 1 ? lines : lines.slice(1).map((one) => one.trim());
  }
}

describe("dapp's variables", () => {
  it.each<[NodeJS.ProcessEnv, object]>([
    [{ EXPIRY_DATE_PERIOD_POLICY: '2592000' }, { 'git-tag-strategy-expiry-days': '2592000s' }],
    [{ EXPIRY_DATE_PERIOD_POLICY: '0' }, { 'git-tag-strategy-expiry-days': '0s' }],
    [{ EXPIRY_DATE_PERIOD_POLICY: '-5' }, { 'git-tag-strategy-expiry-days': '-1' }],
    [{ GIT_COMMITS_EXPIRY_DATE_PERIOD_POLICY: '90' }, { 'git-commit-strategy-expiry-days': '90s' }],
    [{ GIT_TAGS_LIMIT_POLICY: '10' }, { 'git-tag-strategy-limit': '10' }],
    [{ GIT_COMMITS_LIMIT_POLICY: '0' }, { 'git-commit-strategy-limit': '0' }],
    [{ GIT_TAGS_LIMIT_POLICY: '', DAPP_GIT_TAGS_LIMIT_POLICY: '7' }, { 'git-tag-strategy-limit': '7' }],
    [{ WERF_GIT_COMMITS_LIMIT_POLICY: ' 8 ' }, { 'git-commit-strategy-limit': '8' }],
    [{ DAPP_STAGES_CLEANUP_LOCAL_DISABLED_DATE_POLICY: '1' }, { 'cache-grace': '0' }],
    [{ WERF_DISABLE_STAGES_CLEANUP_DATE_PERIOD_POLICY: 'true' }, { 'cache-grace': '0' }],
    [{ DAPP_STAGES_CLEANUP_LOCAL_DISABLED_DATE_POLICY: '0' }, {}],
    [{ DAPP_INSECURE_REGISTRY: '1' }, { 'plain-http': 'true' }],
    [{ DAPP_INSECURE_REGISTRY: 'no' }, {}],
    [{ DAPP_DOCKER_CONFIG: '/d' }, { werf: { dockerConfig: '/d' } }],
    [{ DAPP_DOCKER_CONFIG: '/d', WERF_DOCKER_CONFIG: '/w' }, { werf: { dockerConfig: '/w' } }],
    [{ DAPP_SLUG_V3: '1', DAPP_IGNORE_CI_DOCKER_AUTOLOGIN: '1', DAPP_HOME: '/h' }, {}],
    [{ DAPP_DIMG_CLEANUP_REGISTRY_PASSWORD: 'hunter2' }, { username: 'dapp-cleanup-repo', password: 'hunter2' }],
    // There it is for deleting alone.
    [{ DAPP_DIMG_CLEANUP_REGISTRY_PASSWORD: 'hunter2', GITLAB_CI: 'true' }, {}],
    [
      { DAPP_DIMG_CLEANUP_REGISTRY_PASSWORD: 'hunter2', REGISTRY_CLEANUP_USERNAME: 'me' },
      { username: 'me', password: 'hunter2' },
    ],
    [
      {
        DAPP_DIMG_CLEANUP_REGISTRY_PASSWORD: 'hunter2',
        REGISTRY_CLEANUP_USERNAME: 'me',
        REGISTRY_CLEANUP_PASSWORD: 'mine',
      },
      { username: 'me', password: 'mine' },
    ],
  ])('%j', (environment, expected) => {
    expect(rawOf('plan', environment)).toEqual(expected);
  });

  it.each<[string, NodeJS.ProcessEnv]>([
    ['verify', { GIT_TAGS_LIMIT_POLICY: 'ten' }],
    ['purge', { GIT_TAGS_LIMIT_POLICY: '10', DAPP_STAGES_CLEANUP_LOCAL_DISABLED_DATE_POLICY: '1' }],
    ['managed-images ls', { DAPP_DIMG_CLEANUP_REGISTRY_PASSWORD: 'hunter2' }],
  ])('mean nothing to %s that is not about them', (line, environment) => {
    const { words: _words, ...raw } = rawOf(line, environment) as { words?: unknown };
    expect(raw).toEqual({});
  });

  it('are told of, with what they do and what they do not', () => {
    const environment = {
      GIT_TAGS_LIMIT_POLICY: '10',
      EXPIRY_DATE_PERIOD_POLICY: '60',
      DAPP_SLUG_V2: '1',
      DAPP_DIMG_CLEANUP_REGISTRY_PASSWORD: 'hunter2',
    };
    expect(run('plan', environment).told).toEqual({
      notes: [
        'set by the environment: EXPIRY_DATE_PERIOD_POLICY, GIT_TAGS_LIMIT_POLICY',
        'the registry is asked as dapp-cleanup-repo, with the password in DAPP_DIMG_CLEANUP_REGISTRY_PASSWORD',
        'without effect here: DAPP_SLUG_V2',
      ],
      warnings: [],
    });
  });

  it('give way to our options, and to werf', () => {
    const environment = { GIT_TAGS_LIMIT_POLICY: '10', EXPIRY_DATE_PERIOD_POLICY: '60' };
    expect(run('plan --git-tag-strategy-limit 3', { ...environment, WERF_GIT_TAG_STRATEGY_EXPIRY_DAYS: '7' })).toEqual(
      expect.objectContaining({
        raw: { command: 'plan', 'git-tag-strategy-limit': '3', 'git-tag-strategy-expiry-days': '7' },
        told: {
          notes: [
            'set by the environment: WERF_GIT_TAG_STRATEGY_EXPIRY_DAYS',
            'EXPIRY_DATE_PERIOD_POLICY does not count: --git-tag-strategy-expiry-days is given',
            'GIT_TAGS_LIMIT_POLICY does not count: --git-tag-strategy-limit is given',
          ],
          warnings: [],
        },
      }),
    );
  });

  it('that are wrong are errors that name them, all at once; dapp went on with its default', () => {
    expect(
      complaints({
        EXPIRY_DATE_PERIOD_POLICY: '30d',
        GIT_TAGS_LIMIT_POLICY: 'ten',
        GIT_COMMITS_LIMIT_POLICY: '5.5',
        DAPP_INSECURE_REGISTRY: 'perhaps',
      }),
    ).toEqual([
      'EXPIRY_DATE_PERIOD_POLICY: got "30d", expected a whole number of seconds; -1: no limit',
      'GIT_TAGS_LIMIT_POLICY: got "ten", expected a whole number; 0: none stay, -1: all',
      'GIT_COMMITS_LIMIT_POLICY: got "5.5", expected a whole number; 0: none stay, -1: all',
      'DAPP_INSECURE_REGISTRY: got "perhaps", expected 1 or 0',
    ]);
  });

  it('keep the password secret', () => {
    const environment = { DAPP_DIMG_CLEANUP_REGISTRY_PASSWORD: 'hunter2' };
    expect(listSecrets(run('plan', environment).raw, {})).toContain('hunter2');
    expect(JSON.stringify(run('plan', environment).told)).not.toContain('hunter2');
  });
});

describe('the table', () => {
  it('is the one in docs/dapp.md (node scripts/write-dapp-names.ts)', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/dapp.md'), 'utf8');
    expect(page).toBe(replaceBetween(page, DAPP_MARKS, `\n${renderDappNames()}\n`));
  });

  it('has each variable once, and leads to options that a plan takes', () => {
    const variables = DAPP_NAMES.flatMap((entry) => entry.variables);
    expect(variables.length).toBeGreaterThan(15);
    expect(new Set(variables).size).toBe(variables.length);
    for (const { meaning } of DAPP_NAMES) {
      if (meaning.kind !== 'option') continue;
      const option = (OPTIONS as readonly Option[]).find(({ name }) => name === meaning.option);
      expect([meaning.option, option !== undefined && isForCommand(option, 'plan')]).toEqual([meaning.option, true]);
    }
  });
});
