// Manifests of a package: from the cache while GitHub lists them, because GitHub counts every read as a download; from /v2 otherwise.
// Absent is only what the registry says is absent.

import type { Digest } from '../model/reference.ts';
import type { BlobCache } from './blob-cache.ts';
import { type CachedReader, createCachedReader, type ReadManifest } from './cached-reader.ts';
import type { VersionBook } from './ghcr-versions.ts';
import { getManifest, type OciEndpoint } from './oci-manifests.ts';

/** What reading takes. */
export interface GhcrReaderParts {
  readonly endpoint: OciEndpoint;
  readonly book: VersionBook;
  readonly cache: BlobCache;
}

/** A reader for one package. A manifest is `hidden` when GitHub lists it and the registry does not have it, both asked twice. */
export function createGhcrReader(parts: GhcrReaderParts): CachedReader {
  const { endpoint, book, cache } = parts;
  return createCachedReader({
    endpoint,
    cache,
    isShown: (digest) => book.find(digest) !== undefined,
    read: (digest) => readFromRegistry(parts, digest),
  });
}

async function readFromRegistry({ endpoint, book }: GhcrReaderParts, digest: Digest): Promise<ReadManifest> {
  let found = await getManifest(endpoint, digest);
  const listed = found === 'absent' ? book.find(digest) : undefined;
  if (listed !== undefined) found = await getManifest(endpoint, digest);
  if (found !== 'absent' || listed === undefined) return found;
  if ((await book.look(listed.id)) !== 'absent')
    return { kind: 'hidden', digest, why: 'GitHub lists it, but its manifest answers 404' };
  book.forget(listed);
  return 'absent';
}
