// Decides settings in a folder of its own, and tells the mistakes one a line.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SettingsSource } from '../../src/config/findings.ts';
import { normalizeRestore } from '../../src/config/normalize-restore.ts';
import { type NormalizedSettings, normalizeSettings } from '../../src/config/normalize-settings.ts';
import type { RestoreSettings } from '../../src/config/settings.ts';
import { UsageError } from '../../src/errors.ts';
import type { RawOptions } from '../../src/options.ts';

/** What the action is given by a runner of github.com. */
export const ACTION: SettingsSource = {
  environment: {
    GITHUB_REPOSITORY: 'team/app',
    GITHUB_API_URL: 'https://api.github.com',
    GITHUB_SERVER_URL: 'https://github.com',
  },
  workingDirectory: '',
  frontEnd: 'action',
};

/** A laptop without anything in its environment. */
export const LAPTOP: SettingsSource = { environment: {}, workingDirectory: '', frontEnd: 'cli' };

/** What a job of a GitLab of one's own is given. */
export const JOB_VARIABLES = {
  CI: 'true',
  GITLAB_CI: 'true',
  CI_SERVER_URL: 'https://gitlab.example.com',
  CI_API_V4_URL: 'https://gitlab.example.com/api/v4',
  CI_PROJECT_PATH: 'Team/Sub/App',
  CI_JOB_TOKEN: 'glcbt-64_0123456789abcdef',
  CI_REGISTRY: 'registry.example.com:5050',
  CI_REGISTRY_IMAGE: 'registry.example.com:5050/team/sub/app',
  CI_REGISTRY_USER: 'gitlab-ci-token',
  CI_REGISTRY_PASSWORD: 'glcbt-64_0123456789abcdef',
} as const;

/** Such a job. */
export const JOB: SettingsSource = { environment: JOB_VARIABLES, workingDirectory: '', frontEnd: 'cli' };

/** The job, with other variables; one that is empty is not set. */
export function jobWith(variables: NodeJS.ProcessEnv): SettingsSource {
  return { ...JOB, environment: { ...JOB_VARIABLES, ...variables } };
}

/** A folder to decide settings in. */
export interface SettingsFolder {
  readonly path: string;
  write(name: string, text: string): Promise<void>;
  decide(raw: RawOptions, source: SettingsSource): Promise<NormalizedSettings>;
  decideRestore(raw: RawOptions, source: SettingsSource): Promise<RestoreSettings>;
  /** The lines of the error, with the folder cut out; empty when there is none. */
  listMistakes(raw: RawOptions, source: SettingsSource): Promise<readonly string[]>;
  remove(): Promise<void>;
}

/** An empty folder. */
export async function makeSettingsFolder(): Promise<SettingsFolder> {
  const path = await mkdtemp(join(tmpdir(), 'settings-'));
  const here = (source: SettingsSource) => ({ ...source, workingDirectory: path });
  const decide = (raw: RawOptions, source: SettingsSource) => normalizeSettings(raw, here(source));
  const decideRestore = async (raw: RawOptions, source: SettingsSource) =>
    (await normalizeRestore({ ...raw, command: 'restore' }, here(source))).settings;
  return {
    path,
    write: (name, text) => writeFile(join(path, name), text),
    decide,
    decideRestore,
    async listMistakes(raw, source) {
      try {
        await (raw.command === 'restore' ? decideRestore(raw, source) : decide(raw, source));
        return [];
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        const lines = error.message.replaceAll(path, '').split('\n');
        return lines.length === 1 ? lines : lines.slice(1).map((line) => line.trim());
      }
    },
    remove: () => rm(path, { recursive: true }),
  };
}
