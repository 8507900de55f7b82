import { describe, expect, it } from 'vitest';
import { COMMANDS, parseArguments } from '../../src/cli/parse-arguments.ts';
import { renderHelp } from '../../src/cli/render-help.ts';
import { UsageError } from '../../src/errors.ts';
import { selectOptions } from '../../src/options.ts';

const parse = (line: string, environment: NodeJS.ProcessEnv = {}) =>
  parseArguments(line === '' ? [] : line.split(' '), environment);

function complaint(line: string): string {
  try {
    parse(line);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return error instanceof UsageError ? error.message : '';
  }
  return 'nothing';
}

describe('a command line', () => {
  it.each([
    ['', { kind: 'run', command: 'plan', raw: { command: 'plan' } }],
    ['--untag', { kind: 'run', command: 'plan', raw: { command: 'plan', untag: true } }],
    ['plan --no-untag', { kind: 'run', command: 'plan', raw: { command: 'plan', untag: false } }],
    ['apply --plan-file=p.json', { kind: 'run', command: 'apply', raw: { command: 'apply', 'plan-file': 'p.json' } }],
    [
      '--repository a/b --repository c/d --namespace x',
      { kind: 'run', command: 'plan', raw: { command: 'plan', repository: ['a/b', 'c/d'], namespace: ['x'] } },
    ],
    [
      'explain v1 --repository a/b',
      { kind: 'run', command: 'explain', raw: { command: 'explain', target: 'v1', repository: ['a/b'] } },
    ],
    [
      'explain --repository a/b v1',
      { kind: 'run', command: 'explain', raw: { command: 'explain', target: 'v1', repository: ['a/b'] } },
    ],
    ['restore --journal j.jsonl', { kind: 'run', command: 'restore', raw: { command: 'restore', journal: 'j.jsonl' } }],
    ['demo', { kind: 'run', command: 'demo', raw: { command: 'demo' } }],
    ['--version', { kind: 'version' }],
    ['plan -V', { kind: 'version' }],
    ['--help', { kind: 'help' }],
    ['help', { kind: 'help' }],
    ['apply --help', { kind: 'help', command: 'apply' }],
    ['help explain', { kind: 'help', command: 'explain' }],
  ])('%j', (line, expected) => {
    expect(parse(line)).toEqual(expected);
  });

  it('takes from the environment what is not given', () => {
    const environment = {
      REGISTRY_CLEANUP_USERNAME: 'env',
      REGISTRY_CLEANUP_PASSWORD: 'p',
      REGISTRY_CLEANUP_KUBE_CONFIG_BASE64: '',
    };
    expect(parse('--username word', environment)).toMatchObject({
      raw: { username: 'word', password: 'p', 'kube-config-base64': '' },
    });
  });

  it('takes nothing from the environment that the command does not know', () => {
    const environment = { REGISTRY_CLEANUP_KUBE_CONFIG_BASE64: 'x', GH_TOKEN: 'two' };
    expect(parse('restore', environment)).toEqual({
      kind: 'run',
      command: 'restore',
      raw: { command: 'restore', 'github-token': 'two' },
    });
  });

  it.each([
    ['the first', { GITHUB_TOKEN: 'one', GH_TOKEN: 'two' }, 'one'],
    ['the second, when the first is empty', { GITHUB_TOKEN: '', GH_TOKEN: 'two' }, 'two'],
    ['the second alone', { GH_TOKEN: 'two' }, 'two'],
    ['nothing but empty ones', { GITHUB_TOKEN: '' }, ''],
  ])('takes a token from %s of its variables', (_, environment, token) => {
    expect(parse('plan', environment)).toMatchObject({ raw: { 'github-token': token } });
  });

  it.each([
    ['aply', 'unknown command "aply"; did you mean "apply"?'],
    [
      'sweep',
      'unknown command "sweep"; the commands are plan, apply, explain, verify, restore, record, purge, managed-images, host, rbac, demo',
    ],
    ['--repositry a/b', "unknown option '--repositry'; did you mean --repository?"],
    ['verify --repo a/b', "unknown option '--repo'; did you mean --repository?"],
    ['--journal-file=x', "unknown option '--journal-file=x'"],
    ['apply --journal-file=x', "unknown option '--journal-file=x'; did you mean --journal?"],
    ['verify --dry-run', "unknown option '--dry-run'"],
    ['-x', "unknown option '-x'"],
    ['--password x', "unknown option '--password'; did you mean --password-stdin?"],
    ['--github-token x', "unknown option '--github-token'; set GITHUB_TOKEN or GH_TOKEN in the environment"],
    ['--repository', "option '--repository <NAME>' argument missing"],
    ['plan v1', "too many arguments for 'plan'. Expected 0 arguments but got 1."],
    ['explain v1 v2', "too many arguments for 'explain'. Expected 1 argument but got 2."],
    ['--git-dir a --git-dir b', '--git-dir: given twice: "a" and "b"'],
    ['demo --repository a/b', "unknown option '--repository'"],
  ])('%j is refused: %s', (line, expected) => {
    expect(complaint(line)).toBe(expected);
  });
});

describe('the help', () => {
  it('of everything reads like this', async () => {
    await expect(renderHelp(undefined, 100)).toMatchFileSnapshot('../golden/help.txt');
  });

  it.each(COMMANDS)('of %s reads like this', async (command) => {
    await expect(renderHelp(command, 100)).toMatchFileSnapshot(`../golden/help-${command}.txt`);
  });

  it('has every option of the command line, and fits', () => {
    const help = renderHelp(undefined, 80);
    for (const { name } of selectOptions('cli')) expect(help).toMatch(new RegExp(`^  --(\\[no-\\])?${name}( |$)`, 'm'));
    const lines = help.split('\n').filter((line) => !line.startsWith('  registry-cleanup '));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});
