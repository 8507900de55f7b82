// The generic adapter: any registry that speaks OCI Distribution v1.1 or Docker Registry HTTP API v2.

import { ProtocolError } from '../errors.ts';
import { type Digest, formatRepository, type RepositoryReference, type Tag } from '../model/reference.ts';
import type { Capabilities } from '../model/snapshot.ts';
import type { BlobCache } from './blob-cache.ts';
import { createBlobReader } from './cached-reader.ts';
import { decodeManifest, edgesOf } from './decode-manifest.ts';
import { lookAtEveryTag } from './look-around.ts';
import { hasBlob } from './look-at-blob.ts';
import type { ManifestSource } from './manifest-source.ts';
import { MAX_MANIFEST_BYTES } from './media-types.ts';
import { deleteByDigest, deleteByTag } from './oci-delete.ts';
import {
  getBareManifest,
  getBlob,
  getManifest,
  hasManifest,
  type OciEndpoint,
  resolveManifest,
} from './oci-manifests.ts';
import { listAllTags } from './oci-pages.ts';
import type { ManifestBytes, Registry } from './port.ts';
import { probeReferrers, type ReferrersProbe } from './probe-referrers.ts';
import { putBlob } from './put-blob.ts';
import { putManifest } from './put-manifest.ts';
import { type ReadOptions, readDigestGraph, readGraph } from './read-graph.ts';
import type { Transport } from './transport.ts';

/** What the adapter is made of. */
export interface OciRegistryParts extends ReadOptions {
  readonly repository: RepositoryReference;
  /** The way to the repository's registry; closed with the adapter. */
  readonly transport: Transport;
  /** Configs and provenance that earlier runs have read; closed with the adapter. Absent: everything is read. */
  readonly cache?: BlobCache;
}

/**
 * A repository on an OCI or Docker registry. Untagged manifests that nothing reachable names are not in its snapshots: the protocol
 * cannot list them. Sends no request before the first method is called.
 */
export function createOciRegistry(parts: OciRegistryParts): Registry {
  const { repository, transport, cache } = parts;
  const endpoint: OciEndpoint = { repository, transport, place: formatRepository(repository) };
  const referrers = probeReferrers(endpoint);
  const source = createOciSource(endpoint, { referrers, cache });
  const listTags = () => listAllTags(endpoint);
  const resolveTag = (tag: Tag) => resolveManifest(endpoint, tag);
  return {
    repository,
    get capabilities() {
      return source.capabilities();
    },
    readSnapshot: async (alsoDigests) => {
      const snapshot = await readGraph(source, alsoDigests, parts);
      cache?.settle();
      return snapshot;
    },
    readDigests: (digests) => readDigestGraph(source, digests, parts),
    listTags,
    resolveTag,
    lookAround: () => lookAtEveryTag({ listTags, resolveTag }),
    listTagsOf: () => Promise.resolve('unsupported'),
    readManifest: (digest) => readManifest(endpoint, digest),
    hasManifest: (digest) => hasManifest(endpoint, digest),
    get listReferrers() {
      return referrers.ask();
    },
    readEdges: (digest) => readEdges(endpoint, digest),
    deleteManifest: (digest, tags) => deleteByDigest(endpoint, digest, tags),
    deleteTag: (tag) => deleteByTag(endpoint, tag),
    putManifest: (manifest, at) => putManifest(endpoint, manifest, at),
    putBlob: (bytes) => putBlob(endpoint, bytes),
    hasBlob: (digest) => hasBlob(endpoint, digest),
    close: async () => {
      await cache?.close();
      await transport.close();
    },
  };
}

interface SourceParts {
  readonly referrers: ReferrersProbe;
  readonly cache: BlobCache | undefined;
}

function createOciSource(endpoint: OciEndpoint, { referrers, cache }: SourceParts): ManifestSource {
  return {
    repository: endpoint.repository,
    listTags: () => listAllTags(endpoint),
    listUntagged: () => Promise.resolve([]),
    getByTag: (tag) => getManifest(endpoint, tag),
    getByDigest: ({ digest }) => getManifest(endpoint, digest),
    getByBareDigest: (digest) => getBareManifest(endpoint, digest),
    getBlob:
      cache === undefined
        ? (digest, maxBytes) => getBlob(endpoint, digest, maxBytes)
        : createBlobReader(endpoint, cache),
    listReferrers: (digest) => referrers.list(digest),
    capabilities: () => capabilitiesWith(referrers.kind()),
  };
}

function capabilitiesWith(referrers: Capabilities['referrers']): Capabilities {
  return {
    title: 'OCI registry',
    listUntagged: false,
    listTimes: false,
    deleteTagOnly: 'untried',
    digestDeleteRemovesTags: 'untried',
    childProtected: false,
    referrers,
    undo: 'put-manifest',
    collectsUntagged: false,
    deletesInFlight: 1,
  };
}

async function readManifest(endpoint: OciEndpoint, digest: Digest): Promise<ManifestBytes | 'absent'> {
  const found = await getManifest(endpoint, digest);
  if (found === 'absent') return 'absent';
  if (found.kind === 'oversized') {
    const message = `The manifest ${digest} of ${endpoint.place} has ${found.sizeBytes} bytes; more than ${MAX_MANIFEST_BYTES} are not read.`;
    throw new ProtocolError(message, { code: 'TOO_LARGE' });
  }
  return { mediaType: decodeManifest(found.bytes, found.declaredType).mediaType, bytes: found.bytes };
}

async function readEdges(endpoint: OciEndpoint, digest: Digest): Promise<readonly Digest[] | 'opaque' | 'absent'> {
  const found = await getManifest(endpoint, digest);
  if (found === 'absent') return 'absent';
  if (found.kind === 'oversized') return 'opaque';
  const decoded = decodeManifest(found.bytes, found.declaredType);
  return decoded.content.kind === 'opaque' ? 'opaque' : edgesOf(decoded);
}
