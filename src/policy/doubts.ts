// What cannot be understood is kept, and so is what it may list.

import type { KeepReason } from '../model/decision.ts';
import type { ImageGraph } from '../model/image-graph.ts';
import type { Digest } from '../model/reference.ts';
import type { ImageNode, Snapshot } from '../model/snapshot.ts';
import { type KeepReasons, protectAlso, type Reach } from './closure.ts';

/** Manifests nobody understands, and referrers whose subject is elsewhere, are kept; not records, and none that werf marked as broken. */
export function keepNotUnderstood(
  graph: ImageGraph,
  rejected: { has(digest: Digest): boolean },
): ReadonlyMap<Digest, readonly KeepReason[]> {
  const kept = new Map<Digest, readonly KeepReason[]>();
  for (const node of graph.nodes.values()) {
    if (rejected.has(node.digest) || graph.roleOf(node.digest) === 'record') continue;
    const orphan = graph.absentSubjectsOf(node.digest)[0];
    if (node.content.kind === 'opaque') kept.set(node.digest, [{ rule: 'unreadable', why: node.content.why }]);
    else if (orphan !== undefined && graph.subjectsOf(node.digest).length === 0) {
      kept.set(node.digest, [{ rule: 'orphan-referrer', subject: orphan }]);
    }
  }
  return kept;
}

/**
 * While something unreadable that stays may list manifests, no untagged node can be called unneeded, and no tagged one that it names. What
 * goes needs nothing that it lists.
 */
export function protectDoubtful(snapshot: Snapshot, reach: Reach, kept: KeepReasons): void {
  // What is kept in doubt may itself be such a manifest.
  for (let before = -1; before !== kept.size; ) {
    before = kept.size;
    protectAlso(reach, kept, doubtful(snapshot, reach.graph, kept));
  }
}

function doubtful(snapshot: Snapshot, graph: ImageGraph, kept: KeepReasons): ReadonlyMap<Digest, KeepReason> {
  const unreadable = [...graph.nodes.values()].filter(
    ({ digest, content }) => content.kind === 'opaque' && content.mayListManifests && kept.has(digest),
  );
  const doubts = new Map<Digest, KeepReason>();
  if (unreadable.length === 0 && snapshot.vanishedTags.length === 0) return doubts;
  const because = unreadable.map((node) => node.digest);
  const why =
    because.length > 0
      ? `${because.length === 1 ? 'a manifest that' : `one of ${because.length} manifests that`} cannot be understood might list it`
      : `tag ${snapshot.vanishedTags[0]} vanished while it was read and might have listed it`;
  const isNamed = isNamedByAny(unreadable);
  for (const node of graph.nodes.values()) {
    if (kept.has(node.digest)) continue;
    if (node.tags.length === 0 || isNamed(node.digest)) doubts.set(node.digest, { rule: 'in-doubt', because, why });
  }
  return doubts;
}

/** A digest that stands in the bytes of an unreadable manifest may be its child, tags or not. */
function isNamedByAny(unreadable: readonly ImageNode[]): (digest: Digest) => boolean {
  const names = unreadable.map(({ content }) => (content.kind === 'opaque' ? content.names : undefined));
  if (names.includes(undefined)) return () => true;
  const all = new Set(names.flatMap((some) => some ?? []));
  return (digest) => all.has(digest);
}
