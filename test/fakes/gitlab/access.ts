// Who may do what at the fake GitLab: tokens with their scopes and roles, and how its refusals look.
// https://docs.gitlab.com/api/rest/authentication/ and https://docs.gitlab.com/user/permissions/

import type { Answer, FakeRequest } from '../github/exchange.ts';
import type { FakeProject } from './projects.ts';

/** Roles in a project. `admin` is an administrator of the whole GitLab. https://docs.gitlab.com/api/access_requests/#valid-access-levels */
export const LEVELS = {
  none: 0,
  guest: 10,
  reporter: 20,
  developer: 30,
  maintainer: 40,
  owner: 50,
  admin: 60,
} as const;
export type Level = keyof typeof LEVELS;

/** What a token is. */
export interface FakeToken {
  /**
   * `private`: a personal, project or group access token. `job`: CI_JOB_TOKEN, which acts for the user that started the pipeline.
   * `deploy`: a deploy token, for Git and the registry only.
   */
  readonly kind: 'private' | 'job' | 'deploy';
  /** Of a private token, default `api`; of a deploy token, default `read_registry` and `write_registry`. A job's token has none. */
  readonly scopes?: readonly string[];
  /** The role of the user behind it; default `maintainer`. */
  readonly level?: Level;
  /** A private or deploy token: the only project that it is a member of, default all. A job's token: the project it runs in, default the first. */
  readonly project?: string;
  /** The user behind it; default `ann`. */
  readonly user?: string;
  /** Default `active`. A job's token is revoked when its job is over. */
  readonly state?: 'active' | 'revoked' | 'expired';
}

/** A refusal in GitLab's words: `{"message": "403 Forbidden"}`. */
export function refuse(status: number, message: string): Answer {
  return { status, json: { message } };
}

export const NOT_FOUND: Answer = refuse(404, '404 Not Found');
export const PROJECT_NOT_FOUND: Answer = refuse(404, '404 Project Not Found');
export const UNAUTHORIZED: Answer = refuse(401, '401 Unauthorized');
export const FORBIDDEN: Answer = refuse(403, '403 Forbidden');

/** The answer to a token that was good once; undefined for a good one. */
export function refuseState(token: FakeToken): Answer | undefined {
  const { state = 'active' } = token;
  if (state === 'active') return undefined;
  const words =
    state === 'expired'
      ? 'Token is expired. You can either do re-authorization or token refresh.'
      : 'Token was revoked. You have to re-authorize from the user.';
  return { status: 401, json: { error: 'invalid_token', error_description: words } };
}

/** The answer to a token without the scope. */
export function refuseScope(scopes: readonly string[]): Answer {
  return {
    status: 403,
    json: {
      error: 'insufficient_scope',
      error_description: 'The request requires higher privileges than provided by the access token.',
      scope: scopes.join(' '),
    },
  };
}

/** The scopes of a token; a job's token has none. */
export function scopesOf(token: FakeToken): readonly string[] {
  if (token.kind === 'private') return token.scopes ?? ['api'];
  return token.kind === 'deploy' ? (token.scopes ?? ['read_registry', 'write_registry']) : [];
}

/** The role that a token has in a project, 0 for none: nobody in particular, or not a member. */
export function levelIn(project: FakeProject, token: FakeToken | undefined): number {
  if (token === undefined) return LEVELS.none;
  // The user that a job acts for may be a member anywhere.
  const isMember =
    token.kind === 'job' ||
    token.project === undefined ||
    token.project.toLowerCase() === project.fullName.toLowerCase();
  return isMember ? LEVELS[token.level ?? 'maintainer'] : LEVELS.none;
}

/** Who a token acts as. */
export function userOf(token: FakeToken | undefined): string {
  if (token?.kind === 'deploy') return token.user ?? 'gitlab+deploy-token-1';
  return token?.user ?? 'ann';
}

/** Where a request carries its token, if anywhere. `JOB-TOKEN` is looked at before the others, as GitLab does on routes that take it. */
export interface Credential {
  readonly text: string;
  readonly place: 'private-token' | 'job-token' | 'deploy-token' | 'bearer';
}

/** The credential in the headers of a REST request. https://docs.gitlab.com/api/rest/authentication/ */
export function credentialOf(request: FakeRequest): Credential | undefined {
  for (const place of ['job-token', 'private-token', 'deploy-token'] as const) {
    const text = request.headers[place];
    if (text !== undefined) return { text, place };
  }
  const isBearer = /^bearer /i.test(request.headers['authorization'] ?? '');
  return isBearer && request.token !== undefined ? { text: request.token, place: 'bearer' } : undefined;
}

/** The user's name of Basic credentials; undefined without any. */
export function basicUserOf(request: FakeRequest): string | undefined {
  const [, encoded] = /^basic (.+)$/i.exec(request.headers['authorization'] ?? '') ?? [];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8').split(':')[0];
}

/**
 * Whether a token is good as a password, for Git and for the registry: a job's of `gitlab-ci-token`, a deploy token's of its own user, any
 * other of anybody.
 */
export function isGoodLogin(token: FakeToken, user: string | undefined): boolean {
  if ((token.state ?? 'active') !== 'active') return false;
  if (token.kind === 'private') return true;
  return user === (token.kind === 'job' ? 'gitlab-ci-token' : userOf(token));
}
