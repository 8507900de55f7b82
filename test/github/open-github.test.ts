// The connection against a real server: what goes over the wire, and what becomes of every kind of answer.

import { afterEach, describe, expect, it } from 'vitest';
import type { CleanupError } from '../../src/errors.ts';
import type { Github, GithubRequest } from '../../src/github/github.ts';
import { type Reply, type Script, type ScriptedServer, startScriptedServer } from '../support/scripted-server.ts';
import { createRememberingLog } from '../support/try-transport.ts';
import { containing } from '../support/typed-matchers.ts';
import { startWatchingProxy } from '../support/watching-proxy.ts';
import { askGithub, createSkippingClock, json, openTestGithub, refuse, TOKEN } from './try-github.ts';

const opened: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.stop();
});

async function connect(
  script: Script,
  options: Parameters<typeof openTestGithub>[1] & { readonly path?: string } = {},
): Promise<{ readonly server: ScriptedServer; readonly github: Github }> {
  const server = await startScriptedServer(script);
  opened.push(server);
  const github = await openTestGithub(`${server.origin}${options.path ?? ''}`, options);
  opened.push({ stop: () => github.close() });
  return { server, github };
}

/** Answers in turn, the last one for ever. */
function inTurn(...replies: readonly Reply[]): Script {
  let count = 0;
  return () => {
    count += 1;
    return replies[Math.min(count, replies.length) - 1]!;
  };
}

async function failureOf(promise: Promise<unknown>): Promise<CleanupError> {
  const error: unknown = await promise.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(error).toHaveProperty('code');
  return error as CleanupError;
}

const OK = json({ ok: true });
const HTML: Reply = { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' };
const DELETE: Partial<GithubRequest> = {
  method: 'DELETE',
  route: '/orgs/{org}/packages/container/{name}/versions/{id}',
  parameters: { org: 'team', name: 'app', id: 7 },
  expect: [204],
};

describe('a request', () => {
  it('carries the token and fills the path, escaped', async () => {
    const { server, github } = await connect(() => OK);
    const answer = await askGithub(github, {
      route: '/orgs/{org}/packages/container/{name}/versions',
      parameters: { org: 'team', name: 'app/web', state: 'active' },
    });
    expect(answer.data).toEqual({ ok: true });
    expect(server.requests[0]).toMatchObject({
      url: '/orgs/team/packages/container/app%2Fweb/versions?state=active',
      headers: {
        authorization: `token ${TOKEN}`,
        'user-agent': containing('registry-cleanup'),
        'x-github-api-version': '2022-11-28',
      },
    });
  });

  it('goes below the path of an Enterprise Server, and sends what is no part of the path as its body', async () => {
    const { server, github } = await connect(() => json({ id: 1 }, {}, 201), { path: '/api/v3/' });
    await askGithub(github, {
      method: 'POST',
      route: '/repos/{owner}/{repo}/issues/{issue_number}/comments',
      parameters: { owner: 'team', repo: 'app', issue_number: 5, body: 'text' },
      expect: [201],
    });
    expect(github.apiUrl).toBe(`${server.origin}/api/v3`);
    expect(server.requests[0]).toMatchObject({
      url: '/api/v3/repos/team/app/issues/5/comments',
      body: '{"body":"text"}',
    });
  });

  it('has no data where the answer has no body', async () => {
    const { github } = await connect(() => ({ status: 204 }));
    expect((await askGithub(github, DELETE)).data).toBeUndefined();
  });

  it('hands every expected status to the caller, also a refusal', async () => {
    const { github } = await connect(() => refuse(404, 'Not Found'));
    const answer = await askGithub(github, { expect: [200, 404] });
    expect(answer).toMatchObject({ status: 404, data: { message: 'Not Found' } });
    expect(answer.header('content-type')).toBe('application/json');
  });

  it('reads a compressed answer', async () => {
    const { gzipSync } = await import('node:zlib');
    const { server, github } = await connect(() => ({
      status: 200,
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: gzipSync('{"ok":true}'),
    }));
    expect((await askGithub(github)).data).toEqual({ ok: true });
    expect(server.requests[0]?.headers['accept-encoding']).toContain('gzip');
  });

  it.each([
    ['two dots', { owner: 'team', repo: '..' }],
    ['dots within', { owner: 'team', repo: 'a/../b' }],
    ['nothing', { owner: 'team', repo: '' }],
    ['a missing value', { owner: 'team' }],
    ['an object', { owner: 'team', repo: {} }],
    ['a name that Octokit takes', { owner: 'team', repo: 'app', baseUrl: 'https://evil.example' }],
  ])('is not sent with %s in the path', async (_, parameters) => {
    const { server, github } = await connect(() => OK);
    await expect(askGithub(github, { parameters })).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(server.requests).toEqual([]);
  });

  it('goes through the proxy that the environment names', async () => {
    const server = await startScriptedServer(() => OK);
    const proxy = await startWatchingProxy(server.host);
    opened.push(server, proxy);
    const github = await openTestGithub('http://github.test/api/v3', { environment: { http_proxy: proxy.origin } });
    opened.push({ stop: () => github.close() });
    await askGithub(github).catch(() => undefined);
    expect(proxy.connections()).toBeGreaterThan(0);
  });
});

describe('a refusal', () => {
  it.each<[string, Reply, Partial<CleanupError> & { readonly hint?: unknown }]>([
    ['401', refuse(401, 'Bad credentials'), { name: 'AuthError', code: 'AUTH' }],
    [
      '403 without a limit',
      refuse(403, 'Resource not accessible by integration'),
      { name: 'AuthError', code: 'FORBIDDEN', hint: 'The token needs contents: read.' },
    ],
    [
      '403 while much of the quota remains',
      refuse(403, 'No', {
        'x-ratelimit-limit': '1000',
        'x-ratelimit-remaining': '900',
        'x-ratelimit-reset': '1795294830',
      }),
      { name: 'AuthError', code: 'FORBIDDEN' },
    ],
    [
      '403 that only speaks of a limit',
      refuse(403, 'You have exceeded a secondary rate limit'),
      { name: 'AuthError', code: 'FORBIDDEN' },
    ],
    [
      '403 for a missing single sign-on',
      refuse(403, 'Resource protected', {
        'x-github-sso': 'required; url=https://github.com/orgs/x/sso?authorization_request=S3',
      }),
      { code: 'FORBIDDEN', hint: containing('single sign-on') as string },
    ],
    [
      '404',
      refuse(404, 'Not Found'),
      { name: 'AuthError', code: 'REPOSITORY_UNKNOWN', hint: containing('contents: read') as string },
    ],
    ['409', refuse(409, 'Conflict'), { name: 'RegistryError', code: 'REGISTRY_REFUSED' }],
    ['501', refuse(501, 'No'), { name: 'NetworkError', temporary: false }],
    ['404 of something else than GitHub', { ...HTML, status: 404 }, { name: 'ProtocolError', code: 'PROTOCOL' }],
    ['200 that is no JSON', HTML, { name: 'ProtocolError', code: 'PROTOCOL' }],
    ['200 with broken JSON', { ...OK, body: '{"ok":' } as Reply, { name: 'ProtocolError', code: 'PROTOCOL' }],
    ['202', json({}, {}, 202), { name: 'ProtocolError', code: 'PROTOCOL' }],
    [
      'a content type that nobody can parse',
      { status: 200, headers: { 'content-type': ';;' }, body: '{}' },
      { code: 'PROTOCOL' },
    ],
  ])('%s', async (_, reply, expected) => {
    const { server, github } = await connect(() => reply);
    const error = await failureOf(askGithub(github));
    expect(error).toMatchObject(expected);
    expect(error.message).toMatch(/^Cannot read team\/app: 127\.0\.0\.1:\d+ answered \d{3}/);
    expect(server.requests).toHaveLength(1);
    expect(JSON.stringify([error.message, error.hint, error.details, String(error.cause)])).not.toContain('S3');
  });

  it('tells GitHub’s words, shortened and on one line', async () => {
    const body = {
      message: `Validation Failed\u202e\n${'x'.repeat(500)}`,
      errors: [{ message: 'body is too long' }, 'odd', { code: 1 }],
    };
    const { github } = await connect(() => json(body, {}, 422));
    const error = await failureOf(askGithub(github));
    expect(error.code).toBe('REGISTRY_REFUSED');
    expect(error.message).toMatch(/422 \("Validation Failed"\)\.$/);
    const short = await connect(() => json({ message: 'Validation Failed', errors: body.errors }, {}, 422));
    expect((await failureOf(askGithub(short.github))).message).toContain(
      '("Validation Failed: body is too long: odd")',
    );
  });

  it('that is expected must still be GitHub’s: a proxy may not say that something is gone', async () => {
    const { github } = await connect(() => ({ ...HTML, status: 404 }));
    await expect(askGithub(github, { expect: [200, 404] })).rejects.toMatchObject({ code: 'PROTOCOL' });
  });
});

describe('what may work later', () => {
  it.each<[string, Reply]>([
    ['500', refuse(500, 'Server Error')],
    ['502 of a gateway', { ...HTML, status: 502 }],
    ['503', refuse(503, 'Unavailable')],
    ['504', refuse(504, 'Too slow')],
    ['408', refuse(408, 'Too slow')],
    ['a connection that breaks', { fault: 'reset' }],
    ['an answer that is cut off', { fault: 'truncate' }],
  ])('is tried again: %s', async (_, reply) => {
    const { server, github } = await connect(inTurn(reply, reply, OK));
    expect((await askGithub(github)).data).toEqual({ ok: true });
    expect(server.requests).toHaveLength(3);
  });

  it('ends in an error after the last try', async () => {
    const { server, github } = await connect(() => refuse(502, 'Bad gateway'));
    await expect(askGithub(github)).rejects.toMatchObject({ name: 'NetworkError', code: 'NETWORK', temporary: true });
    expect(server.requests).toHaveLength(4);
  });

  it('an answer that never comes is a TIMEOUT', async () => {
    const { github } = await connect(() => ({ fault: 'hang' }), { limits: { headersTimeoutMs: 50, retries: 0 } });
    await expect(askGithub(github)).rejects.toMatchObject({ name: 'NetworkError', code: 'TIMEOUT', temporary: true });
  });

  it('a delete has a time limit of its own', async () => {
    const limits = { headersTimeoutMs: 60_000, deleteTimeoutMs: 50, retries: 0 };
    const { github } = await connect(() => ({ fault: 'hang' }), { limits });
    await expect(askGithub(github, DELETE)).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it('a delete is tried again: its second answer may be 404, which the caller looks into', async () => {
    const { server, github } = await connect(inTurn({ fault: 'reset' }, refuse(404, 'Not Found')));
    expect((await askGithub(github, { ...DELETE, expect: [204, 404] })).status).toBe(404);
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    ['a POST is not tried again', {}, 1],
    ['a POST that may be repeated is', { repeatable: true }, 2],
  ])('%s', async (_, change, requests) => {
    const { server, github } = await connect(inTurn(refuse(502, 'Bad gateway'), { status: 204 }));
    const post = askGithub(github, { method: 'POST', expect: [204], ...change });
    if (requests === 1) await expect(post).rejects.toMatchObject({ code: 'NETWORK' });
    else await post;
    expect(server.requests).toHaveLength(requests);
  });
});

describe('rate limits', () => {
  const START = Date.UTC(2026, 10, 21, 21);
  const DATE = { date: 'Sat, 21 Nov 2026 21:00:00 GMT' };
  const reset = (seconds: number) => ({
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': String(START / 1000 + seconds),
  });

  it.each<[string, Reply, number]>([
    ['429 with retry-after', refuse(429, 'Too many', { 'retry-after': '7' }), 7_000],
    ['403 with retry-after', refuse(403, 'Wait', { 'retry-after': '7' }), 7_000],
    ['403 with nothing remaining', refuse(403, 'Exceeded', { ...DATE, ...reset(90) }), 90_000],
    ['429 with nothing remaining', refuse(429, 'Exceeded', { ...DATE, ...reset(90) }), 90_000],
    ['a retry-after outranks the reset', refuse(403, 'Wait', { 'retry-after': '7', ...DATE, ...reset(90) }), 7_000],
    ['a reset that is over', refuse(403, 'Exceeded', { ...DATE, ...reset(-5) }), 0],
    ['429 that says nothing', refuse(429, 'Too many'), 60_000],
    [
      '403 with the page on secondary limits',
      refuse(
        403,
        'No',
        {},
        'https://docs.github.com/free-pro-team@latest/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits',
      ),
      60_000,
    ],
    [
      '403 with the page of older servers',
      refuse(403, 'No', {}, 'https://developer.github.com/v3/#abuse-rate-limits'),
      60_000,
    ],
  ])('are waited for: %s', async (_, reply, wait) => {
    const clock = createSkippingClock(START);
    const { server, github } = await connect(inTurn(reply, OK), { clock });
    await askGithub(github);
    expect(server.requests).toHaveLength(2);
    expect(clock.now()).toBe(START + wait);
  });

  it('a POST that was refused for a limit is sent again, because nothing was done', async () => {
    const { server, github } = await connect(inTurn(refuse(429, 'Too many', { 'retry-after': '1' }), { status: 204 }));
    await askGithub(github, { method: 'POST', expect: [204] });
    expect(server.requests).toHaveLength(2);
  });

  it('without any time the silence doubles, and is over with the first answer', async () => {
    const clock = createSkippingClock(START);
    const busy = refuse(429, 'Too many');
    const { github } = await connect(inTurn(busy, busy, OK, busy, OK), { clock });
    await askGithub(github);
    await askGithub(github);
    expect(clock.waits).toEqual([60_000, 120_000, 60_000]);
  });

  it('refusals of one moment count as one', async () => {
    const clock = createSkippingClock(START);
    let count = 0;
    const { github } = await connect(
      async () => {
        count += 1;
        if (count > 10) return OK;
        while (count < 10) await new Promise((resolve) => setImmediate(resolve));
        return refuse(429, 'Too many');
      },
      { clock },
    );
    await Promise.all(Array.from({ length: 10 }, () => askGithub(github)));
    expect(Math.max(...clock.waits)).toBe(60_000);
  });

  it('nobody waits for half an hour: the error says until when, and nothing is asked meanwhile', async () => {
    const clock = createSkippingClock(START);
    const { server, github } = await connect(inTurn(refuse(403, 'Exceeded', { ...DATE, ...reset(1800) }), OK), {
      clock,
    });
    const error = await failureOf(askGithub(github));
    expect(error).toMatchObject({ name: 'RegistryError', code: 'RATE_LIMITED', temporary: true });
    expect(error.details).toMatchObject({ retryAfterMs: 1_800_000 });
    expect(error.hint).toContain('21:30 UTC');
    await expect(askGithub(github)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(server.requests).toHaveLength(1);
    await clock.sleep(1_800_000, AbortSignal.timeout(0));
    await askGithub(github);
  });
});

describe('redirects', () => {
  const to = (location: string, status = 301): Reply => ({ status, headers: { location } });

  it.each([301, 302, 307, 308])('%i of a renamed repository is followed on the same origin', async (status) => {
    const { server, github } = await connect(({ url }) =>
      url === '/repositories/1' ? OK : to('/repositories/1', status),
    );
    expect((await askGithub(github)).data).toEqual({ ok: true });
    expect(server.requests[1]?.headers['authorization']).toBe(`token ${TOKEN}`);
  });

  it('the token goes to no other origin', async () => {
    const other = await startScriptedServer(() => OK);
    opened.push(other);
    const { github } = await connect(() => to(`${other.origin}/repositories/1`));
    await expect(askGithub(github)).rejects.toMatchObject({ name: 'ProtocolError', code: 'PROTOCOL' });
    expect(other.requests).toEqual([]);
  });

  it.each([
    ['in a circle', '/repos/team/app'],
    ['to a user name', 'http://user:secret@127.0.0.1/'],
    ['to something else than the web', 'file:///etc/passwd'],
    ['to nowhere', 'http://'],
  ])('%s end in an error', async (_, location) => {
    const { server, github } = await connect(() => to(location));
    const error = await failureOf(askGithub(github));
    expect(error.code).toBe('PROTOCOL');
    expect(error.message).not.toContain('secret');
    expect(server.requests.length).toBeLessThanOrEqual(4);
  });

  it('a delete is never done elsewhere', async () => {
    const { server, github } = await connect(() => to('/repositories/1', 307));
    await expect(askGithub(github, DELETE)).rejects.toMatchObject({ code: 'PROTOCOL' });
    expect(server.requests).toHaveLength(1);
  });
});

describe('queries', () => {
  const QUERY = {
    query: 'query($first: Int) { viewer { login } }',
    variables: { first: 1 },
    purpose: 'ask who I am',
    permission: 'metadata: read',
  };
  const error = (type?: string, extensions?: unknown) =>
    json({
      data: { viewer: null },
      errors: [
        {
          message: 'Said no',
          ...(type === undefined ? {} : { type }),
          ...(extensions === undefined ? {} : { extensions }),
        },
      ],
    });

  it.each([
    ['', '/graphql'],
    ['/api/v3', '/api/graphql'],
    ['/v3', '/v3/graphql'],
  ])('of an interface at "%s" go to %s', async (path, url) => {
    const { server, github } = await connect(() => json({ data: { viewer: { login: 'a' } } }), { path });
    expect(await github.graphql(QUERY)).toEqual({ viewer: { login: 'a' } });
    expect(server.requests[0]).toMatchObject({ method: 'POST', url, headers: { authorization: `token ${TOKEN}` } });
    expect(JSON.parse(server.requests[0]!.body)).toEqual({ query: QUERY.query, variables: QUERY.variables });
  });

  it.each<[string, Reply, object]>([
    ['NOT_FOUND', error('NOT_FOUND'), { name: 'AuthError', code: 'REPOSITORY_UNKNOWN' }],
    ['FORBIDDEN', error('FORBIDDEN'), { name: 'AuthError', code: 'FORBIDDEN', hint: containing('metadata: read') }],
    [
      'an error beside data',
      error('SOMETHING_NEW'),
      { name: 'ProtocolError', code: 'PROTOCOL', message: containing('"Said no"') },
    ],
    ['a fault of the query', error(undefined, { code: 'undefinedField' }), { name: 'ProtocolError' }],
    ['an answer without data', json({}), { name: 'ProtocolError' }],
    ['data of nothing', json({ data: null }), { name: 'ProtocolError' }],
    ['an answer that is a list', json([]), { name: 'ProtocolError' }],
    ['errors that are none', json({ data: {}, errors: 'no' }), { name: 'ProtocolError' }],
    ['401', refuse(401, 'Bad credentials'), { code: 'AUTH' }],
  ])('%s is an error', async (_, reply, expected) => {
    const { server, github } = await connect(() => reply);
    await expect(github.graphql(QUERY)).rejects.toMatchObject(expected);
    expect(server.requests).toHaveLength(1);
  });

  it('are tried again after a fault of GitHub’s own, also one that comes with 200', async () => {
    const { server, github } = await connect(inTurn(refuse(502, 'No'), error(), json({ data: { ok: 1 } })));
    expect(await github.graphql(QUERY)).toEqual({ ok: 1 });
    expect(server.requests).toHaveLength(3);
  });

  it('wait for the end of a limit that comes with 200', async () => {
    const clock = createSkippingClock();
    const limited = json(
      { errors: [{ type: 'RATE_LIMITED', message: 'API rate limit exceeded' }] },
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1795294830', date: 'Sat, 21 Nov 2026 21:00:00 GMT' },
    );
    const { github } = await connect(inTurn(limited, json({ data: { ok: 1 } })), { clock });
    expect(await github.graphql(QUERY)).toEqual({ ok: 1 });
    expect(clock.waits).toEqual([30_000]);
  });

  it('never change anything', async () => {
    const { server, github } = await connect(() => OK);
    await expect(github.graphql({ ...QUERY, query: 'mutation { x }' })).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(server.requests).toEqual([]);
  });

  it('tell nothing of the quota of everything else', async () => {
    const headers = {
      'x-ratelimit-limit': '5000',
      'x-ratelimit-remaining': '1',
      'x-ratelimit-reset': '1795294830',
      'x-ratelimit-resource': 'graphql',
    };
    const { github } = await connect(() => json({ data: {} }, headers));
    await github.graphql(QUERY);
    expect(github.quota()).toBeUndefined();
  });
});

describe('what answers tell of the token', () => {
  it('scopes of a classic token, also from a refusal', async () => {
    const { github } = await connect(() => refuse(403, 'No', { 'x-oauth-scopes': 'repo, read:packages' }));
    expect(github.scopes()).toBeUndefined();
    await askGithub(github).catch(() => undefined);
    expect(github.scopes()).toEqual(['repo', 'read:packages']);
  });

  it('no scopes are known of a token that tells none, and a classic one may have none', async () => {
    const other = await connect(() => OK);
    await askGithub(other.github);
    expect(other.github.scopes()).toBeUndefined();
    const { github } = await connect(() => json({}, { 'x-oauth-scopes': '' }));
    await askGithub(github);
    expect(github.scopes()).toEqual([]);
  });

  it('is masked in the log, which has no queries of addresses', async () => {
    const log = createRememberingLog();
    const headers = { deprecation: 'true', link: '<https://docs.github.com/?sig=S3>; rel="deprecation"' };
    const { github } = await connect(inTurn(refuse(500, TOKEN), json({}, headers)), { log });
    await askGithub(github, { parameters: { owner: 'team', repo: 'app', state: 'S3' } });
    expect(log.secrets).toContain(TOKEN);
    expect(log.lines.join('\n')).toContain('deprecated');
    expect(log.lines.join('\n')).not.toContain('S3');
  });
});

describe('a connection', () => {
  it('that is closed ends what waits and what is under way', async () => {
    const { github } = await connect(() => ({ fault: 'hang' }), { limits: { maxInFlight: 1 } });
    const both = Promise.allSettled([askGithub(github), askGithub(github)]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await github.close();
    for (const result of await both)
      expect(result).toMatchObject({
        status: 'rejected',
        reason: { code: 'NETWORK', message: containing('was closed') },
      });
  });

  it.each(['nonsense', 'ftp://github.com', 'https://user:pass@github.com', 'https://github.com/?x'])(
    'is not opened to %s',
    async (apiUrl) => {
      const error = await failureOf(openTestGithub(apiUrl));
      expect(error).toMatchObject({ name: 'UsageError' });
      expect(error.message).not.toContain('pass');
    },
  );

  it('whose answers are too large is refused', async () => {
    const { github } = await connect(() => json({ text: 'x'.repeat(65 * 1024 * 1024) }));
    await expect(askGithub(github)).rejects.toMatchObject({ code: 'TOO_LARGE' });
  });
});
