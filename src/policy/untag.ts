// Which tags come off nodes that stay, when the user asked for it.

import type { KeepReason } from '../model/decision.ts';
import type { ImageGraph } from '../model/image-graph.ts';
import type { Digest, Tag } from '../model/reference.ts';
import { parseReferrerTag } from '../model/referrer-tag.ts';
import type { KeepReasons } from './closure.ts';

/**
 * Tags that no rule keeps, by kept node. A reason that is about the node as a whole (a link in a label, its age, a use by
 * digest …) keeps all its tags; only when every reason is about some tag, or the node stays just because an index lists it,
 * may the other tags go. Referrer tags never go alone.
 */
export function selectUntag(graph: ImageGraph, kept: KeepReasons): ReadonlyMap<Digest, readonly Tag[]> {
  const untag = new Map<Digest, readonly Tag[]>();
  for (const [digest, reasons] of kept) {
    const node = graph.nodes.get(digest);
    const held = reasons.map(tagHeldBy);
    if (node === undefined || held.includes('all')) continue;
    const loose = node.tags.filter((tag) => !held.includes(tag) && parseReferrerTag(tag) === undefined);
    if (loose.length > 0) untag.set(digest, loose);
  }
  return untag;
}

/** The tag that a reason keeps, `all` for a reason about the whole node, `none` for one that needs only the digest. */
function tagHeldBy(reason: KeepReason): Tag | 'all' | 'none' {
  switch (reason.rule) {
    case 'kubernetes':
    case 'pin':
      return reason.tag ?? 'all';
    case 'git':
      return reason.found.tag ?? 'all';
    case 'child':
      return 'none';
    case 'unlinked':
    case 'recent':
    case 'age-unknown':
    case 'unreadable':
    case 'in-doubt':
    case 'parent':
    case 'referrer':
    case 'subject':
    case 'orphan-referrer':
      return 'all';
  }
}
