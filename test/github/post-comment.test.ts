// The one comment on a pull request, at the stateful fake: found again, rewritten in place, and never somebody else's.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Github } from '../../src/github/github.ts';
import { type CommentOptions, type CommentOutcome, postComment } from '../../src/github/post-comment.ts';
import type { FakeToken } from '../fakes/github/access.ts';
import { type FakeGithub, startGithub } from '../fakes/github/github.ts';
import type { FakeRepository } from '../fakes/github/repositories.ts';
import { containing } from '../support/typed-matchers.ts';
import { openTestGithub } from './try-github.ts';

const MARKER = '<!-- registry-cleanup:plan -->';
const BOT = 'github-actions[bot]';

let fake: FakeGithub;
let repository: FakeRepository;
let github: Github;

beforeEach(async () => {
  fake = await startGithub();
  repository = fake.addRepository('team/app', { refs: { 'refs/heads/main': 'a'.repeat(40) } });
  repository.addPullRequest({ number: 7, head: 'b'.repeat(40), mergeCommit: null });
  github = await open({ kind: 'workflow' });
});
afterEach(async () => {
  await github.close();
  await fake.close();
});

async function open(token: FakeToken, options: Parameters<typeof openTestGithub>[1] = {}): Promise<Github> {
  return openTestGithub(fake.apiUrl, { token: fake.addToken(token), ...options });
}

function post(body: string, change: Partial<CommentOptions> = {}): Promise<CommentOutcome> {
  return postComment(github, { owner: 'team', name: 'app', number: 7, marker: MARKER, body, ...change });
}

function bodies(): readonly string[] {
  return repository.comments.map(({ author, body }) => `${author}: ${body.replace('\n', ' | ')}`);
}

describe('the comment', () => {
  it('is made once, and rewritten in place from then on', async () => {
    expect(await post('one')).toEqual({ kind: 'created' });
    expect(await post('two')).toEqual({ kind: 'updated' });
    expect(bodies()).toEqual([`${BOT}: ${MARKER} | two`]);
    expect(fake.violations).toEqual([]);
  });

  it('is left alone when it says the same already', async () => {
    await post('one\n\ntwo');
    repository.comments[0]!.body = repository.comments[0]!.body.replaceAll('\n', '\r\n');
    fake.clearRequests();
    expect(await post('one\n\ntwo')).toEqual({ kind: 'unchanged' });
    expect(fake.requestLog().filter((line) => !line.startsWith('GET') && !line.includes('/graphql'))).toEqual([]);
  });

  it('is never one of somebody else’s, whatever they write', async () => {
    repository.addComment({ issue: 7, author: 'mallory', body: `${MARKER}\nfake` });
    expect(await post('real')).toEqual({ kind: 'created' });
    repository.addComment({ issue: 7, author: 'mallory', body: `${MARKER}\nfake again` });
    expect(await post('real again')).toEqual({ kind: 'updated' });
    expect(bodies()).toEqual([
      `mallory: ${MARKER} | fake`,
      `${BOT}: ${MARKER} | real again`,
      `mallory: ${MARKER} | fake again`,
    ]);
  });

  it('is the newest of ours, and one of another key is another comment', async () => {
    for (const body of [
      `${MARKER}\nold`,
      `${MARKER}\nnew`,
      `quoted ${MARKER}`,
      '<!-- registry-cleanup:other -->\nother',
    ])
      repository.addComment({ issue: 7, author: BOT, body });
    expect(await post('now')).toEqual({ kind: 'updated' });
    expect(bodies().map((text) => text.split(': ').at(-1))).toEqual([
      `${MARKER} | old`,
      `${MARKER} | now`,
      `quoted ${MARKER}`,
      '<!-- registry-cleanup:other --> | other',
    ]);
  });

  it('is found on the last of many pages', async () => {
    for (let count = 0; count < 230; count += 1)
      repository.addComment({ issue: 7, author: 'ann', body: `say ${count}` });
    await post('one');
    expect(await post('two')).toEqual({ kind: 'updated' });
    expect(repository.comments).toHaveLength(231);
  });

  it('is made anew when it went in the meantime', async () => {
    await post('one');
    fake.onRequest = (request) => {
      if (request.method === 'PATCH') repository.comments.splice(0);
      return undefined;
    };
    expect(await post('two')).toEqual({ kind: 'created' });
    expect(bodies()).toEqual([`${BOT}: ${MARKER} | two`]);
  });

  it('is not written twice when the answer is lost', async () => {
    fake.onRequest = (request) => {
      if (request.method !== 'POST' || request.channel !== 'rest') return undefined;
      repository.addComment({ issue: 7, author: BOT, body: `${MARKER}\none` });
      return 'drop';
    };
    expect(await post('one')).toEqual({ kind: 'created' });
    expect(repository.comments).toHaveLength(1);
  });

  it('that was not written is an error', async () => {
    fake.fault(/^POST \/repos/, 'drop', 9);
    await expect(post('one')).rejects.toMatchObject({ name: 'NetworkError' });
    expect(repository.comments).toEqual([]);
  });

  it('may be written when the budget of writes is used', async () => {
    const token = fake.addToken({ kind: 'workflow' });
    fake.quota(token).used = 950;
    const other = await openTestGithub(fake.apiUrl, { token });
    expect(await postComment(other, { owner: 'team', name: 'app', number: 7, marker: MARKER, body: 'x' })).toEqual({
      kind: 'created',
    });
    await other.close();
  });
});

describe('a token that may not comment', () => {
  it.each<[string, FakeToken]>([
    ['of a fork’s pull request', { kind: 'workflow', permissions: { issues: 'read', 'pull-requests': 'read' } }],
    ['that may not even read', { kind: 'workflow', permissions: { issues: 'none', 'pull-requests': 'none' } }],
    ['that does not see the repository', { kind: 'workflow', blind: ['team/app'] }],
  ])('%s is told, and nothing is thrown', async (_, token) => {
    await github.close();
    github = await open(token);
    expect(await post('one')).toMatchObject({ kind: 'not-allowed', why: containing('pull request #7 of team/app') });
    expect(repository.comments).toEqual([]);
  });

  it('that nobody knows is an error', async () => {
    await github.close();
    github = await openTestGithub(fake.apiUrl, { token: 'ghs_unknown' });
    await expect(post('one')).rejects.toMatchObject({ code: 'AUTH' });
  });

  it('for a limit is an error, and not a missing right', async () => {
    fake.fault(/^POST \/repos/, { status: 403, json: { message: 'Wait' }, headers: { 'retry-after': '999' } });
    await expect(post('one')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });
});

describe('what is no comment', () => {
  it.each([
    ['a marker that ends early', { marker: '<!-- registry-cleanup:a-->b -->' }],
    ['a marker of two dashes', { marker: '<!-- registry-cleanup:a--b -->' }],
    ['no marker', { marker: '' }],
    ['more than GitHub takes', { body: 'x'.repeat(65_536) }],
  ])('is not sent: %s', async (_, change) => {
    await expect(post('one', change)).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(fake.requests).toEqual([]);
  });

  it('is not the longest one', async () => {
    const body = 'x'.repeat(65_535 - MARKER.length - 1);
    expect(await post(body)).toEqual({ kind: 'created' });
  });
});
