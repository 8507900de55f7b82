// Opens GitLab connections for tests: quick retries, and a log that remembers.

import type { GitlabToken } from '../../src/config/settings.ts';
import type { Gitlab, GitlabListRequest, GitlabRequest } from '../../src/gitlab/gitlab.ts';
import { type GitlabOptions, openGitlab } from '../../src/gitlab/open-gitlab.ts';
import type { Reply } from '../support/scripted-server.ts';
import { createRememberingLog } from '../support/try-transport.ts';

/** The token of these tests. */
export const TOKEN: GitlabToken = { kind: 'private', value: 'glpat-testtesttesttest1234' };

/** A connection to a server of the test, `http://127.0.0.1:PORT`; without a token when told so. */
export function openTestGitlab(
  origin: string,
  options: Partial<GitlabOptions> & { readonly token?: GitlabToken | 'none' } = {},
): Promise<Gitlab> {
  const { token = TOKEN, ...rest } = options;
  return openGitlab(
    { apiUrl: `${origin}/api/v4`, ...(token === 'none' ? {} : { token }) },
    {
      environment: {},
      log: createRememberingLog(),
      ...rest,
      limits: { retryDelayMs: 1, retries: 3, ...rest.limits },
    },
  );
}

/** One request; by default it reads `team/app` and expects 200. */
export function askGitlab(gitlab: Gitlab, request: Partial<GitlabRequest> = {}): ReturnType<Gitlab['request']> {
  return gitlab.request({
    method: 'GET',
    route: '/projects/{id}',
    parameters: { id: 'team/app' },
    expect: [200],
    purpose: 'read team/app',
    permission: 'the scope read_api and the role Reporter',
    ...request,
  });
}

/** The branches of `team/app`. */
export function listBranches(gitlab: Gitlab, request: Partial<GitlabListRequest> = {}): ReturnType<Gitlab['list']> {
  return gitlab.list({
    route: '/projects/{id}/repository/branches',
    parameters: { id: 'team/app' },
    purpose: 'list the branches of team/app',
    permission: 'the scope read_api and the role Reporter',
    key: 'name',
    ...request,
  });
}

/** A JSON answer. */
export function json(data: unknown, headers: { readonly [name: string]: string } = {}, status = 200): Reply {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(data) };
}

/** A refusal in GitLab's form. */
export function refuse(status: number, message: unknown, headers: { readonly [name: string]: string } = {}): Reply {
  return json({ message }, headers, status);
}
