// What a job of GitLab CI finds around it says the same as the fake GitLab that it is at.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGitSandbox, type GitSandbox } from '../../builders/git-repository.ts';
import { requireDistribution, requireProgram } from '../../support/real-parts.ts';
import { buildVariables } from '../../support/run-gitlab.ts';
import { ask } from './ask.ts';
import { type FakeGitlab, startGitlab } from './gitlab.ts';
import type { FakeProject } from './projects.ts';

const DAY = '2026-01-01T00:00:00Z';
const hasParts = requireDistribution() !== undefined && requireProgram('openssl') && requireProgram('git');

describe.runIf(hasParts)('a job at the fake GitLab', () => {
  let sandbox: GitSandbox;
  let gitlab: FakeGitlab;
  let project: FakeProject;
  let commits: ReadonlyMap<string, string>;

  beforeEach(async () => {
    sandbox = createGitSandbox();
    gitlab = await startGitlab();
    const directory = sandbox.bare('app.git');
    commits = sandbox.add(directory, {
      commits: [
        { name: 'a', date: DAY },
        { name: 'b', date: DAY, parents: ['a'] },
      ],
      branches: { main: 'a', 'Feature/One': 'b' },
      tags: { 'v1.0': 'b' },
    });
    project = gitlab.addProject('Group/App', { directory });
  });
  afterEach(async () => {
    await gitlab.close();
    sandbox.remove();
  });

  const variables = (pipeline?: Parameters<typeof buildVariables>[0]['pipeline']) =>
    buildVariables({ gitlab, project: 'group/app', ...(pipeline === undefined ? {} : { pipeline }) });

  it('by a timetable runs on the default branch, with a token and addresses that work', async () => {
    const given = variables();
    expect(given).toMatchObject({
      CI_PIPELINE_SOURCE: 'schedule',
      CI_COMMIT_BRANCH: 'main',
      CI_COMMIT_SHA: commits.get('a'),
      CI_PROJECT_PATH: 'Group/App',
      CI_REGISTRY_IMAGE: `${gitlab.registryHost}/group/app`,
    });
    const branches = `${given['CI_API_V4_URL']}/projects/${given['CI_PROJECT_ID']}/repository/branches`;
    const { status } = await ask(branches, { headers: { 'job-token': given['CI_JOB_TOKEN'] ?? '' } });
    expect(status).toBe(200);
  });

  it('of a tag has no branch', () => {
    const given = variables({ kind: 'tag', tag: 'v1.0' });
    expect(given).toMatchObject({ CI_COMMIT_TAG: 'v1.0', CI_COMMIT_SHA: commits.get('b'), CI_COMMIT_REF_SLUG: 'v1-0' });
    expect(given).not.toHaveProperty('CI_COMMIT_BRANCH');
  });

  it('of a merge request runs on its merge, or on its head when there is a conflict', () => {
    const { mergeRef } = project.addMergeRequest({ iid: 7, head: commits.get('b')!, branch: 'Feature/One' });
    const merged = variables({ kind: 'merge_request_event', iid: 7 });
    expect(merged).toMatchObject({
      CI_COMMIT_SHA: mergeRef,
      CI_COMMIT_REF_SLUG: 'feature-one',
      CI_MERGE_REQUEST_IID: '7',
      CI_MERGE_REQUEST_EVENT_TYPE: 'merged_result',
      CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: commits.get('b'),
      CI_MERGE_REQUEST_TARGET_BRANCH_NAME: 'main',
    });
    expect(merged).not.toHaveProperty('CI_COMMIT_BRANCH');
    project.addMergeRequest({ iid: 8, head: commits.get('b')!, merges: false, fork: 'ann/app' });
    expect(variables({ kind: 'merge_request_event', iid: 8 })).toMatchObject({
      CI_COMMIT_SHA: commits.get('b'),
      CI_MERGE_REQUEST_EVENT_TYPE: 'detached',
      CI_MERGE_REQUEST_SOURCE_PROJECT_PATH: 'ann/app',
    });
    expect(() => variables({ kind: 'merge_request_event', iid: 9 })).toThrow('no merge request 9');
  });
});
