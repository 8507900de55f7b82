// Commits that an earlier run fetched. Only packs are taken over, each is checked byte by byte, and never in place: several runs may
// share the folder. What is odd about it is as good as nothing there.

import { copyFile, link, mkdir, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describeCause, EvidenceError } from '../errors.ts';
import { type CommitId, isCommitId } from '../model/history.ts';
import { OWN_FOLDER, type OwnRepository } from './own-repository.ts';
import { streamGit } from './run-git.ts';

/** Where commits are kept between runs. */
export interface CommitCache {
  /** The folder to make repositories of our own in, so that they can be kept. It exists. */
  readonly parent: string;
  /**
   * Takes the kept commits into an empty repository of our own; returns the ids that it can be asked for with all that is behind
   * them. Empty when nothing is kept, or so much that starting afresh is better.
   * @throws EvidenceError EVIDENCE_GIT when what is kept is damaged; the repository is of no use then.
   */
  adopt(repository: OwnRepository): Promise<ReadonlySet<CommitId>>;
  /** Keeps the repository in place of what was kept before. It is gone from its own place then. */
  keep(repository: OwnRepository): Promise<void>;
}

/** Every fetch adds a pack, and many packs make git slow. */
const MAX_PACKS = 50;
/** Folders older than this were left behind by runs that were killed. Milliseconds. */
const LEFT_BEHIND_MS = 24 * 60 * 60_000;

/**
 * The cache for the repository at the address, in a folder that only this user can read.
 * @throws Error of `node:fs` when the folder cannot be made.
 */
export async function openCommitCache(cacheDirectory: string, address: string): Promise<CommitCache> {
  // Git works in another folder than this process: a relative path would lead it elsewhere.
  const parent = resolve(cacheDirectory, 'git');
  const place = join(parent, nameOf(address));
  await mkdir(parent, { recursive: true, mode: 0o700 });
  await removeLeftBehind(parent);
  return {
    parent,
    adopt: async (repository) => {
      try {
        return await adopt(place, repository);
      } catch (cause) {
        throw new EvidenceError(`Commits kept from earlier runs are of no use: ${describeCause(cause)}`, {
          code: 'EVIDENCE_GIT',
          cause,
        });
      }
    },
    keep: (repository) => keep(place, repository),
  };
}

/** `https://github.com/acme/shop` → `github.com+acme+shop.git`. */
function nameOf(address: string): string {
  const { host, pathname } = new URL(address);
  return `${host}${pathname}.git`
    .toLowerCase()
    .replaceAll('/', '+')
    .replaceAll(/[^a-z0-9+._-]/g, '_');
}

async function adopt(place: string, repository: OwnRepository): Promise<ReadonlySet<CommitId>> {
  const tips = await unlessAbsent(async () => parseTips(await readFile(join(place, 'packed-refs'), 'latin1')));
  const names = await unlessAbsent(() => readdir(join(place, 'objects', 'pack')));
  const packs = (names ?? []).filter((name) => /^pack-[0-9a-f]+\.(?:pack|idx|promisor)$/.test(name));
  const indexes = packs.filter((name) => name.endsWith('.idx'));
  if (tips === undefined || indexes.length === 0 || indexes.length > MAX_PACKS) return new Set();
  const folder = join(repository.directory, 'objects', 'pack');
  await mkdir(folder);
  for (const name of packs) await bring(join(place, 'objects', 'pack', name), join(folder, name));
  // Git trusts the index of a pack; whoever can write to the cache could otherwise pass any commit for another.
  const paths = indexes.map((name) => join(folder, name));
  await streamGit(repository.call('check the commits kept from earlier runs', ['verify-pack', ...paths]), () => {});
  await touch(place);
  return tips;
}

/** Notes that it was used just now: who tidies the cache folder goes by that. In a folder that cannot be written nobody tidies. */
async function touch(place: string): Promise<void> {
  const now = new Date();
  await utimes(place, now, now).catch(() => undefined);
}

async function keep(place: string, repository: OwnRepository): Promise<void> {
  const old = `${repository.directory}-old`;
  await unlessAbsent(() => rename(place, old));
  try {
    // Fails when another run was faster: then its commits are kept.
    await rename(repository.directory, place);
  } finally {
    await rm(old, { recursive: true, force: true });
  }
}

/** A hard link where the file system has them: packs never change. */
async function bring(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch {
    // A file system without links. When the file itself is gone, because another run put newer ones there, copying says so.
    await copyFile(from, to);
  }
}

function parseTips(text: string): ReadonlySet<CommitId> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Set(
    lines.map((line) => {
      const [id = ''] = line.split(' ');
      if (isCommitId(id)) return id;
      throw new EvidenceError('their list is damaged.', { code: 'EVIDENCE_GIT' });
    }),
  );
}

async function removeLeftBehind(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(OWN_FOLDER)) continue;
    const path = join(parent, name);
    const state = await unlessAbsent(() => stat(path));
    if (state !== undefined && Date.now() - state.mtimeMs > LEFT_BEHIND_MS)
      await rm(path, { recursive: true, force: true });
  }
}

async function unlessAbsent<Value>(look: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await look();
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw cause;
  }
}
