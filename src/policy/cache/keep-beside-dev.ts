// While the user wants nothing but the development mode's build cache looked at, every image stays.

import type { KeepReason } from '../../model/decision.ts';
import type { Policy } from '../../model/policy.ts';
import type { Digest } from '../../model/reference.ts';
import type { Inventory } from '../inventory.ts';
import { hasCacheRule } from './recognize-cache.ts';

/** A reason to keep everything that stands for itself and is no build cache; empty unless only the development mode's is wanted. */
export function keepBesideDev(
  { graph, caches }: Pick<Inventory, 'graph' | 'caches'>,
  policy: Pick<Policy, 'cache' | 'purge'>,
): ReadonlyMap<Digest, readonly KeepReason[]> {
  if (!policy.cache.isDev || !hasCacheRule(policy)) return new Map();
  const images = [...graph.nodes.keys()].filter((digest) => graph.roleOf(digest) === 'image' && !caches.has(digest));
  return new Map(images.map((digest) => [digest, [{ rule: 'no-cache' }]]));
}
