// Which records of a repository go although their image stays, and which stay although it is not there.

import type { DeleteReason, KeepReason, Reason } from '../../model/decision.ts';
import type { Digest } from '../../model/reference.ts';
import { type KeepReasons, protectAlso, type Reach } from '../closure.ts';
import type { JudgeRecord, RecordStatement, RecordVerdict } from './judge-records.ts';

/** What records are settled by. */
export interface SettleInput {
  readonly reach: Reach;
  /** By record, everything that it says. */
  readonly statements: ReadonlyMap<Digest, readonly RecordStatement[]>;
  readonly judge: JudgeRecord;
  /** Why an image stays; undefined when it goes. Default: as is kept here. */
  readonly reasonsFor?: (image: Digest) => readonly Reason[] | undefined;
}

/**
 * Adds the records that stay without an image to what is kept, and takes away those that nobody needs; answers why these go. Nothing but
 * records is ever taken away, and of those none that anything else hangs on or that has a reason of its own. One with several tags goes
 * only when all of them may.
 */
export function settleRecords(kept: KeepReasons, input: SettleInput): ReadonlyMap<Digest, readonly DeleteReason[]> {
  const { reasonsFor = (image: Digest) => kept.get(image) } = input;
  const stays = new Map<Digest, KeepReason>();
  const goes = new Map<Digest, readonly DeleteReason[]>();
  for (const [digest, statements] of input.statements) {
    const verdicts = statements.map((statement) =>
      input.judge(statement, statement.image === undefined ? undefined : reasonsFor(statement.image)),
    );
    const staying = verdicts.find(({ may }) => may === 'stay');
    if (staying !== undefined) {
      stays.set(digest, { rule: 'record', why: staying.why ?? 'it is needed' });
    } else if (!kept.has(digest) || hangsOnImagesOnly(digest, kept, input)) {
      kept.delete(digest);
      goes.set(digest, whysOf(verdicts));
    }
  }
  protectAlso(input.reach, kept, stays);
  return goes;
}

/** Whether nothing keeps a record but the images that it is about, and nothing needs it. */
function hangsOnImagesOnly(digest: Digest, kept: KeepReasons, { reach: { graph }, statements }: SettleInput): boolean {
  const images = new Set((statements.get(digest) ?? []).map(({ image }) => image));
  const reasons = kept.get(digest) ?? [];
  const isBound = reasons.every((reason) => reason.rule === 'referrer' && images.has(reason.of));
  const edges = [graph.childrenOf(digest), graph.parentsOf(digest), graph.referrersOf(digest)];
  return isBound && edges.every((edge) => edge.length === 0);
}

function whysOf(verdicts: readonly RecordVerdict[]): readonly DeleteReason[] {
  const whys = new Set(verdicts.flatMap(({ why }) => why ?? []));
  return [...whys].map((why) => ({ rule: 'record-needless', why }));
}
