// The decision: evidence, policy and time in; one decision with reasons for every node out. Pure.

import type { DeleteReason } from '../model/decision.ts';
import type { Policy } from '../model/policy.ts';
import { type Digest, formatRepository, type Tag } from '../model/reference.ts';
import type { Instant } from '../model/time.ts';
import { type BuiltImages, listBuiltImages } from './cache/built-images.ts';
import { type JudgedCaches, judgeItself } from './cache/judge-itself.ts';
import { settleCache } from './cache/settle-cache.ts';
import { type KeepReasons, protectReachable } from './closure.ts';
import { type Decisions, listDecisions } from './decisions.ts';
import { protectDoubtful } from './doubts.ts';
import type { Evidence } from './evidence.ts';
import { collectForgeRemarks } from './forge-remarks.ts';
import { makeGroupOf } from './group-by.ts';
import { takeInventory } from './inventory.ts';
import { type Judging, judge, type Verdicts } from './judge.ts';
import { isBuiltHere } from './links.ts';
import { mergeReasons } from './merge-reasons.ts';
import { type JudgeRecord, makeJudgeRecord } from './records/judge-records.ts';
import { listStatements } from './records/list-statements.ts';
import { remarkUnread } from './records/read-records.ts';
import { settleRecords } from './records/settle-records.ts';
import { keepForVanishedRecords } from './records/vanished-records.ts';
import { collectRemarks } from './remarks.ts';
import { remarkOnSchemes } from './schemes/scheme-remarks.ts';
import { selectUntag } from './untag.ts';
import { remarkOnWerf } from './werf/werf-remarks.ts';

/** A decision under way: which images stay is settled, and what becomes of build cache waits for what other repositories say of builds. */
export interface BegunDecision {
  /** What this repository says of builds. */
  readonly built: BuiltImages;
  /** The whole decision. `others`: what all other repositories of the run say of builds, in any order. May be asked more than once. */
  finish(others: readonly BuiltImages[]): Decisions;
}

/** What is to happen to every node of a repository, and why, when it is the only one of the run. */
export function decide(evidence: Evidence, policy: Policy, now: Instant): Decisions {
  return beginDecision(evidence, policy, now).finish([]);
}

/** Decides about images; see {@link BegunDecision} for the rest. */
export function beginDecision(evidence: Evidence, policy: Policy, now: Instant): BegunDecision {
  const inventory = takeInventory(evidence, policy);
  const { snapshot, graph } = inventory;
  const judging = { evidence, inventory, policy, now };
  const verdicts = judge(judging);
  const judgeRecord = makeJudgeRecord({ needs: verdicts.needs, policy, now });
  const reach = { graph, relativesOf: inventory.relativesOf };
  const roots = mergeReasons([verdicts.roots, keepForVanishedRecords(evidence, inventory)]);
  const kept = protectReachable(graph, roots, inventory.relativesOf);
  const statements = listStatements({ ...inventory, groupOf: makeGroupOf(graph, policy.images.groupBy) });
  const needless = settleRecords(kept, { reach, statements, judge: judgeRecord });
  protectDoubtful(snapshot, reach, kept);
  const repository = formatRepository(snapshot.repository);
  const judged = judgeItself({ ...judging, ...evidence, links: verdicts.links, further: evidence.cache });
  const built = listBuiltImages(graph, {
    repository,
    caches: inventory.caches,
    condemned: judged.condemned,
    kept,
    isDeclared: false,
  });
  const begun = { judging, verdicts, judgeRecord, kept, needless, judged };
  return { built, finish: (others) => finishDecision(begun, [built, ...others]) };
}

interface Begun {
  readonly judging: Judging;
  readonly verdicts: Verdicts;
  readonly judgeRecord: JudgeRecord;
  readonly kept: KeepReasons;
  readonly needless: ReadonlyMap<Digest, readonly DeleteReason[]>;
  readonly judged: JudgedCaches;
}

function finishDecision(begun: Begun, built: readonly BuiltImages[]): Decisions {
  const { judging, verdicts, judgeRecord, needless, judged } = begun;
  const { evidence, inventory, policy } = judging;
  const { snapshot, graph, werf, attached, own, relativesOf } = inventory;
  const kept: KeepReasons = new Map(begun.kept);
  const cache = settleCache(kept, { inventory, policy: policy.cache, judged, built });
  // What hangs on cache that stays may be a manifest that nobody understands.
  protectDoubtful(snapshot, { graph, relativesOf }, kept);
  const untag = selectTags(judging, kept);
  const decisions = listDecisions(graph, { kept, untag, drop: [needless, cache.drop, verdicts.drop] });
  const links = verdicts.links ?? new Map();
  return {
    snapshot,
    graph,
    decisions,
    remarks: [
      ...collectRemarks({ snapshot, graph, decisions, usage: evidence.usage, ...verdicts, built: werf?.built }),
      ...collectForgeRemarks({ ...evidence, graph, policy, links }),
      ...remarkOnWerf({ inventory, decisions, policy }),
      ...remarkOnSchemes({ graph, decisions, policy }),
      ...cache.remarks,
      ...remarkUnread(own.unread),
    ],
    links,
    ...(verdicts.ownLinks === undefined ? {} : { ownLinks: verdicts.ownLinks }),
    isBuiltHere:
      verdicts.links === undefined ? undefined : isBuiltHere(verdicts.links) || verdicts.schemes?.isOfHistory === true,
    collectsUntagged: snapshot.capabilities.collectsUntagged,
    records: new Set(attached.keys()),
    judgeRecord,
    ...(werf === undefined ? {} : { werf }),
  };
}

/** Tags that come off what stays; never those of what werf built: they are its book-keeping. */
function selectTags({ inventory, policy }: Judging, kept: KeepReasons): ReadonlyMap<Digest, readonly Tag[]> {
  const { graph, werf, snapshot } = inventory;
  const { collectsUntagged, deleteTagOnly } = snapshot.capabilities;
  if (!policy.untag || deleteTagOnly === 'no') return new Map();
  return selectUntag(graph, kept, { collectsUntagged, keepAll: werf?.built ?? new Set() });
}
