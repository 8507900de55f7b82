// The tokens for GitLab, as they are given. No message says anything of one but its length.

import type { RawOptions } from '../options.ts';
import { findOption } from '../options.ts';
import { type Findings, placeOf } from './findings.ts';
import type { ChosenGitlab } from './gitlab-addresses.ts';
import { readGitlabJob } from './gitlab-job.ts';
import { isToken } from './read-github-token.ts';
import type { GitlabToken, RegistryLogin } from './settings.ts';

/** A token, and where it came from, for messages. */
export interface NamedToken {
  readonly token: GitlabToken;
  /** `GITLAB_TOKEN`, `input gitlab-token`, `CI_JOB_TOKEN`. */
  readonly from: string;
}

/** The user name that goes with a job's token: https://docs.gitlab.com/user/packages/container_registry/authenticate_with_container_registry/ */
const JOB_USER = 'gitlab-ci-token';
/** GitLab knows any other token by its text alone, and takes every user name with it that is not empty. */
const ANY_USER = 'registry-cleanup';

/** The beginnings of tokens: https://docs.gitlab.com/security/tokens/#token-prefixes */
const JOB_PREFIX = 'glcbt-';
const DEPLOY_PREFIX = 'gldt-';

/** Where the option stands: on a command line in a variable alone. */
export function placeOfToken(findings: Findings, name: 'gitlab-token' | 'delete-token'): string {
  const [variable = name] = findOption(name).environment ?? [];
  return findings.frontEnd === 'cli' ? variable : placeOf(name, findings.frontEnd);
}

/** Whether the option was given; an empty variable is none. */
export function hasGitlabToken(raw: RawOptions, name: 'gitlab-token' | 'delete-token'): boolean {
  return (raw[name] ?? '').trim() !== '';
}

/** The user's token, else the job's where this GitLab runs the job. Undefined when there is none, or with a mistake among the findings. */
export function chooseGitlabToken(findings: Findings, gitlab: ChosenGitlab): NamedToken | undefined {
  if (hasGitlabToken(findings.raw, 'gitlab-token')) {
    const text = findings.raw['gitlab-token'] ?? '';
    return readNamedToken(findings, { text, from: placeOfToken(findings, 'gitlab-token'), gitlab });
  }
  const value = gitlab.isOfJob ? readGitlabJob(findings)?.token : undefined;
  return value === undefined ? undefined : { token: { kind: 'job', value }, from: 'CI_JOB_TOKEN' };
}

/** A text as it was given, and the GitLab that it is meant for. */
export interface TokenText {
  readonly text: string;
  readonly from: string;
  readonly gitlab: ChosenGitlab;
}

/** The token; undefined when it cannot be one that GitLab takes, which is a mistake by then, told once. */
export function readNamedToken(findings: Findings, { text, from, gitlab }: TokenText): NamedToken | undefined {
  const value = text.trim();
  const isOfJob = value.startsWith(JOB_PREFIX) || value === readGitlabJob(findings)?.token;
  const problem = tokenProblem(value, { isOfJob, gitlab });
  if (problem === undefined) return { token: { kind: isOfJob ? 'job' : 'private', value }, from };
  // Several things may need the token.
  if (!findings.mistakes.some(({ place }) => place === from)) findings.mistakes.push({ place: from, text: problem });
  return undefined;
}

function tokenProblem(
  value: string,
  { isOfJob, gitlab }: { readonly isOfJob: boolean; readonly gitlab: ChosenGitlab },
): string | undefined {
  if (!isToken(value)) return `got ${value.length} characters that are no token, expected a token`;
  if (value.startsWith(DEPLOY_PREFIX))
    return "got a deploy token, which GitLab's interface does not take: give it as user name and password of the registry";
  return isOfJob && !gitlab.isOfJob ? "got a job's token, which is for the GitLab of its job alone" : undefined;
}

/** The token as a login at GitLab's registry. */
export function loginOf({ token, from }: NamedToken): RegistryLogin {
  return { username: token.kind === 'job' ? JOB_USER : ANY_USER, password: token.value, from };
}

/** How a token travels: as it is, and in base64 to Git and to registries with the user names that go with it. Of an empty one: none. */
export function listGitlabTokenForms(token: string): readonly string[] {
  if (token === '') return [];
  const encode = (text: string) => Buffer.from(text).toString('base64');
  return [token, encode(token), ...[JOB_USER, ANY_USER, 'oauth2'].map((user) => encode(`${user}:${token}`))];
}
