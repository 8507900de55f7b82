// Whether a registry that does not know a repository proves that it is not there, or may only hide it.

import { afterEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../src/log.ts';
import { parseRepository, parseTag } from '../../src/model/reference.ts';
import { createOciRegistry } from '../../src/registry/oci.ts';
import { isRepositoryAbsent } from '../../src/registry/registry-answer.ts';
import { grantsPull } from '../../src/registry/token-grants.ts';
import { NOW } from '../contract/registry-places.ts';
import { type Reply, type SeenRequest, startScriptedServer } from '../support/scripted-server.ts';
import { openTestTransport } from '../support/try-transport.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const OPEN: Reply = { status: 200, body: '{}' };
const basic: Reply = { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } };
const says = (code: string): Reply => ({ status: 404, body: JSON.stringify({ errors: [{ code, message: 'x' }] }) });
const LOGIN = { username: 'alice', password: 'hush-hush' };

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwt = (payload: unknown): string => [encode({ alg: 'RS256' }), encode(payload), 'signature'].join('.');
const grant = (name: string, ...actions: readonly string[]) => ({ access: [{ type: 'repository', name, actions }] });

/** A registry that knows no repository. `token`: what its token server gives to everybody; undefined when it has none. */
interface Habits {
  readonly ping?: Reply;
  readonly token?: string;
  readonly code?: string;
  readonly isBasic?: boolean;
}

async function resolveAt({ ping = OPEN, token, code = 'NAME_UNKNOWN', isBasic = false }: Habits): Promise<unknown> {
  const tokens = await startScriptedServer(() => ({ status: 200, body: JSON.stringify({ token }) }));
  closers.push(() => tokens.stop());
  const bearer: Reply = {
    status: 401,
    headers: { 'www-authenticate': `Bearer realm="${tokens.origin}/t",service="x"` },
  };
  const challenge = isBasic ? basic : bearer;
  const wantsLogin = isBasic || token !== undefined;
  const registry = await startScriptedServer((request: SeenRequest) => {
    if (wantsLogin && request.headers.authorization === undefined) return challenge;
    return request.url === '/v2/' ? ping : says(code);
  });
  closers.push(() => registry.stop());
  const transport = await openTestTransport(registry.host, wantsLogin ? { settings: LOGIN } : {});
  const repository = parseRepository(`${registry.host}/team/app`);
  const adapter = createOciRegistry({ repository, transport, now: NOW, log: silentLog });
  closers.push(() => adapter.close());
  return await adapter.resolveTag(parseTag('v1')).catch((error: unknown) => error);
}

describe('a repository that the registry does not know', () => {
  it.each<[string, Habits, boolean]>([
    ['is not there when the registry asks nobody who they are', {}, true],
    ['is not there when the token grants the right to pull from it', { token: jwt(grant('team/app', 'pull')) }, true],
    ['is not there when the token grants more than that', { token: jwt(grant('team/app', 'push', 'pull')) }, true],
    ['may be hidden when the token grants nothing', { token: jwt({ access: [] }) }, false],
    ['may be hidden when the token grants another right', { token: jwt(grant('team/app', 'push')) }, false],
    ['may be hidden when the token is for another repository', { token: jwt(grant('team/other', 'pull')) }, false],
    [
      'may be hidden when the token is for something else of that name',
      { token: jwt({ access: [{ type: 'chart', name: 'team/app', actions: ['pull'] }] }) },
      false,
    ],
    ['may be hidden when the token names no rights', { token: jwt({ sub: 'alice' }) }, false],
    ['may be hidden when the token is opaque, as GitHub’s is', { token: 'Z2hwX2FiYw==' }, false],
    ['may be hidden behind Basic credentials, which name no rights', { isBasic: true }, false],
    ['may be hidden where the front door is shut to strangers', { ping: { status: 403 } }, false],
    ['may be hidden where there is no front door', { ping: says('NOT_FOUND') }, false],
    ['is no repository at all when its name is not valid', { code: 'NAME_INVALID' }, false],
  ])('%s', async (_name, habits, isAbsent) => {
    const error = await resolveAt(habits);
    expect(error).toMatchObject({ name: 'AuthError', code: 'REPOSITORY_UNKNOWN', exitCode: 3 });
    expect(isRepositoryAbsent(error)).toBe(isAbsent);
  });

  it('is another thing than an unknown manifest, which is absent whoever asks', async () => {
    expect(await resolveAt({ code: 'MANIFEST_UNKNOWN', token: 'opaque' })).toBe('absent');
  });
});

it.each(['', 'a', 'a.b', 'a.%.c', 'a..c', `a.${encode(null)}.c`, `a.${encode([])}.c`, `a.${encode({ access: {} })}.c`])(
  'a token that says nothing grants nothing: %j',
  (token) => {
    expect(grantsPull(token, 'team/app')).toBe(false);
  },
);
