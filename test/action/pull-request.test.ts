import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeWorld, type World } from '../../src/demo/make-world.ts';
import { instantFromMs } from '../../src/model/time.ts';
import type { Report } from '../../src/report/report.ts';
import { createGitSandbox, type GitSandbox } from '../builders/git-repository.ts';
import { type FakeGithub, startGithub } from '../fakes/github/github.ts';
import type { FakeRepository } from '../fakes/github/repositories.ts';
import { requireProgram } from '../support/real-parts.ts';
import { type ActionRun, runActionProcess } from './run-action-process.ts';

const POLICY = '.registry-cleanup.yml';
const FORK = { isFork: true, event: 'pull_request' };

let folder: string;
let world: World;
let policy: string;
let sandbox: GitSandbox;
let github: FakeGithub;
let repository: FakeRepository;
let token: string;
let base: string;
let workspace: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pull-request-'));
  const directory = join(folder, 'world');
  await mkdir(directory);
  world = await makeWorld(directory, instantFromMs(Date.now()), process.env);
  policy = await readFile(world.policyFile, 'utf8');
});

afterAll(() => rm(folder, { recursive: true }));

beforeEach(async () => {
  sandbox = createGitSandbox();
  github = await startGithub();
  const bare = sandbox.bare('app.git');
  const source = sandbox.clone(bare, 'source');
  await writeFile(join(source, POLICY), policy);
  sandbox.git(source, 'add', '.');
  sandbox.git(source, 'commit', '-qm', 'base');
  sandbox.git(source, 'push', '-q', 'origin', 'HEAD:refs/heads/main');
  base = sandbox.git(source, 'rev-parse', 'HEAD');
  repository = github.addRepository('team/app', { directory: bare });
  repository.addPullRequest({ number: 7, head: base });
  token = github.addToken();
  workspace = await mkdtemp(join(folder, 'workspace-'));
  execFileSync('git', ['init', '-q', workspace]);
  execFileSync('git', ['-C', workspace, 'remote', 'add', 'origin', `${github.serverUrl}/team/app`]);
  await writeFile(join(workspace, POLICY), policy);
});

afterEach(async () => {
  await github.close();
  sandbox.remove();
});

/** A run on pull request 7; without-forge, so that GitHub is asked for the pull request alone. */
async function act(
  inputs: Readonly<Record<string, string>> = {},
  { isFork = false, event = 'pull_request' }: { isFork?: boolean; event?: string } = {},
) {
  const ours = { id: 1, full_name: 'team/app' };
  const head = { sha: base, repo: isFork ? { id: 2, full_name: 'someone/app' } : ours };
  const path = join(workspace, '..', `event-${isFork}.json`);
  await writeFile(
    path,
    JSON.stringify({ pull_request: { number: 7, head, base: { sha: base, ref: 'main', repo: ours } } }),
  );
  return runActionProcess(
    folder,
    {
      'git-dir': world.cloneDirectory,
      'kube-manifests': world.clustersDirectory,
      'github-token': token,
      'pull-request-comment': 'true',
      ...inputs,
    },
    {
      GITHUB_WORKSPACE: workspace,
      GITHUB_REPOSITORY: 'team/app',
      GITHUB_API_URL: github.apiUrl,
      GITHUB_SERVER_URL: github.serverUrl,
      GITHUB_EVENT_NAME: event,
      GITHUB_EVENT_PATH: path,
      GITHUB_RUN_ID: '42',
      GITHUB_JOB: 'cleanup',
      GITHUB_WORKFLOW_REF: 'team/app/.github/workflows/cleanup.yml@refs/pull/7/merge',
    },
  );
}

async function reportOf({ outputs }: ActionRun): Promise<Report> {
  return JSON.parse(await readFile(outputs['report-file'] ?? '', 'utf8')) as Report;
}

const comments = () => repository.comments.map(({ body }) => body);

describe.runIf(requireProgram('git'))('a plan on a pull request', () => {
  it('is shown in one comment, which the next run rewrites', async () => {
    const first = await act();
    expect(first.code).toBe(0);
    expect(first.stdout).toContain('the comment on pull request #7 is created');
    expect(comments()).toHaveLength(1);
    expect(comments()[0]).toMatch(/^<!-- registry-cleanup:[0-9a-f]{16} -->\n## /);
    expect(comments()[0]).toContain(`${github.serverUrl}/team/app/actions/runs/42`);
    const second = await act({ 'max-delete-share': '0' });
    expect(second.stdout).toContain('the comment on pull request #7 is updated');
    expect(comments()).toHaveLength(1);
    expect(comments()[0]).toContain('max-delete-share');
  });

  it('has no comment unless it is asked for', async () => {
    const { code, summary } = await act({ 'pull-request-comment': 'false' });
    expect(code).toBe(0);
    expect(comments()).toEqual([]);
    // A pull request is no place to apply a plan from.
    expect(summary).toContain('This was a plan: nothing was deleted.');
    expect(summary).not.toContain('plan-file:');
    expect(github.requestLog()).toEqual([expect.stringContaining('GET /repos/team/app/contents/')]);
  });

  it('is compared with the policy of the base when the change is about the policy file', async () => {
    await writeFile(join(workspace, POLICY), policy.replace('images:', 'images:\n  unlinked: delete'));
    const result = await act();
    expect(result.code).toBe(0);
    const { difference, plan } = await reportOf(result);
    const unwanted = plan?.repositories[0]?.decisions.filter(({ reasons }) =>
      reasons.some(({ rule }) => rule === 'unlinked-unwanted'),
    );
    expect(unwanted?.length).toBeGreaterThan(0);
    expect(difference).toMatchObject({
      kind: 'told',
      base: `main at ${base.slice(0, 10)}`,
      repositories: [{ moreDeleted: { count: unwanted?.length }, moreKept: { count: 0 } }],
    });
    expect(comments()[0]).toContain(`This change would delete ${unwanted?.length} more image`);
    expect(github.requestLog()[0]).toBe(`GET /repos/team/app/contents/${POLICY}?ref=${base} 200`);
  });

  it('is compared with nothing when the change is about something else, or nobody can tell whose file it is', async () => {
    expect((await reportOf(await act())).difference).toBeUndefined();
    await writeFile(join(workspace, POLICY), `${policy}untag: true\n`);
    execFileSync('git', ['-C', workspace, 'remote', 'set-url', 'origin', 'https://github.com/other/tool']);
    expect((await reportOf(await act())).difference).toBeUndefined();
  });

  it('says that the difference cannot be told when GitHub does not show the base', async () => {
    await writeFile(join(workspace, POLICY), `${policy}untag: true\n`);
    github.fault('GET /repos/team/app/contents/', { status: 403, json: { message: 'Resource not accessible' } });
    const result = await act();
    expect(result.code).toBe(0);
    expect((await reportOf(result)).difference).toMatchObject({ kind: 'untold' });
  });

  it('shows the mistakes of a policy file that the change breaks, and fails', async () => {
    await writeFile(join(workspace, POLICY), 'untog: true\n');
    const { code, summary } = await act();
    expect(code).toBe(2);
    for (const text of [summary, comments()[0]]) expect(text).toContain('did you mean');
    await writeFile(join(workspace, POLICY), policy);
    expect((await act()).stdout).toContain('the comment on pull request #7 is updated');
  });

  it('is none the worse for a token that may not comment, and says so in log and summary', async () => {
    token = github.addToken({ kind: 'workflow', permissions: { issues: 'read', 'pull-requests': 'read' } });
    const { code, stdout, summary } = await act({}, FORK);
    expect(code).toBe(0);
    expect(stdout).toContain('::notice::This run may not comment on the pull request');
    expect(summary).toContain('> [!NOTE]\n> This run may not comment');
    expect(comments()).toEqual([]);
  });

  it('is none the worse for a GitHub that does not answer, and says so', async () => {
    github.onRequest = ({ path }) => (path.includes('/comments') ? { status: 503, body: '' } : undefined);
    const { code, stdout } = await act();
    expect(code).toBe(0);
    expect(stdout).toContain('::warning::the comment on the pull request could not be written');
  });
});

describe.runIf(requireProgram('git'))('a plan on a pull request of a fork', () => {
  it('is the only thing that the policy file of a fork decides: an apply by it deletes nothing', async () => {
    const target = { isFork: true, event: 'pull_request_target' };
    const apply = { command: 'apply', 'pull-request-comment': 'false' };
    await writeFile(join(workspace, POLICY), policy.replace('images:', 'images:\n  unlinked: delete'));
    const refused = await act(apply, target);
    expect(refused.code).toBe(2);
    expect((await reportOf(refused)).result).toMatchObject({ kind: 'stopped', error: { code: 'USAGE' } });
    expect(refused.stdout).toContain('The policy file is not known to be that of the branch');
    github.fault('GET /repos/team/app/contents', { status: 404, json: { message: 'Not Found' } });
    expect((await act(apply, target)).code).toBe(2);
    await writeFile(join(workspace, POLICY), policy);
    const plan = await act(apply, target);
    expect(plan.stdout).not.toContain('The policy file is not known');
    expect((await reportOf(plan)).result.kind).not.toBe('stopped');
  });

  it('is not applied by a file of which nobody knows where it comes from', async () => {
    await rm(join(workspace, '.git'), { recursive: true });
    const target = { isFork: true, event: 'pull_request_target' };
    const apply = { command: 'apply', 'pull-request-comment': 'false' };
    const refused = await act(apply, target);
    expect(refused.code).toBe(2);
    expect(refused.stdout).toContain('The policy file is not known to be that of the branch');
    await rm(join(workspace, POLICY));
    expect((await act(apply, target)).stdout).not.toContain('The policy file is not known');
  });

  it('does without the clusters that only a secret leads to, and says so first', async () => {
    const result = await act({ 'kube-manifests': '', 'kube-config-base64': '' }, FORK);
    expect(result.code).toBe(0);
    const missing = [{ source: 'kubernetes', why: 'secrets are not given to pull requests of forks' }];
    expect((await reportOf(result)).plan?.evidence.missing).toEqual(missing);
    expect(result.summary).toContain('Kubernetes was not looked at');
    expect(comments()[0]).toContain('Kubernetes was not looked at');
  });

  it.each([
    ['the workflow is the base’s own', { isFork: true, event: 'pull_request_target' }],
    ['the pull request is of the repository itself', { isFork: false, event: 'pull_request' }],
  ])('takes an empty secret for a mistake where %s', async (_, run) => {
    const { code, summary } = await act({ 'kube-manifests': '', 'kube-config-base64': '' }, run);
    expect(code).toBe(2);
    expect(summary).toContain('no cluster to ask');
  });
});

it.each([
  ['an event that is none', '{}'],
  ['half an event', '{"pull_request": {'],
])('goes on with a warning after %s', async (_, text) => {
  const path = join(workspace, 'event.json');
  await writeFile(path, text);
  const { code, stdout } = await runActionProcess(
    folder,
    { 'git-dir': world.cloneDirectory, 'kube-manifests': world.clustersDirectory, config: world.policyFile },
    { GITHUB_EVENT_NAME: 'pull_request', GITHUB_EVENT_PATH: path },
  );
  expect(code).toBe(0);
  expect(stdout).toContain('::warning::the event of this pull request cannot be read');
});
