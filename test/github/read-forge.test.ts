// What protects images on GitHub, read from the stateful fake over a real repository, and from a server that answers oddly.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EvidenceError } from '../../src/errors.ts';
import { buildForge } from '../../src/forge/build-forge.ts';
import type { ForgeRules } from '../../src/forge/forge-source.ts';
import { buildCommitGraph } from '../../src/git/commit-graph.ts';
import { findTestMerges } from '../../src/github/find-test-merges.ts';
import type { Github } from '../../src/github/github.ts';
import { readDeployments } from '../../src/github/read-deployments.ts';
import { readForge } from '../../src/github/read-forge.ts';
import { readPullRequests } from '../../src/github/read-pull-requests.ts';
import { readReferences } from '../../src/github/read-references.ts';
import { readReleases } from '../../src/github/read-releases.ts';
import type { CommitId } from '../../src/model/history.ts';
import { createGitSandbox, type GitSandbox } from '../builders/git-repository.ts';
import { at, commitIdOf, historyOf } from '../builders/history.ts';
import type { FakeToken } from '../fakes/github/access.ts';
import { type FakeGithub, startGithub } from '../fakes/github/github.ts';
import type { FakeRepository } from '../fakes/github/repositories.ts';
import { requireProgram } from '../support/real-parts.ts';
import { type Script, startScriptedServer } from '../support/scripted-server.ts';
import { json, openTestGithub } from './try-github.ts';

const REPOSITORY = { owner: 'acme', name: 'shop' };
const ALL: ForgeRules = { pullRequests: true, releases: true, deployments: true };
const DAY = '2026-01-01T00:00:00Z';
/** As GraphQL has it. */
const DEPLOYMENT = {
  id: 'DE_1',
  environment: 'production',
  commitOid: 'a'.repeat(40),
  commit: null,
  state: 'ACTIVE',
  createdAt: DAY,
};

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** A GitHub that answers every request as the script says. */
async function scripted(script: Script): Promise<Github> {
  const server = await startScriptedServer(script);
  closing.push(() => server.stop());
  const github = await openTestGithub(server.origin);
  closing.push(() => github.close());
  return github;
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

describe.runIf(requireProgram('git'))('what GitHub knows', () => {
  let sandbox: GitSandbox;
  let fake: FakeGithub;
  let origin: string;
  let repository: FakeRepository;
  let ids: ReadonlyMap<string, CommitId>;

  beforeEach(async () => {
    sandbox = createGitSandbox();
    fake = await startGithub();
    closing.push(async () => {
      await fake.close();
      sandbox.remove();
    });
    origin = sandbox.bare('shop.git');
    ids = sandbox.add(origin, {
      commits: [
        { name: 'a', date: DAY },
        { name: 'b', date: DAY, parents: ['a'] },
        { name: 'topic', date: DAY, parents: ['a'] },
      ],
      branches: { main: 'b', 'team/deep/topic': 'topic' },
      tags: { light: 'a', v1: { commit: 'b', date: DAY } },
    });
    repository = fake.addRepository('acme/shop', { directory: origin });
  });

  const id = (name: string): CommitId => ids.get(name)!;
  async function connect(token: FakeToken = { kind: 'workflow' }, apiUrl = fake.apiUrl): Promise<Github> {
    const github = await openTestGithub(apiUrl, { token: fake.addToken(token) });
    closing.push(() => github.close());
    return github;
  }

  it('lists branches and tags with nested names, an annotated tag by its tag object', async () => {
    const tag = sandbox.git(origin, 'rev-parse', 'v1') as CommitId;
    expect(tag).not.toBe(id('b'));
    expect(await readReferences(await connect(), REPOSITORY)).toEqual({
      references: [
        { kind: 'branch', name: 'main', object: id('b'), target: id('b') },
        { kind: 'branch', name: 'team/deep/topic', object: id('topic'), target: id('topic') },
        { kind: 'tag', name: 'light', object: id('a'), target: id('a') },
        { kind: 'tag', name: 'v1', object: tag },
      ],
      defaultBranch: 'main',
    });
  });

  it('lists the same of an Enterprise Server', async () => {
    const github = await connect(undefined, fake.enterpriseApiUrl);
    expect((await readReferences(github, REPOSITORY)).references).toHaveLength(4);
    repository.addDeployment({ environment: 'production', commit: id('a') });
    expect((await readDeployments(github, REPOSITORY)).deployments).toHaveLength(1);
  });

  it('names no default branch that is not there', async () => {
    repository.defaultBranch = 'trunk';
    expect(await readReferences(await connect(), REPOSITORY)).not.toHaveProperty('defaultBranch');
  });

  it('lists 2,345 branches, a hundred a request', async () => {
    for (let number = 0; number < 2345; number += 1) repository.refsInApiOnly.set(`refs/heads/b/${number}`, id('a'));
    const { references } = await readReferences(await connect(), REPOSITORY);
    expect(references).toHaveLength(2349);
    expect(new Set(references.map(({ name }) => name)).size).toBe(2349);
  });

  it('lists open pull requests, those from forks too, with the merges that test them', async () => {
    const first = repository.addPullRequest({ number: 3, head: id('topic') });
    repository.addPullRequest({ number: 4, head: id('a'), fork: 'somebody/shop', mergeCommit: null });
    repository.addPullRequest({ number: 5, head: id('b'), state: 'closed' });
    repository.addPullRequest({ number: 6, head: id('b'), fork: null, base: 'team/deep/topic', mergeCommit: null });
    const { pullRequests, testMerges } = await readPullRequests(await connect(), REPOSITORY);
    expect(pullRequests.toSorted((a, b) => a.number - b.number)).toEqual([
      { number: 3, head: id('topic'), baseBranch: 'main' },
      { number: 4, head: id('a'), baseBranch: 'main' },
      { number: 6, head: id('b'), baseBranch: 'team/deep/topic' },
    ]);
    expect([...testMerges]).toEqual([[first.mergeCommit, id('topic')]]);
  });

  it('lists releases, and drafts where the token may see them', async () => {
    repository.addRelease({ tag: 'v1', createdAt: DAY, publishedAt: '2026-02-01T00:00:00Z' });
    repository.addRelease({ tag: 'v2', draft: true, createdAt: DAY, target: 'team/deep/topic' });
    expect(await readReleases(await connect(), REPOSITORY)).toEqual([
      { tag: 'v2', isDraft: true, date: at(DAY), target: 'team/deep/topic' },
      { tag: 'v1', isDraft: false, date: at('2026-02-01T00:00:00Z') },
    ]);
    const reader = await connect({ kind: 'workflow', permissions: { contents: 'read' } });
    expect((await readReleases(reader, REPOSITORY)).map(({ tag }) => tag)).toEqual(['v1']);
  });

  it('lists deployments over several pages, newest first, with the state that protects', async () => {
    const states = ['success', 'inactive', 'pending', 'queued', 'waiting', 'in_progress', 'error', 'failure'] as const;
    for (const state of states) repository.addDeployment({ environment: state, commit: id('a'), states: [state] });
    repository.addDeployment({ environment: 'none', commit: id('b'), states: [] });
    for (let number = 0; number < 241; number += 1)
      repository.addDeployment({ environment: 'preview', commit: id('topic'), states: ['success', 'inactive'] });
    const github = await connect();
    fake.clearRequests();
    const { deployments, commits } = await readDeployments(github, REPOSITORY);
    expect(fake.requestLog()).toHaveLength(3);
    expect(deployments).toHaveLength(250);
    expect(deployments.map(({ createdAt }) => createdAt)).toEqual(
      deployments.map(({ createdAt }) => createdAt).toSorted((a, b) => b - a),
    );
    expect(Object.fromEntries(deployments.map(({ environment, state }) => [environment, state]))).toEqual({
      success: 'active',
      inactive: 'inactive',
      pending: 'pending',
      queued: 'pending',
      waiting: 'pending',
      in_progress: 'pending',
      none: 'pending',
      error: 'failed',
      failure: 'failed',
      preview: 'inactive',
    });
    expect([...commits].sort()).toEqual([id('a'), id('b'), id('topic')].sort());
  });

  it('takes a deployment without any status for one that waits for it', async () => {
    const deployments = {
      totalCount: 1,
      pageInfo: { hasNextPage: false, endCursor: null },
      nodes: [{ ...DEPLOYMENT, state: null }],
    };
    const github = await scripted(() => json({ data: { repository: { deployments } } }));
    expect((await readDeployments(github, REPOSITORY)).deployments).toMatchObject([{ state: 'pending' }]);
  });

  it('tells a deployed commit that GitHub has no more from one that it has', async () => {
    const gone = 'd'.repeat(40);
    repository.addDeployment({ environment: 'production', commit: gone });
    const { deployments, commits } = await readDeployments(await connect(), REPOSITORY);
    expect(deployments.map(({ commit }) => commit)).toEqual([gone]);
    expect(commits).toEqual([]);
  });

  it('reads deployments again when one is made meanwhile, and stops when they never stand still', async () => {
    for (let number = 0; number < 150; number += 1) repository.addDeployment({ environment: 'e', commit: id('a') });
    const github = await connect();
    let left = 1;
    fake.onRequest = () => {
      if (left > 0 && fake.requestLog({ channels: ['graphql'] }).length % 2 === 0) {
        repository.addDeployment({ environment: 'e', commit: id('b') });
        left -= 1;
      }
      return undefined;
    };
    expect((await readDeployments(github, REPOSITORY)).deployments).toHaveLength(151);
    left = 1000;
    expect((await failure(readDeployments(github, REPOSITORY))).message).toContain('keep changing');
  });

  it('asks for nothing that only a rule that is off needs', async () => {
    const github = await connect({
      kind: 'workflow',
      permissions: { 'pull-requests': 'none', deployments: 'none', contents: 'read' },
    });
    const reading = await readForge(github, REPOSITORY, { pullRequests: false, releases: false, deployments: false });
    const log = fake.requestLog().join('\n');
    for (const word of ['pulls', 'releases', 'graphql']) expect(log).not.toContain(word);
    const history = historyOf({ commits: [], references: [] });
    const names = { title: 'GitHub', requestName: 'pull request', repository: 'acme/shop' } as const;
    expect(Object.keys(buildForge({ ...names, ...reading }, history, new Map())).sort()).toEqual([
      'complete',
      'repository',
      'requestName',
      'testMerges',
      'title',
    ]);
  });

  it('asks in the order in which commits move: pull requests, drafts, branches, tags, deployments', async () => {
    await readForge(await connect(), REPOSITORY, ALL);
    const asked = fake
      .requestLog()
      .map((line) => /pulls|releases|branches|tags|graphql/.exec(line)?.[0] ?? 'repository');
    expect(asked).toEqual(['pulls', 'releases', 'repository', 'branches', 'tags', 'graphql']);
  });

  it.each([
    ['pull-requests', 'pull-requests: read', 'pullRequests: false'],
    ['contents', 'contents: read', 'releases: false'],
    ['deployments', 'deployments: read', 'deployments: false'],
  ] as const)('stops without the right %s, names it, and says how to do without', async (right, need, instead) => {
    const github = await connect({ kind: 'workflow', permissions: { [right]: 'none' } });
    const error = await failure(readForge(github, REPOSITORY, ALL));
    expect(error.hint).toContain(need);
    expect(error.hint).toContain(instead);
  });

  it('sends who misspells the repository to the name, and not to fewer rules', async () => {
    const error = await failure(readForge(await connect(), { ...REPOSITORY, name: 'nowhere' }, ALL));
    expect(error.hint).toContain('check the name. It is that of the option github-repository');
    expect(error.hint).not.toContain('switch the rule off');
  });

  it('stops without the right to read references, and offers to ask no forge', async () => {
    const github = await connect({ kind: 'workflow', permissions: { contents: 'none' } });
    const error = await failure(readForge(github, REPOSITORY, { ...ALL, releases: false }));
    expect(error.hint).toContain('contents: read');
    expect(error.hint).toContain('without-forge');
  });

  it('keeps what GitHub says of a limit', async () => {
    const token = fake.addToken({ kind: 'workflow' });
    const github = await openTestGithub(fake.apiUrl, { token });
    closing.push(() => github.close());
    Object.assign(fake.quota(token), { used: 1000, resetAtMs: Date.now() + 3_000_000 });
    const error = await failure(readForge(github, REPOSITORY, ALL));
    expect(error.message).toContain('no more requests of this token until');
    expect(error.hint).toContain('The limit resets at');
    expect(error.hint).not.toContain('switch the rule off');
  });

  describe('finds what a commit tested', () => {
    async function search(commits: readonly string[]): Promise<ReadonlyMap<CommitId, CommitId>> {
      const graph = buildCommitGraph([
        { id: id('a'), date: at(DAY), parents: [] },
        { id: id('b'), date: at(DAY), parents: [id('a')] },
        { id: id('topic'), date: at(DAY), parents: [id('a')] },
      ]);
      return findTestMerges(await connect(), REPOSITORY, { commits, graph, heads: [id('topic')] });
    }

    it('of an open pull request, by the start of its id, also when the merge is an old one', async () => {
      const old = repository.addPullRequest({ number: 3, head: id('a') }).mergeCommit!;
      const now = repository.updatePullRequest(3, { head: id('topic') }).mergeCommit!;
      expect(await search([old.slice(0, 7), now])).toEqual(
        new Map([
          [old, id('a')],
          [now, id('topic')],
        ]),
      );
    });

    it('and leaves out what merges something else, is no merge, no commit, or not there', async () => {
      const other = repository.addPullRequest({ number: 4, head: id('b'), base: 'team/deep/topic' }).mergeCommit!;
      expect(sandbox.git(origin, 'rev-parse', `${other}^2`)).toBe(id('b'));
      const tree = sandbox.git(origin, 'rev-parse', 'main^{tree}');
      const branch = 'abcdef0';
      repository.addPullRequest({ number: 5, head: id('topic') });
      sandbox.git(origin, 'update-ref', `refs/heads/${branch}`, 'refs/pull/5/merge');
      const missing = ['f'.repeat(40), '1234567', tree, id('a'), other, branch, 'no hex', 'abc'];
      expect(await search(missing)).toEqual(new Map());
    });

    it('with a query for each hundred', async () => {
      fake.clearRequests();
      const commits = Array.from({ length: 250 }, (_, number) => commitIdOf(`unknown ${number}`));
      expect(await search(commits)).toEqual(new Map());
      expect(fake.requestLog()).toHaveLength(3);
    });
  });
});

describe('an answer that is not understood stops the run and drops nothing', () => {
  const branch = { name: 'main', commit: { sha: 'a'.repeat(40) } };
  const odd: ReadonlyArray<readonly [string, RegExp, unknown]> = [
    ['a branch without a commit', /branches/, [branch, { name: 'odd' }]],
    ['a branch with a shortened commit', /branches/, [branch, { name: 'odd', commit: { sha: 'abc' } }]],
    ['a tag of an unknown kind', /tags/, [{ ref: 'refs/tags/x', object: { sha: 'a'.repeat(40), type: 'novel' } }]],
    ['a ref that is no tag', /tags/, [{ ref: 'refs/heads/x', object: { sha: 'a'.repeat(40), type: 'commit' } }]],
    ['a pull request without a head', /pulls/, [{ number: 1, base: { ref: 'main' } }]],
    [
      'a published release without a date',
      /releases/,
      [{ tag_name: 'v1', target_commitish: 'main', draft: false, created_at: DAY, published_at: null }],
    ],
    [
      'a deployment without a commit',
      /graphql/,
      {
        data: {
          repository: {
            deployments: {
              totalCount: 1,
              pageInfo: { hasNextPage: false },
              nodes: [null],
            },
          },
        },
      },
    ],
    ['no repository', /graphql/, { data: { repository: null } }],
    [
      'a deployment twice, where another one is missing',
      /graphql/,
      {
        data: {
          repository: {
            deployments: {
              totalCount: 2,
              pageInfo: { hasNextPage: false, endCursor: null },
              nodes: [DEPLOYMENT, DEPLOYMENT],
            },
          },
        },
      },
    ],
    [
      'fewer deployments than there are',
      /graphql/,
      {
        data: {
          repository: {
            deployments: {
              totalCount: 7,
              pageInfo: { hasNextPage: false, endCursor: null },
              nodes: [],
            },
          },
        },
      },
    ],
  ];
  it.each(odd)('%s', async (_, path, answer) => {
    const github = await scripted(({ url }) => {
      if (path.test(url)) return json(answer);
      if (url.endsWith('/repos/acme/shop')) return json({ default_branch: 'main' });
      return json([]);
    });
    const error = await failure(readForge(github, REPOSITORY, ALL));
    expect(error.details).toMatchObject({ cause: 'PROTOCOL' });
  });

  it('but a state of a deployment that we do not know is only unknown', async () => {
    const node = { id: 'x', environment: 'e', commitOid: 'a'.repeat(40), commit: null, createdAt: DAY };
    const github = await scripted(() =>
      json({
        data: {
          repository: {
            deployments: {
              totalCount: 4,
              pageInfo: { hasNextPage: false, endCursor: null },
              nodes: ['NOVEL', 'toString', 'DESTROYED', 'ABANDONED'].map((state) => ({ ...node, id: state, state })),
            },
          },
        },
      }),
    );
    const { deployments } = await readDeployments(github, REPOSITORY);
    expect(deployments.map(({ state }) => state)).toEqual(['unknown', 'unknown', 'inactive', 'inactive']);
  });
});
