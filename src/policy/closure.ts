// Reachability: what roots protect. The heart of the promise; see docs/how-it-decides.md for the rules in words.

import type { KeepReason } from '../model/decision.ts';
import type { ImageGraph } from '../model/image-graph.ts';
import type { Digest } from '../model/reference.ts';

/** Reasons to keep, by node; every list has at least one. */
export type KeepReasons = Map<Digest, KeepReason[]>;

/** A node that a kept one keeps although it neither lists it nor is listed by it. */
export interface Relative {
  readonly digest: Digest;
  readonly how: Extract<KeepReason, { rule: 'relative' }>['how'];
}

/** The relatives of a node, in an order that does not depend on the registry's answers; not its children and referrers. */
export type RelativesOf = (digest: Digest) => readonly Relative[];

const NO_RELATIVES: RelativesOf = () => [];

/**
 * Every node that must stay because of the roots, with the reason for each; the roots keep their own reasons.
 *
 * - A root protects the indexes that list it, at any height; a node kept only through an index does not.
 * - A root that is a referrer protects its subject as if that were a root.
 * - Every kept node protects its children at any depth, everything that refers to it, and its relatives, however it is kept.
 *
 * Terminates on cyclic input: each node is marked once.
 */
export function protectReachable(
  graph: ImageGraph,
  roots: ReadonlyMap<Digest, readonly KeepReason[]>,
  relativesOf = NO_RELATIVES,
): KeepReasons {
  const kept: KeepReasons = new Map();
  // Sorted, so that the reason found first does not depend on the order of the registry's answers.
  for (const [digest, reasons] of [...roots].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (graph.nodes.has(digest)) kept.set(digest, [...reasons]);
  }
  const queue: Digest[] = [...kept.keys()];
  protectUpward(graph, kept, queue);
  protectDownward({ graph, relativesOf }, kept, queue);
  return kept;
}

/** How far protection goes. */
export interface Reach {
  readonly graph: ImageGraph;
  readonly relativesOf?: RelativesOf;
}

/** Adds more kept nodes to a finished closure; they protect what they list, what refers to them and their relatives, nothing above. */
export function protectAlso(reach: Reach, kept: KeepReasons, more: ReadonlyMap<Digest, KeepReason>): void {
  const queue: Digest[] = [];
  for (const [digest, reason] of [...more].sort(([a], [b]) => (a < b ? -1 : 1))) mark(kept, queue, { digest, reason });
  protectDownward(reach, kept, queue);
}

function protectUpward(graph: ImageGraph, kept: KeepReasons, queue: Digest[]): void {
  const roots = [...queue];
  for (let next = roots.pop(); next !== undefined; next = roots.pop()) {
    const above: { digest: Digest; reason: KeepReason }[] = [
      ...graph.parentsOf(next).map((digest) => ({ digest, reason: { rule: 'parent', of: next } as const })),
      ...graph.subjectsOf(next).map((digest) => ({ digest, reason: { rule: 'subject', of: next } as const })),
    ];
    for (const found of above) if (mark(kept, queue, found)) roots.push(found.digest);
  }
}

function protectDownward({ graph, relativesOf = NO_RELATIVES }: Reach, kept: KeepReasons, queue: Digest[]): void {
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const digest of graph.childrenOf(next)) mark(kept, queue, { digest, reason: { rule: 'child', of: next } });
    for (const digest of graph.referrersOf(next)) mark(kept, queue, { digest, reason: { rule: 'referrer', of: next } });
    for (const { digest, how } of relativesOf(next)) {
      if (graph.nodes.has(digest)) mark(kept, queue, { digest, reason: { rule: 'relative', of: next, how } });
    }
  }
}

function mark(kept: KeepReasons, queue: Digest[], found: { digest: Digest; reason: KeepReason }): boolean {
  if (kept.has(found.digest)) return false;
  kept.set(found.digest, [found.reason]);
  queue.push(found.digest);
  return true;
}
