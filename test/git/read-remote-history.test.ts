// The history of a repository that is only an address.

import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EvidenceError } from '../../src/errors.ts';
import { readRemoteHistory } from '../../src/git/read-remote-history.ts';
import { type Log, silentLog } from '../../src/log.ts';
import type { CommitId, History } from '../../src/model/history.ts';
import { createGitSandbox, type GitSandbox } from '../builders/git-repository.ts';
import { requireProgram } from '../support/real-parts.ts';

const DAY = '2026-01-01T00:00:00Z';

describe.runIf(requireProgram('git'))('a further Git repository', () => {
  let sandbox: GitSandbox;
  let secrets: string[];
  let log: Log;

  beforeEach(() => {
    sandbox = createGitSandbox();
    secrets = [];
    log = { ...silentLog, secret: (secret) => secrets.push(secret) };
    mkdirSync(join(sandbox.root, 'tmp'));
  });
  afterEach(() => {
    expect(readdirSync(join(sandbox.root, 'tmp')), 'temporary folders left behind').toEqual([]);
    sandbox.remove();
  });

  const read = (url: string): Promise<History> =>
    readRemoteHistory({
      repository: { name: 'lib', url },
      environment: { ...sandbox.environment, RUNNER_TEMP: join(sandbox.root, 'tmp') },
      log,
    });

  async function failure(url: string): Promise<EvidenceError> {
    const error: unknown = await read(url).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof EvidenceError)) throw new Error('no EvidenceError was thrown', { cause: error });
    expect(error.code).toBe('EVIDENCE_GIT');
    return error;
  }

  function library(format: 'sha1' | 'sha256' = 'sha1'): {
    readonly path: string;
    readonly ids: ReadonlyMap<string, CommitId>;
  } {
    const path = sandbox.bare('lib.git', format);
    const ids = sandbox.add(path, {
      commits: [
        { name: 'a', date: DAY },
        { name: 'b', date: DAY, parents: ['a'] },
        { name: 'side', date: DAY, parents: ['a'] },
        { name: 'tagged', date: DAY, parents: ['b'] },
      ],
      branches: { main: 'b', 'feature/x': 'side' },
      tags: { v1: { commit: 'tagged', date: DAY } },
    });
    return { path, ids };
  }

  it.each(['sha1', 'sha256'] as const)('is read whole: all branches, tags and commits (%s)', async (format) => {
    const { path, ids } = library(format);
    const history = await read(`file://${path}`);
    expect(history.references.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([
      'branch feature/x',
      'branch main',
      'tag v1',
    ]);
    expect(history.defaultBranch).toBe('main');
    expect(history.graph.size).toBe(4);
    for (const id of ids.values()) expect(history.graph.indexOf(id)).toBeDefined();
  });

  it('may be a folder of this machine', async () => {
    expect((await read(library().path)).graph.size).toBe(4);
  });

  it('may hold a tag on a tree', async () => {
    const { path } = library();
    const tree = sandbox.git(path, 'rev-parse', 'main^{tree}');
    sandbox.git(path, 'tag', '-a', '-m', 'files', 'files', tree);
    expect((await read(`file://${path}`)).graph.size).toBe(4);
  });

  it('that is shallow itself is no evidence: what it lacks would look gone', async () => {
    const { path } = library();
    const cut = sandbox.bare('cut.git');
    sandbox.git(cut, 'fetch', '--quiet', '--depth=1', `file://${path}`, 'main:main');
    await failure(`file://${cut}`);
  });

  it('that is empty is no evidence: of it every commit would be gone', async () => {
    const error = await failure(`file://${sandbox.bare('empty.git')}`);
    expect(error.message).toContain('neither a branch nor a tag');
  });

  it('that is not there is told by its name and address, without its password', async () => {
    const error = await failure('https://someone:hunter2-secret@127.0.0.1:1/lib.git');
    expect(error.message).toContain('"lib" could not be read');
    expect(JSON.stringify([error.message, error.hint, error.details])).not.toContain('hunter2');
    expect(secrets).toContain('hunter2-secret');
    await failure(join(sandbox.root, 'nowhere'));
  });
});
