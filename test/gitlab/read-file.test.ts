// One file of a project at a commit: what is there, what is not, and what nobody knows.

import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { type FileContent, readFileAt } from '../../src/gitlab/read-file.ts';
import { type Reply, type ScriptedServer, startScriptedServer } from '../support/scripted-server.ts';
import { json, openTestGitlab, refuse } from './try-gitlab.ts';

const COMMIT = '1a2b3c4d5e'.repeat(4);
let server: ScriptedServer | undefined;
afterEach(() => server?.stop());

async function read(reply: Reply): Promise<FileContent> {
  server = await startScriptedServer(() => reply);
  const gitlab = await openTestGitlab(server.origin);
  try {
    return await readFileAt(gitlab, { project: '34', path: 'deploy/a b.yml', commit: COMMIT });
  } finally {
    await gitlab.close();
  }
}

function file(body: string | Buffer, headers: { readonly [name: string]: string } = {}): Reply {
  const sha = createHash('sha256').update(body).digest('hex');
  const own = { 'x-gitlab-blob-id': 'b'.repeat(40), 'x-gitlab-content-sha256': sha };
  return { status: 200, headers: { 'content-type': 'text/plain', ...own, ...headers }, body };
}

describe('a file', () => {
  it('is its text, asked for at the commit', async () => {
    expect(await read(file('pins: {}\n# é\n'))).toEqual({ kind: 'file', text: 'pins: {}\n# é\n' });
    expect(server?.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `GET /api/v4/projects/34/repository/files/deploy%2Fa%20b.yml/raw?ref=${COMMIT}`,
    ]);
  });

  it('may be empty', async () => {
    expect(await read(file(''))).toEqual({ kind: 'file', text: '' });
  });

  it('of an older GitLab tells no hash', async () => {
    const headers = { 'content-type': 'text/plain', 'x-gitlab-blob-id': 'b'.repeat(40) };
    expect(await read({ status: 200, headers, body: 'a' })).toEqual({ kind: 'file', text: 'a' });
  });

  it('is absent only where GitLab shows the commit', async () => {
    expect(await read(refuse(404, '404 File Not Found'))).toEqual({ kind: 'absent' });
  });

  it.each([
    ['a project that it does not show', refuse(404, '404 Project Not Found'), 'REPOSITORY_UNKNOWN'],
    ['a commit that it does not show', refuse(404, '404 Commit Not Found'), 'REPOSITORY_UNKNOWN'],
    ['a token that is none', refuse(401, '401 Unauthorized'), 'AUTH'],
    [
      'a page of something in between',
      { status: 200, headers: { 'content-type': 'text/html' }, body: '<p>' },
      'PROTOCOL',
    ],
    ['bytes that are no UTF-8', file(Buffer.from([0x61, 0xff])), 'PROTOCOL'],
    ['half of it', file('half', { 'x-gitlab-content-sha256': 'a'.repeat(64) }), 'PROTOCOL'],
    ['what is no text', json({ a: 1 }), 'PROTOCOL'],
    ['more than anybody writes', file('x'.repeat(1024 * 1024 + 1)), 'TOO_LARGE'],
  ] as const)('is unknown after %s', async (_, reply, code) => {
    await expect(read(reply)).rejects.toMatchObject({ code });
  });
});
