// What registry-cleanup itself keeps on a machine, below its cache folder: manifests by digest, commits, what was seen here. Only what bears
// our own mark is ours: the cache folder may be any folder. Nothing is followed out of it by a symbolic link.

import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { lstat, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describeCause } from '../../errors.ts';
import { OWN_FOLDER, OWN_HEAD } from '../../git/own-repository.ts';
import { type Duration, durationFromMs, type Instant } from '../../model/time.ts';
import { isHostMemory } from '../../plan/host/host-memory.ts';
import { PACK_BEGINNING } from '../../registry/pack-file.ts';
import { MEMORY_FOLDER } from './remembered-images.ts';

/** A file or folder of ours. */
export interface OwnFolder {
  /** Absolute. */
  readonly path: string;
  /** Since some run last used it; zero when that lies in the future. */
  readonly unusedFor: Duration;
  readonly sizeBytes: number;
}

/** Whose folders are looked for. */
export interface OwnFolderSearch {
  readonly cacheDirectory: string;
  readonly now: Instant;
  /** The file that this run remembers in: it is in use. */
  readonly except?: string;
}

/** What a run that is under way may be filling is left alone for so long: no run takes a day. Milliseconds. */
const UNDER_WAY_MS = 24 * 60 * 60_000;
/** Left in a name by a writer that was killed. */
const DRAFT = /\.[0-9a-f-]{36}\.tmp$/;

/**
 * Everything that is ours, sorted by path. Empty where there is no such folder. What a run may be using just now is not among it: drafts
 * and repositories under way that are younger than a day.
 * @throws what Node throws when a folder is there and cannot be read.
 */
export async function listOwnFolders({ cacheDirectory, now, except }: OwnFolderSearch): Promise<readonly OwnFolder[]> {
  const top = resolve(cacheDirectory);
  const found: OwnFolder[] = [];
  for (const [folder, isOurs] of Object.entries(MARKS)) {
    const parent = join(top, folder);
    if ((await look(parent))?.isDirectory() !== true) continue;
    for (const name of (await readdir(parent)).toSorted()) {
      const path = join(parent, name);
      const state = await look(path);
      if (path === except || state === undefined || state.isSymbolicLink()) continue;
      const unusedMs = Math.max(0, now - state.mtimeMs);
      const isUnderWay = DRAFT.test(name) || name.startsWith(OWN_FOLDER);
      if ((isUnderWay && unusedMs < UNDER_WAY_MS) || !(await isOurs(path, state.isDirectory()))) continue;
      found.push({ path, unusedFor: durationFromMs(unusedMs), sizeBytes: await sizeOf(path) });
    }
  }
  return found;
}

/**
 * Deletes what a search found, when the same search finds it still, unused for at least as long. A folder vanishes at once: nobody who
 * comes meanwhile finds half of it.
 */
export async function deleteOwnFolder(
  path: string,
  { unusedFor, ...search }: OwnFolderSearch & { readonly unusedFor: Duration },
): Promise<{ readonly outcome: 'deleted' | 'already-gone' | 'skipped' | 'failed'; readonly text?: string }> {
  try {
    const found = (await listOwnFolders(search)).find((own) => own.path === path);
    if (found === undefined)
      return (await look(path)) === undefined
        ? { outcome: 'already-gone' }
        : { outcome: 'skipped', text: 'it is not what it was when the plan was made' };
    if (found.unusedFor < unusedFor) return { outcome: 'skipped', text: 'a run has used it since' };
    const aside = join(resolve(search.cacheDirectory), 'git', `${OWN_FOLDER}${randomUUID()}`);
    const isFolder = (await look(path))?.isDirectory() === true;
    if (isFolder) await rename(path, aside);
    await rm(isFolder ? aside : path, { recursive: isFolder, force: true, maxRetries: 3 });
    return { outcome: 'deleted' };
  } catch (cause) {
    return { outcome: 'failed', text: describeCause(cause) };
  }
}

type Mark = (path: string, isFolder: boolean) => Promise<boolean>;

/** By folder below the cache folder: what makes an entry ours. */
const MARKS: Readonly<Record<string, Mark>> = {
  git: async (path, isFolder) => isFolder && (await begins(join(path, 'HEAD'), OWN_HEAD)),
  [MEMORY_FOLDER]: async (path, isFolder) =>
    !isFolder && /\.json(?:\.[0-9a-f-]{36}\.tmp)?$/.test(path) && isHostMemory(await readFile(path, 'utf8')),
  manifests: async (path, isFolder) =>
    !isFolder && /\.pack(?:\.[0-9a-f-]{36}\.tmp)?$/.test(path) && (await begins(path, PACK_BEGINNING)),
};

async function begins(path: string, mark: string): Promise<boolean> {
  if ((await look(path))?.isFile() !== true) return false;
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(mark.length), 0, mark.length, 0);
    return buffer.toString('latin1', 0, bytesRead) === mark;
  } finally {
    await file.close();
  }
}

async function sizeOf(path: string): Promise<number> {
  const state = await look(path);
  if (state?.isDirectory() !== true) return state?.size ?? 0;
  let sum = 0;
  for (const name of await readdir(path)) sum += await sizeOf(join(path, name));
  return sum;
}

/** The entry itself, never what it links to; undefined for what is not there. */
async function look(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw cause;
  }
}
