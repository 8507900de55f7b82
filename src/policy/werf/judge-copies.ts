// What the rules say of copies of stages.

import type { Decision, DeleteReason, KeepReason } from '../../model/decision.ts';
import type { Policy } from '../../model/policy.ts';
import { type Digest, isTag } from '../../model/reference.ts';
import type { ImageNode, Snapshot } from '../../model/snapshot.ts';
import { durationFromMs, type Instant } from '../../model/time.ts';
import type { Usage } from '../../model/usage.ts';
import type { Decisions } from '../decisions.ts';
import { keepNotUnderstood } from '../doubts.ts';
import type { Inventory } from '../inventory.ts';
import { mergeReasons } from '../merge-reasons.ts';
import { doubtOf } from '../records/list-statements.ts';
import { type KubernetesVerdicts, keepUsed } from '../rules/kubernetes.ts';
import { keepPinned, keepWhileDisabled } from '../rules/pins.ts';
import { ageOf, type FirstSeen, judgeByAge } from '../rules/recent.ts';
import { keepRegistryProtected } from '../rules/registry-protected.ts';
import { judgePurge } from './purge.ts';
import { stageIdsOf } from './stage-ids.ts';

/** What a repository with copies is decided by. */
export interface CopyEvidence {
  readonly snapshot: Snapshot;
  readonly usage: Usage | undefined;
  readonly firstSeen: FirstSeen | undefined;
  /** What was decided about the repository with the originals. */
  readonly primary: Decisions;
  readonly role: 'final' | 'cache';
  /** The name of the repository with the originals. */
  readonly repository: string;
}

/** What copies are judged by. */
export interface CopyJudging {
  readonly evidence: CopyEvidence;
  readonly inventory: Inventory;
  readonly policy: Policy;
  readonly now: Instant;
}

/** What the rules say of them. */
export interface CopyVerdicts {
  readonly roots: ReadonlyMap<Digest, readonly KeepReason[]>;
  readonly drop: ReadonlyMap<Digest, readonly DeleteReason[]>;
  readonly absentUses: KubernetesVerdicts['absent'];
  readonly undeclared: KubernetesVerdicts['undeclared'];
}

/** Asks every rule that knows copies. */
export function judgeCopies(judging: CopyJudging): CopyVerdicts {
  const { evidence, inventory, policy, now } = judging;
  const { snapshot, graph, publishedAt, werf } = inventory;
  const { usage, firstSeen } = evidence;
  const { enabled, mirrors } = policy.kubernetes;
  const used = usage && enabled ? keepUsed({ snapshot, usage, mirrors }) : undefined;
  const { listTimes } = snapshot.capabilities;
  const { within } = policy.recent;
  // What werf did not make stays here whatever else would be decided: nothing but werf's originals says anything of it.
  const others = judgePurge(graph, werf);
  const own = policy.purge
    ? [others]
    : [judgeByAge({ graph, within, now, firstSeen, listTimes, publishedAt }), judgeByOriginals(judging, others.drop)];
  return {
    roots: mergeReasons([
      used?.keep ?? new Map(),
      ...own.map(({ keep }) => keep),
      keepPinned(graph.nodes, policy.pins),
      keepWhileDisabled(graph, policy),
      keepRegistryProtected(graph.nodes, snapshot.protectedTags),
      keepNotUnderstood(graph, new Map()),
      ...(policy.purge ? [] : [others.keep]),
    ]),
    drop: policy.purge ? others.drop : mergeReasons(own.map(({ drop }) => drop).toReversed()),
    absentUses: used?.absent ?? [],
    undeclared: used?.undeclared ?? [],
  };
}

/** Verdicts on copies that stand for themselves, by what was decided about the originals. */
function judgeByOriginals(judging: CopyJudging, copies: ReadonlyMap<Digest, unknown>) {
  const { graph } = judging.inventory;
  const keep = new Map<Digest, readonly KeepReason[]>();
  const drop = new Map<Digest, readonly DeleteReason[]>();
  for (const digest of copies.keys()) {
    const node = graph.nodes.get(digest);
    if (node === undefined || graph.roleOf(digest) !== 'image') continue;
    const staying = originalsOf(node, judging).flatMap(({ reason }) => reason ?? []);
    if (staying.length > 0) keep.set(digest, staying);
    else drop.set(digest, leavingReasons(node, judging));
  }
  return { keep, drop };
}

interface Original {
  /** Why the copy stays for its sake; absent when the original goes. */
  readonly reason?: KeepReason;
}

/** One for each stage that the copy is of, at least one: where nothing tells an original, the copy's age speaks. */
function originalsOf(node: ImageNode, judging: CopyJudging): readonly Original[] {
  const { primary, repository } = judging.evidence;
  const stages = stageIdsOf(node.tags);
  const named = stages.map((stage) => ({ stage, decision: decisionOn(stage, judging) }));
  // Copies are the same manifests as a rule: one without the tag of its stage is known by its digest.
  const same = primary.decisions.get(node.digest);
  const found = [...named, ...(same === undefined ? [] : [{ stage: node.digest, decision: same }])];
  if (found.every(({ decision }) => decision === undefined)) return [byAge(node.digest, judging)];
  return found.map(({ stage, decision }) => {
    if (decision?.decision !== 'keep') return decision === undefined ? byAge(node.digest, judging) : {};
    return { reason: { rule: 'counterpart', stage, repository } };
  });
}

function decisionOn(stage: string, { evidence: { primary } }: CopyJudging): Decision | undefined {
  const original = isTag(stage) ? primary.snapshot.tags.get(stage) : undefined;
  return original === undefined ? undefined : primary.decisions.get(original);
}

/** A copy may be there before its original is, in a build that is not finished. */
function byAge(digest: Digest, { evidence, inventory, policy, now }: CopyJudging): Original {
  const { doubt } = doubtOf(evidence.primary.snapshot);
  if (doubt !== undefined) return { reason: { rule: 'in-doubt', because: [], why: `${doubt} beside the originals` } };
  const within = policy.werf.unrecordedGrace;
  const { graph, publishedAt, snapshot } = inventory;
  const { listTimes } = snapshot.capabilities;
  const time = ageOf(digest, { graph, now, firstSeen: evidence.firstSeen, listTimes, publishedAt });
  if (time.kind === 'unknown') return { reason: { rule: 'unrecorded-young', within } };
  const age = durationFromMs(Math.max(0, now - time.at));
  return age < within ? { reason: { rule: 'unrecorded-young', age, within } } : {};
}

function leavingReasons({ digest, tags }: ImageNode, { evidence }: CopyJudging): readonly DeleteReason[] {
  const { repository } = evidence;
  const stages = stageIdsOf(tags);
  const named = stages.length === 0 ? [digest] : stages;
  return named.map((stage) => ({ rule: 'counterpart-goes', stage, repository }));
}
