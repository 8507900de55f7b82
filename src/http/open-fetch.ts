// A `fetch` for libraries that want one: bound to one origin, in time and in size. It has no credentials and no retries of its own.

import { CleanupError, InternalError, ProtocolError } from '../errors.ts';
import { explainFailure } from './explain-failure.ts';
import { type DispatcherOptions, openDispatcher } from './open-dispatcher.ts';

/** What a fetcher is made from. */
export interface FetchOptions extends DispatcherOptions {
  /** `https://api.github.com`: nothing is ever sent anywhere else, whatever a redirect says. */
  readonly origin: string;
  /** Bound of a body after decompression. */
  readonly maxBytes: number;
  /** Ends all that is under way; its reason becomes the error. */
  readonly signal: AbortSignal;
  /** `return`: a redirect is an answer like any other, for the caller to explain. Default: `follow`. */
  readonly redirects?: 'follow' | 'return';
}

/** One request, the credentials among its headers. */
export interface FetchRequest {
  readonly method: string;
  readonly headers: { readonly [name: string]: string };
  readonly body?: string;
  /** What is being done, for messages. */
  readonly purpose: string;
}

/** Sends requests. */
export interface Fetcher {
  /**
   * An answer of any status whose body is here to its last byte. Its `content-type` is `application/json` or `text/plain`, nothing
   * else: what is no JSON is text, whatever it calls itself. Redirects of a GET are followed on the origin, three times at most, unless told otherwise.
   * @throws NetworkError when there is no complete answer; ProtocolError PROTOCOL for a redirect that leads elsewhere, TOO_LARGE.
   */
  fetch(url: string, request: FetchRequest): Promise<Response>;
  close(): Promise<void>;
}

const MAX_REDIRECTS = 3;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 307, 308]);
/** Statuses whose answers have no body: https://fetch.spec.whatwg.org/#null-body-status */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);
const JSON_TYPE = /^\s*application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

/** @throws UsageError USAGE when a proxy variable holds no http or https URL. */
export async function openFetch(options: FetchOptions): Promise<Fetcher> {
  const { limits, signal } = options;
  const host = new URL(options.origin).host;
  const follows = options.redirects !== 'return';
  const pool = await openDispatcher(options);
  const undici = await import('undici');
  const dispatcher = pool.compose((dispatch) => (request, handler) => {
    const headersTimeout = request.method === 'DELETE' ? limits.deleteTimeoutMs : limits.headersTimeoutMs;
    return dispatch({ ...request, headersTimeout, bodyTimeout: limits.bodyTimeoutMs }, handler);
  });

  async function exchange(url: URL, request: FetchRequest): Promise<Response> {
    const { method, headers, body = null, purpose } = request;
    if (url.origin !== options.origin || url.username !== '' || url.password !== '')
      throw new InternalError(`Cannot ${purpose}: ${url.host} is not ${host}.`, { code: 'INTERNAL' });
    try {
      const answer = await undici.fetch(url, { method, headers, body, redirect: 'manual', signal, dispatcher });
      const bytes = await readBody(answer.body ?? [], options.maxBytes);
      if (bytes === 'too large') throw tooLarge(purpose, host, options.maxBytes);
      const kept = new Headers([...answer.headers]);
      kept.set('content-type', JSON_TYPE.test(kept.get('content-type') ?? '') ? 'application/json' : 'text/plain');
      return new Response(WITHOUT_BODY.has(answer.status) ? null : bytes, { status: answer.status, headers: kept });
    } catch (cause) {
      throw cause instanceof CleanupError ? cause : explainFailure({ host, purpose }, cause);
    }
  }

  return {
    fetch: async (url, request) => {
      let hop = new URL(url);
      for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
        const response = await exchange(hop, request);
        // A write is never repeated elsewhere: what lies there may be something else.
        if (!follows || !REDIRECTS.has(response.status) || request.method !== 'GET') return response;
        hop = nextHop(hop, response.headers.get('location'), request.purpose);
      }
      throw badRedirect(hop, `more than ${MAX_REDIRECTS} times`, request.purpose);
    },
    // Not `close()`: it would wait for requests that nobody waits for any more.
    close: () => pool.destroy(),
  };
}

function nextHop(from: URL, location: string | null, purpose: string): URL {
  const target = location === null ? null : URL.parse(location, from.href);
  if (target === null) throw badRedirect(from, 'without a usable address', purpose);
  if (target.origin !== from.origin || target.username !== '' || target.password !== '')
    throw badRedirect(from, `to ${target.host === '' ? target.protocol : target.host}`, purpose);
  return target;
}

function badRedirect(from: URL, what: string, purpose: string): ProtocolError {
  return new ProtocolError(`Cannot ${purpose}: ${from.host} redirects ${what}.`, {
    code: 'PROTOCOL',
    details: { host: from.host },
  });
}

function tooLarge(purpose: string, host: string, maxBytes: number): ProtocolError {
  return new ProtocolError(`Cannot ${purpose}: the answer of ${host} is larger than ${maxBytes} bytes.`, {
    code: 'TOO_LARGE',
    details: { host, maxBytes },
  });
}

/** Leaving the loop early closes the connection, so that nothing more arrives. */
async function readBody(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | 'too large'> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) return 'too large';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
