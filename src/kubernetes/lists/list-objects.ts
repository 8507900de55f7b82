// One list of objects of a cluster, page by page, complete or an error. Never yields a part of a list.
// Protocol: https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks

import type { EvidenceError } from '../../errors.ts';
import { badPage } from './list-errors.ts';
import type { ListJob } from './list-job.ts';
import { type PageRequest, readPage } from './list-page.ts';

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

/** Fewer objects than the list itself announced. */
interface ShortList {
  readonly complete: false;
  readonly announced: number;
  readonly objects: number;
}

/**
 * Reads a list to its last page; starts over with a new reader when its token expires, and once when the list turns out to hold less than
 * its first page announced. Holds two pages at most, and of them only what has arrived and waits for the reader.
 * @throws EvidenceError EVIDENCE_KUBERNETES when it cannot be read in full, also after all retries. 404 too: whoever asks knows from
 * discovery that the kind is there.
 */
export async function listObjects<T>(job: ListJob<T>): Promise<ObjectList<T>> {
  let wasShort = false;
  for (let restarts = 0; restarts <= MAX_RESTARTS; ) {
    const list = await tryList(job);
    if (list === 'expired') restarts++;
    else if (list.complete) return list;
    else if (wasShort) throw shortList(job, list);
    else wasShort = true;
  }
  throw badPage(job.target, `the list expired (410) ${MAX_RESTARTS + 1} times before it was complete`);
}

async function tryList<T>(job: ListJob<T>): Promise<ObjectList<T> | ShortList | 'expired'> {
  // Ends what was asked for ahead, however the list ends.
  const abort = new AbortController();
  try {
    return await listOnce({ ...job, signal: AbortSignal.any([job.signal, abort.signal]) });
  } catch (error) {
    job.signal.throwIfAborted();
    throw error;
  } finally {
    abort.abort();
  }
}

async function listOnce<T>(job: ListJob<T>): Promise<ObjectList<T> | ShortList | 'expired'> {
  const seen = new Set<string>();
  let objects = 0;
  let announced = 0;
  let request: PageRequest<T> = { token: '' };
  while (seen.size < MAX_PAGES) {
    const page = await readPage(job, request);
    if (page === 'expired') return page;
    objects += page.objects;
    // The first page counts what there is at one moment; what later ones count differs between stores.
    if (seen.size === 0) announced = objects + (page.remaining ?? 0);
    const { next: token, reader, asked } = page;
    if (token === '' && objects < announced) return { complete: false, announced, objects };
    if (token === '') return { complete: true, objects, result: reader.finish() };
    if (seen.has(token)) throw badPage(job.target, 'the server sends the same continue token again');
    seen.add(token);
    request = { token, reader, ...(asked === undefined ? {} : { asked }) };
  }
  throw badPage(job.target, `the list has more than ${MAX_PAGES} pages`);
}

/**
 * The announcement may be an estimate, so once is no proof; twice in a row somebody between the server and us leaves objects out.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/list-meta/
 */
function shortList<T>({ target }: ListJob<T>, { announced, objects }: ShortList): EvidenceError {
  return badPage(
    target,
    `the list announced ${announced} objects and held ${objects}, also when it was read again: something between here and the server seems to leave objects out`,
  );
}
