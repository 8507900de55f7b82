// One GET with a deadline, a size limit and gzip. Follows no redirect, so credentials go to the server's origin only.

import * as http from 'node:http';
import * as https from 'node:https';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

/** How to ask one server. */
export interface HttpAccess {
  readonly agent: http.Agent;
  readonly headers: { readonly [name: string]: string | string[] };
  /** `user:password` for Basic authentication. */
  readonly auth?: string;
  /** Longest silence on the connection, in milliseconds. */
  readonly idleMs: number;
  /** Which form the answer should have. Default: `application/json`. */
  readonly accept?: string;
}

/** An answer, whatever its status. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
  /** The `Retry-After` header in milliseconds, when it is there as a number of seconds. */
  readonly retryAfterMs?: number;
}

/** A page of 500 objects has 2 to 5 MB; beyond this it could not become a JavaScript string anyway. */
const MAX_BODY_BYTES = 256 * 1024 * 1024;
/** The longest time for one answer, however busily it drips. */
const DEADLINE_MS = 300_000;
/** The 16 KB default costs 1.4 times the time on large pages. */
const GUNZIP_CHUNK_BYTES = 1024 * 1024;

/**
 * Sends a GET and reads the whole answer.
 * @throws Error of node:http, node:tls or node:zlib; `TimeoutError` after too long a silence; `AbortError` by the signal.
 */
export async function httpGet(url: URL, access: HttpAccess, signal: AbortSignal): Promise<HttpAnswer> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const send = url.protocol === 'http:' ? http.request : https.request;
  const request = send(url, {
    method: 'GET',
    agent: access.agent,
    headers: { ...access.headers, Accept: access.accept ?? 'application/json', 'Accept-Encoding': 'gzip' },
    signal: deadline,
    ...(access.auth === undefined ? {} : { auth: access.auth }),
  });
  const silence = new AbortController();
  request.setTimeout(access.idleMs, () => {
    silence.abort();
    request.destroy(timedOut(access.idleMs));
  });
  request.on('response', resolve);
  request.on('error', reject);
  request.end();
  const response = await promise;
  try {
    return { status: response.statusCode ?? 0, body: await readBody(response, deadline), ...retryAfterOf(response) };
  } catch (error) {
    throw silence.signal.aborted ? timedOut(access.idleMs) : error;
  }
}

async function readBody(response: http.IncomingMessage, signal: AbortSignal): Promise<Buffer> {
  const encoding = response.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return pipeline(response, concatenate, { signal });
  if (encoding === 'gzip')
    return pipeline(response, createGunzip({ chunkSize: GUNZIP_CHUNK_BYTES }), concatenate, { signal });
  response.destroy();
  throw new Error(`the answer has the content encoding ${JSON.stringify(encoding)}, which was not asked for`);
}

async function concatenate(source: AsyncIterable<Buffer> | Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error(`the answer is larger than ${MAX_BODY_BYTES} bytes`);
  }
  return Buffer.concat(chunks, size);
}

function retryAfterOf(response: http.IncomingMessage): { retryAfterMs?: number } {
  const text = response.headers['retry-after'] ?? '';
  return /^\d{1,6}$/.test(text) ? { retryAfterMs: Number(text) * 1000 } : {};
}

function timedOut(idleMs: number): Error {
  const error = new Error(`no answer within ${idleMs / 1000} seconds`);
  error.name = 'TimeoutError';
  return error;
}
