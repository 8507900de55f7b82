// Knows which `Authorization` header the registry wants for which actions, and what to try after a 401.
// Credentials go to the registry's origin (Basic, registry tokens) and to the token server that the registry names. That
// server may be on any host, as it is with Docker Hub and GitLab: the registry, reached over TLS, vouches for it.

import { AuthError, ProtocolError } from '../errors.ts';
import { redactUrl } from '../http/redact-text.ts';
import type { Log } from '../log.ts';
import { isLoopbackHost } from '../util/loopback-host.ts';
import { basicHeader, type Credentials } from './credentials.ts';
import type { HttpRequest, HttpResponse } from './http-client.ts';
import { parseChallenges } from './parse-challenge.ts';
import { requestToken, type TokenSource } from './request-token.ts';
import { createTokenCache, type TokenCache } from './token-cache.ts';

/** What a request wants to do with the repository. */
type Actions = readonly ('pull' | 'push' | 'delete')[];

/** A header, and how it came about. */
export interface Authorization {
  readonly header: string;
  /** The token's scope; undefined for everything but tokens that we asked for. */
  readonly scope: string | undefined;
}

/** Everything about authentication with one registry. */
export interface Authenticator {
  /** What to send at once; undefined while nothing is known about what the registry wants. */
  authorize(actions: Actions): Promise<Authorization | undefined>;
  /**
   * What to send after a 401 with these headers; `refused` are all that this request has tried, oldest first. Undefined when
   * there is nothing left to try.
   */
  answer(
    challenges: readonly string[],
    actions: Actions,
    refused: readonly Authorization[],
  ): Promise<Authorization | undefined>;
  /** A token for these actions as the token server gives it, whatever it grants; undefined where tokens are not what the registry wants. */
  tokenFor(actions: Actions): Promise<string | undefined>;
  /** Takes note of what the registry wants without a request that needs it (the answer to `GET /v2/`). */
  learn(challenges: readonly string[]): void;
}

/** What an authenticator needs. */
export interface AuthenticatorOptions {
  /** The registry's origin, `https://ghcr.io`. */
  readonly origin: string;
  readonly repository: string;
  readonly credentials: Credentials;
  /** One HTTP request to any origin: no retries (who needs the token has them), no redirects. */
  readonly send: (request: HttpRequest) => Promise<HttpResponse>;
  readonly log: Log;
}

/** What has been learned so far. */
interface Knowledge {
  /** Where tokens come from, with those that are there; undefined until the registry asks for one. */
  bearer: { readonly source: TokenSource; readonly tokens: TokenCache } | undefined;
  basic: Authorization | undefined;
  /** The scope that worked last for these actions. */
  readonly scopes: Map<string, string>;
}

/** An authenticator that knows nothing yet. */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const knowledge: Knowledge = { bearer: undefined, basic: undefined, scopes: new Map() };
  return {
    learn: (headers) => void learn(options, knowledge, headers),
    authorize: (actions) => authorize(options, knowledge, keyOf(actions)),
    tokenFor: async (actions) => {
      if (options.credentials.kind === 'registry-token') return options.credentials.token;
      return knowledge.bearer?.tokens.get(`repository:${options.repository}:${keyOf(actions)}`);
    },
    answer: async (headers, actions, refused) => {
      if (options.credentials.kind === 'registry-token') return undefined;
      const challenge = learn(options, knowledge, headers);
      if (challenge === undefined) return refused.length === 0 ? knowledge.basic : undefined;
      const key = keyOf(actions);
      const renewed = await renew(knowledge, challenge, refused);
      if (renewed !== undefined) return renewed;
      const tried = new Set(refused.map(({ scope }) => scope));
      const ladder = scopeLadder(options.repository, key, challenge.get('scope'));
      return climb(
        knowledge,
        key,
        ladder.filter((scope) => !tried.has(scope)),
      );
    },
  };
}

async function authorize(
  { credentials, repository }: AuthenticatorOptions,
  knowledge: Knowledge,
  key: string,
): Promise<Authorization | undefined> {
  if (credentials.kind === 'registry-token') return { header: `Bearer ${credentials.token}`, scope: undefined };
  if (knowledge.bearer === undefined) return knowledge.basic;
  // For reads all registries agree on the scope. For the rest the first answer tells.
  const scope = knowledge.scopes.get(key) ?? (key === 'pull' ? `repository:${repository}:pull` : undefined);
  return scope === undefined ? undefined : bearerFor(knowledge.bearer.tokens, scope);
}

/** Takes in what a 401 offers; returns the parameters of its Bearer challenge, which outranks Basic. */
function learn(
  options: AuthenticatorOptions,
  knowledge: Knowledge,
  headers: readonly string[],
): ReadonlyMap<string, string> | undefined {
  const { credentials, log } = options;
  const challenges = parseChallenges(headers);
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer')?.parameters;
  if (bearer !== undefined) {
    const source = readSource(bearer, options.origin);
    const known = knowledge.bearer?.source;
    if (known?.realm.href !== source.realm.href || known.service !== source.service)
      knowledge.bearer = { source, tokens: createTokenCache((scope) => requestToken(scope, { ...options, source })) };
    return bearer;
  }
  if (credentials.kind === 'password' && challenges.some(({ scheme }) => scheme === 'basic')) {
    const header = basicHeader(credentials.username, credentials.password);
    log.secret(header.slice('Basic '.length));
    knowledge.basic = { header, scope: undefined };
  }
  return undefined;
}

/**
 * Once per request, a token that was refused for another reason than its scope is replaced: it may have been revoked, or
 * its lifetime misjudged. Where another request has replaced it already, that one is used.
 */
async function renew(
  knowledge: Knowledge,
  challenge: ReadonlyMap<string, string>,
  refused: readonly Authorization[],
): Promise<Authorization | undefined> {
  const [first] = refused;
  const isScopeFault = challenge.get('error') === 'insufficient_scope';
  if (knowledge.bearer === undefined || first?.scope === undefined || refused.length > 1 || isScopeFault)
    return undefined;
  await knowledge.bearer.tokens.drop(first.scope, first.header.slice('Bearer '.length));
  return bearerFor(knowledge.bearer.tokens, first.scope);
}

/** A token for the first of these scopes that the token server gives one for. */
async function climb(knowledge: Knowledge, key: string, scopes: readonly string[]): Promise<Authorization | undefined> {
  knowledge.scopes.delete(key);
  const [scope, ...more] = scopes;
  if (scope === undefined || knowledge.bearer === undefined) return undefined;
  try {
    const authorization = await bearerFor(knowledge.bearer.tokens, scope);
    knowledge.scopes.set(key, scope);
    return authorization;
  } catch (cause) {
    // A server that knows no such scope may give none for it. The last refusal is the one to report.
    if (cause instanceof AuthError && more.length > 0) return climb(knowledge, key, more);
    throw cause;
  }
}

async function bearerFor(tokens: TokenCache, scope: string): Promise<Authorization> {
  return { header: `Bearer ${await tokens.get(scope)}`, scope };
}

/**
 * The scopes to try, in this order: what the registry asks for, then for deletes and pushes all three actions, then `*`.
 * Registries differ in what a delete needs (`delete`, `pull,push`, `*`).
 */
function scopeLadder(repository: string, key: string, challenged: string | undefined): readonly string[] {
  const scope = (actions: string): string => `repository:${repository}:${actions}`;
  const first = challenged === undefined || challenged === '' ? scope(key) : challenged;
  return key === 'pull' ? [first, scope('pull')] : [first, scope('pull,push,delete'), scope('*')];
}

function keyOf(actions: Actions): string {
  return [...new Set(actions)].toSorted().join(',');
}

/** https://distribution.github.io/distribution/spec/auth/token/#how-to-authenticate */
function readSource(parameters: ReadonlyMap<string, string>, origin: string): TokenSource {
  const text = parameters.get('realm') ?? '';
  const registry = new URL(origin).host;
  if (!URL.canParse(text)) {
    throw new ProtocolError(`${registry} asks for a token from an address that is no URL.`, { code: 'PROTOCOL' });
  }
  const realm = new URL(text);
  const isPlainAllowed =
    origin.startsWith('http:') || (isLoopbackHost(realm.hostname) && isLoopbackHost(new URL(origin).hostname));
  const isSafe = realm.protocol === 'https:' || (realm.protocol === 'http:' && isPlainAllowed);
  if (!isSafe || realm.username !== '' || realm.password !== '') {
    throw new AuthError(`${registry} asks for a token from ${redactUrl(realm)}, which is not safe for credentials.`, {
      code: 'AUTH',
      hint: 'A token server needs an https address without a user name.',
      details: { host: registry },
    });
  }
  realm.hash = '';
  return { realm, service: parameters.get('service') };
}
