// The user's word that everything werf made is to go.

import type { DeleteReason, KeepReason } from '../../model/decision.ts';
import type { ImageGraph } from '../../model/image-graph.ts';
import type { Digest } from '../../model/reference.ts';
import type { Werf } from './werf.ts';

/** What goes, and, as a reason to keep, everything that is not proved to be werf's. Records are judged by themselves. */
export function judgePurge(
  graph: ImageGraph,
  werf: Werf | undefined,
): {
  readonly keep: ReadonlyMap<Digest, readonly KeepReason[]>;
  readonly drop: ReadonlyMap<Digest, readonly DeleteReason[]>;
} {
  const keep = new Map<Digest, readonly KeepReason[]>();
  const drop = new Map<Digest, readonly DeleteReason[]>();
  for (const { digest, tags } of graph.nodes.values()) {
    const foreign = werf?.foreign.get(digest);
    const isBuilt = werf?.built.has(digest) === true && foreign === undefined;
    if (isBuilt) drop.set(digest, [{ rule: 'purge' }]);
    else if (graph.roleOf(digest) === 'image') {
      const tag = foreign ?? tags[0];
      keep.set(digest, [{ rule: 'foreign', ...(tag === undefined ? {} : { tag }) }]);
    }
  }
  return { keep, drop };
}
