// Build cache among what is decided: it is judged by the images that stay, so it comes after them, and it keeps none of them.

import type { DeleteReason, KeepReason, Remark } from '../../model/decision.ts';
import type { CachePolicy } from '../../model/policy.ts';
import { type Digest, formatRepository } from '../../model/reference.ts';
import { type KeepReasons, protectAlso } from '../closure.ts';
import type { Inventory } from '../inventory.ts';
import type { BuiltImages } from './built-images.ts';
import { remarkOnCache } from './cache-remarks.ts';
import { judgeCaches } from './judge-cache.ts';
import type { JudgedCaches } from './judge-itself.ts';

/** What cache is settled by. */
export interface SettleCacheInput {
  readonly inventory: Inventory;
  readonly policy: CachePolicy;
  readonly judged: JudgedCaches;
  /** All repositories of the run, this one among them. */
  readonly built: readonly BuiltImages[];
}

/** Why cache goes, and what is to be said of it. */
export interface SettledCache {
  readonly drop: ReadonlyMap<Digest, readonly DeleteReason[]>;
  readonly remarks: readonly Remark[];
}

/** Adds the cache that stays to what is kept, with all that hangs on it. What another rule keeps already stays for its reasons. */
export function settleCache(kept: KeepReasons, { inventory, policy, judged, built }: SettleCacheInput): SettledCache {
  const { snapshot, graph, relativesOf } = inventory;
  if (judged.all.size === 0) return { drop: new Map(), remarks: [] };
  const repository = formatRepository(snapshot.repository);
  const verdicts = judgeCaches({ repository, caches: judged.all, built, policy });
  const drop = new Map<Digest, readonly DeleteReason[]>();
  const stays = new Map<Digest, readonly KeepReason[]>();
  for (const [digest, verdict] of verdicts) {
    if (verdict.decision === 'delete') drop.set(digest, verdict.reasons);
    else if (!kept.has(digest)) stays.set(digest, verdict.reasons);
  }
  const first = [...stays].flatMap(([digest, [reason]]) => (reason === undefined ? [] : [[digest, reason] as const]));
  protectAlso({ graph, relativesOf }, kept, new Map(first));
  for (const [digest, reasons] of stays) kept.set(digest, [...reasons]);
  return { drop, remarks: remarkOnCache({ verdicts, undeclared: judged.undeclared, kept, policy }) };
}
