// Reasons of several rules, by node.

import type { Digest } from '../model/reference.ts';

/** The reasons of all rules for each node, in the order of the rules. */
export function mergeReasons<Kind>(
  parts: readonly ReadonlyMap<Digest, readonly Kind[]>[],
): ReadonlyMap<Digest, readonly Kind[]> {
  const merged = new Map<Digest, readonly Kind[]>();
  for (const part of parts)
    for (const [digest, reasons] of part) merged.set(digest, [...(merged.get(digest) ?? []), ...reasons]);
  return merged;
}
