// How many images of one reference stay: werf's `imagesPerReference`, counted by commit.

import type { CommitIndex } from '../../model/history.ts';
import type { KeepPolicy } from '../../model/policy.ts';
import type { Digest } from '../../model/reference.ts';
import type { Instant } from '../../model/time.ts';

/** One image kept, with the commit that it was counted at. */
export interface KeptImage {
  readonly digest: Digest;
  readonly commit: CommitIndex;
}

/** What one reference reaches, and which images were published there. */
export interface ReferenceImages {
  /** Published commits that the reference reaches. */
  readonly reached: readonly CommitIndex[];
  readonly imagesOf: (commit: CommitIndex) => readonly Digest[];
  readonly dateOf: (commit: CommitIndex) => Instant;
  /** Place in an order that has children before parents: decides between equal dates. */
  readonly rankOf: (commit: CommitIndex) => number;
  readonly now: Instant;
}

/**
 * The images of one reference that its policy keeps.
 *
 * An image counts at its newest reached commit; several images at one commit count once. `last: 0` keeps nothing,
 * a negative `last` everything. With `And`, commits older than `in` are left out before counting; with `Or`, the newest
 * `last` commits and all commits within `in` stay. Of equal dates a child is newer than its ancestors.
 */
export function keepPerReference(
  limit: KeepPolicy['imagesPerReference'],
  images: ReferenceImages,
): readonly KeptImage[] {
  if (limit.last === 0) return [];
  const within = limit.in;
  const isYoung = (commit: CommitIndex): boolean => within === undefined || images.dateOf(commit) > images.now - within;
  const eligible = limit.operator === 'And' ? images.reached.filter(isYoung) : images.reached;
  const counted = newestCommitOfEach(eligible, images);
  const everything = [...counted].map(([digest, commit]) => ({ digest, commit }));
  if (limit.last < 0 || counted.size <= limit.last) return everything;

  const commits = [...new Set(counted.values())].sort(newerFirst(images));
  const kept = new Set(commits.slice(0, limit.last));
  if (limit.operator === 'Or' && within !== undefined)
    for (const commit of commits) if (isYoung(commit)) kept.add(commit);
  return everything.filter(({ commit }) => kept.has(commit));
}

function newestCommitOfEach(
  commits: readonly CommitIndex[],
  images: ReferenceImages,
): ReadonlyMap<Digest, CommitIndex> {
  const newest = new Map<Digest, CommitIndex>();
  const compare = newerFirst(images);
  for (const commit of commits) {
    for (const digest of images.imagesOf(commit)) {
      const known = newest.get(digest);
      if (known === undefined || compare(commit, known) < 0) newest.set(digest, commit);
    }
  }
  return newest;
}

function newerFirst(images: ReferenceImages): (a: CommitIndex, b: CommitIndex) => number {
  return (a, b) => images.dateOf(b) - images.dateOf(a) || images.rankOf(a) - images.rankOf(b);
}
