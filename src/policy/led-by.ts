// What tags lead to: on a registry that collects the rest, that is what stays there.

import type { ImageGraph } from '../model/image-graph.ts';
import type { Digest } from '../model/reference.ts';

/** The given nodes and everything that they list, at any depth. What only refers to them is not led to. Ends on cycles. */
export function ledBy(graph: ImageGraph, from: Iterable<Digest>): ReadonlySet<Digest> {
  // What is added while it is gone through has its turn later.
  const led = new Set(from);
  for (const digest of led) for (const child of graph.childrenOf(digest)) led.add(child);
  return led;
}
