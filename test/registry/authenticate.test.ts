import { afterEach, describe, expect, it } from 'vitest';
import { createAuthenticator } from '../../src/registry/authenticate.ts';
import type { Transport } from '../../src/registry/transport.ts';
import { type Reply, type ScriptedServer, type SeenRequest, startScriptedServer } from '../support/scripted-server.ts';
import { ask, createRememberingLog, openTestTransport, type RememberingLog } from '../support/try-transport.ts';
import { containing } from '../support/typed-matchers.ts';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const PATH = '/v2/team/app/tags/list';
const OK: Reply = { status: 200, body: '{}' };
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
const scopeOf = (request: SeenRequest): string =>
  new URL(request.url, 'http://x').searchParams.getAll('scope').join(' ');

interface Registry {
  readonly registry: ScriptedServer;
  readonly tokens: ScriptedServer;
}

/** How the pair of servers below behaves; every part has a plain default. */
interface Behaviour {
  /** Whether the registry takes a request with this token (`token-1` is the first one that was given). */
  readonly accepts?: (token: string, request: SeenRequest) => boolean;
  /** The scope that the registry names for this request; undefined: none. */
  readonly scope?: (request: SeenRequest) => string | undefined;
  /** The token server's answer instead of `{token, expires_in}`. */
  readonly answer?: (request: SeenRequest, count: number) => Reply | undefined;
  readonly error?: string;
  /** What a request with an accepted token gets. */
  readonly reply?: (request: SeenRequest) => Reply;
  readonly expiresIn?: number;
}

/** A registry that wants Bearer tokens, and a token server that gives `token-1`, `token-2`, … */
async function startPair(behaviour: Behaviour = {}): Promise<Registry> {
  let given = 0;
  const tokens = await startScriptedServer((request) => {
    const other = behaviour.answer?.(request, given);
    if (other !== undefined) return other;
    given += 1;
    const body = {
      token: `token-${given}`,
      ...(behaviour.expiresIn === undefined ? {} : { expires_in: behaviour.expiresIn }),
    };
    return { status: 200, body: JSON.stringify(body) };
  });
  closers.push(() => tokens.stop());
  const registry = await startScriptedServer((request) => {
    const token = /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1];
    const accepts = behaviour.accepts ?? ((): boolean => true);
    if (token !== undefined && accepts(token, request)) return behaviour.reply?.(request) ?? OK;
    const scope = behaviour.scope?.(request);
    const parts = [
      `realm="${tokens.origin}/token?keep=1"`,
      'service="parts"',
      ...(scope === undefined ? [] : [`scope="${scope}"`]),
      ...(behaviour.error === undefined || token === undefined ? [] : [`error="${behaviour.error}"`]),
    ];
    return { status: 401, headers: { 'www-authenticate': `Bearer ${parts.join(',')}` } };
  });
  closers.push(() => registry.stop());
  return { registry, tokens };
}

async function open(
  { registry }: { readonly registry: ScriptedServer },
  more: Parameters<typeof openTestTransport>[1] = {},
): Promise<Transport> {
  const transport = await openTestTransport(registry.host, more);
  closers.push(() => transport.close());
  return transport;
}

/** One registry without a token server. */
async function startRegistry(
  script: (request: SeenRequest, count: number) => Reply,
): Promise<{ registry: ScriptedServer }> {
  const registry = await startScriptedServer(script);
  closers.push(() => registry.stop());
  return { registry };
}

const LOGIN = { settings: { username: 'alice', password: 'hush-hush' } };
const withAuths = (entry: object, host: string): { environment: NodeJS.ProcessEnv } => ({
  environment: { DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { [host]: entry } }) },
});

describe('Basic', () => {
  it('is sent to a registry that asks for it, and to no other request before', async () => {
    const { registry } = await startRegistry((request) =>
      request.headers.authorization === basic('alice:hush-hush')
        ? OK
        : { status: 401, headers: { 'www-authenticate': 'Basic realm="x, y"' } },
    );
    const transport = await open({ registry }, LOGIN);
    await ask(transport, PATH);
    await ask(transport, PATH);
    expect(registry.requests.map(({ headers }) => headers.authorization)).toEqual([
      basic('alice:hush-hush'),
      basic('alice:hush-hush'),
    ]);
    expect(registry.pings()).toBe(1);
  });

  it('is tried once; a refusal names the kind and the place of the credentials, never their value', async () => {
    const { registry } = await startRegistry(() => ({
      status: 401,
      headers: { 'www-authenticate': 'Basic realm="x"' },
    }));
    const log = createRememberingLog();
    const transport = await open({ registry }, { ...LOGIN, log });
    const error: unknown = await ask(transport, PATH).catch((cause: unknown) => cause);
    expect(error).toMatchObject({
      name: 'AuthError',
      code: 'AUTH',
      exitCode: 3,
      hint: containing('the user name and password from --username'),
    });
    expect(registry.requests).toHaveLength(1);
    const shown = JSON.stringify(error) + String(error) + log.lines.join('\n');
    for (const secret of ['hush-hush', basic('alice:hush-hush').slice(6)]) {
      expect(shown).not.toContain(secret);
      expect(log.secrets).toContain(secret);
    }
  });

  it('is learned from a request when /v2/ is open', async () => {
    const { registry } = await startRegistry((request) =>
      request.url === '/v2/' || request.headers.authorization !== undefined
        ? OK
        : { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } },
    );
    await ask(await open({ registry }, LOGIN), PATH);
    expect(registry.requests.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      basic('alice:hush-hush'),
    ]);
  });

  it('is not possible with an identity token', async () => {
    const { registry } = await startRegistry(() => ({
      status: 401,
      headers: { 'www-authenticate': 'Basic realm="x"' },
    }));
    const transport = await open({ registry }, withAuths({ identitytoken: 'idt' }, registry.host));
    await expect(ask(transport, PATH)).rejects.toMatchObject({
      code: 'AUTH',
      hint: containing('the identity token'),
    });
  });

  it.each(['Negotiate', '', 'nonsense ((('])('a challenge of %j alone ends in AUTH', async (challenge) => {
    const { registry } = await startRegistry(() => ({ status: 401, headers: { 'www-authenticate': challenge } }));
    await expect(ask(await open({ registry }, LOGIN), PATH)).rejects.toMatchObject({ code: 'AUTH' });
  });
});

describe('Bearer', () => {
  it('asks the realm with service, scope and Basic, and keeps what the realm had in its query', async () => {
    const { registry, tokens } = await startPair();
    await ask(await open({ registry }, LOGIN), PATH);
    expect(tokens.requests).toMatchObject([
      {
        method: 'GET',
        url: '/token?keep=1&service=parts&scope=repository%3Ateam%2Fapp%3Apull',
        headers: { authorization: basic('alice:hush-hush') },
      },
    ]);
    expect(registry.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1']);
  });

  it('asks without credentials when there are none', async () => {
    const { registry, tokens } = await startPair();
    await ask(await open({ registry }), PATH);
    expect(tokens.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it.each([
    ['access_token', { access_token: 't' }],
    ['an empty token beside access_token', { token: '', access_token: 't' }],
    ['token', { token: 't', access_token: 'other' }],
  ])('takes %s', async (_name, body) => {
    const pair = await startPair({ answer: () => ({ status: 200, body: JSON.stringify(body) }) });
    await ask(await open(pair), PATH);
    expect(pair.registry.requests[0]?.headers.authorization).toBe('Bearer t');
  });

  it('registers every token, the password and its Basic form as secrets', async () => {
    const pair = await startPair();
    const log: RememberingLog = createRememberingLog();
    await ask(await open(pair, { ...LOGIN, log }), PATH);
    expect(new Set(log.secrets)).toEqual(new Set(['hush-hush', basic('alice:hush-hush').slice(6), 'token-1']));
  });

  it('asks once for many requests at the same time', async () => {
    const pair = await startPair();
    const transport = await open(pair, LOGIN);
    await Promise.all(Array.from({ length: 50 }, () => ask(transport, PATH)));
    expect([pair.tokens.requests.length, pair.registry.requests.length]).toEqual([1, 50]);
  });

  it('asks again before the token expires, not at the first 401', async () => {
    const pair = await startPair({ expiresIn: 1 });
    const transport = await open(pair);
    await ask(transport, PATH);
    await ask(transport, PATH);
    expect(pair.tokens.requests).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 850));
    await ask(transport, PATH);
    expect(pair.registry.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-1',
      'Bearer token-2',
    ]);
  });

  it.each([0, -70])('takes a lifetime of %i seconds for the default of 60', async (expiresIn) => {
    const pair = await startPair({ expiresIn });
    const transport = await open(pair);
    await ask(transport, PATH);
    await ask(transport, PATH);
    expect(pair.tokens.requests).toHaveLength(1);
  });

  it('replaces a revoked token once for all requests', async () => {
    let revoked = false;
    const pair = await startPair({ accepts: (token) => !(revoked && token === 'token-1') });
    const transport = await open(pair);
    await ask(transport, PATH);
    revoked = true;
    await Promise.all(Array.from({ length: 20 }, () => ask(transport, PATH)));
    expect(pair.tokens.requests).toHaveLength(2);
  });

  it('gives up after a bounded number of tokens', async () => {
    const pair = await startPair({
      accepts: () => false,
      scope: (request) => `repository:x:${request.headers.authorization}`,
    });
    await expect(ask(await open(pair, LOGIN), PATH, { actions: ['delete'] })).rejects.toMatchObject({ code: 'AUTH' });
    expect(pair.registry.requests.length).toBeLessThanOrEqual(8);
  });

  it('says FORBIDDEN when good credentials get a token without the right', async () => {
    const pair = await startPair({ accepts: () => false, error: 'insufficient_scope' });
    await expect(ask(await open(pair, LOGIN), PATH)).rejects.toMatchObject({
      code: 'FORBIDDEN',
      hint: containing('the user name and password from --username'),
    });
  });

  it('says AUTH_REQUIRED when anonymous gets a token without the right', async () => {
    const pair = await startPair({ accepts: () => false, error: 'insufficient_scope' });
    await expect(ask(await open(pair), PATH)).rejects.toMatchObject({ code: 'AUTH_REQUIRED' });
  });
});

describe('scopes', () => {
  it('a read asks for what the challenge names when the usual scope is refused', async () => {
    const pair = await startPair({
      accepts: (token) => token === 'token-3',
      scope: () => 'repository:cache/team/app:pull',
    });
    await ask(await open(pair), PATH);
    expect(pair.tokens.requests.map(scopeOf)).toEqual([
      'repository:team/app:pull',
      'repository:team/app:pull',
      'repository:cache/team/app:pull',
    ]);
  });

  it('a scope of several parts is asked for part by part', async () => {
    const pair = await startPair({ scope: () => 'repository:a:pull repository:b:pull,push' });
    await ask(await open(pair), PATH, { actions: ['push'] });
    expect(pair.tokens.requests[0]?.url).toContain('scope=repository%3Aa%3Apull&scope=repository%3Ab%3Apull%2Cpush');
  });

  const LADDER = ['repository:team/app:delete', 'repository:team/app:pull,push,delete', 'repository:team/app:*'];
  it.each([1, 2, 3])('a delete climbs until scope %i works, and begins there the next time', async (level) => {
    const pair = await startPair({
      accepts: (token) => token === `token-${level}`,
      scope: (request) => (request.method === 'DELETE' ? LADDER[0] : undefined),
      error: 'insufficient_scope',
    });
    const transport = await open(pair, LOGIN);
    const remove = (): Promise<unknown> => ask(transport, PATH, { method: 'DELETE', actions: ['delete'] });
    await remove();
    await remove();
    expect(pair.tokens.requests.map(scopeOf)).toEqual(LADDER.slice(0, level));
    // One without a token to learn the scope, one for each step, and the second delete at once.
    expect(pair.registry.requests).toHaveLength(1 + level + 1);
  });

  it('a delete makes up a scope where the challenge has none', async () => {
    const pair = await startPair();
    await ask(await open(pair, LOGIN), PATH, { method: 'DELETE', actions: ['delete'] });
    expect(pair.tokens.requests.map(scopeOf)).toEqual([LADDER[0]]);
  });

  it('a token server that refuses one scope is asked for the next', async () => {
    const pair = await startPair({
      scope: () => LADDER[0],
      answer: (request) => (scopeOf(request) === LADDER[0] ? { status: 400, body: 'unknown scope' } : undefined),
    });
    await ask(await open(pair, LOGIN), PATH, { method: 'DELETE', actions: ['delete'] });
    expect(pair.tokens.requests.map(scopeOf)).toEqual(LADDER.slice(0, 2));
  });

  it('a 403 is never answered with a wider scope', async () => {
    const pair = await startPair({ scope: () => LADDER[0], reply: () => ({ status: 403 }) });
    const transport = await open(pair, LOGIN);
    await expect(ask(transport, PATH, { method: 'DELETE', actions: ['delete'] })).rejects.toMatchObject({
      code: 'FORBIDDEN',
      hint: containing('permission to delete'),
    });
    expect(pair.tokens.requests.map(scopeOf)).toEqual([LADDER[0]]);
  });
});

describe('identity and registry tokens', () => {
  it('an identity token is posted as a refresh token', async () => {
    const pair = await startPair();
    await ask(await open(pair, withAuths({ identitytoken: 'refresh-me' }, pair.registry.host)), PATH);
    expect(pair.tokens.requests).toHaveLength(1);
    const [request] = pair.tokens.requests;
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      grant_type: 'refresh_token',
      client_id: 'registry-cleanup',
      service: 'parts',
      scope: 'repository:team/app:pull',
      refresh_token: 'refresh-me',
    });
    expect(request).toMatchObject({ method: 'POST', url: '/token?keep=1' });
    expect(request?.headers.authorization).toBeUndefined();
  });

  it.each([404, 405])('goes by GET and Basic where POST is answered with %i', async (status) => {
    const pair = await startPair({ answer: ({ method }) => (method === 'POST' ? { status } : undefined) });
    const entry = { auth: Buffer.from('me:').toString('base64'), identitytoken: 'refresh-me' };
    await ask(await open(pair, withAuths(entry, pair.registry.host)), PATH);
    expect(pair.tokens.requests.map(({ method, headers }) => [method, headers.authorization])).toEqual([
      ['POST', undefined],
      ['GET', basic('me:refresh-me')],
    ]);
  });

  it('does not fall back to GET after another refusal', async () => {
    const pair = await startPair({ answer: () => ({ status: 401 }) });
    const transport = await open(pair, withAuths({ identitytoken: 'refresh-me' }, pair.registry.host));
    await expect(ask(transport, PATH)).rejects.toMatchObject({ code: 'AUTH' });
    expect(pair.tokens.requests.map(({ method }) => method)).toEqual(['POST']);
  });

  it('a registry token is sent as it is, and no other is asked for', async () => {
    const pair = await startPair({ accepts: (token) => token === 'as-it-is' });
    await ask(await open(pair, withAuths({ registrytoken: 'as-it-is' }, pair.registry.host)), PATH);
    expect([pair.registry.requests.length, pair.tokens.requests.length]).toEqual([1, 0]);
    const transport = await open(pair, withAuths({ registrytoken: 'wrong' }, pair.registry.host));
    await expect(ask(transport, PATH)).rejects.toMatchObject({ code: 'AUTH' });
    expect(pair.tokens.requests).toEqual([]);
  });
});

describe('token servers that misbehave', () => {
  it.each<readonly [string, Reply, object, object]>([
    ['refuses the password', { status: 401 }, LOGIN, { name: 'AuthError', code: 'AUTH' }],
    ['refuses with 403', { status: 403 }, LOGIN, { name: 'AuthError' }],
    ['refuses with 400', { status: 400, body: 'bad' }, LOGIN, { name: 'AuthError', code: 'AUTH' }],
    ['refuses anonymous', { status: 401 }, {}, { name: 'AuthError', code: 'AUTH_REQUIRED' }],
    ['answers HTML', { status: 200, body: '<html>' }, LOGIN, { name: 'ProtocolError', code: 'PROTOCOL' }],
    ['answers without a token', { status: 200, body: '{}' }, LOGIN, { name: 'ProtocolError' }],
    ['answers with a number', { status: 200, body: '{"token":5}' }, LOGIN, { name: 'ProtocolError' }],
    ['answers with a line break', { status: 200, body: '{"token":"a\\r\\nx: y"}' }, LOGIN, { name: 'ProtocolError' }],
    ['answers with a megabyte', { status: 200, body: 'x'.repeat(1_000_000) }, LOGIN, { name: 'ProtocolError' }],
    ['redirects', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, LOGIN, { name: 'ProtocolError' }],
    ['is down', { status: 503 }, LOGIN, { name: 'NetworkError', temporary: true }],
    ['is busy', { status: 429 }, LOGIN, { name: 'RegistryError', code: 'RATE_LIMITED' }],
  ])('one that %s is an error', async (...[, reply, more, expected]) => {
    const pair = await startPair({ answer: () => reply });
    const log = createRememberingLog();
    const transport = await open(pair, { ...more, log });
    const error: unknown = await ask(transport, PATH).catch((cause: unknown) => cause);
    expect(error).toMatchObject(expected);
    expect(String(error) + JSON.stringify(error) + log.lines.join('\n')).not.toMatch(/hush|keep=1/);
  });

  it('one that is down for a moment is asked again, four times at most', async () => {
    const pair = await startPair({ answer: () => ({ status: 503 }) });
    await expect(ask(await open(pair), PATH)).rejects.toMatchObject({ code: 'NETWORK' });
    expect(pair.tokens.requests).toHaveLength(4);
    let down = 2;
    const better = await startPair({
      answer: () => {
        down -= 1;
        return down >= 0 ? { status: 503 } : undefined;
      },
    });
    expect((await ask(await open(better), PATH)).status).toBe(200);
  });

  it.each([
    ['no realm', 'Bearer service="x"', 'ProtocolError'],
    ['a realm that is no URL', 'Bearer realm="/token"', 'ProtocolError'],
    ['a realm of another kind', 'Bearer realm="file:///etc/passwd"', 'AuthError'],
    ['a realm with a user name', 'Bearer realm="https://a:b@auth.example/token"', 'AuthError'],
  ])('a challenge with %s is an error', async (_name, challenge, name) => {
    const { registry } = await startRegistry(() => ({ status: 401, headers: { 'www-authenticate': challenge } }));
    await expect(openTestTransport(registry.host, LOGIN)).rejects.toMatchObject({ name });
  });
});

describe('where credentials for tokens may go', () => {
  it.each([
    ['https://reg.example', 'https://auth.example/token', true],
    ['https://reg.example', 'http://auth.example/token', false],
    ['https://reg.example', 'http://127.0.0.1:5001/token', false],
    ['https://127.0.0.1:5000', 'http://127.0.0.1:5001/token', true],
    ['https://127.0.0.1:5000', 'http://auth.example/token', false],
    ['http://127.0.0.1:5000', 'http://127.0.0.1:5001/token', true],
    ['http://reg.example', 'http://auth.example/token', true],
  ])('a registry at %s may name %s: %s', (origin, realm, expected) => {
    const authenticator = createAuthenticator({
      origin,
      repository: 'team/app',
      credentials: { kind: 'password', username: 'u', password: 'hush', source: 'a test' },
      send: () => Promise.reject(new Error('nothing is sent')),
      log: createRememberingLog(),
    });
    const learn = (): void => authenticator.learn([`Bearer realm="${realm}"`]);
    if (expected) expect(learn).not.toThrow();
    else expect(learn).toThrow(expect.objectContaining({ name: 'AuthError', code: 'AUTH' }));
  });
});
