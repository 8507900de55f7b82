// Watches the repository while steps are carried out: did a tag move, appear, or point at something that lists what is to go?

import type { Digest, Tag } from '../model/reference.ts';
import { parseReferrerTag } from '../model/referrer-tag.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Registry } from '../registry/port.ts';
import { mapConcurrently } from '../util/map-concurrently.ts';

/** What has changed since the snapshot, as far as a step must know. */
export interface TagWatch {
  /** Tags on the digest now, sorted; as of the last look. */
  tagsOf(digest: Digest): readonly Tag[];
  /** A digest that has come since the snapshot and reaches this one, or is tagged as belonging to it, if any. */
  newOwnerOf(digest: Digest): Digest | undefined;
  /** A new manifest that cannot be understood, or a new tag that leads nowhere: no untagged node may go any more. */
  readonly doubt: string | undefined;
  /** Looks again if the last look is older than the window. */
  refresh(): Promise<void>;
  /** What our own step took away is no change by others. */
  forget(digest: Digest, tag: Tag | undefined): void;
}

/** What is watched, and how closely. */
export interface TagWatchOptions {
  readonly registry: Pick<Registry, 'listTags' | 'resolveTag' | 'readEdges'>;
  readonly snapshot: Pick<Snapshot, 'tags' | 'nodes'>;
  /** Milliseconds of a steady clock. */
  readonly clockMs: () => number;
  /** A look is good for so long, or three times as long as it took, whichever is more. */
  readonly windowMs: number;
}

const PARALLEL_LOOKS = 16;
const WINDOW_PER_LOOK = 3;

/** A watch that has not looked yet: the first `refresh` does. */
export function watchTags(options: TagWatchOptions): TagWatch {
  const { registry, snapshot } = options;
  let byDigest = groupByDigest(snapshot.tags);
  const reachedByNew = new Map<Digest, Digest>();
  const inspected = new Set<Digest>(snapshot.nodes.keys());
  let opaque: Digest | undefined;
  let unread: Tag | undefined;
  let goodUntilMs = Number.NEGATIVE_INFINITY;

  async function inspect(root: Digest): Promise<void> {
    const queue = [root];
    const seen = new Set<Digest>();
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      const edges = await registry.readEdges(next);
      if (edges === 'opaque') opaque = next;
      if (edges === 'opaque' || edges === 'absent') continue;
      for (const edge of edges) {
        reachedByNew.set(edge, root);
        queue.push(edge);
      }
    }
  }

  async function noteNew(tag: Tag, digest: Digest): Promise<void> {
    for (const subject of subjectsNamed(tag, snapshot)) reachedByNew.set(subject, digest);
    if (inspected.has(digest)) return;
    await inspect(digest);
    inspected.add(digest);
  }

  async function look(): Promise<void> {
    const startedMs = options.clockMs();
    const names = [...new Set(await registry.listTags())];
    const targets = await mapConcurrently(names, PARALLEL_LOOKS, (tag) => registry.resolveTag(tag));
    const now = new Map(names.flatMap((tag, at) => entryOf(tag, targets[at])));
    byDigest = groupByDigest(now);
    // A known tag has gone; behind a new one there may be something that the registry does not show yet.
    unread = names.find((tag) => !now.has(tag) && !snapshot.tags.has(tag));
    for (const [tag, digest] of now) if (snapshot.tags.get(tag) !== digest) await noteNew(tag, digest);
    const endedMs = options.clockMs();
    goodUntilMs = endedMs + Math.max(options.windowMs, WINDOW_PER_LOOK * (endedMs - startedMs));
  }

  return {
    tagsOf: (digest) => byDigest.get(digest) ?? [],
    newOwnerOf: (digest) => reachedByNew.get(digest),
    get doubt() {
      return opaque ?? (unread === undefined ? undefined : `tag ${unread}`);
    },
    async refresh() {
      if (options.clockMs() > goodUntilMs || options.windowMs === 0) await look();
    },
    forget(digest, tag) {
      const left = tag === undefined ? [] : (byDigest.get(digest) ?? []).filter((other) => other !== tag);
      byDigest.set(digest, left);
    },
  };
}

/** What a referrer tag (cosign's, or the referrers fallback) says that it belongs to. */
function subjectsNamed(tag: Tag, { nodes }: TagWatchOptions['snapshot']): readonly Digest[] {
  const pointer = parseReferrerTag(tag);
  if (pointer === undefined) return [];
  if (pointer.kind === 'whole') return [pointer.subject];
  return [...nodes.keys()].filter((digest) => digest.startsWith(pointer.digestPrefix));
}

function entryOf(tag: Tag, target: Digest | 'absent' | undefined): readonly (readonly [Tag, Digest])[] {
  return target === undefined || target === 'absent' ? [] : [[tag, target]];
}

function groupByDigest(tags: ReadonlyMap<Tag, Digest>): Map<Digest, Tag[]> {
  const groups = new Map<Digest, Tag[]>();
  for (const [tag, digest] of tags) {
    const group = groups.get(digest);
    if (group === undefined) groups.set(digest, [tag]);
    else group.push(tag);
  }
  for (const group of groups.values()) group.sort();
  return groups;
}
