import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/http/connection-limits.ts';
import { createLimiter } from '../../src/http/limit-requests.ts';
import { parseRetryAfter } from '../../src/http/parse-retry-after.ts';
import { quoteFirstLine, redactUrl } from '../../src/http/redact-text.ts';
import type { Transport } from '../../src/registry/transport.ts';
import { type Reply, type Script, type ScriptedServer, startScriptedServer } from '../support/scripted-server.ts';
import { ask, createRememberingLog, openTestTransport, textOf } from '../support/try-transport.ts';
import { containing, matching } from '../support/typed-matchers.ts';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const OK: Reply = { status: 200, body: '{}' };
const PATH = '/v2/team/app/tags/list';

async function start(script: Script): Promise<ScriptedServer> {
  const server = await startScriptedServer((request, count) => (request.url === '/v2/' ? OK : script(request, count)));
  closers.push(() => server.stop());
  return server;
}

async function open(server: ScriptedServer, more: Parameters<typeof openTestTransport>[1] = {}): Promise<Transport> {
  const transport = await openTestTransport(server.host, more);
  closers.push(() => transport.close());
  return transport;
}

/** Starts a server with this script and opens a transport to it. */
async function connect(
  script: Script,
  more: Parameters<typeof openTestTransport>[1] = {},
): Promise<{ readonly server: ScriptedServer; readonly transport: Transport }> {
  const server = await start(script);
  return { server, transport: await open(server, more) };
}

/** Replies in their order; the last one for ever. */
const inTurn =
  (...replies: readonly Reply[]): Script =>
  (_request, count) =>
    replies[Math.min(count, replies.length) - 1] ?? OK;

describe('an answer', () => {
  it('carries status, header values by lower-case name, all links, and the bytes', async () => {
    const { transport } = await connect(() => ({
      status: 200,
      headers: { 'Docker-Content-Digest': 'sha256:x', Link: ['<a>; rel="next"', '<b>'] },
      body: 'täxt',
    }));
    const response = await ask(transport, PATH);
    expect(response.status).toBe(200);
    expect(response.header('docker-content-digest')).toBe('sha256:x');
    expect(response.header('link')).toBe('<a>; rel="next", <b>');
    expect(response.header('etag')).toBeUndefined();
    expect(textOf(response)).toBe('täxt');
  });

  it('may have any status that the caller expects', async () => {
    const { transport } = await connect(() => ({ status: 404, body: 'gone' }));
    const response = await ask(transport, PATH, { expect: [200, 404] });
    expect([response.status, textOf(response)]).toEqual([404, 'gone']);
  });

  it('sends method, headers and body as given', async () => {
    const { server, transport } = await connect(() => ({ status: 201 }));
    await ask(transport, '/v2/team/app/manifests/v1?x=%2F', {
      method: 'PUT',
      headers: { 'Content-Type': 'application/x' },
      body: Buffer.from('bytes'),
      expect: [201],
    });
    expect(server.requests).toMatchObject([
      {
        method: 'PUT',
        url: '/v2/team/app/manifests/v1?x=%2F',
        body: 'bytes',
        headers: { 'content-type': 'application/x' },
      },
    ]);
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
  });

  it.each(['https://elsewhere.example/v2/', 'v2/', '/v2/a b', '/v2/a\r\nx: y'])('never goes to %j', async (path) => {
    const { server, transport } = await connect(() => OK);
    expect(() => ask(transport, path)).toThrow('Not a path on the registry');
    expect(server.requests).toEqual([]);
  });
});

describe('sizes', () => {
  const body = (size: number): Reply => ({ status: 200, body: 'x'.repeat(size) });
  it('takes a body of exactly the bound', async () => {
    const { transport } = await connect(() => body(100));
    expect(textOf(await ask(transport, PATH, { maxBytes: 100 }))).toHaveLength(100);
  });

  it('refuses a body of one byte more, and does not try again', async () => {
    const { server, transport } = await connect(() => body(101));
    await expect(ask(transport, PATH, { maxBytes: 100 })).rejects.toMatchObject({
      name: 'ProtocolError',
      code: 'TOO_LARGE',
      temporary: false,
    });
    expect(server.requests).toHaveLength(1);
  });

  it('stops reading an endless body soon after the bound', async () => {
    let sent = 0;
    const endless = createServer((request, response) => {
      if (request.url === '/v2/') return response.end();
      const chunk = Buffer.alloc(65_536);
      const pump = (): void => {
        do sent += chunk.length;
        while (response.write(chunk));
      };
      response.on('drain', pump);
      return pump();
    });
    await new Promise<void>((resolve) => endless.listen(0, '127.0.0.1', resolve));
    closers.push(() => new Promise((resolve) => endless.close(() => resolve())));
    const transport = await openTestTransport(`127.0.0.1:${(endless.address() as AddressInfo).port}`);
    closers.push(() => transport.close());
    await expect(ask(transport, PATH, { maxBytes: 1000 })).rejects.toMatchObject({ code: 'TOO_LARGE' });
    expect(sent).toBeLessThan(20_000_000);
  });

  it('does not mind a long page with an expected error status', async () => {
    const { transport } = await connect(() => ({ status: 404, body: 'x'.repeat(300_000) }));
    const response = await ask(transport, PATH, { expect: [404], maxBytes: 10 });
    expect(response.body.length).toBeLessThanOrEqual(65_536);
  });

  it('does not take a HEAD answer for a large one', async () => {
    const { transport } = await connect(() => ({ status: 200, headers: { 'content-length': '5000000' } }));
    const response = await ask(transport, PATH, { method: 'HEAD', maxBytes: 10 });
    expect([response.header('content-length'), response.body.length]).toEqual(['5000000', 0]);
  });
});

describe('connections', () => {
  it('are kept, also after HEAD', async () => {
    const { server, transport } = await connect(() => ({ status: 200, headers: { 'content-length': '10' } }));
    for (let index = 0; index < 20; index += 1) await ask(transport, PATH, { method: 'HEAD' });
    // The pool may open a second one while the first is still tidying up.
    expect(server.connections()).toBeLessThanOrEqual(2);
  });

  it('are never more than the requests in flight, which are never more than the limit', async () => {
    let inFlight = 0;
    let most = 0;
    const slow: Script = async () => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      await new Promise((resolve) => setTimeout(resolve, 10));
      inFlight -= 1;
      return OK;
    };
    const { server, transport } = await connect(slow, { limits: { maxInFlight: 4 } });
    const methods = ['GET', 'HEAD'] as const;
    await Promise.all(
      Array.from({ length: 40 }, (_, index) => ask(transport, PATH, { method: methods[index % 2] ?? 'GET' })),
    );
    expect(most).toBe(4);
    expect(server.connections()).toBeLessThanOrEqual(4);
    expect(DEFAULT_LIMITS.maxInFlight).toBe(32);
  });

  it('end with close, and with them what is still under way', async () => {
    const { transport } = await connect(() => ({ fault: 'hang' }));
    const pending = ask(transport, PATH).catch((cause: unknown) => cause);
    await transport.close();
    await transport.close();
    expect(await pending).toMatchObject({ name: 'NetworkError' });
  });

  it('are not waited for while a retry is pending', async () => {
    const { server, transport } = await connect(() => ({ status: 429, headers: { 'retry-after': '60' } }));
    const pending = ask(transport, PATH).catch((cause: unknown) => cause);
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const begin = performance.now();
    await transport.close();
    expect(await pending).toMatchObject({ name: 'NetworkError' });
    expect(performance.now() - begin).toBeLessThan(5000);
  });
});

describe('retries', () => {
  it.each([408, 429, 500, 502, 503, 504])('a %i is tried again', async (status) => {
    const { server, transport } = await connect(inTurn({ status }, { status }, OK));
    expect((await ask(transport, PATH)).status).toBe(200);
    expect(server.requests).toHaveLength(3);
  });

  it.each([400, 403, 404, 405, 409, 501])('a %i is not', async (status) => {
    const { server, transport } = await connect(() => ({ status }));
    await expect(ask(transport, PATH)).rejects.toMatchObject({ temporary: false });
    expect(server.requests).toHaveLength(1);
  });

  it.each(['reset', 'truncate'] as const)('a %s connection is tried again', async (fault) => {
    const { server, transport } = await connect(inTurn({ fault }, OK));
    expect((await ask(transport, PATH)).status).toBe(200);
    expect(server.requests).toHaveLength(2);
  });

  it('an expected status is an answer, even one that is otherwise tried again', async () => {
    const { server, transport } = await connect(() => ({ status: 503 }));
    expect((await ask(transport, PATH, { expect: [503] })).status).toBe(503);
    expect(server.requests).toHaveLength(1);
  });

  it('end after so many tries, with the last error', async () => {
    const { server, transport } = await connect(
      inTurn({ status: 500 }, { status: 500 }, { status: 502, body: 'bad gateway' }),
    );
    await expect(ask(transport, PATH)).rejects.toMatchObject({
      name: 'NetworkError',
      code: 'NETWORK',
      temporary: true,
      details: { status: 502 },
    });
    expect(server.requests).toHaveLength(4);
  });

  it('a DELETE is tried again, and a 404 the second time is the answer', async () => {
    const { server, transport } = await connect(inTurn({ fault: 'reset' }, { status: 404 }));
    const response = await ask(transport, PATH, { method: 'DELETE', expect: [202, 404] });
    expect([response.status, server.requests.length]).toEqual([404, 2]);
  });

  it.each<Reply>([{ status: 503 }, { status: 429 }, { fault: 'reset' }])(
    'a POST is sent once, whatever happens: %j',
    async (reply) => {
      const { server, transport } = await connect(() => reply);
      await expect(ask(transport, PATH, { method: 'POST' })).rejects.toMatchObject({ temporary: true });
      expect(server.requests).toHaveLength(1);
    },
  );

  it('wait as long as Retry-After says, all requests together', async () => {
    const times: number[] = [];
    const script: Script = (request, count) => {
      times.push(performance.now());
      return request.url === '/v2/a' && count === 1 ? { status: 429, headers: { 'retry-after': '1' } } : OK;
    };
    const { transport } = await connect(script);
    const first = ask(transport, '/v2/a');
    while (times.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await Promise.all([first, ask(transport, '/v2/b')]);
    const [begin = 0, ...others] = times;
    expect(others).toHaveLength(2);
    for (const time of others) expect(time - begin).toBeGreaterThan(950);
  });

  it('do not wait for a Retry-After beyond the bound, and say how long it would be', async () => {
    const { server, transport } = await connect(() => ({ status: 429, headers: { 'retry-after': '3600' } }));
    await expect(ask(transport, PATH)).rejects.toMatchObject({
      name: 'RegistryError',
      code: 'RATE_LIMITED',
      temporary: true,
      hint: 'Try again in 3600 s.',
      details: { retryAfterMs: 3_600_000 },
    });
    expect(server.requests).toHaveLength(1);
  });

  it('end when their time is over', async () => {
    const limits = { retries: 1000, retryDelayMs: 20, maxRetryTimeMs: 200 };
    const { server, transport } = await connect(() => ({ status: 503 }), { limits });
    const begin = performance.now();
    await expect(ask(transport, PATH)).rejects.toMatchObject({ details: { status: 503 } });
    expect(performance.now() - begin).toBeLessThan(3000);
    expect(server.requests.length).toBeGreaterThan(1);
  });
});

describe('time limits', () => {
  const hang: Script = () => ({ fault: 'hang' });
  it('a server that never answers is given up', async () => {
    const { server, transport } = await connect(hang, { limits: { headersTimeoutMs: 100, retries: 1 } });
    await expect(ask(transport, PATH)).rejects.toMatchObject({
      name: 'NetworkError',
      code: 'TIMEOUT',
      temporary: true,
      details: { host: server.host },
    });
    expect(server.requests).toHaveLength(2);
  });

  it('a body that stops half-way is given up', async () => {
    const { transport } = await connect(() => ({ status: 200, headers: { 'content-length': '100' }, body: 'half' }), {
      limits: { bodyTimeoutMs: 100, retries: 0 },
    });
    await expect(ask(transport, PATH)).rejects.toMatchObject({ name: 'NetworkError', code: 'TIMEOUT' });
  });

  it('a delete has a longer limit of its own', async () => {
    const slow: Script = async () => {
      await new Promise((resolve) => setTimeout(resolve, 1500));
      return { status: 202 };
    };
    const { transport } = await connect(slow, {
      limits: { headersTimeoutMs: 100, deleteTimeoutMs: 20_000, retries: 0 },
    });
    expect((await ask(transport, PATH, { method: 'DELETE', expect: [202] })).status).toBe(202);
    await expect(ask(transport, PATH)).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(DEFAULT_LIMITS.deleteTimeoutMs).toBeGreaterThan(60_000);
  });
});

describe('unexpected answers become errors', () => {
  const json = (code: string, message = 'words'): string => JSON.stringify({ errors: [{ code, message }] });
  type Row = readonly [name: string, reply: Reply, expected: object];
  const rows: readonly Row[] = [
    [
      '401 without credentials',
      { status: 401 },
      { name: 'AuthError', code: 'AUTH_REQUIRED', hint: containing('--username') },
    ],
    [
      '403',
      { status: 403, body: json('DENIED', 'no way') },
      {
        name: 'AuthError',
        code: 'FORBIDDEN',
        message: matching(/^Cannot read a thing of team\/app: 127\.0\.0\.1:\d+ answered 403 \("DENIED: no way"\)\.$/),
        hint: containing('permission to pull'),
        details: { permission: ['pull'], registryCode: 'DENIED' },
      },
    ],
    [
      '404 NAME_UNKNOWN',
      { status: 404, body: json('NAME_UNKNOWN') },
      { name: 'AuthError', code: 'REPOSITORY_UNKNOWN' },
    ],
    [
      '404 MANIFEST_UNKNOWN',
      { status: 404, body: json('MANIFEST_UNKNOWN') },
      { name: 'RegistryError', code: 'REGISTRY_REFUSED' },
    ],
    ['404 without a word', { status: 404 }, { name: 'RegistryError', code: 'REGISTRY_REFUSED' }],
    ['405', { status: 405, body: json('UNSUPPORTED') }, { name: 'RegistryError', code: 'REGISTRY_UNSUPPORTED' }],
    ['501', { status: 501 }, { name: 'RegistryError', code: 'REGISTRY_UNSUPPORTED' }],
    ['408', { status: 408 }, { name: 'NetworkError', code: 'TIMEOUT' }],
    [
      '429',
      { status: 429 },
      { name: 'RegistryError', code: 'RATE_LIMITED', temporary: true, hint: 'Try again later.' },
    ],
    ['503', { status: 503 }, { name: 'NetworkError', code: 'NETWORK', temporary: true }],
    ['an unexpected success', { status: 206 }, { name: 'ProtocolError', code: 'PROTOCOL' }],
    [
      'an HTML page, of which one line is quoted',
      { status: 400, body: '\n<html>\u001b[31m\u202e<b>x</b>\nsecond line' },
      { code: 'REGISTRY_REFUSED', message: containing('answered 400 ("<html> [31m <b>x</b>").') },
    ],
    [
      'an endless line, of which 200 characters are quoted',
      { status: 400, body: 'x'.repeat(5000) },
      { message: matching(/\("x{199}…"\)\.$/) },
    ],
    ['bytes that are no text', { status: 400, body: Buffer.from([0xff, 0xfe, 0, 1, 2]) }, { code: 'REGISTRY_REFUSED' }],
    ['JSON of another form', { status: 400, body: '{"errors":[]}' }, { message: containing('"{"errors":[]}"') }],
  ];
  it.each(rows)('%s', async (_name, reply, expected) => {
    const { transport } = await connect(() => reply, { limits: { retries: 0 } });
    await expect(ask(transport, PATH)).rejects.toMatchObject(expected);
  });

  it('a redirect of a delete is not followed', async () => {
    const { server, transport } = await connect(() => ({ status: 307, headers: { location: '/v2/other' } }));
    await expect(ask(transport, PATH, { method: 'DELETE', expect: [202] })).rejects.toMatchObject({ code: 'PROTOCOL' });
    expect(server.requests.map(({ url }) => url)).toEqual([PATH]);
  });

  it('no secret of a query shows in a message', async () => {
    const { transport } = await connect(() => ({ status: 400 }));
    const error: unknown = await ask(transport, `${PATH}?token=hush`).catch((cause: unknown) => cause);
    expect(JSON.stringify(error) + String(error)).not.toContain('hush');
  });
});

describe('parseRetryAfter', () => {
  const now = Date.parse('2026-11-20T10:00:00Z');
  it.each([
    ['120', undefined, 120_000],
    ['0', undefined, 0],
    [' 7 ', undefined, 7000],
    ['Fri, 20 Nov 2026 10:00:30 GMT', undefined, 30_000],
    ['Fri, 20 Nov 2026 09:00:00 GMT', undefined, 0],
    ['Fri, 20 Nov 2026 10:00:30 GMT', 'Fri, 20 Nov 2026 10:00:20 GMT', 10_000],
    ['-5', undefined, undefined],
    ['1.5', undefined, undefined],
    ['soon', undefined, undefined],
    ['', undefined, undefined],
    [undefined, undefined, undefined],
  ])('%j with date %j is %j ms', (text, date, expected) => {
    expect(parseRetryAfter(text, date, now)).toBe(expected);
  });
});

describe('texts of others', () => {
  it.each([
    ['https://user:pw@host.example:5000/a/b?sig=hush#frag', 'https://host.example:5000/a/b?…'],
    ['https://host.example/', 'https://host.example/'],
    ['no url, hush', 'an invalid URL'],
  ])('%s is shown as %s', (url, shown) => {
    expect(redactUrl(url)).toBe(shown);
  });

  it('an empty text is not quoted', () => {
    expect(quoteFirstLine(' \r\n\u0007\n')).toBeUndefined();
  });
});

describe('createLimiter', () => {
  it('a longer hold is not shortened by a shorter one, and release ends it', async () => {
    const limiter = createLimiter(1);
    limiter.holdFor(60_000);
    limiter.holdFor(1);
    let ran = false;
    const task = limiter.run(async () => {
      ran = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(ran).toBe(false);
    limiter.release();
    await task;
    expect(ran).toBe(true);
  });

  it('logs each retry with its reason', async () => {
    const log = createRememberingLog();
    const { transport } = await connect(inTurn({ status: 503, body: 'busy' }, OK), { log });
    await ask(transport, PATH);
    expect(log.lines).toEqual([matching(/try 1 failed .*answered 503 \("busy"\)/)]);
  });
});
