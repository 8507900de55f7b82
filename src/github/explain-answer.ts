// Turns an answer of GitHub that the caller did not expect into the error that fits. Reads statuses, headers and types, never a text.

import * as z from 'zod';
import {
  AuthError,
  type CleanupError,
  type ErrorContext,
  NetworkError,
  ProtocolError,
  RegistryError,
} from '../errors.ts';
import { parseRetryAfter } from '../http/parse-retry-after.ts';
import { quoteFirstLine } from '../http/redact-text.ts';
import { formatTime, type ReadHeader, untilReset } from './quota.ts';

/** An answer of any status. */
export interface GithubAnswer {
  readonly status: number;
  readonly header: ReadHeader;
  /** Parsed JSON; a text when the body was no JSON, empty when there was no body. */
  readonly data: unknown;
}

/** What was asked. */
export interface AskedGithub {
  /** `api.github.com`. */
  readonly host: string;
  readonly purpose: string;
  readonly permission: string;
}

/** How long to be silent, as far as an answer tells. */
export type AskedWait =
  | { readonly kind: 'none' }
  /** A rate limit without any time; the caller knows how often it came. */
  | { readonly kind: 'unsaid' }
  | { readonly kind: 'for'; readonly ms: number };

/** https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api; every refusal has a message. */
const refusalSchema = z.object({
  message: z.string(),
  documentation_url: z.string().optional().catch(undefined),
  errors: z
    .array(z.union([z.string(), z.object({ message: z.string() }).transform((error) => error.message)]).catch(''))
    .optional()
    .catch(undefined),
});

/** The page that GitHub names when it refuses for too many requests at once, now and under its older name. */
const SECONDARY_LIMIT = /(?:secondary|abuse)-rate-limits?\b/;

/** Statuses that may pass on their own. */
const TEMPORARY: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/** Whether the answer is GitHub's own word, and not that of something in between: a refusal always has a message. */
export function isGithubAnswer(answer: GithubAnswer): boolean {
  if (answer.status >= 400) return refusalSchema.safeParse(answer.data).success;
  if (answer.status === 200 || answer.status === 201) return typeof answer.data !== 'string';
  return typeof answer.data !== 'string' || answer.data === '';
}

/**
 * The wait that an answer asks for. A limit shows in 429, and in 403 with `retry-after`, with nothing remaining, or with the page on
 * secondary limits; `isLimited` when it is known otherwise. https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately
 */
export function readAskedWait(answer: GithubAnswer, known: { nowMs: number; isLimited: boolean }): AskedWait {
  const { status, header } = answer;
  const { nowMs } = known;
  const isLimited = known.isLimited || status === 429;
  if (!isLimited && status !== 403) return { kind: 'none' };
  const asked = parseRetryAfter(header('retry-after'), header('date'), nowMs);
  if (asked !== undefined) return { kind: 'for', ms: asked };
  const reset = /^\d{1,10}$/.exec(header('x-ratelimit-reset') ?? '')?.[0];
  if (header('x-ratelimit-remaining') === '0' && reset !== undefined)
    return { kind: 'for', ms: untilReset(Number(reset) * 1000, header, nowMs) };
  const page = refusalSchema.safeParse(answer.data).data?.documentation_url ?? '';
  return isLimited || SECONDARY_LIMIT.test(page) ? { kind: 'unsaid' } : { kind: 'none' };
}

/** The error for a rate limit that ends in so many milliseconds. */
export function rateLimited(
  asked: AskedGithub,
  answer: GithubAnswer,
  end: { ms: number; nowMs: number },
): RegistryError {
  const at = formatTime(end.nowMs + end.ms);
  return new RegistryError(
    `Cannot ${asked.purpose}: ${describe(asked, answer)}: GitHub wants no more requests of this token until ${at}.`,
    {
      code: 'RATE_LIMITED',
      temporary: true,
      hint: `The limit resets at ${at}: run again then, at another time of the day, or with a token of its own.`,
      details: { host: asked.host, status: answer.status, retryAfterMs: end.ms },
    },
  );
}

/** The error for every other answer; quotes a bounded, printable piece of GitHub's message. */
export function explainAnswer(asked: AskedGithub, answer: GithubAnswer): CleanupError {
  const { host, purpose } = asked;
  const { status } = answer;
  const message = `Cannot ${purpose}: ${describe(asked, answer)}.`;
  const context = { details: { host, status } };
  if (status === 408) return new NetworkError(message, { ...context, code: 'TIMEOUT', temporary: true });
  if (status >= 500)
    return new NetworkError(message, { ...context, code: 'NETWORK', temporary: TEMPORARY.has(status) });
  if (status < 400 || !isGithubAnswer(answer)) return notGithub(message, context);
  if (status === 401) {
    const hint =
      'The token is wrong, expired or revoked: the input github-token of the action, GITHUB_TOKEN or GH_TOKEN on a command line.';
    return new AuthError(message, { ...context, code: 'AUTH', hint });
  }
  if (status === 403 || status === 404) return missingRight(asked, answer, { message, context });
  return new RegistryError(message, { ...context, code: 'REGISTRY_REFUSED' });
}

/** GitHub says 404 for what the token may not know of: https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#404-not-found-for-an-existing-resource */
function missingRight(
  asked: AskedGithub,
  answer: GithubAnswer,
  base: { readonly message: string; readonly context: Omit<ErrorContext, 'code'> },
): AuthError {
  const { message, context } = base;
  const details = { ...context.details, permission: asked.permission };
  const need = `The token needs ${asked.permission}`;
  if (answer.status === 404) {
    const hint = `${need}; GitHub says 404 also for what a token may not see. Otherwise check the name.`;
    return new AuthError(message, { ...context, details, code: 'REPOSITORY_UNKNOWN', hint });
  }
  const isSso = answer.header('x-github-sso')?.startsWith('required') === true;
  const hint = isSso ? `${need}, and to be authorized for the single sign-on of its organization.` : `${need}.`;
  return new AuthError(message, { ...context, details, code: 'FORBIDDEN', hint });
}

function notGithub(message: string, context: Omit<ErrorContext, 'code'>): ProtocolError {
  return new ProtocolError(message, {
    ...context,
    code: 'PROTOCOL',
    hint: 'This is not how GitHub answers: look for a proxy, or a wrong address of the interface (GITHUB_API_URL).',
  });
}

/** `api.github.com answered 422 ("Validation Failed: …")`. */
function describe(asked: AskedGithub, answer: GithubAnswer): string {
  const quoted = quoteFirstLine(messageOf(answer.data));
  return `${asked.host} answered ${answer.status}${quoted === undefined ? '' : ` (${quoted})`}`;
}

function messageOf(data: unknown): string {
  if (typeof data === 'string') return data.slice(0, 10_000);
  const refusal = refusalSchema.safeParse(data).data;
  if (refusal === undefined) return '';
  return [refusal.message, ...(refusal.errors ?? [])].filter((part) => part !== '').join(': ');
}
