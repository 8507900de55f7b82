// What need not be read again: manifests and image configs by digest, within a run and, with a file, from run to run. It proves
// content and never presence: whether a digest is there, only the registry says.

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describeCause } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Digest, RepositoryReference } from '../model/reference.ts';
import { hasDigest } from './check-digest.ts';
import { readPack, touchPack, writePack } from './pack-file.ts';

/** Blobs by digest. Nothing but bytes is kept, and they are hashed when they are used: a cache that somebody changed is a miss. */
export interface BlobCache {
  /** The bytes with this digest, or undefined. */
  get(digest: Digest): Uint8Array | undefined;
  /** Keeps bytes that have this digest, as far as there is room. Others are not kept. */
  put(digest: Digest, bytes: Uint8Array): void;
  /** Says that everything needed has been asked for: what was not, the file need not keep. */
  settle(): void;
  /** Writes the file when there is something new, or much to forget. Never throws: a cache that cannot be written is a remark in the log. */
  close(): Promise<void>;
}

/** How a cache is opened. */
export interface BlobCacheOptions {
  /** Undefined: nothing outlives the run. */
  readonly path: string | undefined;
  readonly log: Log;
  /** Bytes of blobs that one run uses at most; a file of more than twice as much is empty. Default 256 MiB: a hundred thousand manifests with their configs. */
  readonly maxBytes?: number;
}

const DEFAULT_MAX_BYTES = 256 * 1024 * 1024;

/** Most file systems take names of 255 bytes; a name that is longer than this is shortened to its hash. */
const LONGEST_NAME = 200;

/** Where the cache of a repository is below the cache folder: `manifests/ghcr.io+team+app.pack`. */
export function blobCachePath(cacheDirectory: string, { host, name }: RepositoryReference): string {
  // Neither sign can be part of a host or a repository name, so that no two repositories share a file.
  const whole = `${host.replaceAll(/[^a-z0-9.-]/g, '_')}+${name.replaceAll('/', '+')}`;
  const short = whole.length <= LONGEST_NAME ? whole : createHash('sha256').update(whole).digest('hex');
  return join(cacheDirectory, 'manifests', `${short}.pack`);
}

/** Opens a cache. A file that is missing or broken is an empty one; one that cannot be read is that too, with a warning. */
export async function openBlobCache({ path, log, maxBytes = DEFAULT_MAX_BYTES }: BlobCacheOptions): Promise<BlobCache> {
  const kept = new Map(path === undefined ? [] : await readOld(path, { log, maxBytes: 2 * maxBytes }));
  const used = new Map<Digest, Uint8Array>();
  let usedBytes = 0;
  let isNew = false;
  let isSettled = false;
  const use = (digest: Digest, bytes: Uint8Array): void => {
    used.set(digest, bytes);
    usedBytes += bytes.length;
  };
  const get = (digest: Digest): Uint8Array | undefined => {
    const bytes = used.get(digest) ?? kept.get(digest);
    if (bytes === undefined || used.has(digest)) return bytes;
    if (hasDigest(bytes, digest)) {
      use(digest, bytes);
      return bytes;
    }
    log.debug(`The cache ${path} has other bytes under ${digest}; they are read again.`);
    kept.delete(digest);
    return undefined;
  };
  return {
    get,
    put: (digest, bytes) => {
      if (get(digest) !== undefined || usedBytes + bytes.length > maxBytes || !hasDigest(bytes, digest)) return;
      // A copy: what came over the wire may be a view into something larger.
      use(digest, Uint8Array.from(bytes));
      isNew = true;
    },
    settle: () => {
      isSettled = true;
    },
    close: async () => {
      const isMostlyUnused = isSettled && used.size < kept.size / 2;
      if (path === undefined || !(isNew || isMostlyUnused)) return;
      isNew = false;
      try {
        await writePack(path, isSettled ? used : new Map([...kept, ...used]));
      } catch (cause) {
        log.warn(`The cache ${path} could not be written; the next run reads more. ${describeCause(cause)}`);
      }
    },
  };
}

async function readOld(
  path: string,
  { log, maxBytes }: { readonly log: Log; readonly maxBytes: number },
): Promise<ReadonlyMap<Digest, Uint8Array>> {
  try {
    const pack = await readPack(path, maxBytes);
    if (pack.size > 0) await touchPack(path);
    return pack;
  } catch (cause) {
    log.warn(`The cache ${path} could not be read, so everything is read from the registry. ${describeCause(cause)}`);
    return new Map();
  }
}
