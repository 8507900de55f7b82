// All that a decision on one repository is made from.

import type { Forge } from '../model/forge.ts';
import type { History } from '../model/history.ts';
import type { Digest } from '../model/reference.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Usage } from '../model/usage.ts';
import type { CacheEvidence } from './cache/cache-evidence.ts';
import type { FirstSeen } from './rules/recent.ts';
import type { WerfEvidence } from './werf/werf.ts';

/**
 * All that is known about one repository. `history` and `usage` are absent only when the user switched the rule off, `forge` when no forge
 * was asked; it counts for nothing without a history.
 */
export interface Evidence {
  readonly snapshot: Snapshot;
  readonly history: History | undefined;
  readonly forge: Forge | undefined;
  readonly usage: Usage | undefined;
  readonly firstSeen: FirstSeen | undefined;
  /** What other repositories of the same project of werf's say. */
  readonly werf?: WerfEvidence;
  /** For the rules about build cache. Absent: there are no further Git repositories. */
  readonly cache?: CacheEvidence;
}

/** The snapshot in a fixed order: registries answer in any, and the same content must give the same reasons and remarks. */
export function inOrder(snapshot: Snapshot): Snapshot {
  const sorted = <Value>(map: ReadonlyMap<Digest, Value>) => new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
  const absent = new Map([...sorted(snapshot.absent)].map(([digest, namedBy]) => [digest, [...namedBy].sort()]));
  return { ...snapshot, nodes: sorted(snapshot.nodes), absent };
}
