// When credentials are got again, by requests that never leave the test.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HttpAccess } from '../../../src/kubernetes/connection/http-get.ts';
import { type ClusterSession, openSession } from '../../../src/kubernetes/connection/open-session.ts';
import { silentLog } from '../../../src/log.ts';

describe('a session', () => {
  let folder: string;
  let tokenFile: string;
  let session: ClusterSession;
  let reads: number;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'session-'));
    tokenFile = join(folder, 'token');
    await writeFile(tokenFile, 'tok-1');
    reads = 0;
    const log = { ...silentLog, secret: (value: string) => void (value.startsWith('tok-') && reads++) };
    const context = { name: 'prod', cluster: { server: 'https://127.0.0.1:1' }, user: { tokenFile } };
    session = await openSession(context, { log, idleMs: 1000, environment: {} });
  });
  afterEach(async () => {
    session.close();
    await rm(folder, { recursive: true });
  });

  /** 200 for this token, 401 for others. */
  const knowing =
    (token: string, seen: unknown[] = []) =>
    async ({ headers }: HttpAccess) => {
      seen.push(headers['Authorization']);
      return { status: headers['Authorization'] === `Bearer ${token}` ? 200 : 401, token: headers['Authorization'] };
    };

  it('gives the refused answer back, so that its connection is free again, and hands on the other', async () => {
    await writeFile(tokenFile, 'tok-2');
    const dropped: unknown[] = [];
    const answer = await session.run(knowing('tok-2'), ({ token }) => dropped.push(token));
    expect(answer).toEqual({ status: 200, token: 'Bearer tok-2' });
    expect(dropped).toEqual(['Bearer tok-1']);
  });

  it('does not drop the answer that it hands on', async () => {
    const dropped: unknown[] = [];
    expect((await session.run(knowing('tok-9'), (answer) => dropped.push(answer))).status).toBe(401);
    expect(dropped).toHaveLength(1);
  });

  it('takes what another request has got meanwhile, when its own 401 comes late', async () => {
    await writeFile(tokenFile, 'tok-2');
    const late = Promise.withResolvers<void>();
    const seen: unknown[] = [];
    let isFirst = true;
    const slow = session.run(async (access) => {
      const answer = await knowing('tok-2', seen)(access);
      if (isFirst) {
        isFirst = false;
        await late.promise;
      }
      return answer;
    });
    expect((await session.run(knowing('tok-2'))).status).toBe(200);
    expect(reads).toBe(2);
    late.resolve();
    expect((await slow).status).toBe(200);
    expect(seen).toEqual(['Bearer tok-1', 'Bearer tok-2']);
    expect(reads).toBe(2);
  });

  it('keeps its pool when only the token is new', async () => {
    const pools: unknown[] = [];
    await writeFile(tokenFile, 'tok-2');
    await session.run(async (access) => {
      pools.push(access.agent);
      return knowing('tok-2')(access);
    });
    expect(pools).toHaveLength(2);
    expect(pools[0]).toBe(pools[1]);
  });

  it('can get credentials after it could not', async () => {
    await writeFile(tokenFile, '');
    await expect(session.run(knowing('tok-2'))).rejects.toMatchObject({ code: 'EVIDENCE_KUBERNETES' });
    await writeFile(tokenFile, 'tok-2');
    expect((await session.run(knowing('tok-2'))).status).toBe(200);
  });
});
