// Which stages are in use by their copies in werf's final repository.

import type { KeepReason } from '../../model/decision.ts';
import { buildImageGraph, type ImageGraph } from '../../model/image-graph.ts';
import type { Digest } from '../../model/reference.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { Usage } from '../../model/usage.ts';
import type { StageId } from '../../model/werf-tag.ts';
import { keepUsed } from '../rules/kubernetes.ts';
import { stageIdsOf } from './stage-ids.ts';

/**
 * Stages whose copies clusters use, by tag, custom tag or digest, also by that of a platform, with the reasons; a copy that no tag says to be
 * a stage stands under its digest.
 */
export function copiesInUse(
  final: Snapshot,
  usage: Usage,
  mirrors: ReadonlyMap<string, string>,
): ReadonlyMap<StageId, readonly KeepReason[]> {
  const graph = buildImageGraph(final);
  const used = new Map<StageId, KeepReason[]>();
  for (const [digest, reasons] of keepUsed({ snapshot: final, usage, mirrors }).keep) {
    for (const name of namesAbove(graph, digest)) used.set(name, [...(used.get(name) ?? []), ...reasons]);
  }
  return used;
}

/** Of the node and all that list it. Ends on cycles. */
function namesAbove(graph: ImageGraph, digest: Digest): ReadonlySet<StageId> {
  const above = new Set([digest]);
  // What is added while it is gone through has its turn later.
  for (const each of above) for (const parent of graph.parentsOf(each)) above.add(parent);
  return new Set([...above].flatMap((each) => [each, ...stageIdsOf(graph.nodes.get(each)?.tags ?? [])]));
}
