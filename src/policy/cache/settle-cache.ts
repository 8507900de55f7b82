// Build cache among what is decided: it is judged by the images that stay, so it comes after them, and it keeps none of them.

import type { DeleteReason, KeepReason, Remark } from '../../model/decision.ts';
import type { Policy } from '../../model/policy.ts';
import { type Digest, formatRepository } from '../../model/reference.ts';
import type { Instant } from '../../model/time.ts';
import { type KeepReasons, protectAlso } from '../closure.ts';
import type { Inventory } from '../inventory.ts';
import type { Link } from '../link.ts';
import { ageOf, type FirstSeen } from '../rules/recent.ts';
import type { BuiltImages } from './built-images.ts';
import type { CacheEvidence } from './cache-evidence.ts';
import { remarkOnCache } from './cache-remarks.ts';
import { judgeCaches } from './judge-cache.ts';

/** What cache is settled by. */
export interface SettleCacheInput {
  readonly inventory: Inventory;
  readonly policy: Policy;
  readonly firstSeen: FirstSeen | undefined;
  readonly further: CacheEvidence | undefined;
  readonly links: ReadonlyMap<Digest, readonly Link[]> | undefined;
  /** All repositories of the run, this one among them. */
  readonly built: readonly BuiltImages[];
  readonly now: Instant;
}

/** Why cache goes, and what is to be said of it. */
export interface SettledCache {
  readonly drop: ReadonlyMap<Digest, readonly DeleteReason[]>;
  readonly remarks: readonly Remark[];
}

/** Adds the cache that stays to what is kept, with all that hangs on it. What another rule keeps already stays for its reasons. */
export function settleCache(kept: KeepReasons, input: SettleCacheInput): SettledCache {
  const { inventory, now, firstSeen } = input;
  const { snapshot, graph, caches, publishedAt, relativesOf } = inventory;
  if (caches.size === 0) return { drop: new Map(), remarks: [] };
  const { listTimes } = snapshot.capabilities;
  const { verdicts, undeclared } = judgeCaches({
    ...input,
    caches,
    repository: formatRepository(snapshot.repository),
    ageOf: (digest) => ageOf(digest, { graph, now, firstSeen, listTimes, publishedAt }),
  });
  const drop = new Map<Digest, readonly DeleteReason[]>();
  const stays = new Map<Digest, readonly KeepReason[]>();
  for (const [digest, verdict] of verdicts) {
    if (verdict.decision === 'delete') drop.set(digest, verdict.reasons);
    else if (!kept.has(digest)) stays.set(digest, verdict.reasons);
  }
  const first = [...stays].flatMap(([digest, [reason]]) => (reason === undefined ? [] : [[digest, reason] as const]));
  protectAlso({ graph, relativesOf }, kept, new Map(first));
  for (const [digest, reasons] of stays) kept.set(digest, [...reasons]);
  return { drop, remarks: remarkOnCache({ verdicts, undeclared, kept, policy: input.policy }) };
}
