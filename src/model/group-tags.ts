// Tags by what they point at.

import type { Digest, Tag } from './reference.ts';

/** Every digest that a tag points at, with all tags on it, sorted by code unit. */
export function groupTags(tags: ReadonlyMap<Tag, Digest>): Map<Digest, readonly Tag[]> {
  const groups = new Map<Digest, Tag[]>();
  for (const [tag, digest] of tags) {
    const group = groups.get(digest);
    if (group === undefined) groups.set(digest, [tag]);
    else group.push(tag);
  }
  for (const group of groups.values()) group.sort();
  return groups;
}
