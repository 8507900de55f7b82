// Manifests of a package: from the cache while GitHub lists them, from /v2 otherwise. Absent is only what the registry says is absent.

import { ProtocolError } from '../errors.ts';
import type { Digest } from '../model/reference.ts';
import type { BlobCache } from './blob-cache.ts';
import { hasDigest } from './check-digest.ts';
import { decodeManifest, edgesOf, guessManifestType } from './decode-manifest.ts';
import type { VersionBook } from './ghcr-versions.ts';
import type { FoundManifest, HiddenManifest } from './manifest-source.ts';
import { bareMediaType, MAX_MANIFEST_BYTES } from './media-types.ts';
import { getBareManifest, getBlob, getManifest, type OciEndpoint } from './oci-manifests.ts';
import type { ManifestBytes } from './port.ts';

/** What reading takes. */
export interface GhcrReaderParts {
  readonly endpoint: OciEndpoint;
  readonly book: VersionBook;
  readonly cache: BlobCache;
}

/** A manifest, or what stands for it. */
export type GhcrManifest = FoundManifest | HiddenManifest | 'absent';

/** Reads manifests; each that GitHub lists at most once in a run, because GitHub counts every read as a download. */
export interface GhcrReader {
  /** A manifest that something names. `hidden` when GitHub lists it and the registry does not have it, both asked twice. */
  readManifest(digest: Digest): Promise<GhcrManifest>;
  /** A digest of which nobody knows whether it is a manifest's. */
  readBareManifest(digest: Digest): Promise<GhcrManifest>;
  /** A manifest's bytes, to be put into a journal. @throws ProtocolError for one that cannot be read. */
  readBytes(digest: Digest): Promise<ManifestBytes | 'absent'>;
  readEdges(digest: Digest): Promise<readonly Digest[] | 'opaque' | 'absent'>;
  readBlob(digest: Digest, maxBytes: number): Promise<Uint8Array | 'absent' | 'too-large'>;
}

/** A reader for one repository. */
export function createGhcrReader(parts: GhcrReaderParts): GhcrReader {
  const { endpoint, book, cache } = parts;
  const underWay = new Map<Digest, Promise<GhcrManifest>>();

  /** Two tags of one digest are asked for at once, and the digest is to be read once. */
  function readManifest(digest: Digest): Promise<GhcrManifest> {
    const known = book.find(digest) === undefined ? undefined : fromCache(cache, digest);
    if (known !== undefined) return Promise.resolve(known);
    const before = underWay.get(digest);
    if (before !== undefined) return before;
    const reading = readFromRegistry(parts, digest).finally(() => underWay.delete(digest));
    underWay.set(digest, reading);
    return reading;
  }

  return {
    readManifest,
    readBareManifest: async (digest) => {
      if (book.find(digest) !== undefined) return readManifest(digest);
      const found = await getBareManifest(endpoint, digest);
      if (found !== 'absent') keep(cache, found);
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
    readBlob: async (digest, maxBytes) => {
      const known = cache.get(digest);
      if (known !== undefined && known.byteLength <= maxBytes) return known;
      const bytes = await getBlob(endpoint, digest, maxBytes);
      if (typeof bytes !== 'string' && hasDigest(bytes, digest)) cache.put(digest, bytes);
      return bytes;
    },
  };
}

async function readFromRegistry({ endpoint, book, cache }: GhcrReaderParts, digest: Digest): Promise<GhcrManifest> {
  let found = await getManifest(endpoint, digest);
  const listed = found === 'absent' ? book.find(digest) : undefined;
  if (listed !== undefined) found = await getManifest(endpoint, digest);
  if (found !== 'absent') {
    keep(cache, found);
    return found;
  }
  if (listed === undefined) return 'absent';
  if ((await book.look(listed.id)) !== 'absent')
    return { kind: 'hidden', digest, why: 'GitHub lists it, but its manifest answers 404' };
  book.forget(listed);
  return 'absent';
}

/** Its type is read from the bytes, which the digest proves; the cache has no say in it. */
function fromCache(cache: BlobCache, digest: Digest): FoundManifest | undefined {
  const bytes = cache.get(digest);
  const declaredType = bytes === undefined ? undefined : guessManifestType(bytes);
  return bytes === undefined || declaredType === undefined ? undefined : { kind: 'whole', digest, declaredType, bytes };
}

/** Only what its bytes alone tell as much about as the registry did. */
function keep(cache: BlobCache, found: FoundManifest): void {
  if (found.kind !== 'whole') return;
  const guessed = bareMediaType(guessManifestType(found.bytes));
  if (guessed !== undefined && guessed === bareMediaType(found.declaredType)) cache.put(found.digest, found.bytes);
}

function bytesOf(found: GhcrManifest, { place }: OciEndpoint): ManifestBytes | 'absent' {
  if (found === 'absent') return 'absent';
  if (found.kind === 'whole')
    return { mediaType: decodeManifest(found.bytes, found.declaredType).mediaType, bytes: found.bytes };
  const what = `The manifest ${found.digest} of ${place}`;
  if (found.kind === 'hidden') throw new ProtocolError(`${what} cannot be read: ${found.why}.`, { code: 'PROTOCOL' });
  const message = `${what} has ${found.sizeBytes} bytes; more than ${MAX_MANIFEST_BYTES} are not read.`;
  throw new ProtocolError(message, { code: 'TOO_LARGE' });
}
