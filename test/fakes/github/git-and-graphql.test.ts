// The fake GitHub's REST and GraphQL interfaces and its Git tell of one and the same repository.

import { execFileSync, spawn } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGitSandbox, type GitSandbox } from '../../builders/git-repository.ts';
import { requireProgram } from '../../support/real-parts.ts';
import { type FakeGithub, startGithub } from './github.ts';
import type { FakeRepository } from './repositories.ts';

interface Connection<T> {
  readonly totalCount: number;
  readonly nodes: readonly T[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** What the queries below ask for. */
interface Result {
  readonly data: {
    readonly repository: {
      readonly refs: Connection<{ readonly name: string; readonly target: { readonly oid: string } }>;
      readonly deployments: Connection<unknown>;
    };
  };
  readonly errors?: readonly { readonly type?: string; readonly message: string }[];
}

const DAY = '2026-01-01T00:00:00Z';

describe.runIf(requireProgram('git'))('a repository of the fake GitHub', () => {
  let sandbox: GitSandbox;
  let github: FakeGithub;
  let repository: FakeRepository;
  let token: string;
  let id: (name: string) => string;

  beforeEach(async () => {
    sandbox = createGitSandbox();
    github = await startGithub();
    const directory = sandbox.bare('app.git');
    const commits = sandbox.add(directory, {
      commits: [
        { name: 'a', date: DAY },
        { name: 'b', date: DAY, parents: ['a'] },
        { name: 'c', date: DAY, parents: ['a'] },
        { name: 'd', date: DAY, parents: ['c'] },
      ],
      branches: { main: 'b', feature: 'c' },
      tags: { v1: { commit: 'a', date: DAY } },
    });
    id = (name) => commits.get(name)!;
    repository = github.addRepository('team/app', { directory });
    token = github.addToken();
  });
  afterEach(async () => {
    await github.close();
    sandbox.remove();
  });

  async function rest(path: string): Promise<unknown> {
    const response = await fetch(github.apiUrl + path, { headers: { authorization: `token ${token}` } });
    return response.json();
  }

  async function query(text: string, variables: object = {}, as: string = token): Promise<Result> {
    const response = await fetch(`${github.apiUrl}/graphql`, {
      method: 'POST',
      headers: { authorization: `bearer ${as}` },
      body: JSON.stringify({ query: text, variables }),
    });
    return (await response.json()) as Result;
  }

  /** Runs git as our program does: the credential in its environment. Not synchronous, because this process is the server. */
  function git(
    as: string | undefined,
    ...parameters: readonly string[]
  ): Promise<{ code: number | null; text: string }> {
    const basic = Buffer.from(`x-access-token:${as}`).toString('base64');
    const credential =
      as === undefined
        ? {}
        : {
            GIT_CONFIG_COUNT: '1',
            GIT_CONFIG_KEY_0: `http.${github.serverUrl}/.extraheader`,
            GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
          };
    const child = spawn('git', parameters, {
      cwd: sandbox.root,
      env: { ...sandbox.environment, ...credential, GIT_TERMINAL_PROMPT: '0' },
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    return new Promise((resolve) => child.on('close', (code) => resolve({ code, text })));
  }

  it('has the same refs for Git as for REST and GraphQL, also after they move', async () => {
    const told = async () => {
      const { text } = await git(token, 'ls-remote', `${github.serverUrl}/team/app.git`, 'refs/heads/*');
      const branches = (await rest('/repos/team/app/branches')) as { name: string; commit: { sha: string } }[];
      const { data } = await query(
        '{repository(owner:"team",name:"app"){refs(refPrefix:"refs/heads/",first:9){nodes{name target{oid}}}}}',
      );
      return [
        text
          .trim()
          .split('\n')
          .map((line) => line.split('\t').reverse().join(' ').replace('refs/heads/', '')),
        branches.map(({ name, commit }) => `${name} ${commit.sha}`),
        data.repository.refs.nodes.map(
          (ref: { name: string; target: { oid: string } }) => `${ref.name} ${ref.target.oid}`,
        ),
      ];
    };
    const before = [`feature ${id('c')}`, `main ${id('b')}`];
    expect(await told()).toEqual([before, before, before]);
    sandbox.git(repository.directory!, 'update-ref', 'refs/heads/feature', id('d'));
    const after = [`feature ${id('d')}`, `main ${id('b')}`];
    expect(await told()).toEqual([after, after, after]);
  });

  it('may name other refs in the interface than Git has', async () => {
    repository.refsInApiOnly.set('refs/heads/feature', null).set('refs/heads/only', 'f'.repeat(40));
    expect(await rest('/repos/team/app/branches')).toMatchObject([
      { name: 'main' },
      { name: 'only', commit: { sha: 'f'.repeat(40) } },
    ]);
  });

  it('makes the test merge of a pull request, and keeps the old ones without a ref', async () => {
    const first = repository.addPullRequest({ number: 7, head: id('c') });
    const second = repository.updatePullRequest(7, { head: id('d') });
    expect(second.mergeCommit).not.toBe(first.mergeCommit);
    expect(await rest('/repos/team/app/pulls/7')).toMatchObject({
      merge_commit_sha: second.mergeCommit,
      head: { sha: id('d') },
    });
    const refs = await git(token, 'ls-remote', `${github.serverUrl}/team/app`, 'refs/pull/*');
    expect(refs.text).toBe(`${id('d')}\trefs/pull/7/head\n${second.mergeCommit}\trefs/pull/7/merge\n`);
    const { data } = await query(
      '{repository(owner:"team",name:"app"){one:object(expression:"X"){...on Commit{oid parents(first:3){nodes{oid}}}} none:object(expression:"Y"){oid}}}'
        .replace('X', first.mergeCommit!)
        .replace('Y', '0'.repeat(40)),
    );
    expect(data.repository).toEqual({
      one: { oid: first.mergeCommit, parents: { nodes: [{ oid: id('b') }, { oid: id('c') }] } },
      none: null,
    });
    // A later change that is no push leaves the merge as it is.
    expect(repository.updatePullRequest(7, { title: 'Another' }).mergeCommit).toBe(second.mergeCommit);
  });

  it('gives commits without files to who knows the token, also those that no branch leads to', async () => {
    const { mergeCommit } = repository.addPullRequest({ number: 7, head: id('d') });
    sandbox.git(repository.directory!, 'update-ref', '-d', 'refs/pull/7/merge');
    await git(undefined, 'init', '--quiet', '--bare', 'ours.git');
    const url = `${github.serverUrl}/team/app.git`;
    const fetched = await git(
      token,
      '-C',
      'ours.git',
      'fetch',
      '--quiet',
      '--filter=tree:0',
      url,
      id('b'),
      mergeCommit!,
    );
    expect(fetched.code).toBe(0);
    const counted = execFileSync('git', ['-C', 'ours.git', 'rev-list', '--count', mergeCommit!], {
      cwd: sandbox.root,
      encoding: 'utf8',
    });
    expect(counted.trim()).toBe('5');
    const channels = new Set(github.requestLog({ channels: ['git'] }).map((line) => line.split('?')[0]));
    expect(channels).toContain('GET /team/app.git/info/refs');
  });

  it('is closed to everybody else, and open when it is public', async () => {
    const url = `${github.serverUrl}/team/app.git`;
    const codes = async () => [
      (await git(undefined, 'ls-remote', url)).code,
      (await git('ghs_wrong', 'ls-remote', url)).code,
      (await git(github.addToken({ kind: 'workflow', permissions: { contents: 'none' } }), 'ls-remote', url)).code,
      (await git(github.addToken({ kind: 'workflow', blind: ['team/app'] }), 'ls-remote', url)).code,
      (await git(token, 'ls-remote', `${github.serverUrl}/team/other.git`)).code,
      (await git(token, 'ls-remote', url)).code,
    ];
    expect(await codes()).toEqual([128, 128, 128, 128, 128, 0]);
    repository.visibility = 'public';
    expect((await codes())[0]).toBe(0);
  });

  it('has deployments with their states, in pages, of the environments that are asked for', async () => {
    repository.addDeployment({ environment: 'production', commit: id('a'), states: ['success', 'inactive'] });
    repository.addDeployment({ environment: 'staging', commit: id('b'), states: ['in_progress', 'failure'] });
    repository.addDeployment({ environment: 'production', commit: id('b'), states: ['success'] });
    repository.addDeployment({ environment: 'production', commit: id('c'), states: [] });
    const text = `query($after:String,$environments:[String!]){repository(owner:"team",name:"app"){
      deployments(first:2,after:$after,environments:$environments,orderBy:{field:CREATED_AT,direction:DESC}){
        totalCount pageInfo{hasNextPage endCursor} nodes{state environment commitOid createdAt latestStatus{state}}}}}`;
    const first = (await query(text)).data.repository.deployments;
    expect(first.nodes).toMatchObject([
      { state: 'PENDING', environment: 'production', commitOid: id('c'), latestStatus: null },
      { state: 'ACTIVE', environment: 'production', commitOid: id('b'), latestStatus: { state: 'SUCCESS' } },
    ]);
    const second = (await query(text, { after: first.pageInfo.endCursor })).data.repository.deployments;
    expect([first.totalCount, first.pageInfo.hasNextPage, second.pageInfo.hasNextPage]).toEqual([4, true, false]);
    expect(second.nodes).toMatchObject([{ state: 'FAILURE' }, { state: 'INACTIVE' }]);
    const staging = (await query(text, { environments: ['staging'] })).data.repository.deployments;
    expect(staging.nodes).toMatchObject([{ environment: 'staging' }]);
    expect(github.requestLog({ channels: ['graphql'] })[0]).toBe('POST /graphql (repository.deployments) 200');
    expect(await rest('/repos/team/app/environments')).toMatchObject({ total_count: 2 });
  });

  it('says in GraphQL with 200 and errors what is wrong with a query', async () => {
    const wrong = async (inner: string, as: string = token) =>
      (await query(`{repository(owner:"team",name:"app"){${inner}}}`, {}, as)).errors?.[0];
    expect((await wrong('deploymints{totalCount}'))?.message).toContain('deploymints');
    expect(await wrong('deployments{totalCount}')).toMatchObject({ type: 'MISSING_PAGINATION_BOUNDARIES' });
    expect(await wrong('deployments(first:101){totalCount}')).toMatchObject({ type: 'EXCESSIVE_PAGINATION' });
    const blind = github.addToken({ kind: 'workflow', permissions: { deployments: 'none' } });
    expect(await wrong('deployments(first:1){totalCount}', blind)).toMatchObject({ type: 'FORBIDDEN' });
    const nobody = await query('{repository(owner:"team",name:"none"){id}}');
    expect(nobody).toMatchObject({ data: { repository: null }, errors: [{ type: 'NOT_FOUND' }] });
    github.quota(token, 'graphql').used = 1000;
    expect(await query('{rateLimit{remaining}}')).toMatchObject({ errors: [{ type: 'RATE_LIMITED' }] });
  });

  it('tells a hundred objects in one query', async () => {
    const aliases = Array.from({ length: 100 }, (_, index) => `o${index}:object(expression:"${id('b')}"){oid}`);
    const { data } = await query(`{repository(owner:"team",name:"app"){${aliases.join(' ')}}}`);
    expect(Object.values(data.repository)).toEqual(Array.from({ length: 100 }, () => ({ oid: id('b') })));
  });

  it('has releases, drafts for those who may write, and files at a ref', async () => {
    repository.addRelease({ tag: 'v1' });
    repository.addRelease({ tag: 'v2', draft: true });
    expect(await rest('/repos/team/app/releases')).toMatchObject([
      { tag_name: 'v2', draft: true, published_at: null },
      { tag_name: 'v1' },
    ]);
    const file = (await rest(`/repos/team/app/contents/file?ref=${id('c')}`)) as { content: string };
    expect(Buffer.from(file.content, 'base64').toString('utf8')).toBe('content of c');
    expect(await rest('/repos/team/app/contents/none?ref=main')).toMatchObject({ message: 'Not Found' });
    token = github.addToken({ kind: 'workflow', permissions: { contents: 'read' } });
    expect(await rest('/repos/team/app/releases')).toMatchObject([{ tag_name: 'v1' }]);
  });

  it('has a pull request from a fork that is gone, without repository and user', async () => {
    repository.addPullRequest({ number: 8, head: id('c'), fork: null });
    expect(await rest('/repos/team/app/pulls')).toMatchObject([
      { number: 8, head: { sha: id('c'), repo: null, user: null } },
    ]);
  });
});
