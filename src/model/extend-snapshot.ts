// Adding nodes to a snapshot that only a digest names.

import type { Digest } from './reference.ts';
import type { Snapshot } from './snapshot.ts';

/** The snapshot with further nodes; what it already holds stays as it is, tags included. */
export function extendSnapshot(snapshot: Snapshot, more: Pick<Snapshot, 'nodes' | 'absent'>): Snapshot {
  const nodes = new Map(snapshot.nodes);
  for (const [digest, node] of more.nodes) if (!nodes.has(digest)) nodes.set(digest, node);
  const absent = new Map<Digest, readonly Digest[]>();
  for (const [digest, namedBy] of [...snapshot.absent, ...more.absent]) {
    if (!nodes.has(digest)) absent.set(digest, [...new Set([...(absent.get(digest) ?? []), ...namedBy])]);
  }
  return { ...snapshot, nodes, absent };
}
