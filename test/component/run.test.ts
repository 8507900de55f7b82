// The component's jobs, run: gitlab-ci-local starts their scripts in a shell, the command line asks the fake GitLab and its real registry.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createGitSandbox, type GitSandbox } from '../builders/git-repository.ts';
import { buildImage } from '../builders/image.ts';
import { type FakeGitlab, startGitlab } from '../fakes/gitlab/gitlab.ts';
import {
  openPipelineProject,
  type PipelineProject,
  type PipelineVariables,
  SOURCES,
} from '../support/gitlab-ci-local.ts';
import { requireDistribution, requireProgram } from '../support/real-parts.ts';

const hasAll = [
  requireDistribution() !== undefined,
  ...(['openssl', 'rsync', 'git'] as const).map(requireProgram),
].every(Boolean);
const OLD = '2024-03-01T10:00:00Z';
const POLICY = `cleanup:
  keepPolicies:
    - references: {branch: main}
      imagesPerReference: {last: 2}
guards: {maxDeleteShare: 1}
`;
const ALL = ['main-1', 'main-2', 'main-3', 'main-4'];
const Problems = z.array(z.looseObject({ description: z.string(), fingerprint: z.string() }));

describe.runIf(hasAll)('the component, run', () => {
  let project: PipelineProject;
  let sandbox: GitSandbox;
  let gitlab: FakeGitlab;
  let origin: string;
  let commits: ReadonlyMap<string, string>;
  let jobToken: string;

  beforeAll(() => {
    project = openPipelineProject();
    writeFileSync(join(project.folder, '.registry-cleanup.yml'), POLICY);
    sandbox = createGitSandbox();
    origin = sandbox.bare('app.git');
    commits = sandbox.add(origin, {
      commits: ['1', '2', '3', '4'].map((name, at, all) => ({
        name,
        date: `2024-02-0${name}T12:00:00Z`,
        parents: all.slice(Math.max(0, at - 1), at),
      })),
      branches: { main: '4' },
    });
  });

  afterAll(() => {
    project.close();
    sandbox.remove();
  });

  beforeEach(async () => {
    gitlab = await startGitlab({ tagOnly: true });
    const fake = gitlab.addProject('group/app', { directory: origin });
    fake.addMergeRequest({ iid: 7, head: commits.get('4') ?? '', branch: 'main', target: 'main' });
    jobToken = gitlab.addToken({ kind: 'job', project: 'group/app' });
    for (const [name, revision] of commits) {
      const labels = { 'org.opencontainers.image.revision': revision };
      images().push(buildImage({ seed: name, labels, created: OLD }), { tags: [`main-${name}`], createdAt: OLD });
    }
    configure({ 'without-kube': true });
    return () => gitlab.close();
  }, 60_000);

  const images = () => gitlab.registry.repository('group/app');
  const left = () => images().tags();

  function configure(inputs: object): void {
    const include = { component: '$CI_SERVER_FQDN/$CI_PROJECT_PATH/cleanup@$CI_COMMIT_SHA', inputs };
    project.configure(JSON.stringify({ include: [include] }));
  }

  /** Runs a job as GitLab's own variables have it. */
  function runJob(name: 'plan' | 'apply', source: PipelineVariables, more: PipelineVariables = {}) {
    return project.runJob(`registry-cleanup-${name}`, {
      ...source,
      GITLAB_CI: 'true',
      CI_SERVER_URL: gitlab.serverUrl,
      CI_API_V4_URL: gitlab.apiUrl,
      CI_PROJECT_ID: String(gitlab.project('group/app').id),
      CI_MERGE_REQUEST_PROJECT_ID: 'CI_MERGE_REQUEST_IID' in source ? String(gitlab.project('group/app').id) : '',
      CI_REGISTRY: gitlab.registryHost,
      CI_REGISTRY_IMAGE: `${gitlab.registryHost}/group/app`,
      CI_REGISTRY_USER: 'gitlab-ci-token',
      CI_REGISTRY_PASSWORD: jobToken,
      CI_JOB_TOKEN: jobToken,
      ...more,
    });
  }

  const artifact = (job: 'plan' | 'apply', name: string) =>
    project.readLeft(`registry-cleanup-${job}`, `registry-cleanup-report/${name}`);

  it('shows in a merge request pipeline what would go, with the token of the job alone, and deletes nothing', async () => {
    const { exitCode, output } = await runJob('plan', SOURCES.merge_request);
    expect([exitCode, output]).toEqual([0, expect.stringContaining('main-1') as string]);
    expect(left()).toEqual(ALL);
    expect(gitlab.project('group/app').notes).toEqual([]);
    expect(artifact('plan', 'plan.md')).toContain('main-1');
    expect(artifact('plan', 'plan.txt')).toContain('main-1');
    const problems = Problems.parse(JSON.parse(artifact('plan', 'code-quality.json') ?? ''));
    expect(problems[0]?.description).toContain('2 of 4 images would go');
    expect(JSON.parse(artifact('plan', 'plan.json') ?? '')).toHaveProperty('repositories');
    expect(JSON.parse(artifact('plan', 'report.json') ?? '')).toMatchObject({ command: 'plan' });
    expect(output).not.toContain(jobToken);
    // The sources are no clone of the project, and the cache lies among them: one way to get the commits is enough.
    expect(output).not.toContain('asking both once more');
  });

  it('writes a note with a token that may, and the next run updates it', async () => {
    configure({ 'without-kube': true, 'gitlab-token-variable': 'CLEANUP_TOKEN' });
    const token = { CLEANUP_TOKEN: gitlab.addToken({ kind: 'private', scopes: ['api'], level: 'developer' }) };
    const first = await runJob('plan', SOURCES.merge_request, token);
    expect([first.exitCode, first.output]).toEqual([0, expect.stringContaining('!7') as string]);
    await runJob('plan', SOURCES.merge_request, token);
    const { notes } = gitlab.project('group/app');
    expect(notes.map(({ body }) => body.includes('main-1'))).toEqual([true]);
    expect(first.output).not.toContain(token.CLEANUP_TOKEN);
  });

  it('deletes on a schedule, tag by tag, and keeps the journal', async () => {
    const { exitCode, output } = await runJob('apply', SOURCES.schedule);
    expect([exitCode, output]).toEqual([0, expect.stringContaining('main-1') as string]);
    expect(left()).toEqual(['main-3', 'main-4']);
    const journal = (artifact('apply', 'journal.jsonl') ?? '').trim().split('\n');
    expect(journal.length).toBeGreaterThanOrEqual(2);
    expect(artifact('apply', 'apply.md')).toContain('main-1');
    expect(JSON.parse(artifact('apply', 'report.json') ?? '')).toMatchObject({ command: 'apply' });
    expect(gitlab.violations).toEqual([]);
  });

  it('deletes with a token of its own where there is one, and with no other', async () => {
    const weak = gitlab.addToken({ kind: 'job', project: 'group/app', level: 'developer' });
    const strong = gitlab.addToken({ kind: 'private', scopes: ['api', 'write_registry'], level: 'maintainer' });
    const variables = { CI_JOB_TOKEN: weak, CI_REGISTRY_PASSWORD: weak };
    const { exitCode, output } = await runJob('apply', SOURCES.schedule, {
      ...variables,
      REGISTRY_CLEANUP_DELETE_TOKEN: strong,
    });
    expect([exitCode, output]).toEqual([0, expect.stringContaining('main-1') as string]);
    expect(left()).toEqual(['main-3', 'main-4']);
    expect(output).not.toContain(strong);
  });

  it('deletes with the token of the job where the access token is for notes alone', async () => {
    const notes = gitlab.addToken({ kind: 'private', scopes: ['api'], level: 'reporter' });
    const refused = await runJob('apply', SOURCES.schedule, { GITLAB_TOKEN: notes });
    expect(refused.output).toContain('The right to delete is missing');
    expect(left()).toEqual(ALL);
    configure({ 'without-kube': true, 'delete-token-variable': 'CI_JOB_TOKEN' });
    const { exitCode, output } = await runJob('apply', SOURCES.schedule, { GITLAB_TOKEN: notes });
    expect([exitCode, output]).toEqual([0, expect.stringContaining('main-1') as string]);
    expect(left()).toEqual(['main-3', 'main-4']);
  });

  it('leaves the job red with the exit code of what was wrong, and its artifacts', async () => {
    configure({});
    const unnamed = await runJob('apply', SOURCES.schedule);
    expect(unnamed.output).toContain('no cluster to ask');
    expect(unnamed.exitCode).not.toBe(0);
    configure({ 'without-kube': true, 'kube-config': ['$KUBECONFIG'] });
    expect((await runJob('apply', SOURCES.schedule)).exitCode).not.toBe(0);
    expect(artifact('apply', 'report.json')).toContain('"USAGE"');
    expect(left()).toEqual(ALL);
  });
});
