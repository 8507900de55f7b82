// One GET with a deadline and gzip, read whole or as it arrives. Follows no redirect, so credentials go to the server's origin only.

import * as http from 'node:http';
import * as https from 'node:https';
import { pipeline, type Readable } from 'node:stream';
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

/** An answer whose body is still to be read. */
export interface HttpStream extends Omit<HttpAnswer, 'body'> {
  /**
   * The body, unzipped, in parts of any size; to be read once. A part is good only until the next one is asked for: its memory is given
   * back. Nothing is asked of the server as long as nobody reads, save what the connection holds. Comes to an end only when the whole
   * body was there. @throws as {@link httpOpen}.
   */
  readonly body: AsyncIterable<Uint8Array>;
  /** Gives the body up: ends the connection, unless it was read whole. */
  drop(): void;
}

/** What is read whole is small: lists come in parts. */
const MAX_BODY_BYTES = 256 * 1024 * 1024;
/** The longest time for one answer, however busily it drips. */
const DEADLINE_MS = 300_000;
/** The 16 KB default costs 1.4 times the time on large pages. */
const GUNZIP_CHUNK_BYTES = 256 * 1024;

/**
 * Sends a GET and reads the whole answer.
 * @throws Error of node:http, node:tls or node:zlib; `TimeoutError` after too long a silence; `AbortError` by the signal.
 */
export async function httpGet(url: URL, access: HttpAccess, signal: AbortSignal): Promise<HttpAnswer> {
  const { status, retryAfterMs, body } = await httpOpen(url, access, signal);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(Buffer.from(chunk));
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error(`the answer is larger than ${MAX_BODY_BYTES} bytes`);
  }
  return { status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }), body: Buffer.concat(chunks, size) };
}

/**
 * Sends a GET and waits for the head of the answer.
 * @throws Error of node:http, node:tls or node:zlib; `TimeoutError` after too long a silence; `AbortError` by the signal.
 */
export async function httpOpen(url: URL, access: HttpAccess, signal: AbortSignal): Promise<HttpStream> {
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
  request.setTimeout(access.idleMs, () => request.destroy(timedOut(access.idleMs)));
  request.on('response', resolve);
  request.on('error', reject);
  request.end();
  const response = await promise;
  // From now on only the reader's waiting counts: whoever reads slowly lets the connection rest.
  request.setTimeout(0);
  const source = unzipped(response);
  return {
    status: response.statusCode ?? 0,
    ...retryAfterOf(response),
    body: readParts(source, { response, deadline, idleMs: access.idleMs }),
    drop: () => response.destroy(),
  };
}

function unzipped(response: http.IncomingMessage): Readable {
  // Whoever reads is told of it then; nobody may be reading yet.
  response.on('error', () => undefined);
  const encoding = response.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return response;
  if (encoding === 'gzip')
    return pipeline(response, createGunzip({ chunkSize: GUNZIP_CHUNK_BYTES }), () => undefined).on(
      'error',
      () => undefined,
    );
  response.destroy();
  throw new Error(`the answer has the content encoding ${JSON.stringify(encoding)}, which was not asked for`);
}

interface Reading {
  readonly response: http.IncomingMessage;
  readonly deadline: AbortSignal;
  readonly idleMs: number;
}

async function* readParts(source: Readable, { response, deadline, idleMs }: Reading): AsyncGenerator<Uint8Array> {
  let isWaiting = true;
  let last: Buffer | undefined;
  const timer = setTimeout(() => {
    if (isWaiting) source.destroy(timedOut(idleMs));
  }, idleMs);
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      isWaiting = false;
      yield chunk;
      if (source !== response && isAtEnd(chunk)) giveBack(chunk);
      last = chunk;
      isWaiting = true;
      timer.refresh();
    }
    if (source !== response && last !== undefined) giveBack(last);
  } catch (error) {
    throw deadline.aborted ? deadline.reason : error;
  } finally {
    clearTimeout(timer);
    if (!response.complete) response.destroy();
  }
}

/** Whether no further part will come out of the buffer of an inflated part. */
function isAtEnd({ buffer, byteOffset, length }: Buffer): boolean {
  return byteOffset + length === buffer.byteLength;
}

/**
 * Frees the buffer of inflated parts that were read. Left to the garbage collector such buffers pile up to 64 MB, and then it stops
 * everything to look for them.
 */
function giveBack({ buffer }: Buffer): void {
  // Small ones are parts of a pool.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === GUNZIP_CHUNK_BYTES) buffer.transfer(0);
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
