// What a run in a merge request pipeline may do there: whether to write a note, where, and with which token.

import type { RawOptions } from '../options.ts';
import { addMistake, createFindings, type Findings, readFlag, type SettingsSource } from './findings.ts';
import { needGitlab } from './gitlab-addresses.ts';
import { quote, wrongValue } from './mistake.ts';
import { chooseGitlabToken, hasGitlabToken, placeOfToken } from './read-gitlab-token.ts';

/** The merge request to write a note on. */
export interface MergeRequestAccess {
  /** `https://gitlab.com/api/v4`. */
  readonly apiUrl: string;
  /** Personal, project or group access token: a job's own cannot write notes. */
  readonly token: string;
  /** The number of the project that the merge request goes to, in digits. */
  readonly project: string;
  /** The merge request's number in that project: 7 of `!7`. */
  readonly iid: number;
}

const NUMBER = /^[1-9]\d{0,14}$/;

/**
 * The merge request that the plan is to be shown on; undefined where none is wanted or there is none. Without a token to do it with, that
 * is a mistake, save for runs that are not given protected variables: those say so.
 */
export function readNoteWish(findings: Findings): MergeRequestAccess | undefined {
  if (readFlag(findings, 'merge-request-note') !== true) return undefined;
  const request = readRequest(findings);
  if (request === undefined) return undefined;
  const gitlab = needGitlab(findings);
  if (gitlab === undefined) return undefined;
  if (!gitlab.isOfJob) {
    findings.notes.push(`no note is written: the merge request of this pipeline is not on ${gitlab.serverUrl}`);
    return undefined;
  }
  if (!hasGitlabToken(findings.raw, 'gitlab-token')) {
    if (findings.withoutSecrets === undefined) addMistake(findings, 'merge-request-note', needsToken(findings));
    else findings.notes.push(`no note is written, for want of a token: ${findings.withoutSecrets}`);
    return undefined;
  }
  const token = chooseGitlabToken(findings, gitlab)?.token;
  if (token?.kind === 'job') addMistake(findings, 'merge-request-note', needsToken(findings));
  return token?.kind === 'private' ? { apiUrl: gitlab.apiUrl, token: token.value, ...request } : undefined;
}

/** The way to the merge request, by options and variables alone, whatever else is wrong; undefined where there is none to write on. */
export function findMergeRequestAccess(raw: RawOptions, source: SettingsSource): MergeRequestAccess | undefined {
  return readNoteWish(createFindings(raw, source));
}

function readRequest(findings: Findings): Pick<MergeRequestAccess, 'project' | 'iid'> | undefined {
  const { environment } = findings;
  const { CI_MERGE_REQUEST_IID: iid = '', CI_MERGE_REQUEST_PROJECT_ID: project = '' } = environment;
  if (environment['GITLAB_CI'] !== 'true' || (iid === '' && project === '')) {
    findings.notes.push('no note is written: this is no merge request pipeline');
    return undefined;
  }
  const wrong = [
    ...(NUMBER.test(iid) ? [] : [wrongValue('CI_MERGE_REQUEST_IID', quote(iid), 'a number')]),
    ...(NUMBER.test(project) ? [] : [wrongValue('CI_MERGE_REQUEST_PROJECT_ID', quote(project), 'a number')]),
  ];
  findings.mistakes.push(...wrong);
  return wrong.length > 0 ? undefined : { project, iid: Number(iid) };
}

/** https://docs.gitlab.com/ci/jobs/ci_job_token/#job-token-access: notes can be read with it, and not written. */
function needsToken(findings: Findings): string {
  return `needs an access token with the scope api in ${placeOfToken(findings, 'gitlab-token')}: a job's own token cannot write notes`;
}
