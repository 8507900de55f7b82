// Asks a cluster again after what may pass by itself: 429, 5xx, broken connections.

import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import { EvidenceError } from '../../errors.ts';

/** How often, and how long to wait. */
export interface RetryLimits {
  /** Further attempts. */
  readonly retries: number;
  /** Wait before the first of them, in milliseconds; it doubles. */
  readonly retryDelayMs: number;
}

const MAX_WAIT_MS = 30_000;

/**
 * The work's answer. It is done again when it throws a temporary EvidenceError, after the wait that the server asks for (`retryAfterMs` among
 * the error's details), at most 30 seconds. `work` is told which attempt it is, from 1.
 * @throws what the last attempt threw, and the signal's reason.
 */
export function retryTemporary<Answer>(
  work: (attempt: number) => Promise<Answer>,
  { limits, signal }: { readonly limits: RetryLimits; readonly signal: AbortSignal },
): Promise<Answer> {
  return pRetry(work, {
    retries: limits.retries,
    minTimeout: limits.retryDelayMs,
    maxTimeout: MAX_WAIT_MS,
    signal,
    shouldRetry: ({ error }) => error instanceof EvidenceError && error.temporary,
    onFailedAttempt: async ({ error, retriesLeft }) => {
      const waitMs = error instanceof EvidenceError ? error.details['retryAfterMs'] : undefined;
      if (typeof waitMs === 'number' && retriesLeft > 0)
        await sleep(Math.min(waitMs, MAX_WAIT_MS), undefined, { signal });
    },
  });
}
