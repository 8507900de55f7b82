// The wire to GitHub: sends one request through Octokit when its turn comes, tries again what may work later, and judges the answer.

import type { Octokit } from '@octokit/rest';
import * as z from 'zod';
import { CleanupError, InternalError } from '../errors.ts';
import type { ConnectionLimits } from '../http/connection-limits.ts';
import type { Fetcher } from '../http/open-fetch.ts';
import { retryRequest } from '../http/retry-request.ts';
import type { Log } from '../log.ts';
import { explainAnswer, type GithubAnswer, isGithubAnswer, rateLimited, readAskedWait } from './explain-answer.ts';
import type { GithubRequest } from './github.ts';
import type { QuotaWatch, ReadHeader } from './quota.ts';
import type { Clock, RequestGate } from './request-gate.ts';

/** What the wire is made of. */
export interface WireParts {
  readonly octokit: Octokit;
  readonly fetcher: Fetcher;
  readonly gate: RequestGate;
  readonly quota: QuotaWatch;
  readonly limits: ConnectionLimits;
  readonly clock: Clock;
  /** Is told the headers of every answer, also of a refusal. */
  readonly learn: (header: ReadHeader) => void;
  /** `api.github.com`, for messages. */
  readonly host: string;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** One request as it goes over the wire. */
export interface WireRequest extends GithubRequest {
  /** Sent along, by lower-case name. */
  readonly headers?: { readonly [name: string]: string };
  /** A POST that reads: costs what reading costs, may be repeated, and has no part in the budget. */
  readonly isQuery?: boolean;
  /** What else is wrong with an answer of an expected status: nothing, an error, or a rate limit that does not show in the status. */
  readonly judge?: (answer: GithubAnswer) => CleanupError | 'limited' | undefined;
}

/** Sends requests. */
export interface Wire {
  /** An answer with one of the expected statuses, after the judge. @throws the error that fits every other one. */
  send(request: WireRequest): Promise<GithubAnswer>;
}

/** GitHub's advice for a secondary limit that tells no time: at least a minute, then longer each time. */
const SECONDARY_WAIT_MS = 60_000;
/** Parameters that Octokit would take for itself. */
const RESERVED: readonly string[] = [
  'method',
  'baseUrl',
  'url',
  'headers',
  'request',
  'mediaType',
  'data',
  'operationName',
];

const octokitAnswer = z.object({ status: z.number(), headers: z.record(z.string(), z.unknown()), data: z.unknown() });

/** A wire on these parts; it owns none of them. */
export function createWire(parts: WireParts): Wire {
  const { gate, quota, clock } = parts;
  const silences = createSilences();
  /** The answer that asked for a silence longer than anybody waits, and its end: asking again would only make it longer. */
  let refused: { readonly answer: GithubAnswer; readonly untilMs: number } | undefined;

  function checkRefusal(request: WireRequest): void {
    const nowMs = clock.now();
    if (refused === undefined || nowMs >= refused.untilMs) return;
    throw rateLimited({ ...request, host: parts.host }, refused.answer, { ms: refused.untilMs - nowMs, nowMs });
  }

  async function attempt(request: WireRequest): Promise<GithubAnswer> {
    checkRefusal(request);
    const isBudgeted = request.method !== 'GET' && request.isQuery !== true && request.beyondBudget !== true;
    if (isBudgeted) quota.checkBudget(request.purpose, clock.now());
    const kind = { method: request.isQuery === true ? 'GET' : request.method, isContent: isContent(request) };
    return gate.run(kind, async () => {
      // Once more: much may have happened while this one waited.
      checkRefusal(request);
      if (isBudgeted) quota.checkBudget(request.purpose, clock.now());
      const sentAtMs = clock.now();
      const end = quota.begin();
      try {
        const answer = await exchange(parts, request);
        parts.learn(answer.header);
        return accept(request, answer, sentAtMs);
      } finally {
        end();
      }
    });
  }

  function accept(request: WireRequest, answer: GithubAnswer, sentAtMs: number): GithubAnswer {
    const asked = { ...request, host: parts.host };
    const isExpected = request.expect.includes(answer.status) && isGithubAnswer(answer);
    const verdict = isExpected ? request.judge?.(answer) : undefined;
    const nowMs = clock.now();
    const wait = readAskedWait(answer, { nowMs, isLimited: verdict === 'limited' });
    if (wait.kind !== 'none') {
      const ms = wait.kind === 'for' ? wait.ms : silences.next(sentAtMs, nowMs);
      if (ms > parts.limits.maxRetryAfterMs) refused = { answer, untilMs: nowMs + ms };
      throw rateLimited(asked, answer, { ms, nowMs });
    }
    silences.over(sentAtMs);
    if (verdict instanceof CleanupError) throw verdict;
    if (!isExpected) throw explainAnswer(asked, answer);
    return answer;
  }

  return {
    send: async (request) => {
      checkParameters(request);
      return retryRequest(() => attempt(request), {
        ...parts,
        limiter: gate,
        idempotent: isRepeatable(request) ? true : 'when-limited',
        purpose: request.purpose,
      });
    },
  };
}

/** How long to be silent when a limit tells no time: a minute, doubled for each silence that did not help. */
function createSilences(): { next(sentAtMs: number, nowMs: number): number; over(sentAtMs: number): void } {
  let waitMs = 0;
  let beganAtMs = Number.NEGATIVE_INFINITY;
  return {
    next: (sentAtMs, nowMs) => {
      // What was sent before the silence began is part of its reason, not a sign that it was too short.
      if (sentAtMs <= beganAtMs) return Math.max(0, beganAtMs + waitMs - nowMs);
      waitMs = waitMs === 0 ? SECONDARY_WAIT_MS : waitMs * 2;
      beganAtMs = nowMs;
      return waitMs;
    },
    over: (sentAtMs) => {
      if (sentAtMs > beganAtMs) waitMs = 0;
    },
  };
}

async function exchange(parts: WireParts, request: WireRequest): Promise<GithubAnswer> {
  const { octokit, fetcher } = parts;
  const { purpose } = request;
  const fetch = (url: string, init: { method: string; headers: Record<string, string>; body?: unknown }) =>
    fetcher.fetch(url, { method: init.method, headers: init.headers, purpose, ...textBody(init.body) });
  try {
    return readAnswer(
      await octokit.request(`${request.method} ${request.route}`, {
        ...request.parameters,
        headers: request.headers ?? {},
        request: { fetch },
      }),
    );
  } catch (cause) {
    if (cause instanceof CleanupError) throw cause;
    // Octokit throws for every status from 400, and for 304, with the answer inside.
    const answer =
      cause instanceof Error && 'response' in cause ? octokitAnswer.safeParse(cause.response).data : undefined;
    if (answer !== undefined) return readAnswer(answer);
    if (cause instanceof Error && cause.cause instanceof CleanupError) throw cause.cause;
    throw new InternalError(`Cannot ${purpose}: the request could not be made.`, { code: 'INTERNAL', cause });
  }
}

function textBody(body: unknown): { readonly body?: string } {
  return typeof body === 'string' ? { body } : {};
}

function readAnswer(answer: { status: number; headers: object; data: unknown }): GithubAnswer {
  const headers = new Map(Object.entries(answer.headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
  return { status: answer.status, header: (name) => headers.get(name), data: answer.data };
}

/** A write that was done and whose answer was lost may be done again where it wants a state, and not one thing more. */
function isRepeatable(request: WireRequest): boolean {
  return request.method !== 'POST' || request.isQuery === true || request.repeatable === true;
}

function isContent(request: WireRequest): boolean {
  return request.method === 'POST' && request.route.endsWith('/comments');
}

/** Octokit leaves out what is missing and keeps dots as they are: both would make another path of it. */
function checkParameters(request: WireRequest): void {
  const parameters = request.parameters ?? {};
  const reserved = RESERVED.find((name) => name in parameters);
  if (reserved !== undefined) throw badParameter(request, reserved, 'has a name that is taken');
  for (const [, name = ''] of request.route.matchAll(/\{([^{}]*)\}/g)) {
    const value = parameters[name];
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text !== 'string' || text === '' || text.split(/[/\\]/).some((part) => part === '.' || part === '..'))
      throw badParameter(request, name, 'does not make a path');
  }
}

function badParameter(request: WireRequest, name: string, what: string): InternalError {
  return new InternalError(`Cannot ${request.purpose}: the parameter ${name} of ${request.route} ${what}.`, {
    code: 'INTERNAL',
  });
}
