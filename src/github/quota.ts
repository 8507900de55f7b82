// The hourly quota: what GitHub said of it last, and how much of it writes may use. Knows nothing of points a minute.
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#checking-the-status-of-your-rate-limit

import { RegistryError } from '../errors.ts';
import type { GithubQuota } from './github.ts';

/** Reads a header by lower-case name. */
export type ReadHeader = (name: string) => string | undefined;

/** Watches the quota of one token. */
export interface QuotaWatch {
  /** Notes a request that begins; the function that comes back notes its end. */
  begin(): () => void;
  /** Notes what an answer says of the quota. */
  learn(header: ReadHeader, nowMs: number): void;
  quota(): GithubQuota | undefined;
  /** @throws RegistryError QUOTA when the share of the quota that writes may use is used, what is under way counted too. */
  checkBudget(purpose: string, nowMs: number): void;
}

/** Two answers are of one hour when their resets lie closer than this; GitHub's servers do not agree to the second. */
const SAME_HOUR_MS = 30 * 60_000;

/** `budgetShare`: 0 to 1. Where GitHub tells no quota (an Enterprise Server without limits), nothing is refused. */
export function createQuotaWatch(budgetShare: number): QuotaWatch {
  let known: GithubQuota | undefined;
  /** By our own clock, which may be wrong by hours. */
  let renewedAtMs = 0;
  let inFlight = 0;
  return {
    begin: () => {
      inFlight += 1;
      return () => {
        inFlight -= 1;
      };
    },
    learn: (header, nowMs) => {
      const told = readQuota(header);
      if (told === undefined) return;
      // Answers overtake each other: within one hour the quota only shrinks, and an older hour is over.
      const newerByMs = known === undefined ? SAME_HOUR_MS : told.resetAtMs - known.resetAtMs;
      if (newerByMs <= -SAME_HOUR_MS) return;
      const isSameHour = known !== undefined && newerByMs < SAME_HOUR_MS;
      if (isSameHour && known !== undefined && told.remaining >= known.remaining) return;
      known = told;
      renewedAtMs = nowMs + untilReset(told.resetAtMs, header, nowMs);
    },
    quota: () => known,
    checkBudget: (purpose, nowMs) => {
      if (known === undefined || nowMs >= renewedAtMs) return;
      const { limit, resetAtMs } = known;
      const remaining = Math.max(0, known.remaining - inFlight);
      const used = limit - remaining;
      if (used < budgetShare * limit) return;
      const percent = Math.round(budgetShare * 1000) / 10;
      // The same words for all that is left: thousands of deletions share one sentence in the report.
      throw new RegistryError(
        `At least ${percent} % of the ${limit} requests that GitHub grants this token in an hour are used, and this run writes no more.`,
        {
          code: 'QUOTA',
          hint: `The quota is whole again at ${formatTime(resetAtMs)}, and the next run goes on. The option api-budget is the share.`,
          details: { purpose, limit, remaining, resetAt: new Date(resetAtMs).toISOString() },
        },
      );
    },
  };
}

/** The quota that an answer tells; undefined when it tells none, or that of another resource than the REST interface's. */
export function readQuota(header: ReadHeader): GithubQuota | undefined {
  if ((header('x-ratelimit-resource') ?? 'core') !== 'core') return undefined;
  const limit = readNumber(header('x-ratelimit-limit'));
  const remaining = readNumber(header('x-ratelimit-remaining'));
  const reset = readNumber(header('x-ratelimit-reset'));
  if (limit === undefined || limit === 0 || remaining === undefined || reset === undefined) return undefined;
  return { limit, remaining, resetAtMs: reset * 1000 };
}

/** Milliseconds until a reset, by the answer's own clock where it tells it; never negative. */
export function untilReset(resetAtMs: number, header: ReadHeader, nowMs: number): number {
  const date = Date.parse(header('date') ?? '');
  return Math.max(0, resetAtMs - (Number.isNaN(date) ? nowMs : date));
}

/** `21:30 UTC`. */
export function formatTime(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(11, 16)} UTC`;
}

/** At most ten digits: what has more is no count and no time of this millennium. */
function readNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text.trim()) ? Number(text) : undefined;
}
