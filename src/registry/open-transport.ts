// Opens the way to one registry: finds credentials and scheme, then sends requests with limits, retries and tokens.

import { InternalError, NetworkError, ProtocolError } from '../errors.ts';
import { type ConnectionLimits, DEFAULT_LIMITS } from '../http/connection-limits.ts';
import { createLimiter, type Limiter } from '../http/limit-requests.ts';
import { openDispatcher } from '../http/open-dispatcher.ts';
import { readAuthorities } from '../http/read-authorities.ts';
import { retryRequest } from '../http/retry-request.ts';
import { type Authenticator, type Authorization, createAuthenticator } from './authenticate.ts';
import { candidateOrigins, chooseOrigin } from './choose-origin.ts';
import type { TransportOptions } from './connection.ts';
import { type Credentials, describeCredentials } from './credentials.ts';
import { explainResponse } from './explain-response.ts';
import { findCredentials } from './find-credentials.ts';
import { followRedirects } from './follow-redirects.ts';
import { createHttpClient, type HttpClient, type HttpResponse } from './http-client.ts';
import { decodeGrants, grantsPull, type RepositoryGrants } from './token-grants.ts';
import type { RegistryActions, RegistryRequest, RegistryResponse, Transport } from './transport.ts';

/** An open connection's parts. */
interface Connection {
  readonly origin: string;
  readonly client: HttpClient;
  readonly limiter: Limiter;
  readonly limits: ConnectionLimits;
  readonly options: TransportOptions;
  readonly credentials: Credentials;
  readonly authenticator: Authenticator;
  /** The registry lets everybody in: it answered `GET /v2/` without credentials. */
  readonly isOpen: boolean;
  readonly signal: AbortSignal;
}

type ConnectionParts = Omit<Connection, 'origin' | 'authenticator' | 'isOpen'>;

/** No, a new token, and three scopes: what one request can need at most, with one to spare. */
const MAX_AUTHORIZATIONS = 6;
/** The answer to `GET /v2/` is looked at for its headers only. */
const MAX_PROBE_BYTES = 65_536;

/**
 * A transport for one repository of a registry. Asks `GET /v2/` once, which settles the scheme and the way to authenticate.
 * @throws UsageError for an unusable authorities or credentials file; AuthError AUTH when a credential helper fails;
 *   NetworkError TLS for a certificate that is not trusted, NETWORK or TIMEOUT when the registry cannot be reached.
 */
export async function openTransport(options: TransportOptions): Promise<Transport> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const { settings, environment, log } = options;
  const credentials = await findCredentials({ ...options, ...settings });
  const secureContext = settings.caFile === undefined ? {} : { secureContext: await readAuthorities(settings.caFile) };
  const unchecked = settings.skipTlsVerify === true ? { skipTlsVerify: true as const } : {};
  const dispatcher = await openDispatcher({ limits, environment, log, ...secureContext, ...unchecked });
  const client = createHttpClient(dispatcher, limits);
  const closing = new AbortController();
  const limiter = createLimiter(limits.maxInFlight);
  const close = async (): Promise<void> => {
    closing.abort(new NetworkError(`The connection to ${options.host} was closed.`, { code: 'NETWORK' }));
    limiter.release();
    await client.close();
  };
  try {
    const parts = { client, limiter, limits, options, credentials, signal: closing.signal };
    const connection = await connect(parts);
    return {
      origin: connection.origin,
      request: (request) => send(connection, request),
      grants: (actions) => readGrants(connection, actions),
      close,
    };
  } catch (cause) {
    await close();
    throw cause;
  }
}

async function connect(parts: ConnectionParts): Promise<Connection> {
  const { options, credentials } = parts;
  const origins = candidateOrigins(options.host, options.settings);
  const { origin, answer } = await chooseOrigin(origins, (candidate) => probe(parts, candidate, origins));
  const authenticator = createAuthenticator({
    origin,
    repository: options.repository,
    credentials,
    log: options.log,
    // Within the limiter like everything else; nobody who waits for a token holds one of its slots.
    send: (request) => parts.limiter.run(() => parts.client.exchange(request)),
  });
  if (answer.status === 401) authenticator.learn(answer.headers('www-authenticate'));
  return { ...parts, origin, authenticator, isOpen: answer.status === 200 };
}

/** Any answer will do: some registries have nothing at `/v2/`. */
function probe(parts: ConnectionParts, origin: string, origins: readonly string[]): Promise<HttpResponse> {
  const purpose = 'reach the registry';
  // Where plain http may follow, a reset is an answer, not a mishap.
  const isLast = origin === origins.at(-1);
  return retryRequest(
    () =>
      parts.limiter.run(() =>
        parts.client.exchange({ method: 'GET', origin, path: '/v2/', headers: {}, maxBytes: MAX_PROBE_BYTES, purpose }),
      ),
    { ...parts, log: parts.options.log, purpose, idempotent: isLast },
  );
}

function send(connection: Connection, request: RegistryRequest): Promise<RegistryResponse> {
  if (!request.path.startsWith('/') || /[\s\\]/.test(request.path))
    throw new InternalError(`Not a path on the registry: ${JSON.stringify(request.path)}`, { code: 'INTERNAL' });
  const { purpose } = request;
  const idempotent = request.method !== 'POST' || request.mayRepeat === true;
  return retryRequest(() => attempt(connection, request), {
    ...connection,
    log: connection.options.log,
    purpose,
    idempotent,
  });
}

async function readGrants(connection: Connection, actions: RegistryActions): Promise<RepositoryGrants | undefined> {
  const { authenticator, options } = connection;
  const { log, repository } = options;
  const purpose = `ask for the right to ${actions.join(' and ')}`;
  const token = await retryRequest(() => authenticator.tokenFor(actions), {
    ...connection,
    log,
    purpose,
    idempotent: true,
  });
  return token === undefined ? undefined : decodeGrants(token, repository);
}

async function attempt(connection: Connection, request: RegistryRequest): Promise<RegistryResponse> {
  const { response, authorization } = await exchangeAuthorized(connection, request);
  const isRegistry = response.origin === connection.origin;
  const isSuccess = response.status >= 200 && response.status <= 299;
  // Only the registry itself may say that something is absent; a store behind a redirect may not.
  if (!request.expect.includes(response.status) || !(isRegistry || isSuccess)) {
    const { origin, credentials } = connection;
    throw explainResponse({ ...request, origin, credentials: describeCredentials(credentials) }, response);
  }
  if (response.cut && isSuccess) {
    throw new ProtocolError(`Cannot ${request.purpose}: the answer is larger than ${request.maxBytes} bytes.`, {
      code: 'TOO_LARGE',
      details: { host: new URL(response.origin).host, maxBytes: request.maxBytes },
    });
  }
  return {
    status: response.status,
    header: (name) => joinHeader(name, response.headers(name)),
    body: response.body,
    ...(maySee(connection, authorization) ? { maySee: true } : {}),
  };
}

function maySee({ isOpen, options }: Connection, authorization: Authorization | undefined): boolean {
  if (authorization === undefined) return isOpen;
  const [scheme, token = ''] = authorization.header.split(' ');
  return scheme === 'Bearer' && grantsPull(token, options.repository);
}

/** A list may come in several fields, in any order: https://www.rfc-editor.org/rfc/rfc9110#section-5.3. A page link must not be lost. */
function joinHeader(name: string, values: readonly string[]): string | undefined {
  return name === 'link' && values.length > 1 ? values.join(', ') : values[0];
}

/** The last answer, and what it was asked with. */
interface Exchanged {
  readonly response: HttpResponse;
  readonly authorization: Authorization | undefined;
}

async function exchangeAuthorized(connection: Connection, request: RegistryRequest): Promise<Exchanged> {
  const { authenticator, origin } = connection;
  const refused: Authorization[] = [];
  let authorization = await authenticator.authorize(request.actions);
  for (;;) {
    const response = await followRedirects(
      {
        ...request,
        origin,
        headers: lowerCaseNames(request.headers ?? {}),
        ...(authorization === undefined ? {} : { authorization: authorization.header }),
      },
      (hop) => connection.limiter.run(() => connection.client.exchange(hop)),
    );
    if (response.status !== 401 || response.origin !== origin) return { response, authorization };
    if (authorization !== undefined) refused.push(authorization);
    if (refused.length >= MAX_AUTHORIZATIONS) return { response, authorization };
    const challenges = response.headers('www-authenticate');
    const next = await authenticator.answer(challenges, request.actions, refused);
    if (next === undefined) return { response, authorization };
    authorization = next;
  }
}

function lowerCaseNames(headers: { readonly [name: string]: string }): { readonly [name: string]: string } {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
