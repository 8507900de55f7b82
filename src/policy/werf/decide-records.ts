// What becomes of the records in werf's meta repository: they go with the images that they are about, which are in another repository.

import type { KeepReason, Reason } from '../../model/decision.ts';
import type { Policy } from '../../model/policy.ts';
import { type Digest, isTag } from '../../model/reference.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { protectReachable } from '../closure.ts';
import { type Decisions, listDecisions } from '../decisions.ts';
import { keepNotUnderstood, protectDoubtful } from '../doubts.ts';
import { type Inventory, takeInventory } from '../inventory.ts';
import { mergeReasons } from '../merge-reasons.ts';
import type { JudgeRecord, RecordStatement } from '../records/judge-records.ts';
import { doubtOf, stateWerfRecord } from '../records/list-statements.ts';
import { settleRecords } from '../records/settle-records.ts';
import { collectRemarks } from '../remarks.ts';
import { keepPinned } from '../rules/pins.ts';
import { keepRegistryProtected } from '../rules/registry-protected.ts';
import type { Werf, WerfRecord } from './werf.ts';

/** What a repository with records is decided by. */
export interface MetaEvidence {
  readonly snapshot: Snapshot;
  /** What was decided about the repository with the stages. */
  readonly primary: Decisions;
}

/** What is to happen to every record of werf's, and why; everything else stays. The rules are those for records beside their images. */
export function decideMetaRepository(evidence: MetaEvidence, policy: Policy): Decisions {
  const { primary } = evidence;
  // Several projects may keep their records in one place: without a word about ours, any of them could count as lost.
  const project = policy.werf.project ?? primary.werf?.project;
  const ofOurs = project === undefined ? policy : { ...policy, werf: { ...policy.werf, project } };
  const inventory = takeInventory(evidence, ofOurs);
  const { snapshot, graph, werf, attached } = inventory;
  const reach = { graph };
  const kept = protectReachable(
    graph,
    mergeReasons([
      keepPinned(graph.nodes, policy.pins),
      keepRegistryProtected(graph.nodes, snapshot.protectedTags),
      keepNotUnderstood(graph, new Map()),
      keepOthers(inventory),
    ]),
  );
  const statements = statementsOf(werf, primary);
  const reasonsFor = (image: Digest): readonly Reason[] | undefined => {
    const decision = primary.decisions.get(image);
    return decision?.decision === 'keep' ? decision.reasons : undefined;
  };
  const needless = settleRecords(kept, { reach, statements, judge: namingImages(primary.judgeRecord), reasonsFor });
  protectDoubtful(snapshot, reach, kept);
  const decisions = listDecisions(graph, { kept, untag: new Map(), drop: [needless] });
  return {
    snapshot,
    graph,
    decisions,
    remarks: collectRemarks({ snapshot, graph, decisions, usage: undefined, absentUses: [], undeclared: [] }),
    links: new Map(),
    isBuiltHere: undefined,
    collectsUntagged: snapshot.capabilities.collectsUntagged,
    records: new Set(attached.keys()),
    judgeRecord: primary.judgeRecord,
    ...(werf === undefined ? {} : { werf }),
  };
}

/** Records of ours are about images here, and stay with them, or without. */
function keepOthers({ graph, werf }: Inventory): ReadonlyMap<Digest, readonly KeepReason[]> {
  const others = [...graph.nodes.values()].filter(({ digest }) => werf?.records.has(digest) !== true);
  return new Map(
    others.map(({ digest, tags: [tag] }) => [digest, [{ rule: 'foreign', ...(tag === undefined ? {} : { tag }) }]]),
  );
}

function statementsOf(werf: Werf | undefined, primary: Decisions): ReadonlyMap<Digest, readonly RecordStatement[]> {
  const doubt = doubtAbout(primary);
  const state = ({ image: _elsewhere, ...record }: WerfRecord): RecordStatement => {
    const { stage = '' } = record;
    const image = isTag(stage) ? primary.snapshot.tags.get(stage) : undefined;
    const told = stateWerfRecord(image === undefined ? record : { ...record, image }, primary.werf ?? {});
    // Several repositories may keep their records in one place.
    return image === undefined ? { ...told, ...doubt, mayBeElsewhere: true } : told;
  };
  return new Map([...(werf?.records ?? [])].map(([digest, records]) => [digest, records.map(state)]));
}

function doubtAbout({ werf, snapshot }: Decisions): { readonly doubt?: string } {
  if (werf === undefined) return { doubt: 'werf made nothing beside it' };
  if (werf.project === undefined) return { doubt: 'nobody knows of which project the images are' };
  return doubtOf(snapshot);
}

function namingImages(judge: JudgeRecord): JudgeRecord {
  return (statement, reasons) => {
    const verdict = judge(statement, reasons);
    return verdict.may === 'stay' || verdict.why !== undefined
      ? verdict
      : { may: 'go', why: 'the image that it is about goes' };
  };
}
