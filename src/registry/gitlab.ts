// GitLab's container registry: tags, digests and times from its own list where it has one, manifests from /v2. What is deleted is a tag.
// https://docs.gitlab.com/user/packages/container_registry/

import type { Gitlab } from '../gitlab/gitlab.ts';
import { type Digest, formatRepository, type RepositoryReference, type Tag } from '../model/reference.ts';
import type { Capabilities, Snapshot } from '../model/snapshot.ts';
import type { OpenOnce } from '../util/open-once.ts';
import type { BlobCache } from './blob-cache.ts';
import { type CachedReader, createCachedReader } from './cached-reader.ts';
import { createGitlabBook, type GitlabBook } from './gitlab-book.ts';
import { createGitlabDeletes, type TagWay } from './gitlab-delete.ts';
import { explainHiddenRepository } from './gitlab-hints.ts';
import { createInterfaceRequest } from './gitlab-interface.ts';
import { DELETE_NEEDS, type GitlabRight, readGitlabRight } from './gitlab-right.ts';
import { createGitlabSource } from './gitlab-source.ts';
import { listGitlabTags } from './gitlab-tags.ts';
import { createRegistryRequest, manifestPathOf, tagPathOf } from './gitlab-ways.ts';
import { deleteWholeImage } from './gitlab-whole.ts';
import { lookAtEveryTag } from './look-around.ts';
import { hasBlob } from './look-at-blob.ts';
import { getManifest, hasManifest, type OciEndpoint, resolveManifest } from './oci-manifests.ts';
import { listAllTags } from './oci-pages.ts';
import type { Registry, Surroundings } from './port.ts';
import { probeReferrers, type ReferrersProbe } from './probe-referrers.ts';
import { putBlob } from './put-blob.ts';
import { putManifest } from './put-manifest.ts';
import { type ReadOptions, readDigestGraph, readGraph } from './read-graph.ts';
import type { Transport } from './transport.ts';

/** What the adapter is made of; all of it is closed with it. */
export interface GitlabParts extends ReadOptions {
  readonly repository: RepositoryReference;
  /** The way to the repository's registry, for everything but deleting. */
  readonly transport: Transport;
  /** The way with the credentials for deleting; the same as `transport` where there are no others. */
  readonly deleting: OpenOnce<Transport>;
  /** GitLab's interface with the token for deleting. `mayDoMore`: the registry may refuse what it allows. */
  readonly gitlab?: { readonly connection: OpenOnce<Gitlab>; readonly mayDoMore: boolean };
  readonly cache: BlobCache;
}

interface Adapter {
  readonly parts: GitlabParts;
  readonly endpoint: OciEndpoint;
  readonly book: GitlabBook;
  readonly reader: CachedReader;
  readonly referrers: ReferrersProbe;
  /** What is known since the last snapshot. */
  right: GitlabRight | undefined;
}

/** Eight hide a second's answer behind the 2,000 requests a minute that gitlab.com grants. */
const DELETES_IN_FLIGHT = 8;

/** One repository of GitLab's registry. Sends no request before the first method is called. */
export function createGitlabRegistry(parts: GitlabParts): Registry {
  const { repository, transport, cache, now } = parts;
  const endpoint: OciEndpoint = { repository, transport, place: formatRepository(repository) };
  const book = createGitlabBook((state) => listGitlabTags(endpoint, state));
  const reader = createCachedReader({
    endpoint,
    cache,
    isShown: (digest) => book.isShown(digest),
    read: (digest) => getManifest(endpoint, digest),
  });
  const adapter: Adapter = { parts, endpoint, book, reader, referrers: probeReferrers(endpoint), right: undefined };
  const source = createGitlabSource({ ...adapter, now, capabilities: () => capabilitiesOf(adapter) });
  const deletes = createDeletes(adapter);
  return {
    repository,
    get capabilities() {
      return capabilitiesOf(adapter);
    },
    readSnapshot: (alsoDigests) => explainHiddenRepository(() => readSnapshot(adapter, alsoDigests)),
    readDigests: (digests) => readDigestGraph(source, digests, parts),
    listTags: () => explainHiddenRepository(() => listTags(adapter)),
    resolveTag: (tag) => resolveManifest(endpoint, tag),
    lookAround: () => lookAround(adapter),
    // A list for every step would be dear. What is tagged again after the last look stays whole anyway: only tags are deleted.
    listTagsOf: () => Promise.resolve('unsupported'),
    readManifest: (digest) => reader.readBytes(digest),
    hasManifest: (digest) => hasManifest(endpoint, digest),
    get listReferrers() {
      return adapter.referrers.ask();
    },
    readEdges: (digest) => reader.readEdges(digest),
    deleteManifest: (digest, tags) => deletes.deleteTags(digest, tags),
    deleteTag: (tag, digest) => deletes.deleteTag(tag, digest),
    putManifest: (manifest, at) => putManifest(endpoint, manifest, at),
    putBlob: (bytes) => putBlob(endpoint, bytes),
    hasBlob: (digest) => hasBlob(endpoint, digest),
    close: async () => {
      await cache.close();
      await Promise.all([transport.close(), parts.deleting.close(), parts.gitlab?.connection.close()]);
    },
  };
}

function capabilitiesOf({ book, referrers }: Adapter): Capabilities {
  return {
    title: 'GitLab container registry',
    listUntagged: false,
    listTimes: book.hasList(),
    deleteTagOnly: 'yes',
    digestDeleteRemovesTags: 'yes',
    childProtected: false,
    referrers: referrers.kind(),
    undo: 'put-manifest',
    collectsUntagged: true,
    deletesInFlight: DELETES_IN_FLIGHT,
  };
}

async function readSnapshot(adapter: Adapter, alsoDigests: readonly Digest[]): Promise<Snapshot> {
  const { parts, book } = adapter;
  const list = await book.list();
  const listed = list === 'unsupported' ? {} : { list };
  const source = createGitlabSource({
    ...adapter,
    ...listed,
    now: parts.now,
    capabilities: () => capabilitiesOf(adapter),
  });
  const snapshot = await readGraph(source, alsoDigests, parts);
  parts.cache.settle();
  adapter.right = await readGitlabRight(await parts.deleting.open(), {
    interfaceMayDoMore: parts.gitlab?.mayDoMore === true,
  });
  const { deleteRight, protection } = adapter.right;
  if (protection === undefined) return { ...snapshot, deleteRight };
  const protectedTags = new Map<Tag, string>();
  for (const tag of snapshot.tags.keys()) {
    const words = protection(tag);
    if (words !== undefined) protectedTags.set(tag, words);
  }
  return { ...snapshot, deleteRight, protectedTags };
}

async function listTags({ book, endpoint }: Adapter): Promise<readonly Tag[]> {
  const list = await book.list();
  return list === 'unsupported' ? listAllTags(endpoint) : [...list.keys()];
}

/** GitLab's list is read from the database that tags are resolved in, so it never lags behind, and no tag is asked for one by one. */
async function lookAround({ book, endpoint }: Adapter): Promise<Surroundings> {
  const list = await book.list();
  if (list === 'unsupported') {
    return lookAtEveryTag({
      listTags: () => listAllTags(endpoint),
      resolveTag: (tag) => resolveManifest(endpoint, tag),
    });
  }
  return { tags: new Map([...list].map(([tag, { digest }]) => [tag, digest])), unresolved: [], untagged: [] };
}

function createDeletes(adapter: Adapter): ReturnType<typeof createGitlabDeletes> {
  const { parts, endpoint, book } = adapter;
  const { deleting, gitlab, log, repository } = parts;
  const common = { endpoint, deleting: () => deleting.open(), protection: () => adapter.right?.protection };
  const ways: TagWay[] = [
    {
      name: 'its name among the manifests',
      request: createRegistryRequest({ ...common, pathOf: manifestPathOf }),
      hasOwnRights: false,
    },
    {
      name: 'its reference among the tags',
      request: createRegistryRequest({ ...common, pathOf: tagPathOf }),
      hasOwnRights: false,
    },
  ];
  if (gitlab !== undefined)
    ways.push({
      name: "GitLab's interface",
      request: createInterfaceRequest(gitlab.connection, repository),
      hasOwnRights: true,
    });
  const indexesWith = (digest: Digest) => (adapter.right === undefined ? undefined : book.indexesWith(digest));
  const whole = { endpoint, deleting, lookAround: () => lookAround(adapter), indexesWith, log };
  return createGitlabDeletes({
    endpoint,
    ways,
    deleteWhole: (digest, tags) => deleteWholeImage(whole, digest, tags),
    noteChange: (digest) => book.noteChange(digest),
    needs: DELETE_NEEDS,
    log,
  });
}
