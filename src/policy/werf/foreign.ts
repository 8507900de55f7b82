// In a repository that werf made, what is none of werf's.

import type { KeepReason } from '../../model/decision.ts';
import type { WerfPolicy } from '../../model/policy.ts';
import type { Digest } from '../../model/reference.ts';
import type { Werf } from './werf.ts';

/**
 * Reasons to keep foreign images, unless the policy leaves them to the other rules; what werf made for another project stays in any case,
 * since its history is not ours. Empty where werf made nothing.
 */
export function keepForeign(
  werf: Werf | undefined,
  { foreign }: Pick<WerfPolicy, 'foreign'>,
): ReadonlyMap<Digest, readonly KeepReason[]> {
  if (werf === undefined) return new Map();
  const kept = [...werf.foreign].filter(([digest]) => foreign === 'keep' || werf.ofOthers.has(digest));
  return new Map(kept.map(([digest, tag]) => [digest, [{ rule: 'foreign', tag }]]));
}
