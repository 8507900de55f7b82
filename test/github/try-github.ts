// Opens GitHub connections for tests: quick retries, a log that remembers, and time that a test moves on.

import type { Github, GithubListRequest, GithubRequest } from '../../src/github/github.ts';
import { type GithubOptions, openGithub } from '../../src/github/open-github.ts';
import type { Clock } from '../../src/github/request-gate.ts';
import type { Reply } from '../support/scripted-server.ts';
import { createRememberingLog } from '../support/try-transport.ts';

/** The token of these tests. */
export const TOKEN = 'ghp_testtesttesttesttesttesttesttest1234';

/** A clock whose waits pass at once; `waits` are all of them, in milliseconds. */
export interface SkippingClock extends Clock {
  readonly waits: readonly number[];
}

/** Begins at `startMs`; every wait moves the time on by as much as it asks for. */
export function createSkippingClock(startMs = Date.UTC(2026, 10, 21, 21)): SkippingClock {
  const waits: number[] = [];
  let now = startMs;
  return {
    waits,
    now: () => now,
    sleep: async (ms) => {
      waits.push(ms);
      now += ms;
    },
  };
}

/** A connection to a server of the test; `/api/v3` makes it an Enterprise Server. */
export function openTestGithub(
  apiUrl: string,
  options: Partial<GithubOptions> & { token?: string } = {},
): Promise<Github> {
  return openGithub(
    { apiUrl, token: options.token ?? TOKEN },
    {
      environment: {},
      log: createRememberingLog(),
      clock: createSkippingClock(),
      ...options,
      limits: { retryDelayMs: 1, retries: 3, ...options.limits },
    },
  );
}

/** One request; by default it reads `team/app` and expects 200. */
export function askGithub(github: Github, request: Partial<GithubRequest> = {}): ReturnType<Github['request']> {
  return github.request({
    method: 'GET',
    route: '/repos/{owner}/{repo}',
    parameters: { owner: 'team', repo: 'app' },
    expect: [200],
    purpose: 'read team/app',
    permission: 'contents: read',
    ...request,
  });
}

/** The branches of `team/app`. */
export function listBranches(github: Github, request: Partial<GithubListRequest> = {}): ReturnType<Github['list']> {
  return github.list({
    route: '/repos/{owner}/{repo}/branches',
    parameters: { owner: 'team', repo: 'app' },
    purpose: 'list the branches of team/app',
    permission: 'contents: read',
    ...request,
  });
}

/** A JSON answer. */
export function json(data: unknown, headers: { readonly [name: string]: string } = {}, status = 200): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(data),
  };
}

/** A refusal in GitHub's form. */
export function refuse(
  status: number,
  message: string,
  headers: { readonly [name: string]: string } = {},
  page = 'https://docs.github.com/rest',
): Reply {
  return json({ message, documentation_url: page, status: String(status) }, headers, status);
}
