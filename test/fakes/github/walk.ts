// One walk over every operation that the fake GitHub has, each with its good answer: for the fake's own test, and through a proxy that
// holds requests and answers to GitHub's description.

import { createGitSandbox } from '../../builders/git-repository.ts';
import type { BuiltManifest } from '../../builders/image.ts';
import { buildImage, buildMultiArch } from '../../builders/image.ts';
import type { FakeGithub } from './github.ts';

/** One request of the walk. */
export interface WalkStep {
  /** Of the description. */
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly body?: object;
  /** Of a token that {@link Walk} made. */
  readonly token: string;
  readonly expected: number;
}

/** The walk with everything that it needs, in `github`. */
export interface Walk {
  readonly steps: readonly WalkStep[];
  remove(): void;
}

const DAY = '2026-01-01T00:00:00Z';

/** Fills a fake, and says which requests to send, in this order. */
export function prepareWalk(github: FakeGithub): Walk {
  const sandbox = createGitSandbox();
  const token = github.addToken({ kind: 'classic', login: 'ann' });
  github.addOwner('ann', 'User');
  const directory = sandbox.bare('app.git');
  const commits = sandbox.add(directory, {
    commits: [
      { name: 'a', date: DAY },
      { name: 'b', date: DAY, parents: ['a'] },
      { name: 'c', date: DAY, parents: ['a'] },
    ],
    branches: { main: 'b', 'feature/one': 'c' },
    tags: { v1: 'a', v2: { commit: 'b', date: DAY } },
  });
  const repository = github.addRepository('team/app', { directory });
  repository.addPullRequest({ number: 1, head: commits.get('c')!, branch: 'feature/one' });
  repository.addPullRequest({
    number: 2,
    head: commits.get('c')!,
    fork: 'ann/app',
    state: 'closed',
    mergeCommit: null,
  });
  repository.addRelease({ tag: 'v1' });
  repository.addRelease({ tag: 'v2', draft: true });
  const deployment = repository.addDeployment({
    environment: 'production',
    commit: commits.get('b')!,
    states: ['queued', 'in_progress', 'success', 'waiting'],
  });
  const comment = repository.addComment({ issue: 1, author: 'ann', body: 'hello' });
  const passing = repository.addComment({ issue: 1, author: 'github-actions[bot]', body: 'passing' });

  const families = ['/orgs/team', '/users/ann', '/user'].flatMap((base): WalkStep[] => {
    const owner = base === '/orgs/team' ? 'team' : 'ann';
    const fullName = base === '/user' ? 'ann/mine/base' : `${owner}/app/base`;
    const package_ = github.addPackage(fullName, {
      visibility: base === '/user' ? 'public' : 'private',
      repository: 'team/app',
    });
    const old: BuiltManifest = buildImage({ seed: `old ${base}` });
    package_.add(old);
    package_.add(buildMultiArch(base), { tags: ['v1', 'latest'] });
    const { id } = package_.version(old.digest);
    const suffix = { '/orgs/team': 'organization', '/users/ann': 'user' }[base] ?? 'authenticated-user';
    const short = suffix === 'organization' ? 'org' : suffix;
    const at = `${base}/packages/container/${encodeURIComponent(package_.name)}`;
    const step = (operation: string, method: string, path: string, expected = 200): WalkStep => {
      return { operation: `packages/${operation}`, method, path: `${at}${path}`, token, expected };
    };
    return [
      step(`get-package-for-${suffix}`, 'GET', ''),
      step(`get-all-package-versions-for-package-owned-by-${short}`, 'GET', '/versions?per_page=2&page=2'),
      step(`get-package-version-for-${suffix}`, 'GET', `/versions/${id}`),
      step(`delete-package-version-for-${short}`, 'DELETE', `/versions/${id}`, 204),
      step(`get-all-package-versions-for-package-owned-by-${short}`, 'GET', '/versions?state=deleted'),
      step(`restore-package-version-for-${short}`, 'POST', `/versions/${id}/restore`, 204),
    ];
  });

  const at = '/repos/team/app';
  const step = (operation: string, method: string, path: string): WalkStep => ({
    operation,
    method,
    path,
    token,
    expected: 200,
  });
  const steps: readonly WalkStep[] = [
    step('repos/get', 'GET', at),
    step('repos/list-branches', 'GET', `${at}/branches?per_page=1`),
    step('git/list-matching-refs', 'GET', `${at}/git/matching-refs/tags%2F`),
    step('git/get-ref', 'GET', `${at}/git/ref/heads%2Ffeature%2Fone`),
    step('repos/get-content', 'GET', `${at}/contents/file?ref=main`),
    step('pulls/list', 'GET', `${at}/pulls?state=all&per_page=100`),
    step('pulls/get', 'GET', `${at}/pulls/1`),
    step('repos/list-releases', 'GET', `${at}/releases`),
    step('repos/list-deployments', 'GET', `${at}/deployments?environment=production`),
    step('repos/list-deployment-statuses', 'GET', `${at}/deployments/${deployment.id}/statuses`),
    step('repos/get-all-environments', 'GET', `${at}/environments`),
    step('issues/list-comments', 'GET', `${at}/issues/1/comments`),
    { ...step('issues/create-comment', 'POST', `${at}/issues/1/comments`), body: { body: 'a plan' }, expected: 201 },
    step('issues/get-comment', 'GET', `${at}/issues/comments/${comment.id}`),
    {
      ...step('issues/update-comment', 'PATCH', `${at}/issues/comments/${comment.id}`),
      body: { body: 'another plan' },
    },
    { ...step('issues/delete-comment', 'DELETE', `${at}/issues/comments/${passing.id}`), expected: 204 },
    step('users/get-by-username', 'GET', '/users/ann'),
    step('users/get-by-username', 'GET', '/users/team'),
    step('orgs/get', 'GET', '/orgs/team'),
    step('users/get-authenticated', 'GET', '/user'),
    step('rate-limit/get', 'GET', '/rate_limit'),
    ...families,
  ];
  return { steps, remove: () => sandbox.remove() };
}

/** Sends a step to an address, and returns the status and the body's text. */
export async function takeStep(
  origin: string,
  step: WalkStep,
): Promise<{ readonly status: number; readonly text: string; readonly headers: Headers }> {
  const response = await fetch(`${origin}${step.path}`, {
    method: step.method,
    headers: {
      authorization: `token ${step.token}`,
      accept: 'application/vnd.github+json',
      ...(step.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(step.body === undefined ? {} : { body: JSON.stringify(step.body) }),
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}
