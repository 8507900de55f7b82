// A registry in memory that obeys the port and forgets nothing: it tells the tags of a digest, lists what is untagged, takes several
// deletes at once and gives back what was deleted.

import { silentLog } from '../../src/log.ts';
import { groupTags } from '../../src/model/group-tags.ts';
import { type Digest, isDigest, parseRepository, parseTag, type Tag } from '../../src/model/reference.ts';
import type { Capabilities } from '../../src/model/snapshot.ts';
import { decodeManifest, edgesOf } from '../../src/registry/decode-manifest.ts';
import type { FoundManifest, ManifestSource } from '../../src/registry/manifest-source.ts';
import type { ManifestBytes, Registry, RestoreAnswer } from '../../src/registry/port.ts';
import { readDigestGraph, readGraph } from '../../src/registry/read-graph.ts';
import { NOW } from '../contract/registry-places.ts';
import { type BuiltBlob, type BuiltManifest, sha256 } from './image.ts';

/** The registry and what lies in it. */
export interface MemoryRegistry {
  readonly registry: Registry;
  readonly manifests: Map<Digest, ManifestBytes>;
  readonly blobs: Map<Digest, BuiltBlob>;
  readonly tags: Map<Tag, Digest>;
  /** What was deleted, with the tags it had. */
  readonly deleted: Map<Digest, { readonly manifest: ManifestBytes; readonly tags: readonly Tag[] }>;
  /** Puts a manifest with everything it lists. */
  put(manifest: BuiltManifest, ...tags: readonly string[]): void;
  /** What the manifest lists and is not there; empty for a whole one. */
  lackOf(digest: Digest): readonly Digest[];
}

const CAPABILITIES: Capabilities = {
  title: 'registry in memory',
  listUntagged: true,
  listTimes: false,
  deleteTagOnly: 'yes',
  digestDeleteRemovesTags: 'yes',
  childProtected: false,
  referrers: 'fallback-tags',
  undo: 'restore',
  collectsUntagged: false,
  deletesInFlight: 8,
};

/** An empty one. */
export function createMemoryRegistry(capabilities: Partial<Capabilities> = {}): MemoryRegistry {
  const store: Store = {
    manifests: new Map(),
    blobs: new Map(),
    tags: new Map(),
    deleted: new Map(),
    capabilities: { ...CAPABILITIES, ...capabilities },
  };
  return {
    manifests: store.manifests,
    blobs: store.blobs,
    tags: store.tags,
    deleted: store.deleted,
    put: (manifest, ...tags) => {
      keep(store, manifest);
      for (const tag of tags) store.tags.set(parseTag(tag), manifest.digest);
    },
    lackOf: (digest) => {
      const found = store.manifests.get(digest);
      const content = found === undefined ? undefined : decodeManifest(found.bytes, found.mediaType).content;
      const children = content?.kind === 'index' ? content.children : [];
      return children.map((child) => child.digest).filter((child) => !store.manifests.has(child));
    },
    registry: registryOf(store),
  };
}

interface Store {
  readonly manifests: Map<Digest, ManifestBytes>;
  readonly blobs: Map<Digest, BuiltBlob>;
  readonly tags: Map<Tag, Digest>;
  readonly deleted: Map<Digest, { readonly manifest: ManifestBytes; readonly tags: readonly Tag[] }>;
  readonly capabilities: Capabilities;
}

function keep(store: Store, manifest: BuiltManifest): void {
  for (const child of manifest.children) keep(store, child);
  for (const blob of manifest.blobs) store.blobs.set(blob.digest, blob);
  store.manifests.set(manifest.digest, { mediaType: manifest.mediaType, bytes: manifest.bytes });
}

function registryOf(store: Store): Registry {
  const { manifests, tags, deleted, capabilities } = store;
  const source = sourceOf(store);
  const context = { now: NOW, log: silentLog, wantsProvenance: true };
  const tagsOn = (digest: Digest): readonly Tag[] => groupTags(tags).get(digest) ?? [];
  return {
    repository: source.repository,
    capabilities,
    readSnapshot: (also) => readGraph(source, also, context),
    readDigests: (digests) => readDigestGraph(source, digests, context),
    listTags: async () => [...tags.keys()],
    lookAround: async ({ digests }) => {
      const tagged = new Set(tags.values());
      const news = [...manifests.keys()].filter((digest) => !digests.has(digest));
      return { tags: new Map(tags), unresolved: [], untagged: news.filter((digest) => !tagged.has(digest)) };
    },
    listTagsOf: async (digest) => (manifests.has(digest) ? tagsOn(digest) : 'absent'),
    resolveTag: async (tag) => tags.get(tag) ?? 'absent',
    readManifest: async (digest) => manifests.get(digest) ?? 'absent',
    readEdges: async (digest) => edgesIn(store, digest),
    deleteManifest: async (digest) => {
      const manifest = manifests.get(digest);
      if (manifest === undefined) return { kind: 'already-gone' };
      deleted.set(digest, { manifest, tags: tagsOn(digest) });
      manifests.delete(digest);
      for (const [tag, target] of tags) if (target === digest) tags.delete(tag);
      return { kind: 'deleted' };
    },
    deleteTag: async (tag) => ({ kind: tags.delete(tag) ? 'deleted' : 'already-gone' }),
    putManifest: async (manifest, at) => {
      const digest = sha256(manifest.bytes);
      manifests.set(digest, manifest);
      if (!isDigest(at)) tags.set(at, digest);
      const { subject } = decodeManifest(manifest.bytes, manifest.mediaType);
      return { isIndexed: subject !== undefined && capabilities.referrers !== 'fallback-tags' };
    },
    putBlob: async (bytes) => {
      const digest = sha256(bytes);
      store.blobs.set(digest, { digest, bytes, mediaType: 'application/octet-stream' });
    },
    ...(capabilities.referrers === 'api' ? { listReferrers: async (digest) => referrersIn(store, digest) } : {}),
    restore: async (digests, onAnswer) => {
      for (const digest of digests) await onAnswer(digest, giveBack(store, digest));
    },
    hasBlob: async (digest) => store.blobs.has(digest),
    close: async () => undefined,
  };
}

function giveBack(store: Store, digest: Digest): RestoreAnswer {
  const { manifests, tags, deleted } = store;
  const tagsOn = (): readonly Tag[] => groupTags(tags).get(digest) ?? [];
  if (manifests.has(digest)) return { kind: 'already-there', tags: tagsOn() };
  const gone = deleted.get(digest);
  if (gone === undefined) return { kind: 'refused', why: 'it was deleted for good' };
  manifests.set(digest, gone.manifest);
  for (const tag of gone.tags.filter((one) => !tags.has(one))) tags.set(tag, digest);
  return { kind: 'restored', tags: tagsOn() };
}

function sourceOf(store: Store): ManifestSource {
  const find = async (digest: Digest | undefined): Promise<FoundManifest | 'absent'> => {
    const found = digest === undefined ? undefined : store.manifests.get(digest);
    if (found === undefined || digest === undefined) return 'absent';
    return { kind: 'whole', digest, declaredType: found.mediaType, bytes: found.bytes };
  };
  return {
    repository: parseRepository('registry.example.com/team/app'),
    listTags: async () => [...store.tags.keys()],
    listUntagged: async () => [...store.manifests.keys()].map((digest) => ({ digest })),
    getByTag: (tag) => find(store.tags.get(tag)),
    getByDigest: ({ digest }) => find(digest),
    getByBareDigest: (digest) => find(digest),
    getBlob: async (digest) => store.blobs.get(digest)?.bytes ?? 'absent',
    listReferrers: () => Promise.resolve('unsupported'),
    capabilities: () => store.capabilities,
  };
}

function referrersIn({ manifests }: Store, subject: Digest): readonly Digest[] {
  const found = [...manifests].filter(
    ([, { bytes, mediaType }]) => decodeManifest(bytes, mediaType).subject === subject,
  );
  return found.map(([digest]) => digest);
}

function edgesIn({ manifests }: Store, digest: Digest): readonly Digest[] | 'opaque' | 'absent' {
  const found = manifests.get(digest);
  if (found === undefined) return 'absent';
  const decoded = decodeManifest(found.bytes, found.mediaType);
  return decoded.content.kind === 'opaque' ? 'opaque' : edgesOf(decoded);
}
