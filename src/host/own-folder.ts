// Whether a folder is an engine's own, by what lies in it: needed where names of folders and machines prove nothing, as in a container.

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageId } from '../model/local-store.ts';

/** Enough to find one that was not deleted this very moment. */
const MAX_LOOKS = 8;

/** Whether Docker's root folder says the id that the engine says. Docker writes it down since 23.0; its group alone may not read it. */
export async function hasEngineId(folder: string, id: string): Promise<boolean> {
  try {
    return (await readFile(join(folder, 'engine-id'), 'utf8')).trim() === id;
  } catch {
    return false;
  }
}

/** Whether one of the images has its place below the folder. `placeOf`: where, from its 64 hex digits. */
export async function holdsImage(images: readonly ImageId[], placeOf: (hex: string) => string): Promise<boolean> {
  for (const id of images.slice(0, MAX_LOOKS)) {
    const hex = id.replace('sha256:', '');
    if (/^[0-9a-f]{64}$/.test(hex) && (await exists(placeOf(hex)))) return true;
  }
  return false;
}

/** The same, asked until it is so: the image that proved it may be the one that goes next. */
export function untilProved(prove: (folder: string) => Promise<boolean>): (folder: string) => Promise<boolean> {
  const proved = new Set<string>();
  return async (folder) => {
    if (!proved.has(folder) && (await prove(folder))) proved.add(folder);
    return proved.has(folder);
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
