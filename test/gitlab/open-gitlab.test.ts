// The client for GitLab's REST interface, against a server that answers as each test says.

import { afterEach, describe, expect, it } from 'vitest';
import type { GitlabToken } from '../../src/config/settings.ts';
import { CleanupError } from '../../src/errors.ts';
import { openGitlab } from '../../src/gitlab/open-gitlab.ts';
import { silentLog } from '../../src/log.ts';
import { type Script, type ScriptedServer, startScriptedServer } from '../support/scripted-server.ts';
import { askGitlab, json, openTestGitlab, refuse, TOKEN } from './try-gitlab.ts';

const JOB: GitlabToken = { kind: 'job', value: 'glcbt-64_testtesttest' };

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function serve(script: Script): Promise<ScriptedServer> {
  const server = await startScriptedServer(script);
  closing.push(() => server.stop());
  return server;
}

async function connect(server: ScriptedServer, options: Parameters<typeof openTestGitlab>[1] = {}) {
  const gitlab = await openTestGitlab(server.origin, options);
  closing.push(() => gitlab.close());
  return gitlab;
}

async function failure(asking: Promise<unknown>): Promise<CleanupError> {
  const error: unknown = await asking.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CleanupError)) throw new Error('no error of ours was thrown', { cause: error });
  const shown = JSON.stringify([error.message, error.hint, error.details]);
  for (const { value } of [TOKEN, JOB]) expect(shown).not.toContain(value);
  return error;
}

describe('a request to GitLab', () => {
  it('escapes what it puts into the path, and the rest becomes the query', async () => {
    const server = await serve(() => json({}));
    const gitlab = await connect(server);
    await askGitlab(gitlab, {
      route: '/projects/{id}/repository/commits/{sha}',
      parameters: {
        id: 'team/sub/app',
        sha: 'refs/merge-requests/7/head',
        stats: false,
        since: '2026-01-01T00:00:00+01:00',
      },
    });
    expect(server.requests.map(({ url }) => url)).toEqual([
      '/api/v4/projects/team%2Fsub%2Fapp/repository/commits/refs%2Fmerge-requests%2F7%2Fhead?stats=false&since=2026-01-01T00%3A00%3A00%2B01%3A00',
    ]);
  });

  it.each([
    ['PRIVATE-TOKEN', TOKEN, 'private-token'],
    ['JOB-TOKEN', JOB, 'job-token'],
  ] as const)('carries its token as %s and nowhere else', async (_, token, header) => {
    const server = await serve(() => json({}));
    await askGitlab(await connect(server, { token }));
    const [request] = server.requests;
    expect(request?.headers[header]).toBe(token.value);
    expect(request?.headers).not.toHaveProperty('authorization');
    expect(request?.url).not.toContain(token.value);
    const others = Object.entries(request?.headers ?? {}).filter(([name]) => name !== header);
    expect(JSON.stringify(others)).not.toContain(token.value);
  });

  it('carries no token where there is none', async () => {
    const server = await serve(() => json({}));
    await askGitlab(await connect(server, { token: 'none' }));
    expect(Object.keys(server.requests[0]?.headers ?? {}).filter((name) => name.includes('token'))).toEqual([]);
  });

  it('sends what is not in the path of a write as JSON', async () => {
    const server = await serve(() => json({ id: 1 }, {}, 201));
    const route = '/projects/{id}/merge_requests/{iid}/notes';
    await askGitlab(await connect(server), {
      method: 'POST',
      route,
      parameters: { id: 5, iid: 7, body: 'text' },
      expect: [201],
    });
    expect(server.requests[0]).toMatchObject({
      url: '/api/v4/projects/5/merge_requests/7/notes',
      body: '{"body":"text"}',
    });
    expect(server.requests[0]?.headers['content-type']).toBe('application/json');
  });

  it.each([
    ['nothing', {}],
    ['an empty text', { id: '' }],
    ['a step up', { id: 'team/..' }],
    ['a step up that stands alone', { id: '..' }],
    ['something else than a text or a number', { id: null }],
  ])('is not made with %s in its path', async (_, parameters) => {
    const server = await serve(() => json({}));
    expect((await failure(askGitlab(await connect(server), { parameters }))).code).toBe('INTERNAL');
    expect(server.requests).toEqual([]);
  });

  it('gives an expected status to the caller, and nothing for an empty body', async () => {
    const server = await serve(({ method }) => (method === 'DELETE' ? { status: 204 } : refuse(404, '404 Not found')));
    const gitlab = await connect(server);
    expect(await askGitlab(gitlab, { expect: [200, 404] })).toMatchObject({ status: 404 });
    expect(await askGitlab(gitlab, { method: 'DELETE', expect: [204] })).toMatchObject({
      status: 204,
      data: undefined,
    });
  });

  it('is one of sixteen at once at most', async () => {
    let inFlight = 0;
    let most = 0;
    const server = await serve(async () => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      await new Promise((resolve) => setTimeout(resolve, 100));
      inFlight -= 1;
      return json({});
    });
    const gitlab = await connect(server);
    await Promise.all(Array.from({ length: 60 }, () => askGitlab(gitlab)));
    expect(most).toBe(16);
  });

  it('has an address that is one', async () => {
    for (const apiUrl of [
      '',
      'ftp://gitlab.example/api/v4',
      'https://a:b@gitlab.example/api/v4',
      'https://x/api/v4?a=b',
    ])
      await expect(openGitlab({ apiUrl }, { environment: {}, log: silentLog })).rejects.toMatchObject({
        code: 'USAGE',
      });
  });
});

describe('what may pass on its own is tried again', () => {
  it.each([
    ['a server error', refuse(500, '500 Internal Server Error')],
    ['a bad gateway of a proxy', { status: 502, body: '<html>' }],
    ['a broken connection', { fault: 'reset' }],
    ['a body that is cut off', { fault: 'truncate' }],
  ] as const)('%s', async (_, reply) => {
    const server = await serve((_request, count) => (count < 3 ? reply : json({ id: 1 })));
    expect((await askGitlab(await connect(server))).data).toEqual({ id: 1 });
    expect(server.requests).toHaveLength(3);
  });

  it('but a POST whose answer is lost is not sent twice', async () => {
    const server = await serve(() => ({ fault: 'reset' }));
    const gitlab = await connect(server);
    await failure(askGitlab(gitlab, { method: 'POST', expect: [201] }));
    expect(server.requests).toHaveLength(1);
    await failure(askGitlab(gitlab, { method: 'POST', expect: [201], repeatable: true }));
    expect(server.requests).toHaveLength(5);
  });

  it('and what an answer repeats of the token is in no error', async () => {
    const server = await serve(({ headers }) => refuse(403, `403 for ${String(headers['private-token'])}`));
    // Also looks for the token itself.
    const error = await failure(askGitlab(await connect(server)));
    expect(error.message).toContain('403 for ***');
  });

  it('and a failure that stays is told with GitLab’s words', async () => {
    const server = await serve(() => refuse(503, 'maintenance'));
    const error = await failure(askGitlab(await connect(server)));
    expect(error).toMatchObject({ code: 'NETWORK', temporary: true });
    expect(error.message).toMatch(/^Cannot read team\/app: 127\.0\.0\.1:\d+ answered 503 \("maintenance"\)\.$/);
  });
});

describe('a limit', () => {
  const later = (seconds: number) => String(Math.floor(Date.now() / 1000) + seconds);

  it.each([
    ['retry-after', () => ({ 'retry-after': '1' })],
    ['ratelimit-reset', () => ({ 'ratelimit-reset': later(1), date: new Date().toUTCString() })],
  ])('holds everything back for as long as %s says', async (_, headers) => {
    let limited = 0;
    const server = await serve(() => {
      if (limited > 0) return json({});
      limited = performance.now();
      return { status: 429, headers: headers(), body: 'Retry later\n' };
    });
    const gitlab = await connect(server);
    await askGitlab(gitlab);
    expect(server.requests).toHaveLength(2);
    expect(performance.now() - limited).toBeGreaterThan(400);
  });

  it('also stops a POST, which did nothing', async () => {
    const server = await serve((_, count) =>
      count === 1 ? { status: 429, headers: { 'retry-after': '0' }, body: 'Retry later' } : json({}, {}, 201),
    );
    await askGitlab(await connect(server), { method: 'POST', expect: [201] });
    expect(server.requests).toHaveLength(2);
  });

  it('that is longer than anybody waits ends the run at once, and nothing is asked again', async () => {
    const server = await serve(() => ({ status: 429, headers: { 'retry-after': '3000' }, body: 'Retry later' }));
    const gitlab = await connect(server);
    const error = await failure(askGitlab(gitlab));
    expect(error).toMatchObject({ code: 'RATE_LIMITED', details: { retryAfterMs: 3_000_000 } });
    expect(error.message).toContain('no more requests for 3000 s');
    expect((await failure(askGitlab(gitlab))).code).toBe('RATE_LIMITED');
    expect(server.requests).toHaveLength(1);
  });

  it('that tells no time is taken for a minute', async () => {
    const server = await serve(() => ({ status: 429, body: 'Retry later' }));
    const gitlab = await connect(server, { limits: { retryDelayMs: 1, maxRetryAfterMs: 1000 } });
    expect((await failure(askGitlab(gitlab))).details).toMatchObject({ retryAfterMs: 60_000 });
  });
});

describe('a refusal', () => {
  it.each([
    [401, TOKEN, 'AUTH', /expired or revoked.*The token needs the scope read_api and the role Reporter/],
    [
      401,
      JOB,
      'AUTH',
      /CI_JOB_TOKEN only while its job runs.*give gitlab-token an access token with the scope read_api/,
    ],
    [401, 'none', 'AUTH', /nobody without a token.*give gitlab-token an access token/],
    [403, TOKEN, 'FORBIDDEN', /^The token needs the scope read_api and the role Reporter\.$/],
    [403, JOB, 'FORBIDDEN', /CI_JOB_TOKEN.*give gitlab-token/],
    [404, TOKEN, 'REPOSITORY_UNKNOWN', /404 also for what a token may not see\. Otherwise check the name/],
    [422, TOKEN, 'REGISTRY_REFUSED', /^$/],
  ] as const)('with %i for a token %j says what to do', async (status, token, code, hint) => {
    const server = await serve(() => refuse(status, `${status} No`));
    const error = await failure(askGitlab(await connect(server, { token })));
    expect(error.code).toBe(code);
    expect(error.hint ?? '').toMatch(hint);
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    [
      'a scope that is missing',
      { error: 'insufficient_scope', error_description: 'higher', scope: 'api' },
      '"insufficient_scope: higher"',
    ],
    ['faults of fields', { message: { note: ['is too long'] } }, '"{"note":["is too long"]}"'],
  ])('shows %s', async (_, body, text) => {
    const server = await serve(() => json(body, {}, 403));
    expect((await failure(askGitlab(await connect(server)))).message).toContain(`answered 403 (${text})`);
  });

  it.each([
    ['a page of HTML', { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Sign in</html>' }],
    ['JSON that is none', { status: 200, headers: { 'content-type': 'application/json' }, body: '{"id": 1' }],
    ['a 404 of something in between', { status: 404, headers: { 'content-type': 'text/html' }, body: '<html>' }],
    ['a 404 in another form', json({ code: 'nowhere' }, {}, 404)],
  ])('is not seen in %s, though the status is expected', async (_, reply) => {
    const server = await serve(() => reply);
    const error = await failure(askGitlab(await connect(server), { expect: [200, 404] }));
    expect(error.code).toBe('PROTOCOL');
    expect(error.hint).toContain('gitlab-url');
  });
});

describe('a redirect', () => {
  it('to another place is not followed, and takes the token nowhere', async () => {
    const other = await serve(() => json({}));
    const server = await serve(() => ({ status: 302, headers: { location: `${other.origin}/users/sign_in` } }));
    const error = await failure(askGitlab(await connect(server)));
    expect(error.message).toContain(`redirects to ${other.host}`);
    expect(other.requests).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });

  it('to the number of a project says that it has moved, and is not followed', async () => {
    const server = await serve(() => ({
      status: 301,
      headers: { location: '/api/v4/projects/81/repository/branches' },
    }));
    const error = await failure(askGitlab(await connect(server)));
    expect(error).toMatchObject({ code: 'REGISTRY_REFUSED', details: { project: 81 } });
    expect(error.message).toContain('has moved to another path');
    expect(error.hint).toContain('gitlab-project');
    expect(server.requests).toHaveLength(1);
  });

  it('to the number of a project elsewhere is none of GitLab’s', async () => {
    const server = await serve(() => ({ status: 301, headers: { location: 'http://127.0.0.1:9/api/v4/projects/81' } }));
    expect((await failure(askGitlab(await connect(server)))).code).toBe('PROTOCOL');
  });
});
