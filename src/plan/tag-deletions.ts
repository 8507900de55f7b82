// The deletions on a registry that collects by itself what no tag leads to: of tags only, so that no kept tag ever lacks a part.

import type { ImageGraph } from '../model/image-graph.ts';
import type { Digest } from '../model/reference.ts';
import type { Step } from './plan.ts';

/**
 * A step for every digest that has tags, in the order given. What is listed stays as long as anything leads to it, so no step asks for the
 * indexes above it; but a signature is nothing that its image leads to: it goes only when all is gone that leads to the image.
 */
export function tagDeletions(graph: ImageGraph, doomed: readonly Digest[]): readonly Step[] {
  const done = new Set<Digest>();
  return doomed.flatMap((digest): readonly Step[] => {
    const tags = graph.nodes.get(digest)?.tags ?? [];
    if (tags.length === 0) return [];
    // Signatures of each other would wait for each other.
    const owners = taggedAbove(graph, graph.subjectsOf(digest)).filter((owner) => done.has(owner));
    done.add(digest);
    return [{ action: 'delete', digest, precondition: { tags, owners } }];
  });
}

/** The nodes with tags among the given ones and all that lead to them, as index or as subject; sorted. Ends on cycles. */
export function taggedAbove(graph: ImageGraph, from: readonly Digest[]): readonly Digest[] {
  // What is added while it is gone through has its turn later.
  const seen = new Set(from);
  for (const digest of seen) {
    for (const above of [...graph.parentsOf(digest), ...graph.subjectsOf(digest)]) seen.add(above);
  }
  return [...seen].filter((digest) => (graph.nodes.get(digest)?.tags ?? []).length > 0).sort();
}
