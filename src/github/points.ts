// GitHub's points: what a request costs, and when the next one may go. Pure: the time is given, nothing waits here.
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits

/** Points that may be spent within a minute. https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api */
export const POINTS_A_MINUTE = 900;
/** Comments, issues and the like that may be made within a minute; the same page. */
export const CONTENT_A_MINUTE = 80;
const MINUTE_MS = 60_000;

/** What one request costs: 1 point to read (queries too), 5 to write. */
export function pointsOf(method: string): number {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS' ? 1 : 5;
}

/** A sum that no minute may exceed, however the server counts: it is not told whether its minutes slide, nor when it notes a request. */
export interface MinuteWindow {
  /** Milliseconds until so much may be spent, 0 for now; the answer holds until the next `spend`, and an `end` may shorten it. */
  waitFor(cost: number, nowMs: number): number;
  /** Notes a request that begins now. The function that comes back notes its end. */
  spend(cost: number, nowMs: number): (endMs: number) => void;
}

interface Spending {
  readonly cost: number;
  /** Undefined while it is under way. */
  endMs: number | undefined;
}

/**
 * At most `max` in any 60 seconds, wherever they begin and whenever between sending and answering the server notes a request: a
 * request counts until a minute after its end. Nothing that costs more than `max` can ever be spent.
 */
export function createMinuteWindow(max: number): MinuteWindow {
  let spendings: Spending[] = [];
  const total = (): number => spendings.reduce((sum, { cost }) => sum + cost, 0);
  return {
    waitFor: (cost, nowMs) => {
      spendings = spendings.filter(({ endMs }) => endMs === undefined || endMs + MINUTE_MS > nowMs);
      let excess = total() + cost - max;
      if (excess <= 0) return 0;
      // Of what is under way nobody knows the end, but it is not before now.
      const ends = spendings.map((spending) => ({ cost: spending.cost, endMs: spending.endMs ?? nowMs }));
      for (const spending of ends.sort((a, b) => a.endMs - b.endMs)) {
        excess -= spending.cost;
        if (excess <= 0) return spending.endMs + MINUTE_MS - nowMs;
      }
      return MINUTE_MS;
    },
    spend: (cost, nowMs) => {
      const spending: Spending = { cost, endMs: undefined };
      spendings.push(spending);
      return (endMs) => {
        spending.endMs = Math.max(endMs, nowMs);
      };
    },
  };
}

/** Spreads costs evenly over time. */
export interface Spread {
  /** Milliseconds until so much may be spent, 0 for now. */
  waitFor(cost: number, nowMs: number): number;
  spend(cost: number, nowMs: number): void;
}

/**
 * At most `perMinute` a minute in the long run, after a first `burst` that may go at once, so that a short run need not wait. What
 * was not used comes back at the same pace, up to `burst`.
 */
export function createSpread(perMinute: number, burst: number): Spread {
  const msPerPoint = MINUTE_MS / perMinute;
  const burstMs = burst * msPerPoint;
  /** When all that was spent would have been spent at an even pace. */
  let paidUntilMs = Number.NEGATIVE_INFINITY;
  return {
    waitFor: (cost, nowMs) => {
      const wait = Math.max(paidUntilMs, nowMs) + cost * msPerPoint - nowMs - burstMs;
      // Less than a timer can measure is a rounding error.
      return wait < 1 ? 0 : wait;
    },
    spend: (cost, nowMs) => {
      paidUntilMs = Math.max(paidUntilMs, nowMs) + cost * msPerPoint;
    },
  };
}
