// The order of deletions: owners before what they own, so that any prefix leaves only whole images behind.

import type { ImageGraph } from '../model/image-graph.ts';
import type { Digest } from '../model/reference.ts';

/**
 * The digests in an order in which every index comes before what it lists and every subject before what refers to it.
 * Deterministic: ties by the order given. Listing can not be cyclic (digests are hashes), but referrer tags are just names
 * and can be; where they contradict, listing wins, and what is only owned by such a circle still comes after it.
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
    const circle = findCircle(graph, waiting);
    const next = circle.find(isUnlisted) ?? circle[0];
    if (next === undefined) break;
    take(next);
  }
  return ordered;
}

/** A circle of owners that nothing else that waits owns, in the order given; empty when nothing waits. */
function findCircle(graph: ImageGraph, waiting: ReadonlySet<Digest>): readonly Digest[] {
  const [first] = waiting;
  if (first === undefined) return [];
  let circle = ownersOf(graph, first, waiting);
  for (;;) {
    // In a circle all have the same owners; outside of it some owner has fewer.
    const { size } = circle;
    const smaller = [...circle].map((owner) => ownersOf(graph, owner, waiting)).find((owners) => owners.size < size);
    if (smaller === undefined) return [...waiting].filter((digest) => circle.has(digest));
    circle = smaller;
  }
}

/** All that waits and owns the node, at any height; the node itself too where it is in a circle. */
function ownersOf(graph: ImageGraph, digest: Digest, waiting: ReadonlySet<Digest>): Set<Digest> {
  const owners = new Set<Digest>();
  const queue = [digest];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const owner of [...graph.parentsOf(next), ...graph.subjectsOf(next)]) {
      if (!waiting.has(owner) || owners.has(owner)) continue;
      owners.add(owner);
      queue.push(owner);
    }
  }
  return owners;
}
