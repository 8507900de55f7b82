// Gets a Bearer token from the token server that a registry names.
// Protocol: https://distribution.github.io/distribution/spec/auth/token/ and …/oauth/

import * as z from 'zod';
import { AuthError, ProtocolError } from '../errors.ts';
import { redactUrl } from '../http/redact-text.ts';
import type { Log } from '../log.ts';
import { basicHeader, type Credentials, describeCredentials } from './credentials.ts';
import { explainResponse } from './explain-response.ts';
import type { HttpRequest, HttpResponse } from './http-client.ts';

/** The token server, from the registry's challenge. */
export interface TokenSource {
  readonly realm: URL;
  readonly service: string | undefined;
}

/** A token, ready for use. */
export interface Token {
  readonly value: string;
  /** How long it may be used from the moment it was asked for. */
  readonly lifetimeMs: number;
}

/** What asking for a token needs. */
export interface TokenRequestOptions {
  readonly source: TokenSource;
  readonly credentials: Credentials;
  /** One HTTP request: no retries, no redirects. */
  readonly send: (request: HttpRequest) => Promise<HttpResponse>;
  readonly log: Log;
}

/** Tokens with a chain of certificates in them have some 10 KB. */
const MAX_TOKEN_BYTES = 262_144;
/** "Defaults to 60 seconds", and never less: https://distribution.github.io/distribution/spec/auth/token/#token-response-fields */
const DEFAULT_LIFETIME_SECONDS = 60;

const tokenBody = z.object({
  token: z.string().optional(),
  access_token: z.string().optional(),
  expires_in: z.number().optional(),
});

/**
 * A token for the scope, which is a list of `repository:team/app:pull` separated by blanks. An identity token goes by POST,
 * and by GET with Basic to a server that knows no POST; a password always by GET. The token is registered as a secret.
 * @throws AuthError AUTH or AUTH_REQUIRED when the server gives none; ProtocolError for an answer that holds none.
 */
export async function requestToken(scope: string, options: TokenRequestOptions): Promise<Token> {
  const { credentials, log } = options;
  let response: HttpResponse | undefined;
  if (credentials.kind === 'identity-token') {
    response = await postRefreshToken(scope, credentials.token, options);
    // A token server without the OAuth2 route: https://distribution.github.io/distribution/spec/auth/oauth/
    if (response.status === 404 || response.status === 405) response = undefined;
  }
  response ??= await getToken(scope, options);
  if (response.status !== 200) throw refused(options, response);
  const token = decodeToken(options.source, response);
  log.secret(token.value);
  return token;
}

async function getToken(scope: string, options: TokenRequestOptions): Promise<HttpResponse> {
  const url = new URL(options.source.realm);
  if (options.source.service !== undefined) url.searchParams.set('service', options.source.service);
  for (const one of scope.split(' ')) if (one !== '') url.searchParams.append('scope', one);
  const authorization = authorizationOf(options.credentials);
  if (authorization !== undefined) options.log.secret(authorization.slice('Basic '.length));
  return options.send({
    ...baseRequest(url, options),
    method: 'GET',
    headers: { accept: 'application/json', ...(authorization === undefined ? {} : { authorization }) },
  });
}

async function postRefreshToken(scope: string, token: string, options: TokenRequestOptions): Promise<HttpResponse> {
  const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'registry-cleanup', scope });
  if (options.source.service !== undefined) form.set('service', options.source.service);
  form.set('refresh_token', token);
  return options.send({
    ...baseRequest(options.source.realm, options),
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    body: Buffer.from(form.toString(), 'utf8'),
  });
}

function authorizationOf(credentials: Credentials): string | undefined {
  if (credentials.kind === 'password') return basicHeader(credentials.username, credentials.password);
  // `<token>` is the user name that credential helpers pair with a refresh token.
  if (credentials.kind === 'identity-token') return basicHeader(credentials.username ?? '<token>', credentials.token);
  return undefined;
}

function baseRequest(url: URL, options: TokenRequestOptions): Omit<HttpRequest, 'method' | 'headers'> {
  return {
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    maxBytes: MAX_TOKEN_BYTES,
    purpose: `get a token from ${redactUrl(options.source.realm)}`,
  };
}

function refused(options: TokenRequestOptions, response: HttpResponse): Error {
  const credentials = describeCredentials(options.credentials);
  const asked = {
    origin: response.origin,
    purpose: `get a token from ${redactUrl(options.source.realm)}`,
    actions: ['access'],
    credentials,
  };
  const error = explainResponse(asked, response);
  // Some token servers answer 400, 403 or 404 for a wrong password or a scope they do not give.
  if (error instanceof AuthError || response.status >= 500 || response.status < 400 || error.temporary) return error;
  return new AuthError(error.message, {
    code: credentials === undefined ? 'AUTH_REQUIRED' : 'AUTH',
    details: error.details,
    hint:
      credentials === undefined
        ? 'Give --username and --password-stdin, or log in first (docker login).'
        : `Check ${credentials}.`,
  });
}

function decodeToken(source: TokenSource, response: HttpResponse): Token {
  const problem = (what: string): ProtocolError =>
    new ProtocolError(`The token server ${redactUrl(source.realm)} ${what}.`, { code: 'PROTOCOL' });
  if (response.cut) throw problem(`answered with more than ${MAX_TOKEN_BYTES} bytes`);
  const body = tokenBody.safeParse(parseJson(response.body));
  if (!body.success) throw problem('answered with something that is no token');
  // `access_token` is the OAuth2 name of the same thing; some servers leave one of them empty.
  const value = body.data.token === undefined || body.data.token === '' ? body.data.access_token : body.data.token;
  if (value === undefined || !/^[\x21-\x7e]+$/.test(value)) throw problem('answered without a usable token');
  const seconds = body.data.expires_in ?? 0;
  return { value, lifetimeMs: 1000 * (seconds > 0 ? seconds : DEFAULT_LIFETIME_SECONDS) };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    // Not JSON: the schema refuses it with the same message as any other wrong shape.
    return undefined;
  }
}
