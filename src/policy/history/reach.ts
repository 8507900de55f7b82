// Which published commits each branch reaches. One pass over the graph answers for 32 heads at once, so thousands of
// branches cost hundreds of passes at most, and no branch is walked by itself.

import type { CommitGraph, CommitIndex } from '../../model/history.ts';

const HEADS_PER_PASS = 32;

/**
 * For each head (in the given order; duplicates allowed) the wanted commits that it reaches over all parents, itself
 * included. Exact for every shape of history.
 */
export function reachedFrom(
  graph: CommitGraph,
  heads: readonly CommitIndex[],
  wanted: readonly CommitIndex[],
): readonly (readonly CommitIndex[])[] {
  const distinct = [...new Set(heads)];
  const byHead = new Map<CommitIndex, readonly CommitIndex[]>();
  const masks = new Uint32Array(graph.size);
  for (let start = 0; start < distinct.length; start += HEADS_PER_PASS) {
    const group = distinct.slice(start, start + HEADS_PER_PASS);
    spreadMasks(graph, group, masks);
    group.forEach((head, bit) => {
      byHead.set(
        head,
        wanted.filter((commit) => (((masks[commit] ?? 0) >>> bit) & 1) === 1),
      );
    });
  }
  return heads.map((head) => byHead.get(head) ?? []);
}

/** By commit, its place in an order that has children before parents. */
export function rankCommits(graph: CommitGraph): Uint32Array {
  const ranks = new Uint32Array(graph.size);
  graph.childrenFirst.forEach((commit, rank) => {
    ranks[commit] = rank;
  });
  return ranks;
}

/** By commit, 1 where any of the heads reaches it over all parents, itself included; else 0. */
export function reachedByAny(graph: CommitGraph, heads: readonly CommitIndex[]): Uint8Array {
  const reached = new Uint8Array(graph.size);
  for (const head of heads) reached[head] = 1;
  for (const commit of graph.childrenFirst) {
    if (reached[commit] === 1) for (const parent of graph.parentsOf(commit)) reached[parent] = 1;
  }
  return reached;
}

/** Fills `masks` so that bit i of a commit says whether `group[i]` reaches it. */
function spreadMasks(graph: CommitGraph, group: readonly CommitIndex[], masks: Uint32Array): void {
  masks.fill(0);
  group.forEach((head, bit) => {
    masks[head] = (masks[head] ?? 0) | (1 << bit);
  });
  for (const commit of graph.childrenFirst) {
    const mask = masks[commit] ?? 0;
    if (mask === 0) continue;
    for (const parent of graph.parentsOf(commit)) masks[parent] = (masks[parent] ?? 0) | mask;
  }
}
