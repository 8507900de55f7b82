// An origin behind HTTP with a password, served by git's own http-backend: credentials reach it and nothing else.

import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readHistory } from '../../src/git/read-history.ts';
import { type Log, silentLog } from '../../src/log.ts';
import { createGitSandbox, type GitSandbox, wrapGit } from '../builders/git-repository.ts';
import { type GitServer, startGitServer } from '../support/git-server.ts';
import { requireProgram } from '../support/real-parts.ts';

const PASSWORD = 'hunter22-s3cret';
const BASIC = Buffer.from(`x-access-token:${PASSWORD}`).toString('base64');
const DAY = '2026-01-01T00:00:00Z';

describe.runIf(requireProgram('git'))('an origin that wants a password', () => {
  let sandbox: GitSandbox;
  let server: GitServer;
  let requests: GitServer['requests'];
  let url: string;
  let clone: string;
  let secrets: string[];
  let log: Log;

  beforeEach(async () => {
    sandbox = createGitSandbox();
    secrets = [];
    log = { ...silentLog, secret: (value) => secrets.push(value) };
    const origin = sandbox.bare('origin.git');
    sandbox.add(origin, {
      commits: [
        { name: 'a', date: DAY },
        { name: 'b', date: DAY, parents: ['a'] },
      ],
      branches: { main: 'b' },
    });
    addLargeFile(origin);
    clone = sandbox.clone(origin, 'clone', '--depth=1');
    server = await startGitServer(sandbox, BASIC);
    ({ requests, url } = server);
    sandbox.git(clone, 'remote', 'set-url', 'origin', `${url}origin.git`);
  });
  afterEach(async () => {
    await server.stop();
    sandbox.remove();
  });

  function addLargeFile(origin: string): void {
    const blob = execFileSync('git', ['hash-object', '-w', '--stdin'], {
      cwd: origin,
      env: sandbox.environment,
      // Hashes, because they cannot be compressed.
      input: Buffer.concat(Array.from({ length: 10_000 }, (_, index) => hash('sha256', String(index), 'buffer'))),
      encoding: 'utf8',
    }).trim();
    const tree = execFileSync('git', ['mktree'], {
      cwd: origin,
      env: sandbox.environment,
      input: `100644 blob ${blob}\tlarge\n`,
      encoding: 'utf8',
    }).trim();
    const commit = sandbox.gitAt(DAY, origin, 'commit-tree', '-m', 'large', '-p', 'main', tree);
    sandbox.git(origin, 'update-ref', 'refs/heads/main', commit);
  }

  async function readCommits(): Promise<number> {
    const environment = { ...sandbox.environment, RUNNER_TEMP: sandbox.root };
    const history = await readHistory({ directory: clone, allowUnshallow: true, allowFetch: true, environment, log });
    expect(JSON.stringify(history.remoteUrls)).not.toContain(PASSWORD);
    return history.graph.size;
  }

  const headerKey = (): string => `http.${url}.extraheader`;

  it('is read with the header that actions/checkout leaves in the clone, once a request and never on a command line', async () => {
    sandbox.git(clone, 'config', headerKey(), `AUTHORIZATION: basic ${BASIC}`);
    const calls = join(sandbox.root, 'calls');
    vi.stubEnv('PATH', `${wrapGit(sandbox, 'bin', `echo "$*" >> ${calls}`)}:${sandbox.environment['PATH']}`);
    expect(await readCommits()).toBe(3);
    expect(new Set(requests.map(({ authorization }) => authorization))).toEqual(new Set([`basic ${BASIC}`]));
    expect(readFileSync(calls, 'utf8')).toMatch(/^fetch /m);
    expect(readFileSync(calls, 'utf8')).not.toContain(BASIC);
    expect(secrets).toContain(BASIC);
  });

  it('is read with a header from a file that the clone includes on a condition', async () => {
    const file = join(sandbox.root, 'credentials.config');
    writeFileSync(file, `[http "${url}"]\n\textraheader = AUTHORIZATION: basic ${BASIC}\n`);
    sandbox.git(clone, 'config', `includeIf.gitdir:${clone}/.git.path`, file);
    expect(await readCommits()).toBe(3);
    expect(new Set(requests.map(({ authorization }) => authorization))).toEqual(new Set([`basic ${BASIC}`]));
  });

  it('is read with a header from the global configuration, not sent twice', async () => {
    writeFileSync(join(sandbox.root, '.gitconfig'), `[http "${url}"]\n\textraheader = AUTHORIZATION: basic ${BASIC}\n`);
    expect(await readCommits()).toBe(3);
    expect(new Set(requests.map(({ authorization }) => authorization))).toEqual(new Set([`basic ${BASIC}`]));
  });

  it('is read with a header from GIT_CONFIG variables of the job', async () => {
    const environment = {
      ...sandbox.environment,
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: headerKey(),
      GIT_CONFIG_VALUE_0: `AUTHORIZATION: basic ${BASIC}`,
    };
    const history = await readHistory({ directory: clone, allowUnshallow: true, allowFetch: true, environment, log });
    expect(history.graph.size).toBe(3);
    expect(new Set(requests.map(({ authorization }) => authorization))).toEqual(new Set([`basic ${BASIC}`]));
  });

  it('is read with credentials in its address, or in the address that stands for it', async () => {
    const withUser = url.replace('//', `//x-access-token:${PASSWORD}@`);
    sandbox.git(clone, 'remote', 'set-url', 'origin', `${withUser}origin.git`);
    expect(await readCommits()).toBe(3);
    sandbox.git(clone, 'remote', 'set-url', 'origin', 'git@forge.example.com:origin.git');
    sandbox.git(clone, 'config', `url.${withUser}.insteadOf`, 'git@forge.example.com:');
    expect(await readCommits()).toBe(3);
    expect(secrets).toContain(PASSWORD);
  });

  it('is read with a credential helper', async () => {
    sandbox.git(
      clone,
      'config',
      'credential.helper',
      `!f() { echo username=x-access-token; echo password=${PASSWORD}; }; f`,
    );
    expect(await readCommits()).toBe(3);
  });

  it('sends commits only, not the files', async () => {
    sandbox.git(clone, 'config', headerKey(), `AUTHORIZATION: basic ${BASIC}`);
    expect(await readCommits()).toBe(3);
    expect(requests.reduce((sum, { sent }) => sum + sent, 0)).toBeLessThan(10_000);
  });

  it('refuses a wrong password without asking anybody and without showing it', async () => {
    mkdirSync(join(sandbox.root, 'wrong'));
    sandbox.git(clone, 'remote', 'set-url', 'origin', url.replace('//', `//x:${PASSWORD}-wrong@`));
    const error: unknown = await readCommits().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'EVIDENCE_GIT', exitCode: 5 });
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain(PASSWORD);
    expect(existsSync(clone)).toBe(true);
  });
});
