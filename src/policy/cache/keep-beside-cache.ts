// While the user wants nothing but build cache looked at, all of it or the development mode's, every image stays.

import type { KeepReason } from '../../model/decision.ts';
import type { Policy } from '../../model/policy.ts';
import type { Digest } from '../../model/reference.ts';
import type { Inventory } from '../inventory.ts';
import { hasCacheRule } from './recognize-cache.ts';

/** A reason to keep everything that stands for itself and is no build cache, and every record; empty unless only cache is wanted. */
export function keepBesideCache(
  { graph, caches }: Pick<Inventory, 'graph' | 'caches'>,
  policy: Pick<Policy, 'cache' | 'purge'>,
): ReadonlyMap<Digest, readonly KeepReason[]> {
  const { isDev, isAlone } = policy.cache;
  if (!(isDev || isAlone) || !hasCacheRule(policy)) return new Map();
  const images = [...graph.nodes.keys()].filter((digest) => {
    const role = graph.roleOf(digest);
    return (role === 'image' || role === 'record') && !caches.has(digest);
  });
  return new Map(images.map((digest) => [digest, [{ rule: 'no-cache' }]]));
}
