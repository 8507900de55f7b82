// Every answer of the fake GitHub obeys GitHub's published description, and so must every request.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { description } from './description.ts';
import { type FakeGithub, startGithub } from './github.ts';
import { prepareWalk, takeStep, type Walk } from './walk.ts';

let github: FakeGithub;
let walk: Walk;

beforeEach(async () => {
  github = await startGithub();
  walk = prepareWalk(github);
});
afterEach(async () => {
  await github.close();
  walk.remove();
});

describe('the fake GitHub and the published description', () => {
  it('walks over every operation of the extract', () => {
    expect(new Set(walk.steps.map(({ operation }) => operation))).toEqual(
      new Set(description.operations.map(({ id }) => id)),
    );
    expect(description.operations.length).toBeGreaterThan(30);
  });

  it('answers every operation as it is described', async () => {
    for (const step of walk.steps) {
      const { status, text } = await takeStep(github.apiUrl, step);
      expect(status, `${step.method} ${step.path}: ${text}`).toBe(step.expected);
      const problems = description.checkAnswer(step.operation, status, text === '' ? undefined : JSON.parse(text));
      expect(problems, step.operation).toEqual([]);
    }
  });

  it('tells a wrong answer from a right one', () => {
    expect(description.checkAnswer('repos/get', 200, { id: 'one' }).length).toBeGreaterThan(10);
    expect(description.checkAnswer('repos/get', 418, {})).toEqual(['repos/get has no answer 418']);
  });

  it.each([
    ['a page that is no number', '/repos/team/app/branches?page=one', 422],
    ['a state that there is not', '/orgs/team/packages/container/app%2Fbase/versions?state=gone', 422],
    ['a version id that is no number', '/orgs/team/packages/container/app%2Fbase/versions/v1', 422],
    ['a kind of package that there is not', '/orgs/team/packages/images/app%2Fbase', 422],
    ['a nested name that is not escaped', '/orgs/team/packages/container/app/base/versions', 404],
    ['a path that there is not', '/repos/team/app/branchs', 404],
  ])('refuses %s', async (_, path, status) => {
    const token = github.addToken();
    const response = await fetch(github.apiUrl + path, { headers: { authorization: `token ${token}` } });
    expect(response.status).toBe(status);
  });

  it('refuses a comment without a text, one that is too long, and what is no JSON', async () => {
    const authorization = `token ${github.addToken()}`;
    const post = async (body: string) =>
      (
        await fetch(`${github.apiUrl}/repos/team/app/issues/1/comments`, {
          method: 'POST',
          headers: { authorization },
          body,
        })
      ).status;
    expect(await post('{}')).toBe(422);
    expect(await post(JSON.stringify({ body: 'x'.repeat(65_537) }))).toBe(422);
    expect(await post(JSON.stringify({ body: 'x'.repeat(65_536) }))).toBe(201);
    expect(await post('{"body":')).toBe(400);
  });

  it('takes refs and paths with and without escaped slashes', async () => {
    const headers = { authorization: `token ${github.addToken()}` };
    const read = async (path: string) => (await fetch(`${github.apiUrl}/repos/team/app/${path}`, { headers })).json();
    expect(await read('git/ref/heads/feature/one')).toEqual(await read('git/ref/heads%2Ffeature%2Fone'));
    expect(await read('git/matching-refs/tags/')).toMatchObject([
      { ref: 'refs/tags/v1', object: { type: 'commit' } },
      { ref: 'refs/tags/v2', object: { type: 'tag' } },
    ]);
  });
});
