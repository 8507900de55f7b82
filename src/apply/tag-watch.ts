// Watches the repository while steps are carried out: did a tag move, appear, or point at something that lists what is to go?

import { groupTags } from '../model/group-tags.ts';
import type { Digest, Tag } from '../model/reference.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Registry } from '../registry/port.ts';
import { createNews } from './news.ts';
import { subjectsNamed } from './subjects-named.ts';

/** What has changed since the snapshot, as far as a step must know. */
export interface TagWatch {
  /** Tags on the digest now, sorted; as of the last look, which may know only those on new digests. */
  tagsOf(digest: Digest): readonly Tag[];
  /** A digest that has come since the snapshot and reaches this one, or is tagged as belonging to it, if any. */
  newOwnerOf(digest: Digest): Digest | undefined;
  /** Something new that cannot be understood, or that is named and cannot be read: no untagged node may go any more. */
  readonly doubt: string | undefined;
  /** Looks again if the last look is older than the window. Those who ask during a look share it. */
  refresh(): Promise<void>;
  /** What our own step took away is no change by others. */
  forget(digest: Digest, tag: Tag | undefined): void;
}

/** What is watched, and how closely. */
export interface TagWatchOptions {
  readonly registry: Pick<Registry, 'lookAround' | 'readEdges'>;
  readonly snapshot: Pick<Snapshot, 'tags' | 'nodes' | 'absent'>;
  /** Milliseconds of a steady clock. */
  readonly clockMs: () => number;
  /** A look is good for so long, or three times as long as it took, whichever is more. */
  readonly windowMs: number;
}

const WINDOW_PER_LOOK = 3;

/** So many requests take a minute on the slowest registry that we know; in a larger repository its lists have to do. */
const MAX_TAGS_ASKED = 2000;

/** Whether a look may ask for every single one of so many tags. */
export function asksEveryTag(tags: number): boolean {
  return tags <= MAX_TAGS_ASKED;
}

/** A watch that has not looked yet: the first `refresh` does. */
export function watchTags(options: TagWatchOptions): TagWatch {
  const { registry, snapshot } = options;
  // Always those of the plan, however often we look: what a registry leaves out is then what the plan knew.
  const known = { tags: snapshot.tags, digests: new Set(snapshot.nodes.keys()) };
  let byDigest = groupTags(snapshot.tags);
  const news = createNews(registry, known.digests);
  let riddle: string | undefined;
  let goodUntilMs = Number.NEGATIVE_INFINITY;
  let hasLooked = false;
  let looking: Promise<void> | undefined;

  /** Whether it may list anything for all we know: it is named, and cannot be read. What the plan found absent may stay so. */
  const isRiddle = async (digest: Digest): Promise<boolean> =>
    !(await news.read(digest)) && !snapshot.absent.has(digest);

  async function look(): Promise<void> {
    const startedMs = options.clockMs();
    // What was pushed right before the plan may be on no list yet, and nothing was deleted by then.
    const everyTag = !hasLooked && asksEveryTag(snapshot.tags.size);
    const { tags, unresolved, untagged } = await registry.lookAround(known, { everyTag });
    byDigest = groupTags(tags);
    // A known tag has gone; behind a new one there may be something that the registry does not show yet.
    const riddles = unresolved.filter((tag) => !snapshot.tags.has(tag)).map((tag) => `tag ${tag}`);
    for (const [tag, digest] of tags) {
      if (snapshot.tags.get(tag) === digest) continue;
      for (const subject of subjectsNamed(tag, snapshot)) news.claim(subject, digest);
      if (await isRiddle(digest)) riddles.push(`tag ${tag}`);
    }
    for (const digest of untagged) if (await isRiddle(digest)) riddles.push(digest);
    // Only now: while a look goes on, what the last one left open stays open.
    [riddle] = riddles;
    hasLooked = true;
    const endedMs = options.clockMs();
    goodUntilMs = endedMs + Math.max(options.windowMs, WINDOW_PER_LOOK * (endedMs - startedMs));
  }

  return {
    tagsOf: (digest) => byDigest.get(digest) ?? [],
    newOwnerOf: (digest) => news.ownerOf(digest),
    get doubt() {
      return news.opaque ?? riddle;
    },
    async refresh() {
      if (options.clockMs() <= goodUntilMs && options.windowMs !== 0) return;
      looking ??= look().finally(() => {
        looking = undefined;
      });
      await looking;
    },
    forget(digest, tag) {
      const left = tag === undefined ? [] : (byDigest.get(digest) ?? []).filter((other) => other !== tag);
      byDigest.set(digest, left);
    },
  };
}
