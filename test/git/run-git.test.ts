// Every way in which git can end badly is an error, and none of them shows a credential.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { EvidenceError } from '../../src/errors.ts';
import { gitEnvironment, ownEnvironment } from '../../src/git/git-environment.ts';
import { parseConfig } from '../../src/git/inspect-clone.ts';
import { parseReferences } from '../../src/git/list-references.ts';
import { remoteUrlsOf } from '../../src/git/remote-urls.ts';
import { type GitCall, readGit, streamGit } from '../../src/git/run-git.ts';
import { redactWith, secretsOf } from '../../src/git/secrets.ts';
import { createGitSandbox } from '../builders/git-repository.ts';
import { commitIdOf } from '../builders/history.ts';
import { requireProgram } from '../support/real-parts.ts';

async function failureOf(running: Promise<unknown>): Promise<EvidenceError> {
  const error: unknown = await running.catch((thrown: unknown) => thrown);
  if (!(error instanceof EvidenceError)) throw new Error('no EvidenceError was thrown', { cause: error });
  expect(error.code).toBe('EVIDENCE_GIT');
  return error;
}

describe.runIf(requireProgram('git'))('running git', () => {
  const sandbox = createGitSandbox();
  afterAll(() => sandbox.remove());

  /** A real git that runs a shell script as its alias. */
  function call(script: string): GitCall {
    return {
      arguments: ['-c', `alias.act=!${script}`, 'act'],
      directory: sandbox.root,
      environment: gitEnvironment(sandbox.environment),
      purpose: 'do something',
      redact: redactWith(['s3cret-token']),
    };
  }

  it('returns all output, however much there is and however late it comes', async () => {
    expect((await readGit(call('head -c 3000000 /dev/zero | tr "\\0" x'))).length).toBe(3_000_000);
    // Longer than the ten seconds after which @actions/exec would call it a success.
    expect(await readGit(call('(sleep 11; echo late) & echo early'))).toBe('early\nlate\n');
  });

  it('hands binary output over unchanged', async () => {
    const chunks: Buffer[] = [];
    await streamGit(call("printf '\\377\\000\\n\\200'"), (chunk) => chunks.push(chunk));
    expect(Buffer.concat(chunks)).toEqual(Buffer.from([0xff, 0, 0x0a, 0x80]));
  });

  it.each([
    ['exits with 1', 'exit 1', 'exit code 1'],
    ['is killed', 'kill -9 $PPID; sleep 1', 'ended by a signal'],
    ['is terminated after some output', 'echo x; kill -15 $PPID; sleep 1', 'ended by a signal'],
    ['says fatal and exits with 0', 'echo "fatal: no way" >&2', 'fatal: no way'],
    ['says error among other lines and exits with 0', '(echo warning: x; echo "error: bad ref") >&2', 'error: bad ref'],
  ])('fails when git %s', async (_, script, message) => {
    const error = await failureOf(readGit(call(script)));
    expect(error.exitCode).toBe(5);
    expect(error.message).toContain(message);
  });

  it('does not fail for a warning, nor for words of a server that begin like an error', async () => {
    expect(await readGit(call('(echo "warning: x"; echo "remote: error: y") >&2; echo fine'))).toBe('fine\n');
  });

  it('shows no credential of an address and no known secret in its error', async () => {
    const script = 'echo "fatal: https://ann:hunter22@example.com/o/r and s3cret-token" >&2; exit 128';
    const error = await failureOf(readGit(call(script)));
    expect(error.message).toContain('https://***@example.com/o/r and ***');
    expect(JSON.stringify(error)).not.toMatch(/hunter22|s3cret/);
  });

  it('keeps the end of a very long complaint', async () => {
    const script =
      'i=0; while [ $i -lt 9000 ]; do echo "progress $i" >&2; i=$((i+1)); done; echo "fatal: last" >&2; exit 1';
    const error = await failureOf(readGit(call(script)));
    expect(error.message).toMatch(/fatal: last$/);
    expect(String(error).length).toBeLessThan(3000);
  });

  it('throws what the reader of its output threw', async () => {
    const reading = streamGit(call('echo x; sleep 0.1; echo y'), () => {
      throw new RangeError('not that');
    });
    await expect(reading).rejects.toThrow(new RangeError('not that'));
  });

  it('fails when git is not there, or cannot be run', async () => {
    const folder = join(sandbox.root, 'no-git');
    mkdirSync(folder);
    vi.stubEnv('PATH', folder);
    expect((await failureOf(readGit(call('true')))).message).toContain('Unable to locate executable file: git');
    writeFileSync(join(folder, 'git'), '#!/no/such/interpreter\n', { mode: 0o755 });
    expect((await failureOf(readGit(call('true')))).hint).toContain('Install git');
  });

  it('takes variables away that point elsewhere or trace, and keeps credentials and proxies', () => {
    const environment = gitEnvironment({
      GIT_DIR: '/x',
      GIT_TRACE_CURL: '1',
      GIT_CONFIG_COUNT: '1',
      HTTPS_PROXY: 'http://proxy',
      GIT_SSH_COMMAND: 'ssh -i key',
      LC_ALL: 'de_DE',
      UNSET: undefined,
    });
    expect(environment).toMatchObject({
      GIT_CONFIG_COUNT: '1',
      HTTPS_PROXY: 'http://proxy',
      GIT_SSH_COMMAND: 'ssh -i key',
      LC_ALL: 'C',
      GIT_FLUSH: '0',
      GIT_TERMINAL_PROMPT: '0',
      GIT_NO_REPLACE_OBJECTS: '1',
      GIT_OPTIONAL_LOCKS: '0',
    });
    expect(Object.keys(environment)).not.toEqual(expect.arrayContaining(['GIT_DIR']));
    expect(Object.keys(environment)).not.toEqual(expect.arrayContaining(['GIT_TRACE_CURL']));
    expect(Object.keys(environment)).not.toEqual(expect.arrayContaining(['UNSET']));
  });

  it('hands the configuration that reaches origin over by the environment, lists emptied first, and nothing else', () => {
    const config = [
      { key: 'user.name', value: 'Ann' },
      { key: 'http.https://example.com/.extraheader', value: 'AUTHORIZATION: basic abc' },
      { key: 'credential.helper', value: 'store' },
      { key: 'remote.origin.url', value: 'https://example.com/o/r' },
      { key: 'remote.origin.fetch', value: '+refs/heads/*:refs/remotes/origin/*' },
      { key: 'core.hookspath', value: '/hooks' },
      { key: 'core.sshcommand', value: 'ssh -i key' },
    ];
    const environment = ownEnvironment(
      { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'a.b', GIT_CONFIG_VALUE_0: 'c' },
      '/own',
      config,
    );
    const count = Number(environment['GIT_CONFIG_COUNT']);
    const entries = Array.from({ length: count }, (_, index) => [
      environment[`GIT_CONFIG_KEY_${index}`],
      environment[`GIT_CONFIG_VALUE_${index}`],
    ]);
    expect(environment['GIT_DIR']).toBe('/own');
    expect(entries.slice(0, 6)).toEqual([
      ['http.https://example.com/.extraheader', ''],
      ['credential.helper', ''],
      ['http.https://example.com/.extraheader', 'AUTHORIZATION: basic abc'],
      ['credential.helper', 'store'],
      ['remote.origin.url', 'https://example.com/o/r'],
      ['core.sshcommand', 'ssh -i key'],
    ]);
    expect(entries.map(([key]) => key)).not.toContain('a.b');
    expect(entries).toContainEqual(['core.hooksPath', '/dev/null']);
  });
});

describe('reading what git prints', () => {
  it('takes configuration apart, values with newlines and keys without a value too', () => {
    expect(parseConfig('a.b\nc\nd\0x.y\0')).toEqual([
      { key: 'a.b', value: 'c\nd' },
      { key: 'x.y', value: 'true' },
    ]);
  });

  const layout = { branches: 'refs/heads/', head: 'HEAD', purpose: 'list' };
  const [one, two, three] = [commitIdOf('1'), commitIdOf('2'), commitIdOf('3')];

  it('lists branches, lightweight and annotated tags, and the default branch', () => {
    const text = [
      'ref: refs/heads/main\tHEAD',
      `${one}\tHEAD`,
      `${one}\trefs/heads/main`,
      `${two}\trefs/pull/1/head`,
      `${two}\trefs/tags/v1`,
      `${three}\trefs/tags/v1^{}`,
      `${one}\trefs/tags/heads/x`,
      '',
    ].join('\n');
    expect(parseReferences(text, layout)).toEqual({
      defaultBranch: 'main',
      references: [
        { kind: 'branch', name: 'main', object: one, target: one },
        { kind: 'tag', name: 'v1', object: two, target: three },
        { kind: 'tag', name: 'heads/x', object: one, target: one },
      ],
    });
  });

  it.each([
    ['a web page', '<html>\tx'],
    ['a line without a tab', one],
    ['a short id', 'abcd\trefs/heads/main'],
  ])('refuses %s', (_, text) => {
    expect(() => parseReferences(text, layout)).toThrow(EvidenceError);
  });

  it.each([
    ['git@github.com:o/r.git', ['ssh://github.com/o/r.git', 'https://github.com/o/r']],
    ['github.com:o/r', ['ssh://github.com/o/r', 'https://github.com/o/r']],
    [
      'ssh://git@gitlab.example.com:2222/g/s/r.git',
      ['ssh://gitlab.example.com:2222/g/s/r.git', 'https://gitlab.example.com/g/s/r'],
    ],
    ['https://github.com/o/r', ['https://github.com/o/r']],
    ['https://x-access-token:t0ken@github.com/o/r.git', ['https://github.com/o/r.git', 'https://github.com/o/r']],
    [
      'https://t0ken@git.example.com:8443/o/r/',
      ['https://git.example.com:8443/o/r/', 'https://git.example.com:8443/o/r'],
    ],
    [
      'http://git.example.com:8080/o/r.git',
      ['http://git.example.com:8080/o/r.git', 'https://git.example.com:8080/o/r'],
    ],
    ['/srv/git/r.git', ['/srv/git/r.git']],
    ['../r.git', ['../r.git']],
    ['C:\\git\\r.git', ['C:\\git\\r.git']],
    ['file:///srv/git/r.git', ['file:///srv/git/r.git']],
    ['https://', []],
  ])('knows the addresses of %s', (url, expected) => {
    expect(remoteUrlsOf(url)).toEqual(expected);
  });
});

describe('secrets in configuration', () => {
  it.each([
    ['remote.origin.url', 'https://ann:hunter22@example.com/r', ['hunter22']],
    ['remote.origin.url', 'https://ann:hunter%2F22@example.com/r', ['hunter%2F22', 'hunter/22']],
    ['remote.origin.url', 'https://t0kent0ken@example.com/r', ['t0kent0ken']],
    ['remote.origin.url', 'ssh://git@example.com/r', []],
    ['url.https://gitlab-ci-token:t0kent0ken@gitlab.com/.insteadof', 'git@gitlab.com:', ['t0kent0ken']],
    [
      'http.https://github.com/.extraheader',
      'AUTHORIZATION: basic eGFjY2Vzcw==',
      ['basic eGFjY2Vzcw==', 'eGFjY2Vzcw=='],
    ],
    ['http.proxy', 'http://ann:hunter22@proxy:3128', ['hunter22']],
    ['user.email', 'ann@example.com', []],
  ])('are found in %s = %s', (key, value, expected) => {
    expect(secretsOf([{ key, value }])).toEqual(expected);
  });

  it('are masked longest first, and short ones are left to the address rule', () => {
    expect(redactWith(['abcd', 'abcdef', 'x'])('abcdef abcd x http://x:y@h ssh://git@h')).toBe(
      '*** *** x http://***@h ssh://***@h',
    );
  });
});
