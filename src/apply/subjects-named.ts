// What a tag says by its name alone that it belongs to: referrer tags, and werf's records of what was built for which commit.

import type { Digest, Tag } from '../model/reference.ts';
import { parseReferrerTag } from '../model/referrer-tag.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { imageNameId } from '../model/werf-names.ts';
import { parseWerfTag } from '../model/werf-tag.ts';

/**
 * The manifests of the snapshot that a tag names: the subject of a referrer tag (cosign's, or the referrers fallback), the stage of one of
 * werf's `meta-*` records, and, because a name that is managed counts again, every stage that was recorded for a `managed-image-*`.
 * All of them for the mark of werf 3 that its records are elsewhere from now on. Empty for every other tag.
 */
export function subjectsNamed(tag: Tag, { nodes, tags }: Pick<Snapshot, 'nodes' | 'tags'>): readonly Digest[] {
  const pointer = parseReferrerTag(tag);
  if (pointer?.kind === 'whole') return [pointer.subject];
  if (pointer?.kind === 'cut') return [...nodes.keys()].filter((digest) => digest.startsWith(pointer.digestPrefix));
  const werf = parseWerfTag(tag);
  if (werf?.kind === 'image-metadata') return stagesOf([werf.stage], tags);
  if (werf?.kind === 'service' && werf.service === 'meta-repo-marker') return [...nodes.keys()];
  return werf?.kind === 'managed-image' ? stagesOf(stagesRecordedFor(werf.name, tags), tags) : [];
}

function* stagesRecordedFor(name: string, tags: Snapshot['tags']): Generator<string> {
  const id = imageNameId(name);
  for (const tag of tags.keys()) {
    const werf = parseWerfTag(tag);
    if (werf?.kind === 'image-metadata' && werf.nameId === id) yield werf.stage;
  }
}

function stagesOf(stages: Iterable<string>, tags: Snapshot['tags']): readonly Digest[] {
  // A stage's id is its tag.
  return [...new Set([...stages].flatMap((stage) => tags.get(stage as Tag) ?? []))];
}
