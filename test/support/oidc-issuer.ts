// A small issuer of OpenID Connect tokens on loopback, over TLS: discovery and the refresh of tokens, whose refresh tokens change
// with each use. The tokens are signed by nobody: only a fake API server reads them.

import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** How an issuer differs from the usual one. */
export interface IssuerOptions {
  readonly tls: { readonly cert: Buffer; readonly key: Buffer };
  /** The refresh token that is good first. */
  readonly refreshToken: string;
  readonly clientId: string;
  readonly clientSecret?: string;
  /** How the client says who it is. Default: not told, which means `client_secret_basic`. */
  readonly authMethods?: readonly string[];
  /** Seconds. Default 3600. */
  readonly ttlSeconds?: number;
  /** Fields in place of those of the configuration, with `{origin}` for the issuer's address. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  /** Hears of each token before the client does. */
  readonly onToken?: (token: string) => void;
  /** In place of the answer to a refresh. */
  readonly answer?: { readonly status: number; readonly body: string };
}

/** A running issuer. */
export interface OidcIssuer {
  readonly url: string;
  /** `GET /.well-known/openid-configuration`, `POST /token basic`, `POST /token form`; grows. */
  readonly requests: readonly string[];
  /** Every token given, oldest first; grows. */
  readonly tokens: readonly string[];
  close(): Promise<void>;
}

/** A token that ends at this time, as the API server would get it. */
export function makeIdToken(expiresAtMs: number, subject = 'admin'): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { iss: 'test', sub: subject, exp: Math.floor(expiresAtMs / 1000) };
  return `${encode({ alg: 'none' })}.${encode(claims)}.c2ln`;
}

/** Starts an issuer on a free port. */
export async function startIssuer(options: IssuerOptions): Promise<OidcIssuer> {
  const requests: string[] = [];
  const tokens: string[] = [];
  let refreshToken = options.refreshToken;
  let origin = '';
  const server = createServer(options.tls, (request, response) => {
    void (async () => {
      const form = new URLSearchParams(await readText(request));
      const isBasic = request.headers.authorization !== undefined;
      const isToken = request.url === '/token';
      requests.push(`${request.method} ${request.url}${isToken ? ` ${isBasic ? 'basic' : 'form'}` : ''}`);
      const { status, body } = isToken ? refresh(form, request.headers.authorization) : describe();
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(body);
    })();
  });

  function describe() {
    const configuration = {
      issuer: origin,
      token_endpoint: `${origin}/token`,
      ...(options.authMethods === undefined ? {} : { token_endpoint_auth_methods_supported: options.authMethods }),
      ...options.configuration,
    };
    return { status: 200, body: JSON.stringify(configuration).replaceAll('{origin}', origin) };
  }

  function refresh(form: URLSearchParams, authorization: string | undefined) {
    if (options.answer !== undefined) return options.answer;
    const expected = [options.clientId, options.clientSecret ?? ''];
    const basic = Buffer.from(/^Basic (.+)$/.exec(authorization ?? '')?.[1] ?? '', 'base64').toString();
    const shown =
      authorization === undefined
        ? [form.get('client_id') ?? '', form.get('client_secret') ?? '']
        : basic.split(':').map((part) => decodeURIComponent(part));
    if (shown.join('\n') !== expected.join('\n')) return { status: 401, body: '{"error":"invalid_client"}' };
    if (form.get('grant_type') !== 'refresh_token' || form.get('refresh_token') !== refreshToken)
      return { status: 400, body: '{"error":"invalid_grant"}' };
    refreshToken = `${options.refreshToken}-${tokens.length + 2}`;
    const token = makeIdToken(Date.now() + (options.ttlSeconds ?? 3600) * 1000, `user-${tokens.length + 1}`);
    tokens.push(token);
    options.onToken?.(token);
    return { status: 200, body: JSON.stringify({ id_token: token, refresh_token: refreshToken }) };
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: origin,
    requests,
    tokens,
    async close() {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readText(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  return text;
}
