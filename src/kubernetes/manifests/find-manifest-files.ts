// Which files of a folder are manifests. A folder counts as a whole: what cannot be looked at is an error.

import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { describeCause, EvidenceError, UsageError } from '../../errors.ts';

/**
 * The paths of all `*.yaml`, `*.yml` and `*.json` files under a folder, at any depth, sorted; a file stands for itself,
 * whatever its name. Folders whose names begin with a dot are left out (`.git`, `.terraform`); dot files are not. Symbolic links
 * are followed inside the folder, each target once.
 * @throws UsageError USAGE when the path does not exist or holds no such file.
 * @throws EvidenceError EVIDENCE_FILE when a folder cannot be listed, or a link leads nowhere or out of the folder.
 */
export async function findManifestFiles(path: string): Promise<readonly string[]> {
  const root = await realpathOfRoot(path);
  if ((await stat(root)).isFile()) return [path];
  const files: string[] = [];
  const visited = new Set([root]);
  const folders = [path];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop())
    for (const entry of await listFolder(folder)) {
      const child = join(folder, entry.name);
      const kind = await kindOf(child, entry, { root, visited });
      if (kind === 'folder' && !entry.name.startsWith('.')) folders.push(child);
      if (kind === 'file' && isManifestName(entry.name)) files.push(child);
    }
  if (files.length > 0) return files.sort();
  throw new UsageError(`${path} holds no .yaml, .yml or .json file.`, {
    code: 'USAGE',
    hint: 'Give the folder that holds the manifests. Folders whose names begin with a dot are not searched.',
  });
}

/** `true` for names that a folder is searched for. */
function isManifestName(name: string): boolean {
  return /\.(?:ya?ml|json)$/i.test(name);
}

async function realpathOfRoot(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    throw new UsageError(`The manifests ${JSON.stringify(path)} cannot be read: ${describeCause(error)}.`, {
      code: 'USAGE',
      hint: 'Give an existing folder or file to --kube-manifests.',
      cause: error,
    });
  }
}

async function listFolder(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    throw unreadable(folder, describeCause(error), error);
  }
}

interface Walk {
  readonly root: string;
  readonly visited: Set<string>;
}

async function kindOf(path: string, entry: Dirent, walk: Walk): Promise<'folder' | 'file' | 'other'> {
  if (entry.isDirectory()) return 'folder';
  if (entry.isFile()) return 'file';
  if (!entry.isSymbolicLink()) return 'other';
  return kindOfLink(path, walk);
}

async function kindOfLink(path: string, walk: Walk): Promise<'folder' | 'file' | 'other'> {
  try {
    const target = await realpath(path);
    const found = await stat(target);
    const matters = found.isDirectory() || isManifestName(path);
    if (!matters) return 'other';
    if (target !== walk.root && !target.startsWith(walk.root + sep))
      throw unreadable(path, 'it is a link that leads out of the folder');
    if (walk.visited.has(target)) return 'other';
    walk.visited.add(target);
    return found.isDirectory() ? 'folder' : 'file';
  } catch (error) {
    if (error instanceof EvidenceError) throw error;
    throw unreadable(path, describeCause(error), error);
  }
}

function unreadable(path: string, why: string, cause?: unknown): EvidenceError {
  return new EvidenceError(`${path} cannot be read: ${why}.`, {
    code: 'EVIDENCE_FILE',
    hint: 'Make it readable, take it away, or give what it leads to as one more --kube-manifests.',
    details: { path },
    cause,
  });
}
