// Opens a project on GitLab as a forge: its word, and the way to its commits.

import type { GitlabForgeSettings } from '../config/settings.ts';
import { InternalError } from '../errors.ts';
import type { ForgeSource } from '../forge/forge-source.ts';
import type { Log } from '../log.ts';

/** What it takes besides the project. */
export interface GitlabForgeOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Log;
  /** PEM file with further certificate authorities. */
  readonly caFile?: string;
}

/** The project; nothing is asked yet. */
export function openGitlabForge(_forge: GitlabForgeSettings, _options: GitlabForgeOptions): Promise<ForgeSource> {
  throw new InternalError('GitLab cannot be asked yet.', { code: 'INTERNAL' });
}
