// Bounds of one connection to a server: how many requests, how long to wait, how often to try again.

/** Bounds of a connection. All times are in milliseconds. */
export interface ConnectionLimits {
  /** Requests in flight at once, and connections kept per origin. */
  readonly maxInFlight: number;
  /** TCP and TLS handshake together. */
  readonly connectTimeoutMs: number;
  /** From the last byte of the request to the last byte of the answer's headers. */
  readonly headersTimeoutMs: number;
  /** The same for deletes: some registries look at every tag of the repository before they answer. */
  readonly deleteTimeoutMs: number;
  /** Longest silence within a body. */
  readonly bodyTimeoutMs: number;
  /** Tries after the first one. */
  readonly retries: number;
  /** Wait before the first retry; doubles each time, times a random factor between 1 and 2. */
  readonly retryDelayMs: number;
  /** Longest `Retry-After` that is waited for; a longer one ends the run at once, because waiting less is refused again. */
  readonly maxRetryAfterMs: number;
  /** No retry begins later than this after the first try. */
  readonly maxRetryTimeMs: number;
}

/**
 * 32 in flight saturates a registry on a LAN and reaches nine tenths of what 20 ms of latency allow. CNCF distribution
 * needs up to 60 s for a delete in a repository of 20,000 tags when several run at once, hence three minutes there.
 */
export const DEFAULT_LIMITS: ConnectionLimits = {
  maxInFlight: 32,
  connectTimeoutMs: 10_000,
  headersTimeoutMs: 60_000,
  deleteTimeoutMs: 180_000,
  bodyTimeoutMs: 60_000,
  retries: 4,
  retryDelayMs: 500,
  maxRetryAfterMs: 120_000,
  maxRetryTimeMs: 300_000,
};
