import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { AuthError, type CleanupError, EvidenceError, UsageError } from '../../src/errors.ts';
import { askFor, askWhether } from '../../src/host/ask-json.ts';
import { connect, type EngineConnection } from '../../src/host/connection.ts';
import { askDelete } from '../../src/host/deed.ts';
import { explainLoss } from '../../src/host/explain-engine.ts';
import { openEngine } from '../../src/host/open-engine.ts';
import { silentLog } from '../../src/log.ts';
import { instantFromMs } from '../../src/model/time.ts';

let folder = '';
let servers: Server[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'engine-'));
  servers = [];
});

afterEach(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await rm(folder, { recursive: true, force: true });
});

type Answerer = (response: ServerResponse, url: string, method: string) => void;

async function listen(answer: Answerer, name = 'engine.sock'): Promise<string> {
  const path = join(folder, name);
  const server = createServer((request, response) => answer(response, request.url ?? '', request.method ?? ''));
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(path, resolve));
  return path;
}

const surroundings = { environment: {}, now: () => instantFromMs(0), log: silentLog, answerTimeoutMs: 5000 };

async function connectTo(answer: Answerer, answerTimeoutMs = 5000): Promise<EngineConnection> {
  return await connect({ kind: 'unix', path: await listen(answer) }, { ...surroundings, answerTimeoutMs });
}

async function errorOf(work: () => Promise<unknown>): Promise<CleanupError> {
  try {
    await work();
  } catch (error) {
    return error as CleanupError;
  }
  throw new Error('there was no error');
}

const READ = { path: '/x', purpose: 'list the images' };
const numbers = z.array(z.number());

describe('an answer of an engine', () => {
  it('is read to its end when it comes in pieces', async () => {
    const connection = await connectTo((response) => {
      response.write('[1,');
      setTimeout(() => response.end('2]'), 20);
    });
    expect(await askFor(connection, READ, numbers)).toEqual([1, 2]);
  });

  it('is asked for with exactly the query that was meant', async () => {
    const urls: string[] = [];
    const connection = await connectTo((response, url, method) => {
      urls.push(`${method} ${url}`);
      response.end('[]');
    });
    await askFor(connection, READ, numbers);
    await askFor(connection, { ...READ, query: { all: 'true', filters: '{"a":["b"]}' } }, numbers);
    await connection.ask({ ...READ, method: 'POST', query: { until: '1s' } });
    await connection.ask({ ...READ, method: 'DELETE', query: { force: 'false' } });
    expect(urls).toEqual([
      'GET /x',
      'GET /x?all=true&filters=%7B%22a%22%3A%5B%22b%22%5D%7D',
      'POST /x?until=1s',
      'DELETE /x?force=false',
    ]);
  });

  it.each<[string, Answerer]>([
    ['is cut off in the middle of a chunked body', (response) => void response.write('[1,', () => response.destroy())],
    [
      'is shorter than it said',
      (response) => void response.writeHead(200, { 'content-length': '9' }).write('[1]', () => response.destroy()),
    ],
    ['never begins', () => undefined],
    ['stops in the middle', (response) => void response.write('[1,')],
    ['is no connection', (response) => response.destroy()],
  ])('that %s is an error and no list', async (_name, answer) => {
    const connection = await connectTo(answer, 300);
    const error = await errorOf(() => askFor(connection, READ, numbers));
    expect(error).toBeInstanceOf(EvidenceError);
    expect(error).toMatchObject({ code: 'EVIDENCE_ENGINE', exitCode: 5, temporary: true });
  });

  it.each([
    ['empty', ''],
    ['a page of a proxy', '<html>'],
    ['not what the API has', '{"a":1}'],
    ['null in place of a list', 'null'],
  ])('that is %s is an error and no list', async (_name, body) => {
    const connection = await connectTo((response) => response.end(body));
    const error = await errorOf(() => askFor(connection, READ, numbers));
    expect(error).toMatchObject({ code: 'EVIDENCE_ENGINE', exitCode: 5 });
  });

  it.each([400, 404, 500, 302])('with status %i is an error', async (status) => {
    const connection = await connectTo((response) =>
      response.writeHead(status).end('{"message":"something \\u001b[31mbroke"}'),
    );
    const error = await errorOf(() => askFor(connection, READ, numbers));
    expect(error.code).toBe('EVIDENCE_ENGINE');
    expect(error.message).toContain(`answered ${status} to the request to list the images: "something`);
    expect(error.message).not.toContain('\u001b');
  });

  it('says that there is nothing only with a 404 in the words of an engine', async () => {
    const gone = await connectTo((response) => response.writeHead(404).end('{"message":"No such image"}'));
    expect(await askWhether(gone, READ, numbers)).toBeUndefined();
    const path = await listen((response) => response.writeHead(404).end('page not found'), 'proxy.sock');
    const proxy = await connect({ kind: 'unix', path }, surroundings);
    expect((await errorOf(() => askWhether(proxy, READ, numbers))).code).toBe('EVIDENCE_ENGINE');
  });

  it.each([401, 403])('with status %i is a missing right', async (status) => {
    const connection = await connectTo((response) => response.writeHead(status).end('{"message":"no"}'));
    expect(await errorOf(() => askFor(connection, READ, numbers))).toBeInstanceOf(AuthError);
  });
});

describe('a deed', () => {
  it.each([
    [200, '[]', 'deleted'],
    [204, '', 'deleted'],
    [404, '{"message":"No such image"}', 'already-gone'],
    [404, 'page not found', 'failed'],
    [409, '{"message":"conflict: a container uses it"}', 'refused'],
    [500, '{"message":"disk"}', 'failed'],
    [301, '', 'failed'],
  ])('answered with %i %s is %s', async (status, body, kind) => {
    const connection = await connectTo((response) => response.writeHead(status).end(body));
    expect((await askDelete(connection, READ)).kind).toBe(kind);
  });

  it('whose answer never comes has failed, and is not tried again', async () => {
    let count = 0;
    const connection = await connectTo(() => void count++, 50);
    expect((await askDelete(connection, READ)).kind).toBe('failed');
    expect(count).toBe(1);
  });
});

describe('an engine that cannot be reached', () => {
  it.each(['ECONNREFUSED', 'ENOENT', 'ENOTFOUND'])('for %s stops the run', (code) => {
    const error = explainLoss({ address: 'unix:///x', purpose: 'list' }, Object.assign(new Error('x'), { code }));
    expect(error).toMatchObject({ name: 'EvidenceError', code: 'EVIDENCE_ENGINE' });
    expect(error.hint).toContain('--engine');
  });

  it('for want of a right says how to get it', () => {
    const error = explainLoss(
      { address: 'unix:///x', purpose: 'list' },
      Object.assign(new Error('x'), { code: 'EACCES' }),
    );
    expect(error).toMatchObject({ name: 'AuthError', code: 'FORBIDDEN', exitCode: 3 });
    expect(error.hint).toContain('group');
  });

  it('is told for real where there is no socket', async () => {
    const open = () => openEngine({ kind: 'unix', path: join(folder, 'none.sock') }, surroundings);
    expect(await errorOf(open)).toMatchObject({ code: 'EVIDENCE_ENGINE' });
  });

  it('is not asked any more when the run is ended', async () => {
    const ending = new AbortController();
    const path = await listen(() => ending.abort());
    const connection = await connect({ kind: 'unix', path }, { ...surroundings, signal: ending.signal });
    expect((await errorOf(() => askFor(connection, READ, numbers))).code).toBe('EVIDENCE_ENGINE');
  });
});

describe('the environment', () => {
  it('leads no request away from the engine that was named', async () => {
    const other: string[] = [];
    await listen((_response, url) => void other.push(url), 'other.sock');
    for (const host of [`unix://${folder}/other.sock`, 'tcp://127.0.0.1:1', 'ssh://nobody@127.0.0.1']) {
      vi.stubEnv('DOCKER_HOST', host);
      const path = await listen((response) => response.end('[7]'), `named-${other.length}${host.length}.sock`);
      const connection = await connect({ kind: 'unix', path }, surroundings);
      expect(await askFor(connection, READ, numbers)).toEqual([7]);
    }
    expect(other).toEqual([]);
  });

  it('that makes dockerode fail is a usage error', async () => {
    vi.stubEnv('DOCKER_HOST', 'tcp://127.0.0.1:1');
    vi.stubEnv('DOCKER_CERT_PATH', join(folder, 'none'));
    const path = await listen((response) => response.end('[]'));
    const error = await errorOf(() => connect({ kind: 'unix', path }, surroundings));
    expect(error).toBeInstanceOf(UsageError);
  });
});

describe('an engine of an unknown kind', () => {
  const version = (words: object) => (response: ServerResponse) =>
    response.end(JSON.stringify({ Version: '99', Components: null, ...words }));

  it.each([
    ['too old', { ApiVersion: '1.24' }],
    ['too new', { ApiVersion: '2.10', MinAPIVersion: '2.0' }],
  ])('that is %s is not asked', async (_name, words) => {
    const path = await listen(version(words));
    const error = await errorOf(() => openEngine({ kind: 'unix', path }, surroundings));
    expect(error.code).toBe('EVIDENCE_ENGINE');
    expect(error.message).toContain('Engine API');
  });

  it('that is newer is asked in the version that is known', async () => {
    const urls: string[] = [];
    const path = await listen((response, url) => {
      urls.push(url);
      version({ ApiVersion: '1.60', MinAPIVersion: '1.44' })(response);
    });
    await errorOf(() => openEngine({ kind: 'unix', path }, surroundings));
    expect(urls).toEqual(['/version', '/v1.51/info']);
  });
});
