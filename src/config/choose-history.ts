// Where the history comes from: a clone's origin, or a forge with its pull or merge requests, releases and deployments.

import { checkInputFolder } from './check-files.ts';
import { chooseForge } from './choose-forge.ts';
import { addMistake, type Findings, readFlag, readText } from './findings.ts';
import type { PolicyFile } from './policy-schema.ts';
import type { ForgeSettings, GitSettings } from './settings.ts';

/** Both are off when Git is. */
export interface HistorySettings {
  readonly git: GitSettings | 'off';
  readonly forge: ForgeSettings | 'off';
}

const OFF: HistorySettings = { git: 'off', forge: 'off' };

/** The settings. With mistakes among the findings the answer is not to be used. */
export async function chooseHistory(findings: Findings, file: PolicyFile): Promise<HistorySettings> {
  const directory = readText(findings, 'git-dir');
  const github = readText(findings, 'github-repository');
  const gitlab = readText(findings, 'gitlab-project');
  const withoutForge = readFlag(findings, 'without-forge') === true;
  const named = [
    ...(github === undefined ? [] : [{ option: 'github-repository', title: 'GitHub' } as const]),
    ...(gitlab === undefined ? [] : [{ option: 'gitlab-project', title: 'GitLab' } as const]),
  ];
  for (const { option, title } of withoutForge ? named : [])
    addMistake(findings, option, `not together with without-forge: either ${title} is asked or it is not`);
  if (readFlag(findings, 'without-git') === true) {
    if (directory !== undefined)
      addMistake(findings, 'git-dir', 'not together with without-git: either Git is asked or it is not');
    for (const { option, title } of named)
      addMistake(findings, option, `not together with without-git: ${title} is asked for branches and tags`);
    return OFF;
  }
  if (file.cleanup?.disableGitHistoryBasedPolicy === true) {
    const first = directory === undefined ? named[0]?.option : 'git-dir';
    if (first === undefined) return OFF;
    findings.notes.push(`Git is asked: ${first} outranks disableGitHistoryBasedPolicy in the policy file`);
  }
  const { workTree = findings.raw.werf?.directory } = findings.raw.werf ?? {};
  const clone = directory ?? workTree;
  const checked = clone === undefined ? undefined : await checkInputFolder(findings, 'git-dir', clone);
  return {
    git: {
      directory: checked ?? findings.workingDirectory,
      isNamed: clone !== undefined,
      allowUnshallow: file.gitWorktree?.allowUnshallow ?? true,
      allowFetch: file.gitWorktree?.allowFetchOriginBranchesAndTags ?? true,
    },
    forge: withoutForge ? 'off' : chooseForge(findings, { github, gitlab }),
  };
}
