// Stages whose copies in the final repository are in use.

import type { KeepReason } from '../../model/decision.ts';
import { type Digest, isDigest } from '../../model/reference.ts';
import type { Werf, WerfEvidence } from './werf.ts';

/** Reasons to keep the originals, by the ids of their stages or by their own digests: those for which the copies are in use. */
export function keepUsedCopies(
  werf: Werf | undefined,
  usedCopies: WerfEvidence['usedCopies'] = new Map(),
): ReadonlyMap<Digest, readonly KeepReason[]> {
  const keep = new Map<Digest, KeepReason[]>();
  for (const [stage, reasons] of usedCopies) {
    const digest = isDigest(stage) ? stage : werf?.stages.get(stage);
    if (digest !== undefined && werf?.built.has(digest) === true)
      keep.set(digest, [...(keep.get(digest) ?? []), ...reasons]);
  }
  return keep;
}
