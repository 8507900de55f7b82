// One page of a list: asked for, asked for again when it breaks, and handed to the reader object by object, each of them once.

import { setImmediate } from 'node:timers/promises';
import { EvidenceError } from '../../errors.ts';
import type { HttpStream } from '../connection/http-get.ts';
import { retryTemporary } from '../connection/retry-temporary.ts';
import { listPath } from '../kinds/resource-kind.ts';
import { badPage, refusedList, unreachable } from './list-errors.ts';
import type { ListJob } from './list-job.ts';
import { createListScanner } from './list-scanner.ts';
import { countObjects, type ObjectCounter, skipCounted } from './object-counter.ts';
import type { ObjectReader } from './object-reader.ts';

/** Which page. */
export interface PageRequest<T> {
  /** Empty for the first page. */
  readonly token: string;
  /** What has read the pages before; absent for the first page. */
  readonly reader?: ObjectReader<T>;
  /** The answer, when it was asked for ahead. */
  readonly asked?: Promise<HttpStream>;
}

/** A page that was read to its end. */
export interface ReadPage<T> {
  readonly reader: ObjectReader<T>;
  readonly objects: number;
  /** Token of the next page; empty on the last. */
  readonly next: string;
  /** How many objects it says are on further pages; absent when it does not say. */
  readonly remaining?: number;
  /** The answer to it: it was asked for as soon as the token was there. */
  readonly asked?: Promise<HttpStream>;
}

/** Of an answer that is no list, for its message. */
const MAX_REFUSAL_BYTES = 64 * 1024;
/** What a list says about itself comes first where it comes first at all. */
const HEAD_BYTES = 4096;

/**
 * Reads a page to its end; `expired` when the server does not know its token any more (410).
 * @throws EvidenceError EVIDENCE_KUBERNETES in every other case, also after all retries.
 */
export async function readPage<T>(job: ListJob<T>, request: PageRequest<T>): Promise<ReadPage<T> | 'expired'> {
  const counter = countObjects();
  return await retryTemporary(async (attempt) => {
    const stream = await ((attempt === 1 ? request.asked : undefined) ?? openPage(job, request.token));
    if (stream.status === 410) {
      stream.drop();
      return 'expired';
    }
    // A list that begins again is of another moment; a page behind a token is the same one again.
    if (request.reader === undefined)
      return readOnce(job, stream, { reader: job.newReader(), counter: countObjects() });
    return readOnce(job, stream, { reader: request.reader, counter });
  }, job);
}

interface Progress<T> {
  readonly reader: ObjectReader<T>;
  /** What the reader has of this page from earlier attempts, and then from this one. */
  readonly counter: ObjectCounter;
}

async function readOnce<T>(job: ListJob<T>, stream: HttpStream, progress: Progress<T>): Promise<ReadPage<T>> {
  const { reader, counter } = progress;
  const wrong = (why: string): EvidenceError => badPage(job.target, why);
  const repeated = skipCounted(reader, counter, wrong);
  const scanner = createListScanner({ kind: `${job.target.kind.kind}List`, reader: repeated.reader, wrong });
  const ahead = new AbortController();
  const signal = AbortSignal.any([job.signal, ahead.signal]);
  let asked: Promise<HttpStream> | undefined;
  try {
    for await (const part of partsOf(job, stream)) {
      scanner.write(part);
      const token = asked === undefined ? scanner.next() : undefined;
      if (!token) continue;
      asked = openPage({ ...job, signal }, token);
      // It is awaited with the next page, unless this one fails.
      asked.catch(() => undefined);
      // Lets the request go out before there is work again.
      await setImmediate();
    }
    scanner.end();
    repeated.end();
  } catch (error) {
    ahead.abort();
    throw error;
  }
  const remaining = scanner.remaining();
  return {
    reader,
    objects: counter.objects,
    next: scanner.next() ?? '',
    ...(remaining === undefined ? {} : { remaining }),
    ...(asked === undefined ? {} : { asked }),
  };
}

/**
 * The answer's body, its first bytes apart. Only what fails in it is a broken connection; what its reader throws stays what it is.
 */
async function* partsOf<T>(job: ListJob<T>, stream: HttpStream): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  try {
    for await (const chunk of stream.body) {
      const head = isFirst ? HEAD_BYTES : 0;
      isFirst = false;
      if (head > 0) yield chunk.subarray(0, head);
      yield chunk.subarray(head);
    }
  } catch (error) {
    job.signal.throwIfAborted();
    throw unreachable(job.target, error);
  }
}

/** An answer with status 200 or 410. */
async function openPage<T>(job: ListJob<T>, token: string): Promise<HttpStream> {
  const { connection, limits, signal, target } = job;
  const query = new URLSearchParams({
    ...job.query,
    limit: String(limits.pageSize),
    ...(token === '' ? {} : { continue: token }),
  });
  const stream = await tryOrUnreachable(job, () =>
    connection.open(`${listPath(target.kind, target.namespace)}?${query.toString()}`, signal),
  );
  if (stream.status === 200 || stream.status === 410) return stream;
  const body = await tryOrUnreachable(job, () => readRefusal(stream));
  throw refusedList(target, { ...stream, body });
}

async function readRefusal(stream: HttpStream): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of stream.body) {
    parts.push(Buffer.from(part));
    size += part.length;
    if (size > MAX_REFUSAL_BYTES) break;
  }
  return Buffer.concat(parts);
}

async function tryOrUnreachable<T, R>(job: ListJob<T>, work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    job.signal.throwIfAborted();
    // Credentials that cannot be had any more say so themselves.
    throw error instanceof EvidenceError ? error : unreachable(job.target, error);
  }
}
