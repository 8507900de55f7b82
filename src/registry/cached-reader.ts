// Reads manifests and configs of a repository, from the cache where that is as good. The cache proves content; that a manifest is there,
// only the registry can say, so who opens a reader says what the registry shows.

import { ProtocolError } from '../errors.ts';
import type { Digest } from '../model/reference.ts';
import type { BlobCache } from './blob-cache.ts';
import { hasDigest } from './check-digest.ts';
import { decodeManifest, edgesOf, guessManifestType } from './decode-manifest.ts';
import type { FoundManifest, HiddenManifest } from './manifest-source.ts';
import { bareMediaType, MAX_MANIFEST_BYTES } from './media-types.ts';
import { getBareManifest, getBlob, type OciEndpoint } from './oci-manifests.ts';
import type { ManifestBytes } from './port.ts';

/** What reading takes. */
export interface CachedReaderParts {
  readonly endpoint: OciEndpoint;
  readonly cache: BlobCache;
  /** Whether the registry shows now that this manifest is there, so that only its bytes are wanted. */
  readonly isShown: (digest: Digest) => boolean;
  /** Asks the registry for a manifest. */
  readonly read: (digest: Digest) => Promise<ReadManifest>;
}

/** A manifest, or what stands for it. */
export type ReadManifest = FoundManifest | HiddenManifest | 'absent';

/** Reads manifests; each that the registry shows at most once in a run, and not at all when an earlier run did. */
export interface CachedReader {
  /** A manifest that something names. */
  readManifest(digest: Digest): Promise<ReadManifest>;
  /** A digest of which nobody knows whether it is a manifest's. */
  readBareManifest(digest: Digest): Promise<ReadManifest>;
  /** A manifest's bytes, to be put into a journal. @throws ProtocolError for one that cannot be read. */
  readBytes(digest: Digest): Promise<ManifestBytes | 'absent'>;
  readEdges(digest: Digest): Promise<readonly Digest[] | 'opaque' | 'absent'>;
  readBlob(digest: Digest, maxBytes: number): Promise<Uint8Array | 'absent' | 'too-large'>;
}

/** A reader for one repository. */
export function createCachedReader(parts: CachedReaderParts): CachedReader {
  const { endpoint, cache, isShown } = parts;
  const underWay = new Map<Digest, Promise<ReadManifest>>();

  /** Two tags of one digest are asked for at once, and the digest is to be read once. */
  function readManifest(digest: Digest): Promise<ReadManifest> {
    const known = isShown(digest) ? fromCache(cache, digest) : undefined;
    if (known !== undefined) return Promise.resolve(known);
    const before = underWay.get(digest);
    if (before !== undefined) return before;
    const reading = readAndKeep(parts, digest).finally(() => underWay.delete(digest));
    underWay.set(digest, reading);
    return reading;
  }

  return {
    readManifest,
    readBareManifest: async (digest) => {
      if (isShown(digest)) return readManifest(digest);
      const found = await getBareManifest(endpoint, digest);
      keep(cache, found);
      return found;
    },
    readBytes: async (digest) => bytesOf(await readManifest(digest), endpoint),
    readEdges: async (digest) => {
      const found = await readManifest(digest);
      if (found === 'absent') return 'absent';
      if (found.kind !== 'whole') return 'opaque';
      const decoded = decodeManifest(found.bytes, found.declaredType);
      return decoded.content.kind === 'opaque' ? 'opaque' : edgesOf(decoded);
    },
    readBlob: createBlobReader(endpoint, cache),
  };
}

/** Reads blobs, and none that the cache has. What comes is checked before it is kept; what does not have its digest comes back as it is. */
export function createBlobReader(endpoint: OciEndpoint, cache: BlobCache): CachedReader['readBlob'] {
  return async (digest, maxBytes) => {
    const known = cache.get(digest);
    if (known !== undefined && known.byteLength <= maxBytes) return known;
    const bytes = await getBlob(endpoint, digest, maxBytes);
    if (typeof bytes !== 'string' && hasDigest(bytes, digest)) cache.put(digest, bytes);
    return bytes;
  };
}

async function readAndKeep({ cache, read }: CachedReaderParts, digest: Digest): Promise<ReadManifest> {
  const found = await read(digest);
  keep(cache, found);
  return found;
}

/** Its type is read from the bytes, which the digest proves; the cache has no say in it. */
function fromCache(cache: BlobCache, digest: Digest): FoundManifest | undefined {
  const bytes = cache.get(digest);
  const declaredType = bytes === undefined ? undefined : guessManifestType(bytes);
  return bytes === undefined || declaredType === undefined ? undefined : { kind: 'whole', digest, declaredType, bytes };
}

/** Only what its bytes alone tell as much about as the registry did. */
function keep(cache: BlobCache, found: ReadManifest): void {
  if (found === 'absent' || found.kind !== 'whole') return;
  const guessed = bareMediaType(guessManifestType(found.bytes));
  if (guessed !== undefined && guessed === bareMediaType(found.declaredType)) cache.put(found.digest, found.bytes);
}

function bytesOf(found: ReadManifest, { place }: OciEndpoint): ManifestBytes | 'absent' {
  if (found === 'absent') return 'absent';
  if (found.kind === 'whole')
    return { mediaType: decodeManifest(found.bytes, found.declaredType).mediaType, bytes: found.bytes };
  const what = `The manifest ${found.digest} of ${place}`;
  if (found.kind === 'hidden') throw new ProtocolError(`${what} cannot be read: ${found.why}.`, { code: 'PROTOCOL' });
  const message = `${what} has ${found.sizeBytes} bytes; more than ${MAX_MANIFEST_BYTES} are not read.`;
  throw new ProtocolError(message, { code: 'TOO_LARGE' });
}
