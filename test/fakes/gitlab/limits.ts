// How often somebody may ask the fake GitLab, and what nobody should ask at all.
// https://docs.gitlab.com/user/gitlab_com/#rate-limits-on-gitlabcom

import type { Answer, FakeRequest } from '../github/exchange.ts';
import { credentialOf } from './access.ts';

/** What a client must never do. */
export interface Violation {
  /**
   * `rate`: more requests a minute than GitLab.com allows. `notes`: more than 60 notes a minute. `route`, `parameter`: GitLab has no such
   * path or parameter. `digest`: a manifest was deleted by digest (with `tagOnly`). `exposure`: a token stood in an address.
   */
  readonly kind: 'rate' | 'notes' | 'route' | 'parameter' | 'digest' | 'exposure';
  readonly request: string;
}

/** Limits that the fake watches. */
export interface LimitOptions {
  /** Requests a minute for each token; GitLab.com's default for known users. Default 2,000. */
  readonly requestsPerMinute?: number;
  /** How long GitLab's minute lasts here; 3,000 for a client whose timers run 20 times faster. Default 60,000. */
  readonly minuteMs?: number;
  /** True: who asks more often is answered 429, beside the entry in `violations`. Default false. */
  readonly enforce?: boolean;
}

/** Counts requests. */
export interface Limiter {
  /** Counts one; an answer when it is not to be done. */
  begin(request: FakeRequest): Answer | undefined;
  /** What every answer tells of the limit; nothing when none is watched. */
  headers(request: FakeRequest): Readonly<Record<string, string>>;
}

const REQUESTS_A_MINUTE = 2000;
const NOTES_A_MINUTE = 60;

/** Makes a limiter that calls `violate` for every broken limit; without options it only watches the notes. */
export function createLimiter(
  options: LimitOptions | undefined,
  world: { readonly now: () => number; readonly violate: (violation: Violation) => void },
): Limiter {
  const { requestsPerMinute = REQUESTS_A_MINUTE, minuteMs = 60_000, enforce = false } = options ?? {};
  const seen = new Map<string, number[]>();

  /** Requests in the minute that ends now. */
  function count(key: string): number {
    const at = world.now();
    const times = seen.get(key) ?? [];
    while (times[0] !== undefined && times[0] <= at - minuteMs) times.shift();
    times.push(at);
    seen.set(key, times);
    return times.length;
  }

  const keyOf = (request: FakeRequest) => credentialOf(request)?.text ?? request.token ?? '';
  const restSeconds = (request: FakeRequest) =>
    Math.max(1, Math.ceil(((seen.get(keyOf(request))?.[0] ?? world.now()) + minuteMs - world.now()) / 1000));

  return {
    begin: (request) => {
      const line = `${request.method} ${request.path}`;
      const isNote = request.method === 'POST' && request.path.endsWith('/notes');
      if (isNote && count(`notes ${keyOf(request)}`) > NOTES_A_MINUTE) {
        world.violate({ kind: 'notes', request: line });
        if (enforce)
          return tooManyRequests({ message: 'This endpoint has been requested too many times. Try again later.' });
      }
      if (options === undefined || count(keyOf(request)) <= requestsPerMinute) return undefined;
      world.violate({ kind: 'rate', request: line });
      return enforce ? tooManyRequests({ retryAfterS: restSeconds(request) }) : undefined;
    },
    headers: (request) => {
      if (options === undefined) return {};
      const observed = seen.get(keyOf(request))?.length ?? 0;
      return {
        'ratelimit-limit': String(requestsPerMinute),
        'ratelimit-name': 'throttle_authenticated_api',
        'ratelimit-observed': String(observed),
        'ratelimit-remaining': String(Math.max(0, requestsPerMinute - observed)),
        'ratelimit-reset': String(Math.floor(world.now() / 1000) + restSeconds(request)),
      };
    },
  };
}

/**
 * The answer to who asks too often: plain text with `retry-after`, or, of a limit on one kind of request (`message`), JSON without it.
 * https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/#response-headers
 */
export function tooManyRequests(told: { readonly retryAfterS?: number; readonly message?: string } = {}): Answer {
  if (told.message !== undefined) return { status: 429, json: { message: { error: told.message } } };
  const { retryAfterS } = told;
  const headers = { 'content-type': 'text/plain' };
  if (retryAfterS === undefined) return { status: 429, headers, body: 'Retry later\n' };
  return { status: 429, headers: { ...headers, 'retry-after': String(retryAfterS) }, body: 'Retry later\n' };
}

/** A gateway's answer: HTML and no JSON. */
export function badGateway(status: 500 | 502 | 503 | 504 = 502): Answer {
  return {
    status,
    headers: { 'content-type': 'text/html' },
    body: '<html><body><h1>GitLab is not responding</h1></body></html>',
  };
}
