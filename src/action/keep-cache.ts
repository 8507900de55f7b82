// The folder that saves later runs from reading everything again, kept by GitHub's cache between runs. A miss costs time and nothing
// else: whatever goes wrong here is a line in the log. What lies in the folder is checked by whoever reads it.

import { createHash } from 'node:crypto';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describeCause } from '../errors.ts';
import type { ActionLog } from './action-log.ts';

/** A folder to keep, and for whom. */
export interface CacheRequest {
  readonly folder: string;
  /** `ghcr.io/team/app`, in any order. */
  readonly repositories: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly log: ActionLog;
}

/** A folder as it was found. */
export interface KeptCache {
  /** Hands the folder to GitHub's cache, unless nothing in it has changed. Never throws. */
  save(): Promise<void>;
}

/** Changes with the form of what lies in the folder. */
const PREFIX = 'registry-cleanup-v1';

/** Fills the folder with what the last run left, where GitHub's cache is to be had. Never throws. */
export async function restoreCache(request: CacheRequest): Promise<KeptCache> {
  const { folder, log } = request;
  const nothing = { save: async () => undefined };
  try {
    const cache = await import('@actions/cache');
    if (!cache.isFeatureAvailable()) {
      log.debug('this runner has no cache between runs');
      return nothing;
    }
    const { key, prefix } = nameEntry(request);
    await mkdir(folder, { recursive: true });
    // An earlier step of this job has left more than any earlier run.
    if ((await describeFolder(folder)) === EMPTY) {
      const found = await cache.restoreCache([folder], key, [prefix]);
      log.info(found === undefined ? 'no earlier run has left anything to start from' : `starting from ${found}`);
    }
    const before = await describeFolder(folder);
    return { save: () => saveCache(request, { key, before }) };
  } catch (cause) {
    log.info(`GitHub's cache cannot be used: ${describeCause(cause)}`);
    return nothing;
  }
}

interface Entry {
  readonly key: string;
  readonly before: string;
}

async function saveCache({ folder, log }: CacheRequest, { key, before }: Entry): Promise<void> {
  try {
    const after = await describeFolder(folder);
    if (after === before || after === EMPTY) return;
    const cache = await import('@actions/cache');
    await cache.saveCache([folder], key);
  } catch (cause) {
    log.info(`nothing was kept for the next run: ${describeCause(cause)}`);
  }
}

/** Entries never change: each run and step has a key of its own, and starts from the newest of the same repositories. */
function nameEntry({ repositories, environment }: CacheRequest): { readonly key: string; readonly prefix: string } {
  const { GITHUB_RUN_ID: run = '0', GITHUB_RUN_ATTEMPT: attempt = '1', GITHUB_ACTION: step = '' } = environment;
  const prefix = `${PREFIX}-${shorten(repositories.toSorted().join('\n'))}-`;
  return { key: `${prefix}${run}-${attempt}-${shorten(step)}`, prefix };
}

function shorten(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

const EMPTY = '';

/** Names and sizes of all files, sorted: what is kept here is named for its content. */
async function describeFolder(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const lines: string[] = [];
  for (const file of files.toSorted()) lines.push(`${file} ${(await stat(file)).size}`);
  return lines.join('\n');
}
