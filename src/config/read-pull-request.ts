// What a run on a pull request may do there: whether to comment, and with which token.

import type { RawOptions } from '../options.ts';
import { addMistake, createFindings, type Findings, readFlag, type SettingsSource } from './findings.ts';
import { needGithubAddresses } from './github-addresses.ts';
import { hasGithubToken, readGithubToken } from './read-github-token.ts';

/** Whether the plan is to be shown on the pull request. Without a token to do it with, that is a mistake. */
export function readCommentWish(findings: Findings): boolean {
  const isWanted = readFlag(findings, 'pull-request-comment') === true;
  if (isWanted && !hasGithubToken(findings))
    addMistake(
      findings,
      'pull-request-comment',
      "needs a token: leave the input github-token out to use the workflow's own",
    );
  return isWanted;
}

/** GitHub, as a run reaches it that may have no settings. */
export interface PullRequestAccess {
  readonly apiUrl: string;
  readonly token: string;
  readonly wantsComment: boolean;
}

/** The way to the pull request's GitHub; undefined where options or variables do not tell it, which is told elsewhere. */
export function findPullRequestAccess(raw: RawOptions, source: SettingsSource): PullRequestAccess | undefined {
  const findings = createFindings(raw, source);
  const wantsComment = readCommentWish(findings);
  const token = readGithubToken(findings);
  const addresses = needGithubAddresses(findings);
  return token === undefined || addresses === undefined ? undefined : { apiUrl: addresses.apiUrl, token, wantsComment };
}
