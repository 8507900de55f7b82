// Recognises the records that `record` writes, by their type alone: whoever may push here can have written one, and nobody else.

import { type BuildRecord, isRecordTag, RECORD_KEYS, RECORD_TYPE } from '../../model/build-record.ts';
import type { Remark } from '../../model/decision.ts';
import { isCommitId } from '../../model/history.ts';
import { type Digest, shortDigest } from '../../model/reference.ts';
import { parseReferrerTag } from '../../model/referrer-tag.ts';
import type { ImageNode, Snapshot } from '../../model/snapshot.ts';

/** Our own records: what they say, and all nodes that are such records, with the images they are about. */
export interface OwnRecords {
  /** In the order of the nodes. */
  readonly buildRecords: readonly BuildRecord[];
  /** An empty list for a record whose image is not in the repository. */
  readonly attached: ReadonlyMap<Digest, readonly Digest[]>;
  /** Records that say nothing that we understand, with why; they belong to their image all the same. */
  readonly unread: ReadonlyMap<Digest, string>;
}

/**
 * The records among the nodes of a snapshot. What cannot be decoded is none, whatever type it has: it stays as any such manifest does. A
 * record that does not name a whole commit protects nothing and condemns nothing. One with a tag of people is an image beside that.
 */
export function readRecords({ nodes }: Pick<Snapshot, 'nodes'>): OwnRecords {
  const buildRecords: BuildRecord[] = [];
  const attached = new Map<Digest, readonly Digest[]>();
  const unread = new Map<Digest, string>();
  for (const node of nodes.values()) {
    if (!isRecord(node)) continue;
    const subject = node.subject === undefined ? undefined : nodes.get(node.subject);
    if (!hasOwnTag(node)) attached.set(node.digest, subject === undefined ? [] : [subject.digest]);
    const said = readRecord(node, subject);
    if (typeof said === 'string') unread.set(node.digest, said);
    else if (said !== undefined) buildRecords.push(said);
  }
  return { buildRecords, attached, unread };
}

/** What to tell of records that nobody understands; at most one remark. */
export function remarkUnread(unread: OwnRecords['unread']): readonly Remark[] {
  const [first] = unread;
  if (first === undefined) return [];
  const more = unread.size === 1 ? '' : ` and ${unread.size - 1} more`;
  return [{ code: 'unread-record', text: `record ${shortDigest(first[0])}${more} says nothing: ${first[1]}` }];
}

function isRecord({ content, artifactType, annotations }: ImageNode): boolean {
  if (content.kind !== 'image') return false;
  return [artifactType, content.config.mediaType, annotations[RECORD_KEYS.type]].includes(RECORD_TYPE);
}

/** A tag that is no record's: whoever put it there wants what it leads to, whatever that is. */
function hasOwnTag({ tags }: ImageNode): boolean {
  return tags.some((tag) => !isRecordTag(tag) && parseReferrerTag(tag) === undefined);
}

/** What it says; a text says why it says nothing, and undefined that its image is not here. */
function readRecord(node: ImageNode, subject: ImageNode | undefined): BuildRecord | string | undefined {
  const { digest, annotations, created } = node;
  if (node.subject === undefined) return 'it names no image';
  const commit = annotations[RECORD_KEYS.commit] ?? '';
  if (!isCommitId(commit)) return 'it names no whole commit';
  if (subject === undefined) return undefined;
  if (isRecord(subject)) return 'it is about another record';
  const product = annotations[RECORD_KEYS.imageName] ?? '';
  const source = annotations[RECORD_KEYS.source] ?? '';
  return {
    record: digest,
    image: subject.digest,
    commit,
    ...(product === '' ? {} : { product }),
    ...(source === '' ? {} : { source }),
    at: created,
    found: { kind: 'record', name: nameOf(commit, annotations[RECORD_KEYS.reference]) },
  };
}

/** `of 0123456789`, `of 0123456789 for refs/heads/main`. */
function nameOf(commit: string, reference = ''): string {
  return `of ${commit.slice(0, 10)}${reference === '' ? '' : ` for ${reference}`}`;
}
