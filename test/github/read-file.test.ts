// One file at one commit: from the stateful fake, and with the answers that it never gives.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readFileAt } from '../../src/github/read-file.ts';
import { createGitSandbox, type GitSandbox } from '../builders/git-repository.ts';
import type { FakeToken } from '../fakes/github/access.ts';
import { type FakeGithub, startGithub } from '../fakes/github/github.ts';
import { startScriptedServer } from '../support/scripted-server.ts';
import { containing } from '../support/typed-matchers.ts';
import { json, openTestGithub } from './try-github.ts';

const PATH = '.registry-cleanup.yml';
const TEXT = 'pins:\n  tags: [v*] # größer\n';

describe('a file', () => {
  let sandbox: GitSandbox;
  let fake: FakeGithub;
  let commit = '';

  beforeAll(async () => {
    sandbox = createGitSandbox();
    const bare = sandbox.bare('app.git');
    sandbox.add(bare, { commits: [{ name: 'a', date: '2026-01-01T00:00:00Z' }], branches: { main: 'a' } });
    const clone = sandbox.clone(bare, 'clone');
    mkdirSync(join(clone, 'deploy'));
    writeFileSync(join(clone, PATH), TEXT);
    writeFileSync(join(clone, 'deploy', 'policy.yml'), TEXT);
    writeFileSync(join(clone, 'empty.yml'), '');
    sandbox.git(clone, 'add', '.');
    sandbox.git(clone, 'commit', '-m', 'policy');
    sandbox.git(clone, 'push', 'origin', 'HEAD:main');
    commit = sandbox.git(clone, 'rev-parse', 'HEAD');
    fake = await startGithub();
    fake.addRepository('team/app', { directory: bare });
  });
  afterAll(async () => {
    await fake.close();
    sandbox.remove();
  });

  async function read(
    change: { path?: string; ref?: string; name?: string } = {},
    token: FakeToken = { kind: 'workflow' },
  ) {
    const github = await openTestGithub(fake.apiUrl, { token: fake.addToken(token) });
    try {
      return await readFileAt(github, { owner: 'team', name: 'app', path: PATH, ref: commit, ...change });
    } finally {
      await github.close();
    }
  }

  it.each([
    ['of the root', PATH, TEXT],
    ['of a folder', 'deploy/policy.yml', TEXT],
    ['that is empty', 'empty.yml', ''],
  ])('%s is its text', async (_, path, text) => {
    expect(await read({ path })).toEqual({ kind: 'file', text });
  });

  it('that the commit does not have is absent', async () => {
    expect(await read({ path: 'other.yml' })).toEqual({ kind: 'absent' });
    expect(await read({ ref: 'refs/heads/main', path: 'other.yml' })).toEqual({ kind: 'absent' });
  });

  it.each<[string, Parameters<typeof read>]>([
    ['of a commit that is not there', [{ ref: 'f'.repeat(40) }]],
    ['of a repository that is not there', [{ name: 'other' }]],
    ['of a repository that the token does not see', [{}, { kind: 'workflow', blind: ['team/app'] }]],
    ['that the token may not read', [{}, { kind: 'workflow', permissions: { contents: 'none' } }]],
  ])('%s is unknown, never absent', async (_, parameters) => {
    await expect(read(...parameters)).rejects.toMatchObject({ name: 'AuthError' });
  });

  it('is never looked for outside the repository', async () => {
    await expect(read({ path: '../other/secrets' })).rejects.toMatchObject({ code: 'INTERNAL' });
  });
});

describe('what is no file of text', () => {
  const servers: { stop(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
  });

  const file = { type: 'file', size: 3, encoding: 'base64', content: 'YWJj' };

  it.each<[string, unknown, object]>([
    ['a directory', [file], { name: 'RegistryError', message: containing('(dir)') }],
    ['a symbolic link', { type: 'symlink', target: 'x' }, { name: 'RegistryError', message: containing('(symlink)') }],
    ['a submodule', { type: 'submodule' }, { name: 'RegistryError' }],
    ['a large one', { ...file, size: 1024 * 1024 + 1, encoding: 'none', content: '' }, { code: 'TOO_LARGE' }],
    ['one without content', { ...file, encoding: 'none', content: '' }, { name: 'ProtocolError' }],
    ['one whose content was cut', { ...file, size: 4 }, { name: 'ProtocolError', message: containing('not whole') }],
    ['bytes', { ...file, content: Buffer.from([255, 254, 0]).toString('base64') }, { message: containing('no UTF-8') }],
    ['an answer of another shape', { ok: true }, { name: 'ProtocolError' }],
  ])('%s is an error', async (_, data, expected) => {
    const server = await startScriptedServer(() => json(data));
    const github = await openTestGithub(server.origin);
    servers.push({ stop: () => github.close() }, server);
    await expect(readFileAt(github, { owner: 'team', name: 'app', path: PATH, ref: 'main' })).rejects.toMatchObject(
      expected,
    );
  });
});
