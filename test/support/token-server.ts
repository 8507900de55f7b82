// A token server on loopback whose tokens CNCF docker-registry accepts: RS256 with the certificate in `x5c`.
// Protocol: https://distribution.github.io/distribution/spec/auth/token/ and …/oauth/

import { createSign, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request that the token server saw; no secret in it. */
export interface TokenRequest {
  readonly method: string;
  /** `undefined`: anonymous. `identity-token`: by refresh token. */
  readonly user: string | undefined;
  readonly scopes: readonly string[];
  readonly status: number;
}

/** What the token server knows and signs with. */
export interface TokenServerOptions {
  readonly service: string;
  readonly issuer: string;
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly username: string;
  readonly password: string;
  /** The refresh token that `POST` with `grant_type=refresh_token` takes. */
  readonly identityToken: string;
  readonly ttlSeconds: number;
}

/** A running token server. */
export interface TokenServer {
  /** `http://127.0.0.1:PORT/token`. */
  readonly realm: string;
  readonly requests: readonly TokenRequest[];
  stop(): Promise<void>;
}

/** Starts a token server: everybody may pull, who is known may do everything, a wrong password is a 401. */
export async function startTokenServer(options: TokenServerOptions): Promise<TokenServer> {
  const requests: TokenRequest[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1');
      const form = new URLSearchParams(request.method === 'POST' ? await readText(request) : '');
      const scopes = [...url.searchParams.getAll('scope'), ...form.getAll('scope')].flatMap((text) => text.split(' '));
      const user = request.method === 'POST' ? userOfForm(form, options) : userOfHeader(request, options);
      const status = user === 'wrong' ? 401 : 200;
      requests.push({ method: request.method ?? '', user: user === 'wrong' ? undefined : user, scopes, status });
      response.writeHead(status, { 'content-type': 'application/json' });
      if (status === 401) return response.end('{"errors":[{"code":"UNAUTHORIZED","message":"wrong credentials"}]}');
      const token = signToken(options, user, scopes);
      return response.end(JSON.stringify({ token, access_token: token, expires_in: options.ttlSeconds }));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    realm: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readText(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  return text;
}

function userOfHeader(request: IncomingMessage, options: TokenServerOptions): string | undefined {
  const header = request.headers.authorization;
  if (header === undefined) return undefined;
  const wanted = `Basic ${Buffer.from(`${options.username}:${options.password}`).toString('base64')}`;
  return header === wanted ? options.username : 'wrong';
}

function userOfForm(form: URLSearchParams, options: TokenServerOptions): string {
  if (form.get('grant_type') !== 'refresh_token') return 'wrong';
  return form.get('refresh_token') === options.identityToken ? 'identity-token' : 'wrong';
}

function signToken(options: TokenServerOptions, user: string | undefined, scopes: readonly string[]): string {
  const now = Math.floor(Date.now() / 1000);
  const access = scopes.flatMap((scope) => {
    const match = /^([^:]+):(.+):([^:]*)$/.exec(scope);
    if (match === null) return [];
    const wanted = (match[3] ?? '').split(',');
    const actions = wanted.filter((action) => user !== undefined || action === 'pull');
    return [{ type: match[1], name: match[2], actions }];
  });
  const der = options.certificatePem.replaceAll(/-----[^-]+-----|\s/g, '');
  const header = encode({ typ: 'JWT', alg: 'RS256', x5c: [der] });
  const claims = encode({
    iss: options.issuer,
    sub: user ?? '',
    aud: options.service,
    exp: now + options.ttlSeconds,
    nbf: now - 5,
    iat: now,
    jti: randomUUID(),
    access,
  });
  const signature = createSign('RSA-SHA256').update(`${header}.${claims}`).sign(options.keyPem, 'base64url');
  return `${header}.${claims}.${signature}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
