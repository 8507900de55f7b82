// One HTTP exchange with any origin: bounded in time and size, no credentials of its own, no redirects, no retries.

import type { Dispatcher } from 'undici';
import type { ConnectionLimits } from '../http/connection-limits.ts';
import { explainFailure } from '../http/explain-failure.ts';

/** One request as it goes over the wire. */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** `https://ghcr.io`. */
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
  readonly body?: Uint8Array;
  /** Bound of a 2xx body; every other body is cut at 64 KiB without being an error. */
  readonly maxBytes: number;
  /** What is being done, for messages. */
  readonly purpose: string;
}

/** One answer, whatever its status. */
export interface HttpResponse {
  readonly status: number;
  /** All values of a header by lower-case name; empty when it is missing. */
  headers(name: string): readonly string[];
  readonly body: Uint8Array;
  /** True when the body went beyond its bound; the rest was not read. */
  readonly cut: boolean;
  /** The origin that gave this answer. */
  readonly origin: string;
}

/** Sends single requests. */
export interface HttpClient {
  /** @throws NetworkError or ProtocolError when there is no complete answer. */
  exchange(request: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
}

/** Enough of an error page for a message. */
const MAX_ERROR_BYTES = 65_536;

/** A client on this dispatcher, which it owns from now on. */
export function createHttpClient(dispatcher: Dispatcher, limits: ConnectionLimits): HttpClient {
  return {
    exchange: (request) => exchange(dispatcher, limits, request),
    // Not `close()`: it would wait for requests that nobody waits for any more.
    close: () => dispatcher.destroy(),
  };
}

async function exchange(dispatcher: Dispatcher, limits: ConnectionLimits, request: HttpRequest): Promise<HttpResponse> {
  try {
    const response = await dispatcher.request({
      origin: request.origin,
      path: request.path,
      method: request.method,
      headers: { ...request.headers, 'user-agent': 'registry-cleanup' },
      body: request.body ?? null,
      // Without this undici closes the connection after every HEAD.
      reset: false,
      headersTimeout: request.method === 'DELETE' ? limits.deleteTimeoutMs : limits.headersTimeoutMs,
      bodyTimeout: limits.bodyTimeoutMs,
    });
    const status = response.statusCode;
    const maxBytes = status >= 200 && status <= 299 ? request.maxBytes : MAX_ERROR_BYTES;
    const { bytes, cut } = await readBody(response.body, maxBytes);
    return { status, headers: (name) => valuesOf(response.headers[name]), body: bytes, cut, origin: request.origin };
  } catch (cause) {
    throw explainFailure({ host: new URL(request.origin).host, purpose: request.purpose }, cause);
  }
}

/** Reads up to `maxBytes`; leaving the loop early closes the connection, so that nothing more arrives. */
async function readBody(
  body: AsyncIterable<unknown>,
  maxBytes: number,
): Promise<{ readonly bytes: Uint8Array; readonly cut: boolean }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    if (!(chunk instanceof Uint8Array)) continue;
    size += chunk.length;
    if (size > maxBytes) return { bytes: Buffer.concat(chunks), cut: true };
    chunks.push(chunk);
  }
  const [only] = chunks;
  return { bytes: only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks), cut: false };
}

function valuesOf(value: string | string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}
