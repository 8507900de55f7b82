// Opens a project on GitLab as a forge: its word, and the way to its commits.

import type { GitlabForgeSettings } from '../config/settings.ts';
import { addressOf } from '../forge/address-of.ts';
import type { ForgeSource } from '../forge/forge-source.ts';
import { findTestMerges } from './find-test-merges.ts';
import { type GitlabOptions, openGitlab } from './open-gitlab.ts';
import { READ_PERMISSION } from './project-evidence.ts';
import { readForge } from './read-forge.ts';

/** What it takes besides the project. */
export interface GitlabForgeOptions extends GitlabOptions {
  /** PEM file with further certificate authorities. */
  readonly caFile?: string;
}

/**
 * The project; nothing is asked yet. `close` it when done.
 * @throws UsageError USAGE for an unusable address, authorities file or proxy variable.
 */
export async function openGitlabForge(forge: GitlabForgeSettings, options: GitlabForgeOptions): Promise<ForgeSource> {
  const { caFile, log } = options;
  const { apiUrl, project, token } = forge;
  const gitlab = await openGitlab(
    { apiUrl, ...(token === undefined ? {} : { token }), ...(caFile === undefined ? {} : { caFile }) },
    options,
  );
  const source = { gitlab, project, log };
  return {
    title: 'GitLab',
    requestName: 'merge request',
    repository: project,
    git: {
      address: addressOf(forge),
      // https://docs.gitlab.com/user/profile/personal_access_tokens/#clone-repository-using-personal-access-token: any name will do there.
      username: token?.kind === 'job' ? 'gitlab-ci-token' : 'oauth2',
      token: token?.value ?? '',
      permission: READ_PERMISSION,
    },
    read: (rules) => readForge(source, { rules, mayReadProject: token?.kind !== 'job' }),
    findTestMerges: (search) => findTestMerges(source, search),
    close: () => gitlab.close(),
  };
}
