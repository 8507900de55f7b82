// The file in the cache folder in which runs on one machine remember the images of one store. It proves nothing that would make an image
// go: without it everything counts as seen for the first time.

import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describeCause } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Instant } from '../../model/time.ts';
import { decodeHostMemory, encodeHostMemory, type HostMemory, mergeHostMemories } from '../../plan/host/host-memory.ts';

/** Where a memory lies, and of what. */
export interface MemoryPlace {
  readonly cacheDirectory: string;
  readonly storeId: string;
  /** When the run began. */
  readonly now: Instant;
  readonly log: Log;
}

/** The folder below the cache folder. */
export const MEMORY_FOLDER = 'host';

/** Where the memory of a store lies: `host/<32 hex digits>.json`. The name tells nothing of the store. */
export function hostMemoryPath({ cacheDirectory, storeId }: Pick<MemoryPlace, 'cacheDirectory' | 'storeId'>): string {
  const name = createHash('sha256').update(storeId).digest('hex').slice(0, 32);
  return join(cacheDirectory, MEMORY_FOLDER, `${name}.json`);
}

/** What earlier runs remember; undefined when there is no such file, or one that is of no use, which is told. */
export async function readHostMemory(place: MemoryPlace): Promise<HostMemory | undefined> {
  const path = hostMemoryPath(place);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    place.log.warn(`What earlier runs remember of this store cannot be read: ${describeCause(cause)}`);
    return undefined;
  }
  const decoded = decodeHostMemory(text, place);
  if (typeof decoded !== 'string') return decoded;
  place.log.warn(`${path} is begun anew, since ${decoded}: no use of an image before this run is known.`);
  return undefined;
}

/**
 * Remembers what this run has seen, in place of what was remembered before. What another run has written since this one began is kept,
 * and a reader never sees half a file. Never throws: a memory that cannot be written is a warning.
 */
export async function writeHostMemory(
  seen: HostMemory,
  { place, now }: { readonly place: MemoryPlace; readonly now: Instant },
): Promise<void> {
  const path = hostMemoryPath(place);
  const draft = `${path}.${randomUUID()}.tmp`;
  try {
    const between = await readHostMemory({ ...place, now });
    const whole = between !== undefined && isSince(between, place) ? mergeHostMemories(seen, between) : seen;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(draft, encodeHostMemory(whole), { mode: 0o600 });
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => undefined);
    place.log.warn(`What was seen here cannot be remembered in ${path}: ${describeCause(cause)}`);
  }
}

/** The file tells times to the second. */
function isSince({ seenAt }: HostMemory, { now }: MemoryPlace): boolean {
  return seenAt >= now - (now % 1000);
}
