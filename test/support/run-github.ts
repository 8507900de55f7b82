// Runs the bundle as a step of a workflow at the fake GitHub: what the runner sets, for each kind of event.
// https://docs.github.com/en/actions/reference/workflows-and-actions/variables

import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FakeGithub } from '../fakes/github/github.ts';
import { type ActionResult, runAction } from './run-bundle.ts';

/** What started the workflow. */
export type WorkflowEvent =
  | { readonly kind: 'schedule' | 'push' }
  | { readonly kind: 'workflow_dispatch'; readonly inputs?: Readonly<Record<string, string>> }
  /** A pull request of the repository, from a fork when {@link FakeGithub} has it so. */
  | { readonly kind: 'pull_request' | 'pull_request_target'; readonly number: number };

/** One run of the action. */
export interface GithubRun {
  readonly github: FakeGithub;
  /** Of `github.addToken()`: the workflow's own, the input `github-token`. */
  readonly token: string;
  /** The repository of the workflow, which the fake must have; default `team/app`. */
  readonly repository?: string;
  /** Default `schedule`. */
  readonly event?: WorkflowEvent;
  /** Beside `github-token`, `provider` and `without-forge` (false). */
  readonly inputs?: Readonly<Record<string, string>>;
  /** Outranks everything. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The addresses of an Enterprise Server: the interface below the server. */
  readonly isEnterprise?: boolean;
}

/** Runs the action in a new folder below `parent`. The registry's repository is `${github.registryHost}/OWNER/PACKAGE`. */
export async function runGithubAction(parent: string, run: GithubRun): Promise<ActionResult> {
  const folder = await mkdtemp(join(parent, 'event-'));
  const file = join(folder, 'event.json');
  await writeFile(file, JSON.stringify(buildEvent(run)));
  // An address of loopback does not tell that it is GitHub's registry.
  const inputs = { 'without-forge': 'false', 'github-token': run.token, provider: 'github', ...run.inputs };
  return await runAction(parent, inputs, { ...buildEnvironment(run), GITHUB_EVENT_PATH: file, ...run.environment });
}

/**
 * What the runner sets for a step, save the files. A pull request's commit is its test merge where there is one.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
 */
export function buildEnvironment(run: GithubRun): Readonly<Record<string, string>> {
  const { github, event = { kind: 'schedule' }, isEnterprise = false } = run;
  const fullName = run.repository ?? 'team/app';
  const repository = github.repository(fullName);
  const number = 'number' in event ? event.number : undefined;
  const pullRequest = number === undefined ? undefined : repository.pullRequests.get(number);
  const branch = repository.defaultBranch;
  const isMerge = event.kind === 'pull_request';
  const ref = isMerge ? `refs/pull/${number}/merge` : `refs/heads/${branch}`;
  const own = repository.ref(`refs/heads/${branch}`)?.sha ?? '';
  return {
    GITHUB_API_URL: isEnterprise ? github.enterpriseApiUrl : github.apiUrl,
    GITHUB_GRAPHQL_URL: isEnterprise ? `${github.serverUrl}/api/graphql` : `${github.apiUrl}/graphql`,
    GITHUB_SERVER_URL: github.serverUrl,
    GITHUB_REPOSITORY: fullName,
    GITHUB_REPOSITORY_OWNER: repository.owner,
    GITHUB_REPOSITORY_ID: String(repository.id),
    GITHUB_EVENT_NAME: event.kind,
    GITHUB_SHA: isMerge ? (pullRequest?.mergeCommit ?? pullRequest?.head ?? '') : own,
    GITHUB_REF: ref,
    GITHUB_REF_NAME: isMerge ? `${number}/merge` : branch,
    GITHUB_REF_TYPE: 'branch',
    ...(pullRequest === undefined ? {} : { GITHUB_HEAD_REF: pullRequest.branch, GITHUB_BASE_REF: pullRequest.base }),
    GITHUB_ACTOR: 'ann',
    GITHUB_WORKFLOW: 'Cleanup',
    GITHUB_WORKFLOW_REF: `${fullName}/.github/workflows/cleanup.yml@${ref}`,
    GITHUB_JOB: 'cleanup',
    GITHUB_ACTION: '__run',
    GITHUB_RUN_ID: '1',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_RUN_NUMBER: '1',
  };
}

/** The event file. https://docs.github.com/en/webhooks/webhook-events-and-payloads */
export function buildEvent({
  github,
  repository: fullName = 'team/app',
  event = { kind: 'schedule' },
}: GithubRun): object {
  const number = 'number' in event ? event.number : undefined;
  const { repository, pullRequest } = github.describe(fullName, number);
  const common = { repository, sender: repository['owner'] };
  const ref = `refs/heads/${github.repository(fullName).defaultBranch}`;
  if (event.kind === 'schedule')
    return { ...common, schedule: '17 3 * * *', workflow: '.github/workflows/cleanup.yml' };
  if (event.kind === 'workflow_dispatch') return { ...common, inputs: event.inputs ?? {}, ref };
  if (event.kind === 'push') return { ...common, ref };
  return { ...common, action: 'synchronize', number, pull_request: pullRequest };
}
