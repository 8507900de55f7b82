// The forge whose branches, tags and requests protect images: the one that was named, else the one that runs this workflow or job.

import { addMistake, addWrong, type Findings, placeOf } from './findings.ts';
import { needGithubAddresses } from './github-addresses.ts';
import { type ChosenGitlab, needGitlab } from './gitlab-addresses.ts';
import { readGitlabJob } from './gitlab-job.ts';
import { quote, wrongValue } from './mistake.ts';
import { hasGithubToken, readGithubToken } from './read-github-token.ts';
import { chooseGitlabToken } from './read-gitlab-token.ts';
import type { ForgeSettings } from './settings.ts';

/** What the user named; at most one of them, or it is a mistake. */
export interface NamedForges {
  readonly github: string | undefined;
  readonly gitlab: string | undefined;
}

/** https://docs.github.com/rest/repos/repos: an owner may have an underscore before an enterprise's short code. */
const GITHUB_REPOSITORY = /^([A-Za-z0-9][A-Za-z0-9_-]{0,99})\/([A-Za-z0-9._-]{1,100})$/;

/** https://docs.gitlab.com/user/reserved_names/#rules-for-usernames-project-and-group-names-and-slugs; two parts at least. */
const GITLAB_PROJECT = /^(?:[A-Za-z0-9_.][A-Za-z0-9_.-]{0,254}\/){1,20}[A-Za-z0-9_.][A-Za-z0-9_.-]{0,254}$/;

/** On a laptop a forge is asked only where it is named; a workflow of GitHub's and a job of GitLab's run in one. */
export function chooseForge(findings: Findings, { github, gitlab }: NamedForges): ForgeSettings | 'off' {
  if (gitlab !== undefined) {
    if (github !== undefined)
      addMistake(findings, 'gitlab-project', 'not together with github-repository: branches and tags come from one');
    return chooseGitlab(findings, gitlab);
  }
  if (github !== undefined || findings.frontEnd === 'action') return chooseGithub(findings, github);
  return readGitlabJob(findings) === undefined ? 'off' : chooseGitlab(findings, undefined);
}

function chooseGithub(findings: Findings, named: string | undefined): ForgeSettings | 'off' {
  const repository = readRepository(findings, named);
  const token = readGithubToken(findings);
  if (!hasGithubToken(findings)) {
    if (findings.frontEnd === 'cli')
      addMistake(findings, 'github-repository', 'no token goes with it: set GITHUB_TOKEN or GH_TOKEN');
    else
      addMistake(
        findings,
        'github-token',
        "got none: leave the input out to use the workflow's own, or say without-forge",
      );
  }
  const addresses = needGithubAddresses(findings);
  if (repository === undefined || token === undefined || addresses === undefined) return 'off';
  return { kind: 'github', ...addresses, ...repository, token };
}

function readRepository(
  findings: Findings,
  named: string | undefined,
): { readonly owner: string; readonly name: string } | undefined {
  const text = named ?? findings.environment['GITHUB_REPOSITORY']?.trim() ?? '';
  if (text === '') {
    const expected = 'OWNER/NAME; GITHUB_REPOSITORY is not set either. Without GitHub: without-forge';
    addWrong(findings, { name: 'github-repository', got: 'none', expected });
    return undefined;
  }
  const [, owner = '', name = ''] = GITHUB_REPOSITORY.exec(text) ?? [];
  if (owner !== '' && name !== '.' && name !== '..') return { owner, name };
  const place = named === undefined ? 'GITHUB_REPOSITORY' : placeOf('github-repository', findings.frontEnd);
  findings.mistakes.push(wrongValue(place, quote(text), 'OWNER/NAME of a repository on GitHub'));
  return undefined;
}

/** Without any token GitLab shows what everybody may read. */
function chooseGitlab(findings: Findings, named: string | undefined): ForgeSettings | 'off' {
  const gitlab = needGitlab(findings);
  const project = readProject(findings, named, gitlab);
  if (gitlab === undefined || project === undefined) return 'off';
  const { apiUrl, serverUrl } = gitlab;
  const token = chooseGitlabToken(findings, gitlab)?.token;
  return { kind: 'gitlab', apiUrl, serverUrl, project, ...(token === undefined ? {} : { token }) };
}

function readProject(
  findings: Findings,
  named: string | undefined,
  gitlab: ChosenGitlab | undefined,
): string | undefined {
  const text = named ?? readGitlabJob(findings)?.project;
  if (text === undefined) {
    const expected = 'GROUP/NAME; CI_PROJECT_PATH is not set either. Without GitLab: without-forge';
    addWrong(findings, { name: 'gitlab-project', got: 'none', expected });
    return undefined;
  }
  const isPath = GITLAB_PROJECT.test(text) && !/(?:^|\/)\.{1,2}(?:\/|$)/.test(text);
  if (!isPath) {
    const place = named === undefined ? 'CI_PROJECT_PATH' : placeOf('gitlab-project', findings.frontEnd);
    const expected = 'GROUP/NAME, the whole path of a project on GitLab, neither its number nor its address';
    findings.mistakes.push(wrongValue(place, quote(text), expected));
    return undefined;
  }
  if (named !== undefined || gitlab === undefined || gitlab.isOfJob) return text;
  const elsewhere = `${quote(text)}, the project of this job, is not on ${gitlab.serverUrl}`;
  addMistake(findings, 'gitlab-project', `${elsewhere}: name the one that is, or say without-forge`);
  return undefined;
}
