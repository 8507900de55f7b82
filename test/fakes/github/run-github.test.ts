// What a step of a workflow finds around it says the same as the fake GitHub that it is at.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodePullRequestEvent } from '../../../src/github/pull-request-event.ts';
import { createGitSandbox, type GitSandbox } from '../../builders/git-repository.ts';
import { requireProgram } from '../../support/real-parts.ts';
import { buildEnvironment, buildEvent, type WorkflowEvent } from '../../support/run-github.ts';
import { type FakeGithub, startGithub } from './github.ts';
import type { FakeRepository } from './repositories.ts';

const DAY = '2026-01-01T00:00:00Z';

describe.runIf(requireProgram('git'))('a workflow at the fake GitHub', () => {
  let sandbox: GitSandbox;
  let github: FakeGithub;
  let repository: FakeRepository;
  let commits: ReadonlyMap<string, string>;

  beforeEach(async () => {
    sandbox = createGitSandbox();
    github = await startGithub();
    const directory = sandbox.bare('app.git');
    commits = sandbox.add(directory, {
      commits: [
        { name: 'a', date: DAY },
        { name: 'b', date: DAY, parents: ['a'] },
      ],
      branches: { main: 'a', 'main-2': 'b' },
    });
    repository = github.addRepository('Team/App', { directory });
  });
  afterEach(async () => {
    await github.close();
    sandbox.remove();
  });

  const run = (event: WorkflowEvent) => ({ github, token: github.addToken(), repository: 'Team/App', event });

  it('by a timetable or by hand runs on the default branch', () => {
    for (const kind of ['schedule', 'workflow_dispatch'] as const) {
      expect(buildEnvironment(run({ kind }))).toMatchObject({
        GITHUB_EVENT_NAME: kind,
        GITHUB_REPOSITORY: 'Team/App',
        GITHUB_REPOSITORY_OWNER: 'Team',
        GITHUB_REF: 'refs/heads/main',
        GITHUB_SHA: commits.get('a'),
      });
      expect(() => decodePullRequestEvent(buildEvent(run({ kind })))).toThrow();
    }
    const inputs = { 'dry-run': 'true' };
    expect(buildEvent(run({ kind: 'workflow_dispatch', inputs }))).toMatchObject({ inputs });
  });

  it('on a pull request of the repository runs on its test merge', () => {
    const { mergeCommit } = repository.addPullRequest({ number: 7, head: commits.get('b')!, branch: 'main-2' });
    expect(buildEnvironment(run({ kind: 'pull_request', number: 7 }))).toMatchObject({
      GITHUB_REF: 'refs/pull/7/merge',
      GITHUB_SHA: mergeCommit,
      GITHUB_HEAD_REF: 'main-2',
      GITHUB_BASE_REF: 'main',
    });
    expect(decodePullRequestEvent(buildEvent(run({ kind: 'pull_request', number: 7 })))).toEqual({
      number: 7,
      headCommit: commits.get('b'),
      headRepository: 'Team/App',
      baseBranch: 'main',
      baseCommit: commits.get('a'),
      baseRepository: 'Team/App',
      isFork: false,
    });
  });

  it.each(['ann/App', null])('on a pull request of a fork (%s) says so', (fork) => {
    repository.addPullRequest({ number: 8, head: commits.get('b')!, fork });
    expect(decodePullRequestEvent(buildEvent(run({ kind: 'pull_request', number: 8 })))).toMatchObject({
      headRepository: fork ?? undefined,
      isFork: true,
    });
  });

  it('has the addresses of an Enterprise Server when it is one', () => {
    expect(buildEnvironment({ ...run({ kind: 'schedule' }), isEnterprise: true })).toMatchObject({
      GITHUB_API_URL: `${github.serverUrl}/api/v3`,
      GITHUB_SERVER_URL: github.serverUrl,
    });
  });

  it('is known by its name in any case', async () => {
    const headers = { authorization: `token ${github.addToken()}` };
    const response = await fetch(`${github.apiUrl}/repos/team/app`, { headers });
    expect(await response.json()).toMatchObject({ full_name: 'Team/App' });
  });
});
