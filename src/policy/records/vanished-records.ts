// Records whose tags vanished while they were read: what they may have kept, stays in this run.

import { isRecordTag } from '../../model/build-record.ts';
import type { KeepReason } from '../../model/decision.ts';
import type { Digest, Tag } from '../../model/reference.ts';
import { isTag } from '../../model/reference.ts';
import { parseWerfTag } from '../../model/werf-tag.ts';
import type { Evidence } from '../evidence.ts';
import type { Inventory } from '../inventory.ts';

/**
 * Reasons to keep the stages that vanished tags of werf's records name, here and in the meta repository, save broken ones; and every image,
 * when the tag of a record of ours vanished: that says nothing of the image it was about. Empty when nothing vanished.
 */
export function keepForVanishedRecords(
  { snapshot, werf }: Pick<Evidence, 'snapshot' | 'werf'>,
  { graph, rejected }: Pick<Inventory, 'graph' | 'rejected'>,
): ReadonlyMap<Digest, readonly KeepReason[]> {
  const keep = new Map<Digest, readonly KeepReason[]>();
  for (const tag of [...snapshot.vanishedTags, ...(werf?.meta?.vanishedTags ?? [])]) {
    const said = parseWerfTag(tag);
    const stage = said?.kind === 'image-metadata' && isTag(said.stage) ? snapshot.tags.get(said.stage) : undefined;
    if (stage !== undefined && !rejected.has(stage)) keep.set(stage, [inDoubtBy(tag)]);
  }
  const own = snapshot.vanishedTags.find((tag) => isRecordTag(tag));
  if (own === undefined) return keep;
  const images = [...graph.nodes.keys()].filter((digest) => graph.roleOf(digest) === 'image' && !rejected.has(digest));
  return new Map([...images.map((digest) => [digest, [inDoubtBy(own)]] as const), ...keep]);
}

function inDoubtBy(tag: Tag): KeepReason {
  return {
    rule: 'in-doubt',
    because: [],
    why: `tag ${tag} vanished while it was read, and may have been a record of it`,
  };
}
