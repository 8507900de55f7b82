// What a merge request pipeline goes into: the commit whose policy the change would replace, and how its GitLab is read.

import { isCommitId } from '../model/history.ts';
import type { RawOptions } from '../options.ts';
import { createFindings, type SettingsSource } from './findings.ts';
import { needGitlab } from './gitlab-addresses.ts';
import { chooseGitlabToken } from './read-gitlab-token.ts';
import type { GitlabToken } from './settings.ts';

/** Where the change goes. */
export interface MergeTarget {
  /** `https://gitlab.com/api/v4`. */
  readonly apiUrl: string;
  /** Absent: what everybody may read. */
  readonly token?: GitlabToken;
  /** The number of the project, in digits. */
  readonly project: string;
  /** Untrusted text. */
  readonly branch: string;
  /** What the change is a change of. */
  readonly commit: string;
}

/**
 * By variables and tokens alone; undefined outside of merge request pipelines, and where the variables do not tell. In a pipeline of
 * merged results the checkout holds the newest commit of the target branch already; in any other it is the commit that the two have in
 * common, or what others changed meanwhile would look like this change, backwards.
 * https://docs.gitlab.com/ci/variables/predefined_variables/#predefined-variables-for-merge-request-pipelines
 */
export function findMergeTarget(raw: RawOptions, source: SettingsSource): MergeTarget | undefined {
  const findings = createFindings(raw, source);
  const { environment } = source;
  const {
    CI_MERGE_REQUEST_PROJECT_ID: project = '',
    CI_MERGE_REQUEST_TARGET_BRANCH_NAME: branch = '',
    CI_MERGE_REQUEST_TARGET_BRANCH_SHA: head = '',
    CI_MERGE_REQUEST_DIFF_BASE_SHA: base = '',
  } = environment;
  const commit = head === '' ? base : head;
  const isMerge = environment['GITLAB_CI'] === 'true' && environment['CI_PIPELINE_SOURCE'] === 'merge_request_event';
  if (!isMerge || !/^[1-9]\d{0,14}$/.test(project) || branch === '' || !isCommitId(commit)) return undefined;
  const gitlab = needGitlab(findings);
  if (gitlab?.isOfJob !== true) return undefined;
  const token = chooseGitlabToken(findings, gitlab)?.token;
  return { apiUrl: gitlab.apiUrl, project, branch, commit, ...(token === undefined ? {} : { token }) };
}
