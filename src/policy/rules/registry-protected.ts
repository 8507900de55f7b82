// Rule `registry-protected`: what the registry would not delete is kept, so that the plan says so before anything is tried.

import type { KeepReason } from '../../model/decision.ts';
import type { Digest, Tag } from '../../model/reference.ts';
import type { ImageNode, Snapshot } from '../../model/snapshot.ts';

/**
 * Reasons to keep, by node: one for each of its tags that the registry protects from these credentials. Empty where the registry told of
 * none, or nothing at all. Looks at every node, referrers too.
 */
export function keepRegistryProtected(
  nodes: ReadonlyMap<Digest, ImageNode>,
  protectedTags: Snapshot['protectedTags'] = new Map<Tag, string>(),
): ReadonlyMap<Digest, readonly KeepReason[]> {
  const kept = new Map<Digest, readonly KeepReason[]>();
  if (protectedTags.size === 0) return kept;
  for (const { digest, tags } of nodes.values()) {
    const reasons = tags.flatMap((tag): KeepReason[] => {
      const why = protectedTags.get(tag);
      return why === undefined ? [] : [{ rule: 'registry-protected', tag, why }];
    });
    if (reasons.length > 0) kept.set(digest, reasons);
  }
  return kept;
}
