// Asks many things at once, and stops as a whole when one of them has no answer.

import PQueue from 'p-queue';
import { describeCause, EvidenceError } from '../errors.ts';
import { combineFailures } from './lists/list-errors.ts';

/** How several things are asked. */
export interface SideBySideOptions {
  /** So many at a time. */
  readonly concurrency: number;
  /** Ends those under way when one fails. */
  readonly abort: AbortController;
  /** Whether a failure ends the others. Default: any but a missing right (403), as every one of those is worth telling at once. */
  readonly stops?: (failure: EvidenceError) => boolean;
  /** After each success. */
  readonly onDone?: (finished: number) => void;
}

/**
 * All answers in the order of the works. What is no EvidenceError always stops all.
 * @throws EvidenceError EVIDENCE_KUBERNETES for everything that failed, in one.
 */
export async function runSideBySide<T>(
  works: readonly (() => Promise<T>)[],
  { concurrency, abort, stops = isNoMissingRight, onDone }: SideBySideOptions,
): Promise<readonly T[]> {
  const queue = new PQueue({ concurrency });
  let finished = 0;
  const results = await Promise.allSettled(
    works.map((work) =>
      queue.add(async (): Promise<T> => {
        abort.signal.throwIfAborted();
        const answer = await runOne(work, abort, stops);
        onDone?.(++finished);
        return answer;
      }),
    ),
  );
  const reasons = results.flatMap((result): unknown[] => (result.status === 'rejected' ? [result.reason] : []));
  const [first, ...others] = reasons.filter((reason) => reason instanceof EvidenceError);
  const unexpected = reasons.find((reason) => !(reason instanceof EvidenceError) && reason !== abort.signal.reason);
  if (unexpected !== undefined) throw unexpected instanceof Error ? unexpected : new Error(describeCause(unexpected));
  if (first !== undefined) throw combineFailures(first, others);
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

function isNoMissingRight({ details }: EvidenceError): boolean {
  return details['status'] !== 403;
}

async function runOne<T>(
  work: () => Promise<T>,
  abort: AbortController,
  stops: NonNullable<SideBySideOptions['stops']>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // What a stopped work says about being stopped is no failure of its own.
    if (abort.signal.aborted && !(error instanceof EvidenceError)) abort.signal.throwIfAborted();
    if (!(error instanceof EvidenceError) || stops(error)) abort.abort();
    throw error;
  }
}
