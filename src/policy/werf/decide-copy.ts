// What becomes of the copies of stages in werf's final and cache repositories: they follow their originals.

import type { Policy } from '../../model/policy.ts';
import type { Digest } from '../../model/reference.ts';
import type { Instant } from '../../model/time.ts';
import { protectReachable } from '../closure.ts';
import { type Decisions, listDecisions } from '../decisions.ts';
import { protectDoubtful } from '../doubts.ts';
import { type Inventory, takeInventory } from '../inventory.ts';
import { makeJudgeRecord } from '../records/judge-records.ts';
import { listStatements } from '../records/list-statements.ts';
import { settleRecords } from '../records/settle-records.ts';
import { collectRemarks } from '../remarks.ts';
import { type CopyEvidence, judgeCopies } from './judge-copies.ts';
import { stageIdsOf } from './stage-ids.ts';
import type { Werf } from './werf.ts';

/**
 * What is to happen to every copy, and why. A copy stays as long as its original does, and goes with it; one without an original goes when
 * it is older than a stage without a record may be. What clusters use, pins, the registry's protection and its youth keep is kept all the
 * same, and so is everything that is not proved to be werf's.
 */
export function decideCopy(evidence: CopyEvidence, policy: Policy, now: Instant): Decisions {
  const { primary } = evidence;
  const read = takeInventory(
    { snapshot: evidence.snapshot, werf: { meta: primary.snapshot } },
    ofProject(policy, primary),
  );
  const inventory = { ...read, werf: read.werf && withRecordedTags(read.werf, read, primary.werf) };
  const { snapshot, graph, relativesOf, werf, attached } = inventory;
  const verdicts = judgeCopies({ evidence, inventory, policy, now });
  const reach = { graph, relativesOf };
  const kept = protectReachable(graph, verdicts.roots, relativesOf);
  const judgeRecord = makeJudgeRecord({ needs: undefined, policy, now });
  const statements = listStatements({ ...inventory, groupOf: () => [] });
  const needless = settleRecords(kept, { reach, statements, judge: judgeRecord });
  protectDoubtful(snapshot, reach, kept);
  const decisions = listDecisions(graph, { kept, untag: new Map(), drop: [needless, verdicts.drop] });
  return {
    snapshot,
    graph,
    decisions,
    remarks: collectRemarks({ snapshot, graph, decisions, usage: evidence.usage, ...verdicts }),
    links: new Map(),
    isBuiltHere: undefined,
    collectsUntagged: snapshot.capabilities.collectsUntagged,
    records: new Set(attached.keys()),
    judgeRecord,
    ...(werf === undefined ? {} : { werf }),
  };
}

/** Several projects may share a repository of copies: ours is that of the originals, whatever else is here. */
function ofProject(policy: Policy, { werf }: Pick<Decisions, 'werf'>): Policy {
  const project = policy.werf.project ?? werf?.project;
  return project === undefined ? policy : { ...policy, werf: { ...policy.werf, project } };
}

/** Custom tags are recorded with the originals, in version 3 even in the meta repository: on their stage they are none of a stranger's. */
function withRecordedTags(werf: Werf, { graph }: Pick<Inventory, 'graph'>, original: Werf | undefined): Werf {
  const isKnown = (digest: Digest): boolean => {
    const tags = graph.nodes.get(digest)?.tags ?? [];
    const stages = stageIdsOf(tags);
    const isRecorded = (tag: string): boolean =>
      stages.some((stage) => stage === tag || original?.customTags.get(tag)?.has(stage) === true);
    return werf.built.has(digest) && tags.every(isRecorded);
  };
  return { ...werf, foreign: new Map([...werf.foreign].filter(([digest]) => !isKnown(digest))) };
}
