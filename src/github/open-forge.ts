// Opens a repository on GitHub as a forge: its word, and the way to its commits.

import type { GithubForgeSettings } from '../config/settings.ts';
import { addressOf } from '../forge/address-of.ts';
import type { ForgeSource } from '../forge/forge-source.ts';
import { findTestMerges } from './find-test-merges.ts';
import { type GithubOptions, openGithub } from './open-github.ts';
import { readForge } from './read-forge.ts';

/** What it takes besides the repository. */
export interface GithubForgeOptions extends Pick<GithubOptions, 'environment' | 'log'> {
  /** PEM file with further certificate authorities. */
  readonly caFile?: string;
}

/**
 * The repository; nothing is asked yet. `close` it when done.
 * @throws UsageError USAGE for an unusable address, authorities file or proxy variable.
 */
export async function openGithubForge(forge: GithubForgeSettings, options: GithubForgeOptions): Promise<ForgeSource> {
  const { caFile } = options;
  const github = await openGithub(
    { apiUrl: forge.apiUrl, token: forge.token, ...(caFile === undefined ? {} : { caFile }) },
    options,
  );
  return {
    title: 'GitHub',
    requestName: 'pull request',
    repository: `${forge.owner}/${forge.name}`,
    git: {
      address: addressOf(forge),
      username: 'x-access-token',
      token: forge.token,
      permission: 'contents: read',
    },
    read: (rules) => readForge(github, forge, rules),
    findTestMerges: (search) => findTestMerges(github, forge, search),
    close: () => github.close(),
  };
}
