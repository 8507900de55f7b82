// REST routes of the fake GitLab on what Git and a project hold: branches, tags, commits, merge requests, releases, deployments.

import { createHash } from 'node:crypto';
import type { Answer } from '../github/exchange.ts';
import { refuse, UNAUTHORIZED, userOf } from './access.ts';
import { readCommits, readFileAt } from './git-facts.ts';
import { answerGitPage, answerPage } from './pages.ts';
import type { FakeDeployment } from './projects.ts';
import type { Call, Route } from './rest.ts';

/** https://docs.gitlab.com/api/branches/ and the pages beside it. */
export const PROJECT_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/user',
    query: [],
    job: false,
    level: 'none',
    authenticates: true,
    scopes: ['api', 'read_api', 'read_user'],
    handle: ({ known, world }) =>
      known === undefined ? UNAUTHORIZED : { status: 200, json: world.wire.user(userOf(known)) },
  },
  {
    method: 'GET',
    path: '/projects/:id',
    query: ['statistics', 'license', 'with_custom_attributes'],
    job: false,
    level: 'guest',
    handle: ({ project, world }) => ({ status: 200, json: world.wire.project(project) }),
  },
  {
    method: 'GET',
    path: '/projects/:id/repository/branches',
    query: ['search', 'regex'],
    job: true,
    level: 'reporter',
    handle: (call) => {
      const { project, query, world } = call;
      if (project.defaultBranch === null) return answerPage(call, [], () => null);
      const named = project.refs('refs/heads/').map((ref) => ({ ref, name: ref.name.replace('refs/heads/', '') }));
      const found = named.filter(({ name }) => matchesSearch(name, query.get('search')));
      return answerGitPage(call, found, ({ ref }) => world.wire.branch(project, ref));
    },
  },
  {
    method: 'GET',
    path: '/projects/:id/repository/branches/:branch',
    query: [],
    job: false,
    level: 'reporter',
    handle: ({ project, parameters, world }) => {
      const ref = project.refs('refs/heads/').find(({ name }) => name === `refs/heads/${parameters['branch']}`);
      if (ref === undefined) return refuse(404, '404 Branch Not Found');
      return { status: 200, json: world.wire.branch(project, ref) };
    },
  },
  {
    method: 'GET',
    path: '/projects/:id/repository/tags',
    query: ['search'],
    job: true,
    level: 'reporter',
    handle: (call) => {
      const { project, query, world } = call;
      const named = project.refs('refs/tags/').map((ref) => ({ ref, name: ref.name.replace('refs/tags/', '') }));
      const found = named.filter(({ name }) => matchesSearch(name, query.get('search')));
      const byName = query.get('order_by') === 'name';
      const timeOf = ({ ref }: (typeof found)[number]) => Date.parse(ref.tag?.createdAt ?? ref.commit.committedAt);
      const sorted = byName ? found : found.toSorted((one, other) => timeOf(one) - timeOf(other));
      const ordered = query.get('sort') === 'asc' ? sorted : sorted.toReversed();
      return answerGitPage(call, ordered, ({ ref }) => world.wire.tag(project, ref));
    },
  },
  {
    method: 'GET',
    path: '/projects/:id/repository/commits/:sha',
    query: ['stats'],
    job: true,
    level: 'reporter',
    handle: ({ project, parameters: { sha = '' }, world }) => {
      const commit = readCommits(project.directory, [sha]).get(sha);
      if (commit === undefined) return refuse(404, '404 Commit Not Found');
      return { status: 200, json: world.wire.commit(project, commit) };
    },
  },
  {
    method: 'GET',
    path: '/projects/:id/repository/files/:path/raw',
    query: ['ref', 'lfs'],
    job: true,
    level: 'reporter',
    scopes: ['api', 'read_api', 'read_repository'],
    handle: ({ project, parameters: { path = '' }, query }) => {
      const ref = query.get('ref') ?? 'HEAD';
      const bytes = project.directory === undefined ? undefined : readFileAt(project.directory, ref, path);
      if (bytes === undefined) return refuse(404, '404 File Not Found');
      const headers = {
        'content-type': 'text/plain; charset=utf-8',
        'x-gitlab-blob-id': createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex'),
        'x-gitlab-content-sha256': createHash('sha256').update(bytes).digest('hex'),
      };
      return { status: 200, headers, body: bytes };
    },
  },
  {
    method: 'GET',
    path: '/projects/:id/merge_requests',
    query: ['state', 'iids[]', 'view', 'scope', 'source_branch', 'target_branch', 'updated_after', 'updated_before'],
    job: true,
    level: 'reporter',
    handle: (call) => {
      const { project, query, world } = call;
      const state = query.get('state') ?? 'all';
      if (!['opened', 'closed', 'locked', 'merged', 'all'].includes(state)) return notValid('state');
      const after = query.get('updated_after');
      const found = [...project.mergeRequests.values()].filter(
        (one) =>
          (state === 'all' || one.state === state) &&
          (query.get('source_branch') ?? one.branch) === one.branch &&
          (query.get('target_branch') ?? one.target) === one.target &&
          (after === null || Date.parse(one.updatedAt) >= Date.parse(after)),
      );
      const key = query.get('order_by') === 'updated_at' ? 'updatedAt' : 'createdAt';
      return answerPage(
        call,
        sortBy(found, (one) => one[key], query.get('sort') ?? 'desc'),
        (one) => world.wire.mergeRequest(project, one, 'listed'),
      );
    },
  },
  {
    method: 'GET',
    path: '/projects/:id/merge_requests/:iid',
    query: ['render_html', 'include_diverged_commits_count', 'include_rebase_in_progress'],
    job: true,
    level: 'reporter',
    handle: ({ project, parameters, world }) => {
      const found = project.mergeRequests.get(Number(parameters['iid']));
      if (found === undefined) return refuse(404, '404 Not found');
      return { status: 200, json: world.wire.mergeRequest(project, found, 'single') };
    },
  },
  {
    method: 'GET',
    path: '/projects/:id/releases',
    query: ['include_html_description', 'updated_before', 'updated_after'],
    job: true,
    level: 'reporter',
    handle: (call) => {
      const { project, query, world } = call;
      const key = query.get('order_by') === 'created_at' ? 'createdAt' : 'releasedAt';
      const sorted = sortBy(project.releases, (one) => one[key], query.get('sort') ?? 'desc');
      const ids = sorted.flatMap(({ commit }) => commit ?? []);
      const commits = readCommits(project.directory, ids);
      return answerPage(call, sorted, (one) => world.wire.release(project, one, commits.get(one.commit ?? '')));
    },
  },
  {
    method: 'GET',
    path: '/projects/:id/environments',
    query: ['name', 'search', 'states'],
    job: true,
    level: 'reporter',
    handle: (call) => {
      const { project, query, world } = call;
      const states = query.get('states');
      if (states !== null && !['available', 'stopping', 'stopped'].includes(states))
        return refuse(400, 'Requested states are invalid');
      const found = project.environments.filter(
        (one) => (states ?? one.state) === one.state && (query.get('name') ?? one.name) === one.name,
      );
      return answerPage(call, found, (one) => world.wire.environment(project, one, 'listed'));
    },
  },
  {
    method: 'GET',
    path: '/projects/:id/environments/:environment',
    query: [],
    job: true,
    level: 'reporter',
    handle: ({ project, parameters, world }) => {
      const found = project.environments.find(({ id }) => id === Number(parameters['environment']));
      if (found === undefined) return refuse(404, '404 Environment Not Found');
      return { status: 200, json: world.wire.environment(project, found, 'single') };
    },
  },
  {
    method: 'GET',
    path: '/projects/:id/deployments',
    query: ['environment', 'status', 'updated_after', 'updated_before', 'finished_after', 'finished_before'],
    job: true,
    level: 'reporter',
    handle: listDeployments,
  },
];

const STATUSES = ['created', 'running', 'success', 'failed', 'canceled', 'skipped', 'blocked'];

/** https://docs.gitlab.com/api/deployments/#list-project-deployments */
function listDeployments(call: Call): Answer {
  const { project, query, world } = call;
  const [status, environment, after, before] = ['status', 'environment', 'updated_after', 'updated_before'].map(
    (name) => query.get(name),
  );
  if (status != null && !STATUSES.includes(status)) return notValid('status');
  const order = query.get('order_by') ?? 'id';
  if (!['id', 'iid', 'created_at', 'updated_at', 'finished_at', 'ref'].includes(order)) return notValid('order_by');
  // A GitLab of today answers it all the same, and means to refuse it: https://gitlab.com/gitlab-org/gitlab/-/issues/328500
  const isPaired = (after != null || before != null) === (order === 'updated_at');
  if (!isPaired) return refuse(400, '`updated_at` filter and `updated_at` sorting must be paired');
  const found = project.deployments.filter(
    (one) =>
      (status ?? one.status) === one.status &&
      (environment ?? one.environment) === one.environment &&
      (after == null || Date.parse(one.updatedAt) >= Date.parse(after)) &&
      (before == null || Date.parse(one.updatedAt) <= Date.parse(before)),
  );
  const keys: Readonly<Record<string, (one: FakeDeployment) => string | number>> = {
    created_at: (one) => one.createdAt,
    updated_at: (one) => one.updatedAt,
    ref: (one) => one.ref,
  };
  const sorted = sortBy(found, keys[order] ?? ((one) => one.id), query.get('sort') ?? 'asc');
  return answerPage(call, sorted, (one) => world.wire.deployment(project, one));
}

/** In order of a key, and among equals of their making. */
function sortBy<T>(items: readonly T[], keyOf: (item: T) => string | number, direction: string): readonly T[] {
  const sorted = items.toSorted((one, other) => {
    const [own, others] = [keyOf(one), keyOf(other)];
    if (own === others) return 0;
    return own < others ? -1 : 1;
  });
  return direction === 'asc' ? sorted : sorted.toReversed();
}

/** `^term` and `term$` are all that a search knows. */
function matchesSearch(name: string, search: string | null): boolean {
  if (search === null) return true;
  if (search.startsWith('^')) return name.startsWith(search.slice(1));
  return search.endsWith('$') ? name.endsWith(search.slice(0, -1)) : name.includes(search);
}

function notValid(parameter: string): Answer {
  return { status: 400, json: { error: `${parameter} does not have a valid value` } };
}
