// Which commits an image was published for: as the user says, as the job of a forge says, or as is checked out.

import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { isCommitId } from '../model/history.ts';
import { addWrong, type Findings, readText } from './findings.ts';
import { quote } from './mistake.ts';
import { readPlainText } from './read-plain-text.ts';
import type { BuiltCommit, BuiltFrom } from './record-settings.ts';

type BuiltByJob = Extract<BuiltFrom, { kind: 'job' }>;

/**
 * What was built; undefined with a mistake among the findings. A job for a pull or merge request is for a merge that no branch has: its newest
 * commit is taken too, because that is what stays in the history.
 */
export async function chooseBuilt(findings: Findings): Promise<BuiltFrom | undefined> {
  const reference = readPlainText(findings, 'ref');
  if (findings.raw.commit !== undefined) {
    const commit = readText(findings, 'commit');
    if (commit === undefined) return undefined;
    if (isCommit(commit)) return { kind: 'given', commits: [withReference(commit, reference)] };
    const expected = "a commit's whole id: 40 or 64 digits, as git rev-parse HEAD tells it";
    addWrong(findings, { name: 'commit', got: quote(commit), expected });
    return undefined;
  }
  const job = isOnGithub(findings) ? await readGithubJob(findings) : readGitlabCommits(findings);
  if (job === undefined) return { kind: 'clone', ...withReference(undefined, reference) };
  if (reference === undefined) return job;
  return { ...job, commits: job.commits.map(({ commit }) => ({ commit, reference })) };
}

/** The address of the sources, where the job tells: https://docs.github.com/actions/reference/workflows-and-actions/variables */
export function findSource({ environment, frontEnd }: Findings): string | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, CI_PROJECT_URL: project } = environment;
  const address = isOnGithub({ environment, frontEnd }) ? `${server}/${repository}` : project;
  const url = address === undefined ? null : URL.parse(address);
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
  return isPlain ? url.href : undefined;
}

function isOnGithub({ environment, frontEnd }: Pick<Findings, 'environment' | 'frontEnd'>): boolean {
  return frontEnd === 'action' || environment['GITHUB_ACTIONS'] === 'true';
}

/**
 * Events whose commit is the tip of a branch that is there already, while what they are about, and what their workflows build, is elsewhere:
 * https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows
 */
const ABOUT_SOMETHING_ELSE: ReadonlySet<string> = new Set([
  'pull_request_target',
  'workflow_run',
  'issue_comment',
  'repository_dispatch',
  'deployment_status',
  'check_suite',
]);

const requestSchema = z.object({
  pull_request: z.object({ number: z.int().positive(), head: z.object({ sha: z.string().refine(isCommit) }) }),
});

async function readGithubJob({ environment }: Findings): Promise<BuiltByJob | undefined> {
  const { GITHUB_SHA: sha = '', GITHUB_REF: ref, GITHUB_EVENT_NAME: event = '' } = environment;
  if (!isCommit(sha)) return undefined;
  const own = withReference(sha, ref);
  const job = { kind: 'job', variable: 'GITHUB_SHA', needsClone: false, hasNoClone: false } as const;
  if (ABOUT_SOMETHING_ELSE.has(event)) {
    const head = event === 'pull_request_target' ? await readHead(environment) : undefined;
    return { ...job, commits: distinct([own, head]), needsClone: true };
  }
  // Also pull_request_review and its like: their commit is the merge that GitHub tries.
  const isRequest = event.startsWith('pull_request');
  return { ...job, commits: distinct([own, isRequest ? await readHead(environment) : undefined]) };
}

/** The newest commit of the pull request, by the runner's event file; undefined when that does not tell. */
async function readHead({ GITHUB_EVENT_PATH: path = '' }: NodeJS.ProcessEnv): Promise<BuiltCommit | undefined> {
  if (path === '') return undefined;
  let event: unknown;
  try {
    event = JSON.parse(await readFile(path, 'utf8'));
  } catch {
    // Without it there is one statement fewer, and none that is wrong.
    return undefined;
  }
  const read = requestSchema.safeParse(event);
  if (!read.success) return undefined;
  const { number, head } = read.data.pull_request;
  return { commit: head.sha as BuiltCommit['commit'], reference: `refs/pull/${number}/head` };
}

/** https://docs.gitlab.com/ci/variables/predefined_variables/ */
function readGitlabCommits({ environment, frontEnd }: Findings): BuiltByJob | undefined {
  if (frontEnd !== 'cli' || environment['GITLAB_CI'] !== 'true') return undefined;
  const read = (name: string): string => environment[name]?.trim() ?? '';
  const [sha, head] = [read('CI_COMMIT_SHA'), read('CI_MERGE_REQUEST_SOURCE_BRANCH_SHA')];
  if (!isCommit(sha)) return undefined;
  const [tag, branch, request] = [read('CI_COMMIT_TAG'), read('CI_COMMIT_BRANCH'), read('CI_MERGE_REQUEST_REF_PATH')];
  const named = tag === '' ? branch && `refs/heads/${branch}` : `refs/tags/${tag}`;
  const own = withReference(sha, request === '' ? named : request);
  const newest = withReference(isCommit(head) ? head : sha, request.replace(/\/[a-z]+$/, '/head'));
  return {
    kind: 'job',
    commits: distinct([own, newest]),
    variable: 'CI_COMMIT_SHA',
    needsClone: false,
    // What another job has left there may be at any commit: https://docs.gitlab.com/ci/runners/configure_runners/#git-strategy
    hasNoClone: ['none', 'empty'].includes(read('GIT_STRATEGY')),
  };
}

function isCommit(text: string): text is BuiltCommit['commit'] {
  return isCommitId(text) && !/^0+$/.test(text);
}

function distinct(commits: readonly (BuiltCommit | undefined)[]): readonly BuiltCommit[] {
  const known = commits.filter((one) => one !== undefined);
  return known.filter((one, at) => known.findIndex(({ commit }) => commit === one.commit) === at);
}

function withReference<Commit extends BuiltCommit['commit'] | undefined>(
  commit: Commit,
  reference: string | undefined,
) {
  const named = reference === undefined || reference === '' ? {} : { reference };
  return (commit === undefined ? named : { commit, ...named }) as Commit extends undefined
    ? { readonly reference?: string }
    : BuiltCommit;
}
