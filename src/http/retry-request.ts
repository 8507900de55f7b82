// Tries again what may work later. What is temporary is decided where the error is made, never here.

import pRetry from 'p-retry';
import { CleanupError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import type { Limiter } from './limit-requests.ts';

/** How one request is retried. */
export interface RetryOptions {
  readonly limits: ConnectionLimits;
  /** Is held while the server asks for quiet (`details.retryAfterMs` of the error). */
  readonly limiter: Pick<Limiter, 'holdFor'>;
  /** False: one try only, because a second one could do the thing twice. `when-limited`: the same, but for `RATE_LIMITED`, which does nothing. */
  readonly idempotent: boolean | 'when-limited';
  /** What is being done, for the log. */
  readonly purpose: string;
  /** Ends the waiting; its reason becomes the error. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

/**
 * The attempt's result, after at most `limits.retries` more tries of an attempt that fails with `temporary: true`.
 * @throws the last attempt's error; also at once when the registry asks for a longer wait than `limits.maxRetryAfterMs`.
 */
export function retryRequest<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { limits, limiter, purpose, log } = options;
  return pRetry(attempt, {
    retries: options.idempotent === false ? 0 : limits.retries,
    minTimeout: limits.retryDelayMs,
    factor: 2,
    randomize: true,
    maxRetryTime: limits.maxRetryTimeMs,
    signal: options.signal,
    shouldRetry: ({ error }) => isWorthRetrying(error, options),
    onFailedAttempt: ({ error, attemptNumber, retriesLeft }) => {
      const wait = retryAfterOf(error);
      // All requests wait, not only this one: each further request during the quiet time makes it longer.
      if (wait !== undefined && wait <= limits.maxRetryAfterMs) limiter.holdFor(wait);
      if (retriesLeft === 0 || !isWorthRetrying(error, options)) return;
      const pause = wait === undefined ? '' : `, after the ${Math.ceil(wait / 1000)} s that the registry asks for`;
      log.debug(`${purpose}: try ${attemptNumber} failed (${error.message}); trying again${pause}`);
    },
  });
}

function isWorthRetrying(error: Error, { limits, idempotent }: RetryOptions): boolean {
  if (!(error instanceof CleanupError) || !error.temporary) return false;
  if (idempotent !== true && error.code !== 'RATE_LIMITED') return false;
  return (retryAfterOf(error) ?? 0) <= limits.maxRetryAfterMs;
}

function retryAfterOf(error: Error): number | undefined {
  const wait = error instanceof CleanupError ? error.details['retryAfterMs'] : undefined;
  return typeof wait === 'number' ? wait : undefined;
}
