// The order of deletions: owners before what they own, so that any prefix leaves only whole images behind.

import type { ImageGraph } from '../model/image-graph.ts';
import type { Digest } from '../model/reference.ts';

/**
 * The digests in an order in which every index comes before what it lists and every subject before what refers to it.
 * Deterministic: ties by the order given. Listing can not be cyclic (digests are hashes), but referrer tags are just names
 * and can be; where they contradict, listing wins.
 */
export function orderDeletions(graph: ImageGraph, digests: readonly Digest[]): readonly Digest[] {
  const waiting = new Set(digests);
  const ordered: Digest[] = [];
  const isFree = (digest: Digest): boolean =>
    !graph.parentsOf(digest).some((parent) => waiting.has(parent)) &&
    !graph.subjectsOf(digest).some((subject) => waiting.has(subject));
  const isUnlisted = (digest: Digest): boolean => !graph.parentsOf(digest).some((parent) => waiting.has(parent));
  const take = (digest: Digest): void => {
    waiting.delete(digest);
    ordered.push(digest);
    // What it owned may be free now: depth first keeps an image's parts together.
    for (const owned of [...graph.childrenOf(digest), ...graph.referrersOf(digest)]) {
      if (waiting.has(owned) && isFree(owned)) take(owned);
    }
  };
  while (waiting.size > 0) {
    const before = waiting.size;
    const candidates = [...waiting];
    for (const digest of candidates) if (waiting.has(digest) && isFree(digest)) take(digest);
    if (waiting.size < before) continue;
    const next = [...waiting].find(isUnlisted) ?? [...waiting][0];
    if (next === undefined) break;
    take(next);
  }
  return ordered;
}
