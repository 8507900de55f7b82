// Runs the command line as a job of GitLab CI at the fake GitLab: the variables that GitLab sets, for each kind of pipeline.
// https://docs.gitlab.com/ci/variables/predefined_variables/

import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessResult } from '../cli/run-process.ts';
import type { FakeGitlab } from '../fakes/gitlab/gitlab.ts';
import { runCli } from './run-bundle.ts';

/** What started the pipeline. */
export type GitlabPipeline =
  | { readonly kind: 'schedule' | 'push' | 'web' }
  /** Of a tag. */
  | { readonly kind: 'tag'; readonly tag: string }
  /** A merge request of the project; from a fork it runs in the fork, unless a member of the project starts it here, as this does. */
  | { readonly kind: 'merge_request_event'; readonly iid: number };

/** One job. */
export interface GitlabJob {
  readonly gitlab: FakeGitlab;
  /** The project of the pipeline, which the fake must have; default `group/app`. */
  readonly project?: string;
  /** Of `gitlab.addToken({ kind: 'job', … })`; default a new one of a maintainer. */
  readonly jobToken?: string;
  /** Default `schedule`. */
  readonly pipeline?: GitlabPipeline;
  /** The project's own variables, as GITLAB_TOKEN; they outrank everything. */
  readonly variables?: Readonly<Record<string, string>>;
  /** What lies in the project directory at first, by path; default nothing. */
  readonly files?: Readonly<Record<string, string>>;
}

/** What is left of a job. */
export interface GitlabJobResult extends ProcessResult {
  /** CI_PROJECT_DIR, where the job ran. */
  readonly projectDirectory: string;
}

/** Runs the command line in a new project directory below `parent`, with nothing of this process' environment but PATH. */
export async function runGitlabJob(parent: string, words: readonly string[], job: GitlabJob): Promise<GitlabJobResult> {
  const folder = await mkdtemp(join(parent, 'job-'));
  const [projectDirectory, home] = [join(folder, 'builds'), join(folder, 'home')];
  for (const made of [projectDirectory, home]) await mkdir(made);
  for (const [path, text] of Object.entries(job.files ?? {})) await writeFile(join(projectDirectory, path), text);
  const environment = { HOME: home, CI_PROJECT_DIR: projectDirectory, ...buildVariables(job) };
  return { ...(await runCli(words, { directory: projectDirectory, environment })), projectDirectory };
}

/** What GitLab sets for a job, save CI_PROJECT_DIR. The registry is plain HTTP at another address, as on many a self-managed GitLab. */
export function buildVariables(job: GitlabJob): Readonly<Record<string, string>> {
  const { gitlab, pipeline = { kind: 'schedule' } } = job;
  const project = gitlab.project(job.project ?? 'group/app');
  const { fullName } = project;
  const jobToken = job.jobToken ?? gitlab.addToken({ kind: 'job', project: fullName });
  const [, host = '', port = ''] = /^http:\/\/(.+):(\d+)$/.exec(gitlab.serverUrl) ?? [];
  const path = fullName.toLowerCase();
  return {
    CI: 'true',
    GITLAB_CI: 'true',
    CI_API_V4_URL: gitlab.apiUrl,
    CI_SERVER_URL: gitlab.serverUrl,
    CI_SERVER_HOST: host,
    CI_SERVER_PORT: port,
    CI_SERVER_PROTOCOL: 'http',
    CI_SERVER_FQDN: `${host}:${port}`,
    CI_PROJECT_ID: String(project.id),
    CI_PROJECT_PATH: fullName,
    CI_PROJECT_PATH_SLUG: slugOf(fullName),
    CI_PROJECT_NAME: project.name,
    CI_PROJECT_NAMESPACE: project.namespace,
    CI_PROJECT_ROOT_NAMESPACE: fullName.split('/')[0] ?? '',
    CI_PROJECT_URL: `${gitlab.serverUrl}/${fullName}`,
    CI_PROJECT_VISIBILITY: project.visibility,
    CI_REPOSITORY_URL: `${gitlab.serverUrl.replace('//', `//gitlab-ci-token:${jobToken}@`)}/${fullName}.git`,
    CI_DEFAULT_BRANCH: project.defaultBranch ?? '',
    CI_REGISTRY: gitlab.registryHost,
    CI_REGISTRY_IMAGE: `${gitlab.registryHost}/${path}`,
    CI_REGISTRY_USER: 'gitlab-ci-token',
    CI_REGISTRY_PASSWORD: jobToken,
    CI_JOB_TOKEN: jobToken,
    CI_JOB_ID: '1001',
    CI_JOB_NAME: 'cleanup',
    CI_JOB_STAGE: 'cleanup',
    CI_JOB_URL: `${gitlab.serverUrl}/${fullName}/-/jobs/1001`,
    CI_PIPELINE_ID: '101',
    CI_PIPELINE_IID: '11',
    CI_PIPELINE_URL: `${gitlab.serverUrl}/${fullName}/-/pipelines/101`,
    GITLAB_USER_LOGIN: 'ann',
    ...describePipeline(job, pipeline),
    ...job.variables,
  };
}

function describePipeline(job: GitlabJob, pipeline: GitlabPipeline): Readonly<Record<string, string>> {
  const project = job.gitlab.project(job.project ?? 'group/app');
  const branch = project.defaultBranch ?? '';
  const headOf = (name: string) =>
    project.refs('refs/heads/').find((ref) => ref.name === `refs/heads/${name}`)?.commit.id;
  if (pipeline.kind === 'merge_request_event') return describeMergeRequest(job, pipeline.iid);
  if (pipeline.kind === 'tag') {
    const found = project.refs('refs/tags/').find((ref) => ref.name === `refs/tags/${pipeline.tag}`);
    const commit = describeCommit(found?.commit.id ?? '', pipeline.tag);
    return { CI_PIPELINE_SOURCE: 'push', CI_COMMIT_TAG: pipeline.tag, ...commit };
  }
  const commit = describeCommit(headOf(branch) ?? '', branch);
  return { CI_PIPELINE_SOURCE: pipeline.kind, CI_COMMIT_BRANCH: branch, ...commit };
}

/** A pipeline of merged results where GitLab has made them, else one of the head. https://docs.gitlab.com/ci/pipelines/merged_results_pipelines/ */
function describeMergeRequest(job: GitlabJob, iid: number): Readonly<Record<string, string>> {
  const project = job.gitlab.project(job.project ?? 'group/app');
  const request = project.mergeRequests.get(iid);
  if (request === undefined) throw new Error(`${project.fullName} has no merge request ${iid}`);
  const target = project.refs('refs/heads/').find((ref) => ref.name === `refs/heads/${request.target}`);
  const ref = `refs/merge-requests/${iid}/${request.mergeRef === null ? 'head' : 'merge'}`;
  const merged = {
    CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: request.head,
    CI_MERGE_REQUEST_TARGET_BRANCH_SHA: target?.commit.id ?? '',
  };
  return {
    CI_PIPELINE_SOURCE: 'merge_request_event',
    // There is no CI_COMMIT_BRANCH.
    ...describeCommit(request.mergeRef ?? request.head, request.branch),
    CI_MERGE_REQUEST_ID: String(request.id),
    CI_MERGE_REQUEST_IID: String(iid),
    CI_MERGE_REQUEST_EVENT_TYPE: request.mergeRef === null ? 'detached' : 'merged_result',
    CI_MERGE_REQUEST_PROJECT_ID: String(project.id),
    CI_MERGE_REQUEST_PROJECT_PATH: project.fullName,
    CI_MERGE_REQUEST_PROJECT_URL: `${job.gitlab.serverUrl}/${project.fullName}`,
    CI_MERGE_REQUEST_REF_PATH: ref,
    CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: request.branch,
    CI_MERGE_REQUEST_SOURCE_PROJECT_PATH: request.fork ?? '',
    CI_MERGE_REQUEST_TARGET_BRANCH_NAME: request.target,
    CI_MERGE_REQUEST_TITLE: request.title,
    CI_MERGE_REQUEST_DIFF_BASE_SHA: target?.commit.id ?? '',
    ...(request.mergeRef === null ? {} : merged),
    CI_OPEN_MERGE_REQUESTS: `${project.fullName}!${iid}`,
  };
}

function describeCommit(sha: string, name: string): Readonly<Record<string, string>> {
  return {
    CI_COMMIT_SHA: sha,
    CI_COMMIT_SHORT_SHA: sha.slice(0, 8),
    CI_COMMIT_REF_NAME: name,
    CI_COMMIT_REF_SLUG: slugOf(name),
  };
}

/** Lower case, 63 letters, digits and hyphens, no hyphen at either end. */
function slugOf(name: string): string {
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '-')
    .slice(0, 63);
  return slug.replaceAll(/^-+|-+$/g, '');
}
