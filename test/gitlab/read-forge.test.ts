// What protects images on GitLab, read from the stateful fake over a real repository, and from a server that answers oddly.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EvidenceError } from '../../src/errors.ts';
import type { ForgeRules } from '../../src/forge/forge-source.ts';
import { buildCommitGraph } from '../../src/git/commit-graph.ts';
import { findTestMerges } from '../../src/gitlab/find-test-merges.ts';
import type { GitlabProject } from '../../src/gitlab/project-evidence.ts';
import { readDeployments } from '../../src/gitlab/read-deployments.ts';
import { readForge } from '../../src/gitlab/read-forge.ts';
import { readMergeRequests } from '../../src/gitlab/read-merge-requests.ts';
import { readReferences } from '../../src/gitlab/read-references.ts';
import { readReleases } from '../../src/gitlab/read-releases.ts';
import { silentLog } from '../../src/log.ts';
import type { CommitId } from '../../src/model/history.ts';
import { createGitSandbox, type GitSandbox } from '../builders/git-repository.ts';
import { at } from '../builders/history.ts';
import type { FakeToken } from '../fakes/gitlab/access.ts';
import { type FakeGitlab, startGitlab } from '../fakes/gitlab/gitlab.ts';
import type { FakeProject } from '../fakes/gitlab/projects.ts';
import { requireDistribution, requireProgram } from '../support/real-parts.ts';
import { type Script, startScriptedServer } from '../support/scripted-server.ts';
import { json, openTestGitlab, refuse } from './try-gitlab.ts';

const ALL: ForgeRules = { pullRequests: true, releases: true, deployments: true };
const DAY = '2026-01-01T00:00:00.000Z';

const closing: (() => Promise<void>)[] = [];
let warnings: string[] = [];
beforeEach(() => {
  warnings = [];
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function open(origin: string, token: Parameters<typeof openTestGitlab>[1] = {}): Promise<GitlabProject> {
  const gitlab = await openTestGitlab(origin, token);
  closing.push(() => gitlab.close());
  return { gitlab, project: 'group/app', log: { ...silentLog, warn: (line) => warnings.push(line) } };
}

async function scripted(script: Script): Promise<GitlabProject> {
  const server = await startScriptedServer(script);
  closing.push(() => server.stop());
  return open(server.origin);
}

async function failure(reading: Promise<unknown>): Promise<EvidenceError> {
  const error: unknown = await reading.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof EvidenceError)) throw new Error('no EvidenceError was thrown', { cause: error });
  expect(error).toMatchObject({ code: 'EVIDENCE_FORGE', exitCode: 5 });
  return error;
}

const isReady = requireProgram('git') && requireProgram('openssl') && requireDistribution() !== undefined;

describe.runIf(isReady)('what protects images on GitLab', () => {
  let sandbox: GitSandbox;
  let fake: FakeGitlab;
  let project: FakeProject;
  let ids: ReadonlyMap<string, CommitId>;
  let origin: string;
  const id = (name: string): CommitId => ids.get(name)!;

  beforeEach(async () => {
    sandbox = createGitSandbox();
    fake = await startGitlab();
    origin = sandbox.bare('app.git');
    ids = sandbox.add(origin, {
      commits: [
        { name: 'a', date: DAY },
        { name: 'b', date: DAY, parents: ['a'] },
        { name: 'topic', date: DAY, parents: ['a'] },
      ],
      branches: { main: 'b', 'team/deep/topic': 'topic' },
      tags: { v1: { commit: 'a', date: DAY }, light: 'b' },
    });
    project = fake.addProject('group/app', { directory: origin });
  });
  afterEach(async () => {
    expect(fake.violations).toEqual([]);
    await fake.close();
    sandbox.remove();
  });

  function connect(token: FakeToken = { kind: 'private', scopes: ['read_api'], level: 'reporter' }) {
    const value = fake.addToken(token);
    return open(fake.serverUrl, { token: { kind: token.kind === 'job' ? 'job' : 'private', value } });
  }

  it('are branches, tags behind their objects, and the default branch', async () => {
    const { references, defaultBranch } = await readReferences(await connect());
    expect(defaultBranch).toBe('main');
    const object = sandbox.git(origin, 'rev-parse', 'v1') as CommitId;
    expect(object).not.toBe(id('a'));
    expect(references).toEqual([
      { kind: 'branch', name: 'main', object: id('b'), target: id('b') },
      { kind: 'branch', name: 'team/deep/topic', object: id('topic'), target: id('topic') },
      { kind: 'tag', name: 'light', object: id('b'), target: id('b') },
      { kind: 'tag', name: 'v1', object, target: id('a') },
    ]);
  });

  it('are references to the last of very many', async () => {
    const names = Array.from({ length: 230 }, (_, index) => `t${String(index).padStart(3, '0')}`);
    for (const name of names) sandbox.git(origin, 'tag', name, id('a'));
    const { references } = await readReferences(await connect());
    expect(references.filter(({ kind }) => kind === 'tag').map(({ name }) => name)).toEqual(['light', ...names, 'v1']);
  });

  it('are open merge requests, from forks too, and what is being merged', async () => {
    project.addMergeRequest({ iid: 1, head: id('a'), state: 'merged' });
    project.addMergeRequest({ iid: 2, head: id('a'), state: 'closed' });
    project.addMergeRequest({ iid: 3, head: id('topic'), fork: 'somebody/app', branch: 'Fix/It' });
    project.addMergeRequest({
      iid: 4,
      head: id('b'),
      fork: null,
      branch: 'own',
      target: 'team/deep/topic',
      draft: true,
    });
    project.addMergeRequest({ iid: 5, head: id('topic'), state: 'locked', branch: 'own' });
    expect(await readMergeRequests(await connect())).toEqual({
      pullRequests: [
        { number: 3, head: id('topic'), baseBranch: 'main', headBranch: 'Fix/It' },
        { number: 4, head: id('b'), baseBranch: 'team/deep/topic', headBranch: 'own' },
        { number: 5, head: id('topic'), baseBranch: 'main', headBranch: 'own' },
      ],
      testMerges: new Map(),
    });
  });

  it.each([
    ['locked', 'opened', 1],
    ['locked', 'opened', 2],
    ['opened', 'locked', 1],
    ['opened', 'locked', 2],
  ] as const)('are merge requests also when one changes from %s to %s after list %i', async (before, after, lists) => {
    project.addMergeRequest({ iid: 5, head: id('topic'), state: before, branch: 'own' });
    let asked = 0;
    fake.onRequest = ({ path }) => {
      if (path.includes('/merge_requests')) asked += 1;
      if (asked === lists + 1) project.updateMergeRequest(5, { state: after });
      return undefined;
    };
    expect((await readMergeRequests(await connect())).pullRequests.map(({ number }) => number)).toEqual([5]);
    expect(asked).toBe(3);
  });

  it('are releases, upcoming ones as drafts, with the commit that stays when the tag goes', async () => {
    project.addRelease({ tag: 'v1', releasedAt: '2026-02-01T00:00:00Z' });
    project.addRelease({ tag: 'gone', commit: id('topic'), releasedAt: DAY });
    project.addRelease({ tag: 'lost', commit: null, releasedAt: DAY });
    project.addRelease({ tag: 'light', releasedAt: '2099-01-01T00:00:00Z' });
    expect(await readReleases(await connect())).toEqual([
      { tag: 'v1', isDraft: false, date: at('2026-02-01T00:00:00Z'), target: id('a') },
      { tag: 'gone', isDraft: false, date: at(DAY), target: id('topic') },
      { tag: 'lost', isDraft: false, date: at(DAY) },
      { tag: 'light', isDraft: true, date: at('2099-01-01T00:00:00Z'), target: id('b') },
    ]);
  });

  it('are deployments with what became of them, newest first', async () => {
    project.addDeployment({ environment: 'production', commit: id('a') });
    project.addDeployment({ environment: 'production', commit: id('b') });
    for (const status of ['failed', 'canceled', 'skipped', 'running', 'blocked', 'created'] as const)
      project.addDeployment({ environment: 'production', commit: id('b'), status });
    project.addDeployment({ environment: 'staging', commit: id('topic') });
    const { deployments, commits } = await readDeployments(await connect());
    expect(deployments.map(({ environment, state, commit }) => [environment, state, commit])).toEqual([
      ['staging', 'active', id('topic')],
      ['production', 'pending', id('b')],
      ['production', 'pending', id('b')],
      ['production', 'pending', id('b')],
      ['production', 'failed', id('b')],
      ['production', 'failed', id('b')],
      ['production', 'failed', id('b')],
      ['production', 'active', id('b')],
      ['production', 'inactive', id('a')],
    ]);
    expect(commits).toEqual([id('topic'), id('b'), id('a')]);
  });

  it('are deployments to stopped environments as past ones, and what never began there as failed', async () => {
    project.addEnvironment({ name: 'review/old', state: 'stopped' });
    project.addDeployment({ environment: 'review/old', commit: id('topic') });
    project.addDeployment({ environment: 'review/old', commit: id('topic'), status: 'created' });
    project.addDeployment({ environment: 'review/old', commit: id('topic'), status: 'running' });
    project.addEnvironment({ name: 'review/ending', state: 'stopping' });
    project.addDeployment({ environment: 'review/ending', commit: id('b') });
    const { deployments, commits } = await readDeployments(await connect());
    expect(deployments.map(({ environment, state }) => [environment, state])).toEqual([
      ['review/ending', 'active'],
      ['review/old', 'pending'],
      ['review/old', 'failed'],
      ['review/old', 'inactive'],
    ]);
    expect(commits).toEqual([id('b')]);
  });

  it('are deployments that started a stopped environment again after it was looked at', async () => {
    project.addEnvironment({ name: 'review/7', state: 'stopped', updatedAt: '2026-03-01T00:00:00.000Z' });
    const old = { environment: 'review/7', commit: id('a'), updatedAt: '2026-02-01T00:00:00.000Z' };
    project.addDeployment(old);
    project.addDeployment({ ...old, commit: id('b'), updatedAt: '2026-03-01T00:00:00.001Z' });
    const { deployments } = await readDeployments(await connect());
    expect(deployments.map(({ commit, state }) => [commit, state])).toEqual([
      [id('b'), 'active'],
      [id('a'), 'inactive'],
    ]);
  });

  it('is asked in the order in which commits move: merge requests, releases, branches, tags, deployments', async () => {
    await readForge(await connect({ kind: 'job' }), { rules: ALL, mayReadProject: false });
    const base = '/api/v4/projects/group%2Fapp';
    const page = 'per_page=100&';
    expect(fake.requestLog()).toEqual([
      `GET ${base}/merge_requests?${page}state=locked&scope=all&order_by=created_at&sort=asc 200`,
      `GET ${base}/merge_requests?${page}state=opened&scope=all&order_by=created_at&sort=asc 200`,
      `GET ${base}/merge_requests?${page}state=locked&scope=all&order_by=created_at&sort=asc 200`,
      `GET ${base}/releases?${page}order_by=created_at&sort=asc 200`,
      `GET ${base}/repository/branches?${page}pagination=keyset&sort=name_asc 200`,
      `GET ${base}/repository/tags?${page}pagination=keyset&order_by=name&sort=asc 200`,
      `GET ${base}/environments?per_page=100 200`,
      `GET ${base}/deployments?${page}order_by=updated_at&sort=asc&updated_after=<date> 200`,
    ]);
  });

  it('is asked for nothing that only a rule that is off needs', async () => {
    const rules = { pullRequests: false, releases: false, deployments: false };
    expect(Object.keys(await readForge(await connect(), { rules, mayReadProject: true }))).toEqual(['listed']);
    const paths = fake.requests.map(({ path }) => path.replace(/\?.*/, '').replace('/api/v4/projects/group%2Fapp', ''));
    expect(paths).toEqual(['', '/repository/branches', '/repository/tags']);
  });

  it.each([
    [
      'a token of another scope',
      { kind: 'private', scopes: ['read_registry'] },
      /needs the scope read_api and the role/,
    ],
    [
      'a guest',
      { kind: 'private', level: 'guest' },
      /the role Reporter.*Or switch the rule off with mergeRequests: false/,
    ],
    ['a job of another project', { kind: 'job', project: 'group/other' }, /give gitlab-token.*gitlab-project/],
    ['a job that is over', { kind: 'job', state: 'revoked' }, /CI_JOB_TOKEN only while its job runs/],
    ['nobody known', { kind: 'private', state: 'expired' }, /wrong, expired or revoked/],
  ] as const)('stops for %s and says what is missing', async (_, token, hint) => {
    fake.addProject('group/other');
    const source = await connect(token);
    const error = await failure(readForge(source, { rules: ALL, mayReadProject: token.kind !== 'job' }));
    expect(error.hint).toMatch(hint);
  });

  it('shows of a project that everybody sees all but what nobody may see without a token', async () => {
    project.visibility = 'public';
    const source = await open(fake.serverUrl, { token: 'none' });
    const { listed } = await readForge(source, { rules: { ...ALL, deployments: false }, mayReadProject: true });
    expect(listed.references).toHaveLength(4);
  });

  it('sends who misspells the project to the name, and not to fewer rules', async () => {
    const source = { ...(await connect()), project: 'group/nowhere' };
    const error = await failure(readForge(source, { rules: ALL, mayReadProject: true }));
    expect(error.hint).toContain('check the name. It is that of the option gitlab-project');
    expect(error.hint).not.toContain('switch the rule off');
  });

  it('is the same whatever the case of its letters', async () => {
    const source = { ...(await connect()), project: 'Group/App' };
    const { listed } = await readForge(source, { rules: { ...ALL, deployments: false }, mayReadProject: true });
    expect(listed.references).toHaveLength(4);
  });

  describe('finds what a commit tested', () => {
    async function search(commits: readonly string[]): Promise<ReadonlyMap<CommitId, CommitId>> {
      const graph = buildCommitGraph([
        { id: id('a'), date: at(DAY), parents: [] },
        { id: id('b'), date: at(DAY), parents: [id('a')] },
        { id: id('topic'), date: at(DAY), parents: [id('a')] },
      ]);
      return findTestMerges(await connect({ kind: 'job' }), { commits, graph, heads: [id('topic')] });
    }

    it('of an open merge request, by the start of its id, also when the merge is an old one', async () => {
      const old = project.addMergeRequest({ iid: 3, head: id('a') }).mergeRef!;
      const now = project.updateMergeRequest(3, { head: id('topic') }).mergeRef!;
      expect(await search([old.slice(0, 8), now])).toEqual(
        new Map([
          [old, id('a')],
          [now, id('topic')],
        ]),
      );
    });

    it('and leaves out what merges something else, is no merge, no commit, or not there', async () => {
      const other = project.addMergeRequest({ iid: 4, head: id('b'), target: 'team/deep/topic' }).mergeRef!;
      const tree = sandbox.git(origin, 'rev-parse', 'main^{tree}');
      const branch = 'abcdef0';
      sandbox.git(origin, 'branch', branch, project.addMergeRequest({ iid: 5, head: id('topic') }).mergeRef!);
      expect(await search([other, id('b'), tree, branch, 'f'.repeat(40)])).toEqual(new Map());
    });

    it('and asks nothing without a commit or an open merge request, nor for what is no commit', async () => {
      expect(await search([])).toEqual(new Map());
      expect(await search(['../..', 'main', 'ABCDEF0'])).toEqual(new Map());
      const graph = buildCommitGraph([]);
      await findTestMerges(await connect(), { commits: ['abcdef0'], graph, heads: [] });
      expect(fake.requests).toEqual([]);
    });

    it('and stops where commits are hidden from a token that may read the lists', async () => {
      const source = await scripted(() => refuse(404, '404 Project Not Found'));
      const graph = buildCommitGraph([{ id: id('topic'), date: at(DAY), parents: [] }]);
      const error = await failure(findTestMerges(source, { commits: ['abcdef0'], graph, heads: [id('topic')] }));
      expect(error.message).toContain(`does not show the commit ${id('topic')}`);
      expect(error.hint).toContain('read_api');
      expect(error.details).toMatchObject({ cause: 'FORBIDDEN' });
    });

    it('and stops for more than can be asked', async () => {
      const commits = Array.from({ length: 20_001 }, (_, index) => (index + 0x10_00_00_00).toString(16));
      const error = await failure(search(commits));
      expect(error.message).toContain('20001 commits');
      expect(error.hint).toContain('mergeRequests: false');
      expect(fake.requests).toEqual([]);
    });
  });
});

/** The path of the list that a request asks for: `branches`. */
const listOf = (url: string): string => /\/([a-z_]+)(?:\?|$)/.exec(url)?.[1] ?? '';
const SHA = 'a'.repeat(40);

describe('a merge request without a commit in the list', () => {
  const answer =
    (head: ReturnType<typeof json>): Script =>
    ({ url }) => {
      if (url.includes('refs%2Fmerge-requests%2F7%2Fhead')) return head;
      return json(
        url.includes('state=opened') ? [{ iid: 7, sha: null, source_branch: 'fix', target_branch: 'main' }] : [],
      );
    };

  it('has the one of its reference', async () => {
    const source = await scripted(answer(json({ id: SHA, parent_ids: [] })));
    const { pullRequests } = await readMergeRequests(source);
    expect(pullRequests).toEqual([{ number: 7, head: SHA, baseBranch: 'main', headBranch: 'fix' }]);
    expect(warnings).toEqual([]);
  });

  it('protects nothing where GitLab has no reference either, and that is told', async () => {
    const source = await scripted(answer(refuse(404, '404 Commit Not Found')));
    expect((await readMergeRequests(source)).pullRequests).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('!7')]);
  });

  it('stops the run where nobody may tell', async () => {
    const source = await scripted(answer(refuse(403, '403 Forbidden')));
    expect((await failure(readMergeRequests(source))).details).toMatchObject({ cause: 'FORBIDDEN' });
  });
});

describe('a tag that ends at no commit', () => {
  it('is listed as what it holds', async () => {
    const tag = { name: 'tree', target: SHA, commit: null };
    const source = await scripted(({ url }) => json(listOf(url) === 'tags' ? [tag] : []));
    expect(await readReferences(source)).toEqual({ references: [{ kind: 'tag', name: 'tree', object: SHA }] });
  });
});

describe('the last deployment that succeeded', () => {
  const row = (number: number, changes: object) => ({
    id: number,
    sha: String(number).repeat(40),
    status: 'success',
    created_at: DAY,
    updated_at: `2026-01-01T00:00:0${number}.000Z`,
    environment: { id: 1, name: 'production' },
    deployable: null,
    ...changes,
  });
  const later = '2026-01-02T00:00:00.000Z';

  it.each([
    ['is the newest by number', [{}, {}], ['inactive', 'active']],
    ['is the one that changed last, too', [{ updated_at: later }, {}], ['active', 'active']],
    [
      'is the one whose job ended last, too',
      [{ deployable: { finished_at: later } }, { deployable: { finished_at: DAY } }],
      ['active', 'active'],
    ],
    [
      'is the one that changed last, whenever its job ended',
      [
        { updated_at: later, deployable: { finished_at: DAY } },
        { deployable: { finished_at: '2026-01-01T00:00:01Z' } },
      ],
      ['active', 'active'],
    ],
    ['is none that failed', [{}, { status: 'failed' }], ['active', 'failed']],
    ['is one in each environment', [{ environment: { id: 2, name: 'x' } }, {}], ['active', 'active']],
    [
      'does not matter for a word that nobody knows',
      [{ status: 'novel' }, { status: 'toString' }],
      ['unknown', 'unknown'],
    ],
  ])('%s', async (_, changes, states) => {
    const rows = changes.map((change, index) => row(index + 1, change));
    const sorted = rows.toSorted((a, b) => (a.updated_at < b.updated_at ? -1 : 1));
    const source = await scripted(({ url }) => json(listOf(url) === 'deployments' ? sorted : []));
    const { deployments } = await readDeployments(source);
    const byId = deployments.toSorted((a, b) => (a.commit < b.commit ? -1 : 1));
    expect(byId.map(({ state }) => state)).toEqual(states);
  });

  it('is active in an environment of a state that nobody knows', async () => {
    const environments = [{ id: 1, name: 'production', state: 'novel' }];
    const source = await scripted(({ url }) => json(listOf(url) === 'deployments' ? [row(1, {})] : environments));
    expect((await readDeployments(source)).deployments[0]?.state).toBe('active');
  });

  it('is inactive in a stopped environment that does not say since when', async () => {
    const environments = [{ id: 1, name: 'production', state: 'stopped' }];
    const source = await scripted(({ url }) => json(listOf(url) === 'deployments' ? [row(1, {})] : environments));
    expect((await readDeployments(source)).deployments[0]?.state).toBe('inactive');
  });
});

describe('a project that has moved', () => {
  it.each([
    [
      'is named with its new path',
      json({ path_with_namespace: 'group/new' }),
      /has moved to group\/new\.$/,
      /Name it group\/new with gitlab-project/,
    ],
    [
      'is told without it where nobody may see the new one',
      refuse(404, '404 Project Not Found'),
      /read what project 81 is/,
      /404/,
    ],
  ])('%s', async (_, answer, message, hint) => {
    const source = await scripted(({ url }) =>
      url === '/api/v4/projects/81' ? answer : { status: 301, headers: { location: '/api/v4/projects/81' } },
    );
    const error = await failure(readForge(source, { rules: ALL, mayReadProject: true }));
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
  });

  it('is seen where GitLab does not redirect', async () => {
    const source = await scripted(() => json({ path_with_namespace: 'group/new' }));
    const error = await failure(readForge(source, { rules: ALL, mayReadProject: true }));
    expect(error.message).toContain('has moved to group/new');
  });

  it('is told to a job that may not ask for the project', async () => {
    const source = await scripted(() => ({ status: 301, headers: { location: '/api/v4/projects/81/releases' } }));
    const error = await failure(readForge(source, { rules: ALL, mayReadProject: false }));
    expect(error.message).toContain('has moved to another path');
    expect(error.hint).toContain('gitlab-project');
  });
});

describe('an answer that is not understood stops the run and drops nothing', () => {
  const branch = { name: 'main', commit: { id: SHA }, default: true };
  const odd: ReadonlyArray<readonly [string, string, unknown]> = [
    ['a branch without a commit', 'branches', [branch, { name: 'odd', default: false }]],
    ['a branch with a shortened commit', 'branches', [{ ...branch, commit: { id: 'abc' } }]],
    ['a branch that does not say whether it is the default', 'branches', [{ name: 'main', commit: { id: SHA } }]],
    ['a tag without what it holds', 'tags', [{ name: 'v1', commit: { id: SHA } }]],
    ['a tag that does not say whether it has a commit', 'tags', [{ name: 'v1', target: SHA }]],
    ['a merge request without a target', 'merge_requests', [{ iid: 1, sha: SHA, source_branch: 'fix' }]],
    ['a merge request without a source', 'merge_requests', [{ iid: 1, sha: SHA, target_branch: 'main' }]],
    [
      'a merge request that does not say its commit',
      'merge_requests',
      [{ iid: 1, source_branch: 'fix', target_branch: 'main' }],
    ],
    ['a release without a date', 'releases', [{ tag_name: 'v1', released_at: null }]],
    ['a release with half a commit', 'releases', [{ tag_name: 'v1', released_at: DAY, commit: {} }]],
    ['an environment without a state', 'environments', [{ id: 1, name: 'production' }]],
    ['an environment that changed at no time', 'environments', [{ id: 1, state: 'stopped', updated_at: 'once' }]],
    ['a deployment without a commit', 'deployments', [{ id: 1, status: 'success' }]],
    ['deployments that are no list', 'deployments', {}],
  ];
  it.each(odd)('%s', async (_, list, answer) => {
    const source = await scripted(({ url }) => json(listOf(url) === list ? answer : []));
    const error = await failure(readForge(source, { rules: ALL, mayReadProject: false }));
    expect(error.details).toMatchObject({ cause: 'PROTOCOL' });
  });
});
