// Recognises what werf made in a snapshot: by shape and by label.

import type { WerfPolicy } from '../../model/policy.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { Werf, WerfEvidence } from './werf.ts';

/** What werf made of this repository, or undefined when it has no stage and no record of werf's. */
export function readWerf(
  _snapshot: Snapshot,
  _policy: WerfPolicy,
  _evidence: WerfEvidence | undefined,
): Werf | undefined {
  return undefined;
}
