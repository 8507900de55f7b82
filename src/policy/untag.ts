// Which tags come off nodes that stay, when the user asked for it.

import type { KeepReason } from '../model/decision.ts';
import type { ImageGraph } from '../model/image-graph.ts';
import type { Digest, Tag } from '../model/reference.ts';
import { parseReferrerTag } from '../model/referrer-tag.ts';
import type { KeepReasons } from './closure.ts';
import { ledBy } from './led-by.ts';

/**
 * Tags that no rule keeps, by kept node. A reason that is about the node as a whole (a link in a label, its age, a use by
 * digest …) keeps all its tags; only when every reason is about some tag, or the node stays just because an index lists it,
 * may the other tags go. Referrers keep all their tags: they go with their subject.
 *
 * What is in `keepAll` keeps all its tags.
 *
 * Where the registry collects what no tag leads to, a node never loses its last tag unless a tag that stays leads to it through an index.
 */
export function selectUntag(
  graph: ImageGraph,
  kept: KeepReasons,
  {
    collectsUntagged,
    keepAll = new Set(),
  }: { readonly collectsUntagged: boolean; readonly keepAll?: ReadonlySet<Digest> },
): ReadonlyMap<Digest, readonly Tag[]> {
  const untag = new Map<Digest, readonly Tag[]>();
  // A tag may keep another node than its own: an index is linked to a branch by a tag on its child.
  const held = new Set([...kept.values()].flatMap((reasons) => reasons.map(tagHeldBy)));
  for (const [digest, reasons] of kept) {
    const node = graph.nodes.get(digest);
    if (node === undefined || isReferrer(graph, digest) || keepAll.has(digest)) continue;
    if (reasons.some((reason) => holdsAllTags(reason, node.tags))) continue;
    const loose = node.tags.filter((tag) => !held.has(tag) && parseReferrerTag(tag) === undefined);
    if (loose.length > 0) untag.set(digest, loose);
  }
  return collectsUntagged ? withoutStranded(graph, kept, untag) : untag;
}

/** Without what would leave a node that no tag leads to. A tag that stays after all only leads to more. */
function withoutStranded(
  graph: ImageGraph,
  kept: KeepReasons,
  untag: ReadonlyMap<Digest, readonly Tag[]>,
): ReadonlyMap<Digest, readonly Tag[]> {
  const staysTagged = [...kept.keys()].filter(
    (digest) => (graph.nodes.get(digest)?.tags ?? []).length > (untag.get(digest) ?? []).length,
  );
  const led = ledBy(graph, staysTagged);
  return new Map([...untag].filter(([digest]) => led.has(digest)));
}

function isReferrer(graph: ImageGraph, digest: Digest): boolean {
  return graph.subjectsOf(digest).length > 0 || graph.absentSubjectsOf(digest).length > 0;
}

/** Whether a reason is about the node as a whole, or about a tag that is not its own. */
function holdsAllTags(reason: KeepReason, tags: readonly Tag[]): boolean {
  const held = tagHeldBy(reason);
  return held !== 'none' && !tags.some((tag) => tag === held);
}

/** The tag that a reason keeps, `all` for a reason about the whole node, `none` for one that needs only the digest. */
function tagHeldBy(reason: KeepReason): Tag | 'all' | 'none' {
  switch (reason.rule) {
    case 'kubernetes':
    case 'pin':
    case 'registry-protected':
    case 'scheme-unknown':
    case 'no-scheme':
      return reason.tag ?? 'all';
    case 'scheme':
      return reason.tag;
    case 'git':
    case 'release':
    case 'deployment':
      return reason.found.tag ?? 'all';
    case 'pull-request':
      return reason.by.found.tag ?? 'all';
    case 'child':
      return 'none';
    case 'cache-needed':
    case 'cache-young':
    case 'cache-proper':
    case 'no-cache':
    case 'unlinked':
    case 'recent':
    case 'age-unknown':
    case 'unreadable':
    case 'in-doubt':
    case 'parent':
    case 'referrer':
    case 'subject':
    case 'orphan-referrer':
    case 'relative':
    case 'unrecorded-young':
    case 'counterpart':
    case 'record':
    // The first of its tags that are none of werf's; the others are somebody's too.
    case 'foreign':
      return 'all';
  }
}
