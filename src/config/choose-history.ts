// Where the history comes from: a clone's origin, or GitHub with its pull requests, releases and deployments.

import { checkInputFolder } from './check-files.ts';
import { addMistake, addWrong, type Findings, placeOf, readFlag, readText } from './findings.ts';
import { needGithubAddresses } from './github-addresses.ts';
import { quote, wrongValue } from './mistake.ts';
import type { PolicyFile } from './policy-schema.ts';
import { hasGithubToken, readGithubToken } from './read-github-token.ts';
import type { ForgeSettings, GitSettings } from './settings.ts';

/** Both are off when Git is. */
export interface HistorySettings {
  readonly git: GitSettings | 'off';
  readonly forge: ForgeSettings | 'off';
}

const OFF: HistorySettings = { git: 'off', forge: 'off' };

/** https://docs.github.com/rest/repos/repos: an owner may have an underscore before an enterprise's short code. */
const GITHUB_REPOSITORY = /^([A-Za-z0-9][A-Za-z0-9_-]{0,99})\/([A-Za-z0-9._-]{1,100})$/;

/** The settings. With mistakes among the findings the answer is not to be used. */
export async function chooseHistory(findings: Findings, file: PolicyFile): Promise<HistorySettings> {
  const directory = readText(findings, 'git-dir');
  const repository = readText(findings, 'github-repository');
  const withoutForge = readFlag(findings, 'without-forge') === true;
  if (withoutForge && repository !== undefined)
    addMistake(findings, 'github-repository', 'not together with without-forge: either GitHub is asked or it is not');
  if (readFlag(findings, 'without-git') === true) {
    if (directory !== undefined)
      addMistake(findings, 'git-dir', 'not together with without-git: either Git is asked or it is not');
    if (repository !== undefined)
      addMistake(findings, 'github-repository', 'not together with without-git: GitHub is asked for branches and tags');
    return OFF;
  }
  if (file.cleanup?.disableGitHistoryBasedPolicy === true) {
    if (directory === undefined && repository === undefined) return OFF;
    const named = directory === undefined ? 'github-repository' : 'git-dir';
    findings.notes.push(`Git is asked: ${named} outranks disableGitHistoryBasedPolicy in the policy file`);
  }
  const checked = directory === undefined ? undefined : await checkInputFolder(findings, 'git-dir', directory);
  return {
    git: {
      directory: checked ?? findings.workingDirectory,
      isNamed: directory !== undefined,
      allowUnshallow: file.gitWorktree?.allowUnshallow ?? true,
      allowFetch: file.gitWorktree?.allowFetchOriginBranchesAndTags ?? true,
    },
    forge: withoutForge ? 'off' : chooseForge(findings, repository),
  };
}

/** On a laptop GitHub is asked only where its repository is named; a workflow runs in one. */
function chooseForge(findings: Findings, named: string | undefined): ForgeSettings | 'off' {
  if (named === undefined && findings.frontEnd === 'cli') return 'off';
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
