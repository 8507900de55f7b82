// Turns an answer that the caller did not expect into the error that fits.

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
import type { HttpResponse } from './http-client.ts';

/** What was asked, and as whom. */
export interface AskedRequest {
  /** The registry's origin. */
  readonly origin: string;
  /** What was being done: `list tags of ghcr.io/team/app`. */
  readonly purpose: string;
  readonly actions: readonly string[];
  /** Which credentials were used, by kind and place; undefined when there were none. */
  readonly credentials: string | undefined;
}

/** Statuses that may pass on their own. 501 and 505 do not. */
const TEMPORARY: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes */
const errorBody = z.object({
  errors: z.array(z.object({ code: z.string().catch(''), message: z.string().catch('') })).min(1),
});

interface Answer {
  readonly status: number;
  /** The registry's own error code, upper case; empty without one. */
  readonly registryCode: string;
  /** `ghcr.io answered 403 ("DENIED: …")`. */
  readonly text: string;
  readonly host: string;
  readonly retryAfterMs: number | undefined;
  /** True when another host than the registry answered, after a redirect. */
  readonly foreign: boolean;
}

/** The error for an answer with an unexpected status; quotes a bounded, printable piece of the body. */
export function explainResponse(asked: AskedRequest, response: HttpResponse): CleanupError {
  const answer = readAnswer(asked, response);
  const message = `Cannot ${asked.purpose}: ${answer.text}.`;
  const details = {
    host: answer.host,
    status: answer.status,
    ...(answer.registryCode === '' ? {} : { registryCode: answer.registryCode }),
    ...(answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs }),
  };
  const context = { details, temporary: TEMPORARY.has(answer.status) };
  if (answer.status === 429) return rateLimited(message, answer, context);
  if (answer.status === 408) return new NetworkError(message, { ...context, code: 'TIMEOUT' });
  if (answer.status === 501) return new RegistryError(message, { ...context, code: 'REGISTRY_UNSUPPORTED' });
  if (answer.status >= 500) return new NetworkError(message, { ...context, code: 'NETWORK' });
  if (answer.status < 400) return new ProtocolError(message, { ...context, code: 'PROTOCOL' });
  // A store behind a redirect knows nothing about repositories and rights.
  if (answer.foreign) return new RegistryError(message, { ...context, code: 'REGISTRY_REFUSED' });
  return refusal(asked, answer, { message, context });
}

function refusal(
  asked: AskedRequest,
  answer: Answer,
  base: { readonly message: string; readonly context: Omit<ErrorContext, 'code'> },
): CleanupError {
  const { message, context } = base;
  if (answer.status === 401) return unauthorized(asked, answer, context);
  if (answer.status === 403) return forbidden(asked, message, context);
  if (answer.status === 404 && answer.registryCode === 'NAME_UNKNOWN') {
    const hint = 'Check the name; some registries also say this when the credentials may not see the repository.';
    return new AuthError(message, { ...context, code: 'REPOSITORY_UNKNOWN', hint });
  }
  if (answer.status === 405) return new RegistryError(message, { ...context, code: 'REGISTRY_UNSUPPORTED' });
  return new RegistryError(message, { ...context, code: 'REGISTRY_REFUSED' });
}

/**
 * `insufficient_scope` is how CNCF distribution says 403: the credentials were good, their token lacks the action.
 * https://distribution.github.io/distribution/spec/auth/token/
 */
function unauthorized(asked: AskedRequest, answer: Answer, context: Omit<ErrorContext, 'code'>): AuthError {
  const { host } = answer;
  if (asked.credentials === undefined) {
    const hint = `Give --username and --password-stdin, or log in first (docker login ${host}).`;
    const message = `Cannot ${asked.purpose}: ${host} asks for credentials, and none were found (${answer.text}).`;
    return new AuthError(message, { ...context, code: 'AUTH_REQUIRED', hint });
  }
  const message = `Cannot ${asked.purpose}: ${host} did not accept ${asked.credentials} (${answer.text}).`;
  if (answer.registryCode === 'INSUFFICIENT_SCOPE') return forbidden(asked, message, context);
  const hint = `Check ${asked.credentials}: they may be wrong, expired, or without access to this repository.`;
  return new AuthError(message, { ...context, code: 'AUTH', hint });
}

function forbidden(asked: AskedRequest, message: string, context: Omit<ErrorContext, 'code'>): AuthError {
  const permission = asked.actions.join(' and ');
  const who =
    asked.credentials === undefined ? 'without credentials this is not allowed' : `used: ${asked.credentials}`;
  return new AuthError(message, {
    ...context,
    code: 'FORBIDDEN',
    hint: `The permission to ${permission} in this repository is needed (${who}).`,
    details: { ...context.details, permission: [...asked.actions] },
  });
}

function rateLimited(message: string, answer: Answer, context: Omit<ErrorContext, 'code'>): RegistryError {
  const wait = answer.retryAfterMs;
  const when = wait === undefined ? 'later' : `in ${Math.ceil(wait / 1000)} s`;
  return new RegistryError(message, { ...context, code: 'RATE_LIMITED', hint: `Try again ${when}.` });
}

function readAnswer(asked: AskedRequest, response: HttpResponse): Answer {
  const text = Buffer.from(response.body).toString('utf8');
  const own = decodeError(text);
  const foreign = response.origin !== asked.origin;
  const host = new URL(response.origin).host;
  const quoted = quoteFirstLine(
    own === undefined ? text : [own.code, own.message].filter((part) => part !== '').join(': '),
  );
  const scopeError = response
    .headers('www-authenticate')
    .some((value) => /\berror="?insufficient_scope\b/i.test(value));
  return {
    status: response.status,
    registryCode: scopeError ? 'INSUFFICIENT_SCOPE' : codeOf(own),
    text: `${host}${foreign ? ', where the registry redirected to,' : ''} answered ${response.status}${quoted === undefined ? '' : ` (${quoted})`}`,
    host,
    retryAfterMs: parseRetryAfter(response.headers('retry-after')[0], response.headers('date')[0], Date.now()),
    foreign,
  };
}

function decodeError(text: string): { readonly code: string; readonly message: string } | undefined {
  try {
    return errorBody.safeParse(JSON.parse(text)).data?.errors[0];
  } catch {
    // Not JSON: its first line is quoted instead.
    return undefined;
  }
}

/** Registry codes are upper-case words; anything else is not worth reading. */
function codeOf(own: { readonly code: string } | undefined): string {
  const code = own?.code.toUpperCase() ?? '';
  return /^[A-Z][A-Z0-9_]{0,63}$/.test(code) ? code : '';
}
