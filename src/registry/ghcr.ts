// GitHub's container registry: versions, tags and times from GitHub's interface, manifests from /v2. What is deleted is a version.
// https://docs.github.com/en/packages/working-with-a-github-packages-registry/working-with-the-container-registry

import { RegistryError } from '../errors.ts';
import type { Github } from '../github/github.ts';
import { openPackages } from '../github/packages.ts';
import { type Digest, formatRepository, type RepositoryReference, type Tag } from '../model/reference.ts';
import type { Capabilities, Snapshot } from '../model/snapshot.ts';
import { mapConcurrently } from '../util/map-concurrently.ts';
import type { BlobCache } from './blob-cache.ts';
import type { CachedReader } from './cached-reader.ts';
import { deletePackageVersion, isProvedGone, unlessLimited } from './ghcr-delete.ts';
import { createGhcrReader } from './ghcr-reader.ts';
import { restorePackageVersions } from './ghcr-restore.ts';
import { deleteRightOf } from './ghcr-right.ts';
import { type GhcrUntagging, LIST_LAG_PAUSES_MS, untagPackageVersion } from './ghcr-untag.ts';
import { createVersionBook, type VersionBook, type VersionList } from './ghcr-versions.ts';
import type { ManifestSource } from './manifest-source.ts';
import { type OciEndpoint, resolveManifest } from './oci-manifests.ts';
import { listAllTags } from './oci-pages.ts';
import type { KnownContent, Registry, Surroundings } from './port.ts';
import { putBlob } from './put-blob.ts';
import { putManifest } from './put-manifest.ts';
import { type ReadOptions, readDigestGraph, readGraph } from './read-graph.ts';
import type { Transport } from './transport.ts';

/** What the adapter is made of; all of it is closed with it. */
export interface GhcrParts extends ReadOptions {
  readonly repository: RepositoryReference;
  readonly github: Github;
  /** GitHub's token: only for what its text tells about its kind. */
  readonly token: string;
  /** The way to the repository's registry. */
  readonly transport: Transport;
  readonly cache: BlobCache;
  /** Waits between looks for what GitHub's list does not show yet. Milliseconds; default about a minute in all. */
  readonly pausesMs?: readonly number[];
}

/**
 * `deletesInFlight`: eight saturate the 180 deletes a minute that GitHub grants, with answers of up to two seconds. There is no
 * referrers API, so what refers to an image is found in the manifests, all of which are listed.
 */
const CAPABILITIES: Capabilities = {
  title: 'GitHub Container Registry',
  listUntagged: true,
  listTimes: true,
  deleteTagOnly: 'yes',
  digestDeleteRemovesTags: 'yes',
  childProtected: false,
  referrers: 'native',
  undo: 'restore',
  collectsUntagged: false,
  deletesInFlight: 8,
};

const TAGS_IN_FLIGHT = 16;

interface Ghcr {
  readonly parts: GhcrParts;
  readonly endpoint: OciEndpoint;
  readonly book: VersionBook;
  readonly reader: CachedReader;
  readonly helpers: Set<Digest>;
  /** Tags that the registry listed and that led nowhere when the snapshot was made. */
  readonly deadTags: Set<Tag>;
}

/**
 * One package on GitHub's container registry. Sends no request before the first method is called.
 * @throws UsageError USAGE for a repository without an owner.
 */
export function createGhcrRegistry(parts: GhcrParts): Registry {
  const { repository, transport, github, cache, now } = parts;
  const place = formatRepository(repository);
  const packages = openPackages(github, repository.name);
  const endpoint: OciEndpoint = { repository, transport, place };
  const book = createVersionBook(packages, () => performance.now());
  const reader = createGhcrReader({ endpoint, book, cache });
  const ghcr: Ghcr = { parts, endpoint, book, reader, helpers: new Set(), deadTags: new Set() };
  const put: Registry['putManifest'] = (manifest, at) => putManifest(endpoint, manifest, at);
  const pausesMs = parts.pausesMs ?? LIST_LAG_PAUSES_MS;
  const changes: GhcrUntagging = { packages, book, reader, place, endpoint, put, helpers: ghcr.helpers, pausesMs };
  return {
    repository,
    capabilities: CAPABILITIES,
    readSnapshot: (alsoDigests) => readSnapshot(ghcr, alsoDigests),
    readDigests: async (digests) => readDigestGraph(createSource(ghcr, await book.current()), digests, parts),
    listTags: () => listAllTags(endpoint),
    resolveTag: (tag) => resolveManifest(endpoint, tag),
    lookAround: (known, how) => lookAround(ghcr, known, how?.everyTag === true),
    listTagsOf: (digest) => listTagsOf(ghcr, changes, digest),
    readManifest: (digest) => reader.readBytes(digest),
    readEdges: (digest) => reader.readEdges(digest),
    deleteManifest: (digest, tags, how) =>
      unlessLimited(() => deletePackageVersion(changes, digest, { tags, beyondBudget: how?.isRemainder === true })),
    deleteTag: (tag, digest) => untagPackageVersion(changes, tag, digest),
    putManifest: put,
    putBlob: (bytes) => putBlob(endpoint, bytes),
    restore: (digests, onAnswer, how) =>
      restorePackageVersions({ ...changes, isUrgent: how?.isUrgent === true, now }, digests, onAnswer),
    close: async () => {
      await cache.close();
      await Promise.all([transport.close(), github.close()]);
    },
  };
}

/**
 * GitHub's list, then the manifests. The registry's own list of tags is read beside it: GitHub's lags behind a push for seconds, and a tag
 * that is not on it yet may lead to an index that needs what looks unneeded.
 */
async function readSnapshot(ghcr: Ghcr, alsoDigests: readonly Digest[]): Promise<Snapshot> {
  const { parts, book, deadTags } = ghcr;
  const list = await book.begin();
  deadTags.clear();
  const ahead = await resolveOthers(ghcr, list.tags);
  for (const tag of ahead.unresolved) deadTags.add(tag);
  const tags = new Map([...list.tags, ...ahead.tags]);
  const source = createSource(ghcr, { ...list, tags }, new Set(ahead.tags.values()));
  const snapshot = await readGraph(source, alsoDigests, parts);
  parts.cache.settle();
  return { ...snapshot, deleteRight: deleteRightOf(parts.github.scopes(), parts.token) };
}

/** `behind`: digests of which GitHub's list does not know the latest yet, so that its times are too old. */
function createSource(
  ghcr: Ghcr,
  list: Pick<VersionList, 'versions' | 'tags'>,
  behind: ReadonlySet<Digest> = new Set(),
): ManifestSource {
  const { parts, endpoint, book, reader } = ghcr;
  const asked = new Set<Tag>();
  return {
    repository: parts.repository,
    listTags: () => Promise.resolve([...list.tags.keys()]),
    listUntagged: () => Promise.resolve([...list.versions.values()].filter(({ tags }) => tags.length === 0)),
    getByTag: async (tag) => {
      const listed = asked.has(tag) ? undefined : list.tags.get(tag);
      asked.add(tag);
      if (listed !== undefined) return reader.readManifest(listed);
      // Its version vanished since the list was read: then the tag went with it, or somebody has moved it.
      const target = await resolveManifest(endpoint, tag);
      return target === 'absent' ? 'absent' : reader.readManifest(target);
    },
    getByDigest: ({ digest }) => reader.readManifest(digest),
    getByBareDigest: (digest) => reader.readBareManifest(digest),
    getBlob: (digest, maxBytes) => reader.readBlob(digest, maxBytes),
    listReferrers: () => Promise.resolve('unsupported'),
    timesOf: (digest) => {
      const version = behind.has(digest) ? undefined : book.find(digest);
      return version === undefined ? {} : { pushed: version.createdAt, updated: version.updatedAt };
    },
    capabilities: () => CAPABILITIES,
  };
}

/**
 * New versions by GitHub's list, and new tags by the registry's, which is ahead of it; with `everyTag` also those that GitHub's list may
 * still show where they were. Our own helpers are no news.
 */
async function lookAround(ghcr: Ghcr, known: KnownContent, everyTag: boolean): Promise<Surroundings> {
  const { book, helpers, deadTags } = ghcr;
  const versions = (await book.lookForNew(known)).filter(({ digest }) => !helpers.has(digest));
  const listed = new Map(versions.flatMap(({ digest, tags }) => tags.map((tag) => [tag, digest] as const)));
  const others = await resolveOthers(ghcr, everyTag ? new Map() : new Map([...known.tags, ...listed]));
  return {
    tags: new Map([...listed, ...others.tags]),
    unresolved: others.unresolved.filter((tag) => !deadTags.has(tag)),
    untagged: versions.flatMap(({ digest, tags }) => (tags.length > 0 || known.digests.has(digest) ? [] : [digest])),
  };
}

/** The registry's tags beside these, and what they point at. */
async function resolveOthers(
  { endpoint }: Ghcr,
  tags: ReadonlyMap<Tag, Digest>,
): Promise<Pick<Surroundings, 'tags' | 'unresolved'>> {
  const names = (await listAllTags(endpoint)).filter((tag) => !tags.has(tag));
  const targets = await mapConcurrently(names, TAGS_IN_FLIGHT, (tag) => resolveManifest(endpoint, tag));
  const found = names.map((tag, at) => [tag, targets[at] ?? 'absent'] as const);
  return {
    tags: new Map(found.flatMap(([tag, target]) => (target === 'absent' ? [] : [[tag, target] as const]))),
    unresolved: found.flatMap(([tag, target]) => (target === 'absent' ? [tag] : [])),
  };
}

async function listTagsOf(
  { book, reader }: Ghcr,
  changes: GhcrUntagging,
  digest: Digest,
): Promise<readonly Tag[] | 'absent'> {
  const known = await book.seek(digest);
  const now = known === undefined ? 'absent' : await book.look(known.id);
  if (now !== 'absent') return now.tags;
  const isGone =
    known === undefined ? (await reader.readManifest(digest)) === 'absent' : await isProvedGone(changes, known);
  if (isGone) return 'absent';
  throw new RegistryError(
    `GitHub does not list ${digest} of ${changes.place}, which is there, so its tags are not known.`,
    {
      code: 'REGISTRY_REFUSED',
      hint: 'It may just have been pushed; the next run sees it.',
    },
  );
}
