// What the graph reader reads of a repository on GitLab: tags from GitLab's list where there is one, else one by one.

import type { Digest, Tag } from '../model/reference.ts';
import type { Capabilities } from '../model/snapshot.ts';
import type { Instant } from '../model/time.ts';
import type { CachedReader, ReadManifest } from './cached-reader.ts';
import { decodeManifest } from './decode-manifest.ts';
import type { GitlabBook } from './gitlab-book.ts';
import type { ListedTag } from './gitlab-tags.ts';
import type { ManifestSource } from './manifest-source.ts';
import { getManifest, type OciEndpoint, resolveManifest } from './oci-manifests.ts';
import { listAllTags } from './oci-pages.ts';
import type { ReferrersProbe } from './probe-referrers.ts';

/** What a source is made of. */
export interface GitlabSourceParts {
  readonly endpoint: OciEndpoint;
  readonly book: GitlabBook;
  readonly reader: CachedReader;
  readonly referrers: ReferrersProbe;
  /** GitLab's list as it was read for this source; absent: each tag is asked for. */
  readonly list?: ReadonlyMap<Tag, ListedTag>;
  readonly now: Instant;
  readonly capabilities: () => Capabilities;
}

/** A source for one reading. */
export function createGitlabSource(parts: GitlabSourceParts): ManifestSource {
  const { endpoint, book, reader, referrers, list, now } = parts;
  const asked = new Set<Tag>();
  const moved = new Set<Digest>();
  const readManifest = (digest: Digest) => noting(book, reader.readManifest(digest));

  /** The manifest that the list shows; when it has gone since, the tag went with it, or somebody has moved it. */
  async function readListed(tag: Tag): Promise<ReadManifest> {
    const listed = asked.has(tag) ? undefined : list?.get(tag);
    asked.add(tag);
    const found = listed === undefined ? 'absent' : await readManifest(listed.digest);
    if (found !== 'absent') return found;
    const target = await resolveManifest(endpoint, tag);
    if (target === 'absent') return 'absent';
    moved.add(target);
    return readManifest(target);
  }

  return {
    repository: endpoint.repository,
    listTags: () => (list === undefined ? listAllTags(endpoint) : Promise.resolve([...list.keys()])),
    listUntagged: () => Promise.resolve([]),
    // One answer by tag has both the digest and the manifest, so the cache has nothing to add.
    getByTag: (tag) => (list === undefined ? noting(book, getManifest(endpoint, tag)) : readListed(tag)),
    getByDigest: ({ digest }) => readManifest(digest),
    getByBareDigest: (digest) => noting(book, reader.readBareManifest(digest)),
    getBlob: (digest, maxBytes) => reader.readBlob(digest, maxBytes),
    listReferrers: (digest) => referrers.list(digest),
    timesOf: (digest) => {
      // Tagged after the list was read: as new as anything.
      const taggedAt = moved.has(digest) ? now : book.taggedAt(digest);
      return taggedAt === undefined ? {} : { tagged: taggedAt };
    },
    capabilities: parts.capabilities,
  };
}

/** What is read tells which manifests its index needs. */
async function noting(book: GitlabBook, reading: Promise<ReadManifest>): Promise<ReadManifest> {
  const found = await reading;
  if (found === 'absent' || found.kind !== 'whole') return found;
  const { content } = decodeManifest(found.bytes, found.declaredType);
  if (content.kind === 'index')
    book.noteChildren(
      found.digest,
      content.children.map(({ digest }) => digest),
    );
  return found;
}
