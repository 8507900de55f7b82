// Who may do what at the fake GitHub, and how often: tokens with their rights, hourly quotas, points a minute, requests in flight.
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api

import type { Answer, FakeRequest } from './exchange.ts';

/** Rights of a workflow's token, as `permissions:` in the workflow names them. */
export type Permission = 'contents' | 'deployments' | 'issues' | 'packages' | 'pull-requests' | 'actions';
export type Level = 'none' | 'read' | 'write';

/** What a token is. */
export interface FakeToken {
  /**
   * `classic`: a personal access token; every answer to it carries X-OAuth-Scopes. `workflow`: GITHUB_TOKEN, which belongs to a repository
   * and not to a user. `fine-grained`: a personal token without scopes; GitHub's packages take none (403 here).
   */
  readonly kind: 'classic' | 'workflow' | 'fine-grained';
  /** The user of a personal token; default `octocat`. */
  readonly login?: string;
  /** Scopes of a classic token; default repo, read:packages, write:packages, delete:packages. */
  readonly scopes?: readonly string[];
  /** Rights of a workflow's token; what is not named is `write`. Of a fork's pull request: everything `read`. */
  readonly permissions?: { readonly [permission in Permission]?: Level };
  /** False: has no Admin role over packages, so that a DELETE answers 404 and the version stays. Default true. */
  readonly mayDelete?: boolean;
  /** Packages and repositories it may not see, `team/app`: 404 as if they were not there. */
  readonly blind?: readonly string[];
  /** Requests an hour; default 1,000 of a workflow's token, else 5,000. */
  readonly limit?: number;
}

/** The hourly quota of one token for one resource. */
export interface Quota {
  limit: number;
  used: number;
  /** Milliseconds since 1970. */
  resetAtMs: number;
}

/** GitHub's patience broken: what a client must never cause. */
export interface Violation {
  readonly kind: 'points' | 'in-flight' | 'content';
  readonly value: number;
  readonly request: string;
}

/** Limits that the fake watches. */
export interface LimitOptions {
  /** How long GitHub's minute lasts here; 3,000 for a client whose timers run 20 times faster. Default 60,000. */
  readonly minuteMs?: number;
  /** How long GitHub's hour lasts here. Default 3,600,000. */
  readonly hourMs?: number;
  /** True: who breaks a limit gets a secondary limit's answer too, and not only an entry in `violations`. Default false. */
  readonly enforce?: boolean;
  /** False: no hourly quotas and no headers about them, as an Enterprise Server by default. Default true. */
  readonly quotas?: boolean;
}

const DEFAULT_SCOPES: readonly string[] = ['repo', 'read:packages', 'write:packages', 'delete:packages'];
const POINTS_A_MINUTE = 900;
const CONTENT_A_MINUTE = 80;
const IN_FLIGHT = 100;
const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** A request that may not be done, in GitHub's words. */
export function refuse(status: number, message: string, page = ''): Answer {
  return {
    status,
    json: { message, documentation_url: `https://docs.github.com/rest${page}`, status: String(status) },
  };
}

/** Whether a token is a classic one with this scope, or one of the scopes that include it. */
export function hasScope(token: FakeToken, scope: string): boolean {
  const scopes = scopesOf(token) ?? [];
  const includes = scope === 'read:packages' ? [scope, 'write:packages'] : [scope];
  return includes.some((name) => scopes.includes(name));
}

/** The scopes that X-OAuth-Scopes tells; undefined for tokens without. */
function scopesOf(token: FakeToken): readonly string[] | undefined {
  return token.kind === 'classic' ? (token.scopes ?? DEFAULT_SCOPES) : undefined;
}

/** Who a token acts as. */
export function loginOf(known: FakeToken | undefined): string {
  return known?.kind === 'workflow' ? 'github-actions[bot]' : (known?.login ?? 'octocat');
}

/** Whether a workflow's token has a right; personal tokens have all. */
export function hasPermission(token: FakeToken | undefined, permission: Permission, level: 'read' | 'write'): boolean {
  if (token?.kind !== 'workflow') return token !== undefined;
  const given = token.permissions?.[permission] ?? 'write';
  return given === 'write' || given === level;
}

/** Counts requests. One for each fake. */
export interface Limiter {
  /** Violations so far, in order. */
  readonly violations: readonly Violation[];
  /** Whether there are hourly quotas. */
  readonly counts: boolean;
  /** The most requests that were in flight at once. */
  readonly peakInFlight: () => number;
  /** The quota of a token, to be looked at or changed. */
  quota(token: string, resource?: 'core' | 'graphql'): Quota;
  /** Tells the limiter what a token's quota is. */
  introduce(token: string, known: FakeToken): void;
  /** Counts a request that begins; an answer when it is not to be done. */
  begin(request: FakeRequest, known: FakeToken | undefined): Answer | undefined;
  /** A request of the two interfaces is over. */
  end(): void;
  /** `x-ratelimit-…` and `x-oauth-scopes`. */
  headers(request: FakeRequest, known: FakeToken | undefined): Readonly<Record<string, string>>;
}

interface Spent {
  readonly at: number;
  readonly points: number;
  readonly content: number;
}

/** Makes a limiter. */
export function createLimiter(options: LimitOptions, now: () => number): Limiter {
  const { minuteMs = 60_000, hourMs = 3_600_000, enforce = false, quotas: counts = true } = options;
  const quotas = new Map<string, Quota>();
  const limits = new Map<string, number>();
  const spent: Spent[] = [];
  const violations: Violation[] = [];
  let inFlight = 0;
  let peak = 0;
  let points = 0;
  let content = 0;

  function count(entry: Spent, sign: 1 | -1): void {
    points += sign * entry.points;
    content += sign * entry.content;
  }

  function quota(token: string, resource: 'core' | 'graphql' = 'core'): Quota {
    const key = `${resource} ${token}`;
    const known = quotas.get(key);
    if (known !== undefined && now() < known.resetAtMs) return known;
    const limit = known?.limit ?? limits.get(token) ?? 60;
    const fresh = { limit, used: 0, resetAtMs: Math.ceil((now() + hourMs) / 1000) * 1000 };
    if (known !== undefined) return Object.assign(known, fresh);
    quotas.set(key, fresh);
    return fresh;
  }

  function introduce(token: string, known: FakeToken): void {
    limits.set(token, known.limit ?? (known.kind === 'workflow' ? 1000 : 5000));
  }

  function watch(request: FakeRequest): Violation | undefined {
    const at = now();
    while (spent[0] !== undefined && spent[0].at <= at - minuteMs) count(spent.shift()!, -1);
    const isRead = READS.has(request.method) || request.channel === 'graphql';
    const entry = {
      at,
      points: isRead ? 1 : 5,
      content: /^POST .*\/comments$/.test(`${request.method} ${request.path}`) ? 1 : 0,
    };
    spent.push(entry);
    count(entry, 1);
    const line = `${request.method} ${request.path}`;
    if (inFlight > IN_FLIGHT) return { kind: 'in-flight', value: inFlight, request: line };
    if (points > POINTS_A_MINUTE) return { kind: 'points', value: points, request: line };
    if (content > CONTENT_A_MINUTE) return { kind: 'content', value: content, request: line };
    return undefined;
  }

  return {
    violations,
    counts,
    peakInFlight: () => peak,
    quota,
    introduce,
    begin: (request, known) => {
      inFlight += 1;
      peak = Math.max(peak, inFlight);
      const violation = watch(request);
      if (violation !== undefined) violations.push(violation);
      if (violation !== undefined && enforce) return secondaryLimit({ retryAfterS: Math.ceil(minuteMs / 1000) });
      const key = request.token ?? '';
      if (known !== undefined) introduce(key, known);
      if (!counts || request.path === '/rate_limit') return undefined;
      const counted = quota(key, request.channel === 'graphql' ? 'graphql' : 'core');
      if (counted.used >= counted.limit) return exhausted(request.channel);
      counted.used += 1;
      return undefined;
    },
    end: () => {
      inFlight -= 1;
    },
    headers: (request, known) => {
      const scopes = known === undefined ? undefined : scopesOf(known);
      const told = scopes === undefined ? {} : { 'x-oauth-scopes': scopes.join(', '), 'x-accepted-oauth-scopes': '' };
      if (!counts) return told;
      const resource = request.channel === 'graphql' ? 'graphql' : 'core';
      const { limit, used, resetAtMs } = quota(request.token ?? '', resource);
      return {
        'x-ratelimit-limit': String(limit),
        'x-ratelimit-remaining': String(Math.max(0, limit - used)),
        'x-ratelimit-used': String(used),
        'x-ratelimit-reset': String(Math.floor(resetAtMs / 1000)),
        'x-ratelimit-resource': resource,
        ...told,
      };
    },
  };
}

/**
 * The answer of a secondary limit: 403 or 429, with `retry-after` or only with words that say so.
 * https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
 */
export function secondaryLimit(options: { readonly status?: 403 | 429; readonly retryAfterS?: number } = {}): Answer {
  const { status = 403, retryAfterS } = options;
  const answer = refuse(
    status,
    'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
    '/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits',
  );
  return retryAfterS === undefined ? answer : { ...answer, headers: { 'retry-after': String(retryAfterS) } };
}

/** A gateway's answer: HTML and no JSON. */
export function badGateway(status: 500 | 502 | 503 | 504 = 502): Answer {
  return { status, headers: { 'content-type': 'text/html' }, body: '<html><body><h1>Bad Gateway</h1></body></html>' };
}

/** GraphQL says it with 200 and an error. https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api */
function exhausted(channel: FakeRequest['channel']): Answer {
  const message = 'API rate limit exceeded for installation ID 1.';
  if (channel === 'graphql') return { status: 200, json: { errors: [{ type: 'RATE_LIMITED', message }] } };
  return refuse(403, message, '/overview/rate-limits-for-the-rest-api');
}
