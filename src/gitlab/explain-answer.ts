// Turns an answer of GitLab that the caller did not expect into the error that fits.

import type { GitlabToken } from '../config/settings.ts';
import {
  AuthError,
  type CleanupError,
  type ErrorContext,
  NetworkError,
  ProtocolError,
  RegistryError,
} from '../errors.ts';
import { quoteFirstLine } from '../http/redact-text.ts';
import { type GitlabAnswer, isGitlabAnswer, messageOf } from './gitlab-answer.ts';

/** What was asked, and with what. */
export interface AskedGitlab {
  /** `gitlab.com`. */
  readonly host: string;
  readonly purpose: string;
  readonly permission: string;
  /** `none`: what everybody may read. */
  readonly tokenKind: GitlabToken['kind'] | 'none';
  /** The token, which an answer may repeat; absent: there is none. Never part of an error. */
  readonly secret?: string | undefined;
}

/** Statuses that may pass on their own. GitLab says 500 also when its database took too long. */
const TEMPORARY: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/** What to do about a token that is not enough, by its kind. */
const NEEDS: Readonly<Record<AskedGitlab['tokenKind'], string>> = {
  private: 'The token needs',
  job: "The job's own token (CI_JOB_TOKEN) may not do this here; give gitlab-token an access token with",
  none: 'Without a token GitLab shows what everybody may see; give gitlab-token an access token with',
};

const INVALID: Readonly<Record<AskedGitlab['tokenKind'], string>> = {
  private: 'The token is wrong, expired or revoked, or its scopes do not suffice (gitlab-token, GITLAB_TOKEN).',
  job: 'GitLab takes CI_JOB_TOKEN only while its job runs, and for some lists only.',
  none: 'GitLab shows this to nobody without a token.',
};

/** The error for a limit that ends in so many milliseconds. */
export function rateLimited(asked: AskedGitlab, answer: GitlabAnswer, waitMs: number): RegistryError {
  const seconds = Math.ceil(waitMs / 1000);
  return new RegistryError(
    `Cannot ${asked.purpose}: ${describe(asked, answer)}: GitLab wants no more requests for ${seconds} s.`,
    {
      code: 'RATE_LIMITED',
      temporary: true,
      hint: 'Run again later, at another time of the day, or with a token of its own.',
      details: { host: asked.host, status: answer.status, retryAfterMs: waitMs },
    },
  );
}

/** The error for every other answer; quotes a bounded, printable piece of GitLab's message. `waitMs`: how long it asks to wait. */
export function explainAnswer(asked: AskedGitlab, answer: GitlabAnswer, waitMs: number | undefined): CleanupError {
  const { host, purpose } = asked;
  const { status } = answer;
  const message = `Cannot ${purpose}: ${describe(asked, answer)}.`;
  const context = { details: { host, status, ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }) } };
  if (status === 408) return new NetworkError(message, { ...context, code: 'TIMEOUT', temporary: true });
  if (status >= 500)
    return new NetworkError(message, { ...context, code: 'NETWORK', temporary: TEMPORARY.has(status) });
  if (status < 400 || !isGitlabAnswer(answer)) return notGitlab(message, context);
  const need = `${NEEDS[asked.tokenKind]} ${asked.permission}`;
  if (status === 401) {
    const hint = `${INVALID[asked.tokenKind]} ${need}.`;
    return new AuthError(message, { ...context, code: 'AUTH', hint });
  }
  const details = { ...context.details, permission: asked.permission };
  if (status === 403) return new AuthError(message, { ...context, details, code: 'FORBIDDEN', hint: `${need}.` });
  if (status !== 404) return new RegistryError(message, { ...context, code: 'REGISTRY_REFUSED' });
  const hint = `${need}; GitLab says 404 also for what a token may not see. Otherwise check the name.`;
  return new AuthError(message, { ...context, details, code: 'REPOSITORY_UNKNOWN', hint });
}

function notGitlab(message: string, context: Omit<ErrorContext, 'code'>): ProtocolError {
  return new ProtocolError(message, {
    ...context,
    code: 'PROTOCOL',
    hint: 'This is not how GitLab answers: look for a proxy, or a wrong address (gitlab-url, CI_API_V4_URL).',
  });
}

/** `gitlab.com answered 404 ("404 Project Not Found")`. */
function describe(asked: AskedGitlab, answer: GitlabAnswer): string {
  const message = messageOf(answer);
  const quoted = quoteFirstLine(asked.secret === undefined ? message : message.replaceAll(asked.secret, '***'));
  return `${asked.host} answered ${answer.status}${quoted === undefined ? '' : ` (${quoted})`}`;
}
