// The embedded registry: a directory in OCI image-layout form that stands for one repository. No server, no network.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md

import PQueue from 'p-queue';
import { ProtocolError } from '../errors.ts';
import type { Digest, RepositoryReference, Tag } from '../model/reference.ts';
import type { Capabilities } from '../model/snapshot.ts';
import { digestOf } from './check-digest.ts';
import { decodeManifest, edgesOf } from './decode-manifest.ts';
import { deleteLayoutManifest, deleteLayoutTag, type LayoutPlace, putLayoutManifest } from './layout-changes.ts';
import { assertLayout, readLayoutBlob, sizeOfLayoutBlob, writeLayoutBlob } from './layout-files.ts';
import { reachManifests, readLayoutManifest } from './layout-graph.ts';
import { createLayoutViewer, type LayoutView } from './layout-view.ts';
import { lookAtEveryTag } from './look-around.ts';
import type { FoundManifest, ManifestSource } from './manifest-source.ts';
import { MAX_MANIFEST_BYTES } from './media-types.ts';
import type { ManifestBytes, Registry } from './port.ts';
import { type ReadOptions, readDigestGraph, readGraph } from './read-graph.ts';

/** Which directory, and what it stands for. */
export interface OciLayoutParts extends ReadOptions {
  readonly directory: string;
  readonly repository: RepositoryReference;
}

/** An index that stays protects its children here, and what was deleted lacks its blobs, so that it cannot be put back. */
const CAPABILITIES: Capabilities = {
  title: 'OCI layout',
  listUntagged: true,
  listTimes: false,
  deleteTagOnly: 'yes',
  digestDeleteRemovesTags: 'yes',
  childProtected: true,
  referrers: 'native',
  undo: 'none',
  collectsUntagged: false,
  deletesInFlight: 1,
};

/**
 * Opens a layout. Tags are the `org.opencontainers.image.ref.name` annotations of `index.json` (a tag, or a whole reference whose tag
 * counts); descriptors without one are untagged. The snapshot holds what `index.json` lists and what that reaches; manifests that lie
 * among the blobs and that nothing lists are out of scope: no snapshot has them, and no delete touches them. Deleting frees the blobs
 * too. One process at a time may change a layout.
 * @throws UsageError USAGE when the directory is not in OCI image-layout form.
 * @throws ProtocolError PROTOCOL (from every method) for an index with a name that is no tag, or one tag on two digests.
 */
export async function openOciLayout(parts: OciLayoutParts): Promise<Registry> {
  const { directory, repository } = parts;
  await assertLayout(directory);
  const view = createLayoutViewer(directory);
  const look = async (): Promise<ManifestSource> => createLayoutSource(parts, await view());
  const changes = new PQueue({ concurrency: 1 });
  const place: LayoutPlace = { directory, cache: new Map() };
  const names = {
    listTags: async () => [...(await view()).tags.keys()],
    resolveTag: async (tag: Tag) => resolveTag(directory, (await view()).tags.get(tag)?.digest),
  };
  return {
    repository,
    capabilities: CAPABILITIES,
    readSnapshot: async (alsoDigests) => readGraph(await look(), alsoDigests, parts),
    readDigests: async (digests) => readDigestGraph(await look(), digests, parts),
    ...names,
    lookAround: async (known) => {
      const { roots, tags } = await view();
      const seen = new Set([...known.digests, ...[...tags.values()].map(({ digest }) => digest)]);
      return { ...(await lookAtEveryTag(names)), untagged: [...roots.keys()].filter((digest) => !seen.has(digest)) };
    },
    listTagsOf: () => Promise.resolve('unsupported'),
    readManifest: async (digest) => bytesOf(await findManifest(place, await view(), digest), directory),
    readEdges: async (digest) => edgesIn(await findManifest(place, await view(), digest)),
    deleteManifest: (digest) => changes.add(() => deleteLayoutManifest(place, digest)),
    deleteTag: (tag, digest) => changes.add(() => deleteLayoutTag(place, tag, digest)),
    putManifest: (manifest, at) => changes.add(() => putLayoutManifest(place, manifest, at)),
    putBlob: (bytes) => changes.add(() => writeLayoutBlob(directory, digestOf(bytes), bytes)),
    close: () => changes.onIdle(),
  };
}

/** One state of the index for a whole reading: what comes meanwhile is for the next one. */
function createLayoutSource(parts: OciLayoutParts, view: LayoutView): ManifestSource {
  const { directory, repository } = parts;
  return {
    repository,
    listTags: () => Promise.resolve([...view.tags.keys()]),
    listUntagged: () => Promise.resolve([...view.roots.values()]),
    getByTag: async (tag) => {
      const target = view.tags.get(tag);
      return target === undefined ? 'absent' : readLayoutManifest(directory, target);
    },
    getByDigest: (named) => readLayoutManifest(directory, view.roots.get(named.digest) ?? named),
    getByBareDigest: (digest) => readLayoutManifest(directory, view.roots.get(digest) ?? { digest }),
    getBlob: (digest, maxBytes) => readLayoutBlob(directory, digest, maxBytes),
    listReferrers: () => Promise.resolve('unsupported'),
    capabilities: () => CAPABILITIES,
  };
}

/** A tag on a blob that is missing resolves to nothing, as it would on a registry. */
async function resolveTag(directory: string, target: Digest | undefined): Promise<Digest | 'absent'> {
  if (target === undefined) return 'absent';
  return (await sizeOfLayoutBlob(directory, target)) === 'absent' ? 'absent' : target;
}

/** By digest alone; a manifest that does not give its own type has the one under which an index lists it. */
async function findManifest(place: LayoutPlace, view: LayoutView, digest: Digest): Promise<FoundManifest | 'absent'> {
  const { directory, cache } = place;
  const found = await readLayoutManifest(directory, view.roots.get(digest) ?? { digest });
  if (found !== 'absent' || (await sizeOfLayoutBlob(directory, digest)) === 'absent') return found;
  const mediaType = (await reachManifests(directory, view.roots.values(), cache)).get(digest)?.mediaType;
  return mediaType === undefined ? 'absent' : readLayoutManifest(directory, { digest, mediaType });
}

function bytesOf(found: FoundManifest | 'absent', directory: string): ManifestBytes | 'absent' {
  if (found === 'absent') return 'absent';
  if (found.kind === 'whole') {
    return { mediaType: decodeManifest(found.bytes, found.declaredType).mediaType, bytes: found.bytes };
  }
  const message = `The manifest ${found.digest} in ${directory} has more than ${MAX_MANIFEST_BYTES} bytes and is not read.`;
  throw new ProtocolError(message, { code: 'TOO_LARGE' });
}

function edgesIn(found: FoundManifest | 'absent'): readonly Digest[] | 'opaque' | 'absent' {
  if (found === 'absent') return 'absent';
  if (found.kind === 'oversized') return 'opaque';
  const decoded = decodeManifest(found.bytes, found.declaredType);
  return decoded.content.kind === 'opaque' ? 'opaque' : edgesOf(decoded);
}
