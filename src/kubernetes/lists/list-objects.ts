// One list of objects of a cluster, page by page, complete or an error. Never yields a part of a list.
// Protocol: https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks

import pRetry from 'p-retry';
import * as z from 'zod';
import { describeCause, EvidenceError } from '../../errors.ts';
import type { ClusterConnection } from '../connection/connect-cluster.ts';
import type { HttpAnswer } from '../connection/http-get.ts';
import { listPath } from '../kinds/resource-kind.ts';
import { badPage, type ListTarget, refusedList, unreachable } from './list-errors.ts';
import type { ObjectReader } from './object-reader.ts';

/** How lists are read. */
export interface ListLimits {
  /** Objects a page. */
  readonly pageSize: number;
  /** Further attempts after 429, 5xx and broken connections. */
  readonly retries: number;
  /** Wait before the first of them, in milliseconds; it doubles. */
  readonly retryDelayMs: number;
}

/** One list to read. */
export interface ListJob<T> {
  readonly connection: ClusterConnection;
  readonly target: ListTarget;
  readonly limits: ListLimits;
  readonly signal: AbortSignal;
  /** Further parameters of the request: `{ labelSelector: 'owner=helm' }`. Default: none. */
  readonly query?: Readonly<Record<string, string>>;
  /** Makes a reader that has seen nothing yet; once for each time that the list starts over. */
  readonly newReader: () => ObjectReader<T>;
}

/** A whole list. `complete` is set only after the last page. */
export interface ObjectList<T> {
  readonly complete: true;
  /** Number of objects. */
  readonly objects: number;
  /** What the reader made of them. */
  readonly result: T;
}

/** Five million objects a list; a server that goes on beyond that is not answering the question. */
const MAX_PAGES = 10_000;
/** A list whose token expires so often is read too slowly to ever be whole. */
const MAX_RESTARTS = 3;
const MAX_RETRY_WAIT_MS = 30_000;

const pageSchema = z.object({
  kind: z.string(),
  metadata: z.object({ continue: z.string().nullish() }).nullish(),
  items: z.array(z.unknown()),
});

interface Page {
  readonly items: readonly unknown[];
  /** Token of the next page; empty on the last. */
  readonly next: string;
}

/**
 * Reads a list to its last page; starts over with a new reader when its token expires.
 * @throws EvidenceError EVIDENCE_KUBERNETES when it cannot be read in full, also after all retries. 404 too: whoever asks knows from
 * discovery that the kind is there.
 */
export async function listObjects<T>(job: ListJob<T>): Promise<ObjectList<T>> {
  for (let restarts = 0; restarts <= MAX_RESTARTS; restarts++) {
    const list = await listOnce(job);
    if (list !== 'expired') return list;
  }
  throw badPage(job.target, `the list expired (410) ${MAX_RESTARTS + 1} times before it was complete`);
}

async function listOnce<T>(job: ListJob<T>): Promise<ObjectList<T> | 'expired'> {
  const reader = job.newReader();
  const seen = new Set<string>();
  let objects = 0;
  let pending = getPage(job, '');
  while (seen.size < MAX_PAGES) {
    const page = await pending;
    if (page === 'expired') return page;
    if (page.next !== '') {
      if (seen.has(page.next)) throw badPage(job.target, 'the server sends the same continue token again');
      seen.add(page.next);
      pending = getPage(job, page.next);
      // It is awaited above, unless this page fails first.
      pending.catch(() => undefined);
    }
    objects += page.items.length;
    for (const object of page.items) reader.read(Buffer.from(JSON.stringify(object)));
    if (page.next === '') return { complete: true, objects, result: reader.finish() };
  }
  throw badPage(job.target, `the list has more than ${MAX_PAGES} pages`);
}

async function getPage<T>(job: ListJob<T>, token: string): Promise<Page | 'expired'> {
  const query = new URLSearchParams({
    ...job.query,
    limit: String(job.limits.pageSize),
    ...(token === '' ? {} : { continue: token }),
  });
  const path = `${listPath(job.target.kind, job.target.namespace)}?${query.toString()}`;
  const answer = await getWithRetries(job, path);
  if (answer.status === 410) return 'expired';
  return decodePage(job.target, answer.body);
}

/** An answer with status 200 or 410. */
async function getWithRetries<T>(job: ListJob<T>, path: string): Promise<HttpAnswer> {
  return pRetry(() => getOnce(job, path), {
    retries: job.limits.retries,
    minTimeout: job.limits.retryDelayMs,
    maxTimeout: MAX_RETRY_WAIT_MS,
    signal: job.signal,
    shouldRetry: ({ error }) => error instanceof EvidenceError && error.temporary,
    onFailedAttempt: async ({ error, retriesLeft }) => {
      const waitMs = error instanceof EvidenceError ? error.details['retryAfterMs'] : undefined;
      if (typeof waitMs === 'number' && retriesLeft > 0) await sleep(Math.min(waitMs, MAX_RETRY_WAIT_MS), job.signal);
    },
  });
}

async function getOnce<T>(job: ListJob<T>, path: string): Promise<HttpAnswer> {
  let answer: HttpAnswer;
  try {
    answer = await job.connection.get(path, job.signal);
  } catch (error) {
    job.signal.throwIfAborted();
    throw unreachable(job.target, error);
  }
  if ([200, 410].includes(answer.status)) return answer;
  throw refusedList(job.target, answer);
}

function decodePage(target: ListTarget, body: Buffer): Page {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (error) {
    throw badPage(target, `the answer is not JSON (${describeCause(error).slice(0, 100)})`);
  }
  const page = pageSchema.safeParse(value);
  if (!page.success) {
    const [issue] = page.error.issues;
    throw badPage(target, `the answer is no list: ${issue?.path.map(String).join('.')}: ${issue?.message}`);
  }
  const expected = `${target.kind.kind}List`;
  if (page.data.kind !== expected)
    throw badPage(target, `the answer is ${JSON.stringify(page.data.kind.slice(0, 100))}, not ${expected}`);
  return { items: page.data.items, next: page.data.metadata?.continue ?? '' };
}

async function sleep(waitMs: number, signal: AbortSignal): Promise<void> {
  const { setTimeout } = await import('node:timers/promises');
  await setTimeout(waitMs, undefined, { signal });
}
