// An answer of GitLab, and what can be read from it whatever was asked. Reads statuses, headers and shapes, never a text.

import * as z from 'zod';
import { parseRetryAfter } from '../http/parse-retry-after.ts';

/** An answer of any status. */
export interface GitlabAnswer {
  readonly status: number;
  /** A header's value by lower-case name. */
  readonly header: (name: string) => string | undefined;
  /** Parsed JSON; a text when the body was no JSON, empty when there was no body. */
  readonly data: unknown;
}

/** https://docs.gitlab.com/api/rest/troubleshooting/: `message` is a text, or the faults of each field; `error` comes from the frame. */
const refusalSchema = z.union([
  z.object({ message: z.unknown().refine((message) => message !== undefined) }),
  z.object({ error: z.string(), error_description: z.string().optional().catch(undefined) }),
]);

/** A limit that tells no time: GitLab's windows are a minute as a rule. */
const UNSAID_WAIT_MS = 60_000;

/** Whether the answer is GitLab's own word, and not that of something in between: a refusal always says why. */
export function isGitlabAnswer({ status, data }: GitlabAnswer): boolean {
  if (status >= 400) return refusalSchema.safeParse(data).success;
  if (status === 200 || status === 201) return typeof data !== 'string';
  return typeof data !== 'string' || data === '';
}

/** What GitLab says of its refusal, unbounded; empty when it says nothing. */
export function messageOf({ data }: GitlabAnswer): string {
  if (typeof data === 'string') return data.slice(0, 10_000);
  const refusal = refusalSchema.safeParse(data).data;
  if (refusal === undefined) return '';
  if ('error' in refusal)
    return [refusal.error, refusal.error_description ?? ''].filter((part) => part !== '').join(': ');
  return typeof refusal.message === 'string' ? refusal.message : JSON.stringify(refusal.message);
}

/**
 * Milliseconds that an answer asks to wait: any 429, and a 503 that names a time; undefined for every other. By `Retry-After`, else by
 * `RateLimit-Reset`: https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/#response-headers
 */
export function readAskedWait({ status, header }: GitlabAnswer, nowMs: number): number | undefined {
  if (status !== 429 && status !== 503) return undefined;
  const asked = parseRetryAfter(header('retry-after'), header('date'), nowMs);
  if (asked !== undefined) return asked;
  if (status === 503) return undefined;
  const reset = /^\d{1,10}$/.exec(header('ratelimit-reset') ?? '')?.[0];
  if (reset === undefined) return UNSAID_WAIT_MS;
  const date = Date.parse(header('date') ?? '');
  return Math.max(0, Number(reset) * 1000 - (Number.isNaN(date) ? nowMs : date));
}
