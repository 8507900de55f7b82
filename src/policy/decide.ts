// The decision: evidence, policy and time in; one decision with reasons for every node out. Pure.

import type { Decision, DeleteReason, KeepReason, Remark } from '../model/decision.ts';
import type { Forge } from '../model/forge.ts';
import type { History } from '../model/history.ts';
import { type AttachedRecords, buildImageGraph, type ImageGraph } from '../model/image-graph.ts';
import type { Policy } from '../model/policy.ts';
import type { Digest, Tag } from '../model/reference.ts';
import type { ImageNode, Snapshot } from '../model/snapshot.ts';
import type { Instant } from '../model/time.ts';
import type { Usage } from '../model/usage.ts';
import { type KeepReasons, protectAlso, protectReachable } from './closure.ts';
import { collectClaims } from './commit-claims.ts';
import { collectForgeRemarks } from './forge-remarks.ts';
import type { Link } from './link.ts';
import { collectLinks, isBuiltHere } from './links.ts';
import { readRecords, remarkUnread } from './records/read-records.ts';
import { collectRemarks } from './remarks.ts';
import { keepDeployments } from './rules/deployments.ts';
import { judgeByGit } from './rules/git.ts';
import { type KubernetesVerdicts, keepUsed } from './rules/kubernetes.ts';
import { keepPinned } from './rules/pins.ts';
import { keepPullRequests } from './rules/pull-requests.ts';
import { type FirstSeen, judgeByAge } from './rules/recent.ts';
import { keepRegistryProtected } from './rules/registry-protected.ts';
import { keepReleases } from './rules/releases.ts';
import { selectUntag } from './untag.ts';
import { readWerf } from './werf/read-werf.ts';
import type { Werf, WerfEvidence } from './werf/werf.ts';

/**
 * All that is known about one repository. `history` and `usage` are absent only when the user switched the rule off, `forge` when no forge
 * was asked; it counts for nothing without a history.
 */
export interface Evidence {
  readonly snapshot: Snapshot;
  readonly history: History | undefined;
  readonly forge: Forge | undefined;
  readonly usage: Usage | undefined;
  readonly firstSeen: FirstSeen | undefined;
  /** What other repositories of the same project of werf's say. */
  readonly werf?: WerfEvidence;
}

/** One decision for every node, in no particular order. */
export interface Decisions {
  readonly graph: ImageGraph;
  readonly decisions: ReadonlyMap<Digest, Decision>;
  readonly remarks: readonly Remark[];
  /** Links by node, for `explain`; empty when the Git rule is off. */
  readonly links: ReadonlyMap<Digest, readonly Link[]>;
  /** Whether any image was built from a commit of the history; undefined when the Git rule is off. */
  readonly isBuiltHere: boolean | undefined;
  /** Whether the registry itself collects what no tag leads to: then a plan only deletes tags. */
  readonly collectsUntagged: boolean;
  /** Nodes that are records of what images were published for, and no images. */
  readonly records: ReadonlySet<Digest>;
  /** What werf made here; absent where it made nothing. */
  readonly werf?: Werf;
}

/** What is to happen to every node of a repository, and why. */
export function decide(evidence: Evidence, policy: Policy, now: Instant): Decisions {
  const snapshot = inOrder(evidence.snapshot);
  const werf = readWerf(snapshot, policy.werf, evidence.werf);
  const own = readRecords(snapshot);
  const attached: AttachedRecords = new Map([...own.attached, ...(werf?.attached ?? [])]);
  const graph = buildImageGraph(snapshot, attached);
  const verdicts = judge({ ...evidence, snapshot }, { graph, policy, now });
  const kept = protectReachable(graph, verdicts.roots);
  protectAlso(graph, kept, doubtful(snapshot, graph, kept));
  const mayUntag = policy.untag && snapshot.capabilities.deleteTagOnly !== 'no';
  const { collectsUntagged } = snapshot.capabilities;
  const untag = mayUntag ? selectUntag(graph, kept, { collectsUntagged }) : new Map<Digest, readonly Tag[]>();
  const decisions = new Map<Digest, Decision>();
  for (const node of snapshot.nodes.values()) {
    decisions.set(node.digest, decisionOf(node, { graph, kept, untag, drop: verdicts.drop }));
  }
  return {
    graph,
    decisions,
    remarks: [
      ...collectRemarks({ snapshot, graph, decisions, usage: evidence.usage, ...verdicts }),
      ...collectForgeRemarks({ ...evidence, graph, policy, links: verdicts.links ?? new Map() }),
      ...remarkUnread(own.unread),
    ],
    links: verdicts.links ?? new Map(),
    isBuiltHere: verdicts.links === undefined ? undefined : isBuiltHere(verdicts.links),
    collectsUntagged,
    records: new Set(attached.keys()),
    ...(werf === undefined ? {} : { werf }),
  };
}

/** Registries answer in any order; the same content must give the same reasons and remarks. */
function inOrder(snapshot: Snapshot): Snapshot {
  const sorted = <Value>(map: ReadonlyMap<Digest, Value>) => new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
  const absent = new Map([...sorted(snapshot.absent)].map(([digest, namedBy]) => [digest, [...namedBy].sort()]));
  return { ...snapshot, nodes: sorted(snapshot.nodes), absent };
}

interface Judging {
  readonly graph: ImageGraph;
  readonly policy: Policy;
  readonly now: Instant;
}

interface Verdicts {
  readonly roots: ReadonlyMap<Digest, readonly KeepReason[]>;
  /** Why the rules do not keep a node; several rules may have said so. */
  readonly drop: ReadonlyMap<Digest, readonly DeleteReason[]>;
  /** Undefined when the Git rule is off. */
  readonly links: ReadonlyMap<Digest, readonly Link[]> | undefined;
  readonly absentUses: KubernetesVerdicts['absent'];
  readonly undeclared: KubernetesVerdicts['undeclared'];
}

function judge(evidence: Evidence, judging: Judging): Verdicts {
  const { graph, policy, now } = judging;
  const { snapshot, usage, firstSeen } = evidence;
  const used =
    usage && policy.kubernetes.enabled ? keepUsed({ snapshot, usage, mirrors: policy.kubernetes.mirrors }) : undefined;
  const byHistory = judgeByHistory(evidence, judging);
  const { listTimes } = snapshot.capabilities;
  const age = judgeByAge({ graph, within: policy.recent.within, now, firstSeen, listTimes });
  return {
    roots: mergeReasons([
      used?.keep ?? new Map(),
      ...(byHistory?.keep ?? []),
      age.keep,
      keepPinned(graph.nodes, policy.pins),
      keepRegistryProtected(graph.nodes, snapshot.protectedTags),
      keepNotUnderstood(graph),
    ]),
    drop: mergeReasons([byHistory?.drop ?? new Map(), age.drop]),
    links: byHistory?.links,
    absentUses: used?.absent ?? [],
    undeclared: used?.undeclared ?? [],
  };
}

/** What Git and the forge say: the rules that go by the commits that images are linked to. Undefined when the Git rule is off. */
function judgeByHistory({ history, forge }: Evidence, { graph, policy, now }: Judging) {
  if (history === undefined || !policy.git.enabled) return undefined;
  const asked = forge === undefined ? undefined : forgetUnwanted(forge, policy);
  const links = collectLinks(graph, { history, images: policy.images, forge: asked });
  const git = judgeByGit({ graph, history, policy, links, requestName: asked?.requestName, now });
  if (asked === undefined) return { keep: [git.keep], drop: git.drop, links };
  const input = { graph, history, forge: asked, policy, links, now };
  const claims = collectClaims(input);
  const rules = [keepDeployments, keepReleases, keepPullRequests];
  return { keep: [...rules.map((rule) => rule(input, claims)), git.keep], drop: git.drop, links };
}

/** Where the rule is off, nothing may follow from which pull requests are open. */
function forgetUnwanted({ pullRequests, ...forge }: Forge, policy: Policy): Forge {
  const isAsked = pullRequests !== undefined && policy.forge.pullRequests !== 'off';
  return isAsked ? { ...forge, pullRequests } : forge;
}

/** Manifests nobody understands, and referrers whose subject is elsewhere, are kept. */
function keepNotUnderstood(graph: ImageGraph): ReadonlyMap<Digest, readonly KeepReason[]> {
  const kept = new Map<Digest, readonly KeepReason[]>();
  for (const node of graph.nodes.values()) {
    const orphan = graph.absentSubjectsOf(node.digest)[0];
    if (node.content.kind === 'opaque') kept.set(node.digest, [{ rule: 'unreadable', why: node.content.why }]);
    else if (orphan !== undefined && graph.subjectsOf(node.digest).length === 0) {
      kept.set(node.digest, [{ rule: 'orphan-referrer', subject: orphan }]);
    }
  }
  return kept;
}

/** While something unreadable may list manifests, no untagged node can be called unneeded, and no tagged one that it names. */
function doubtful(snapshot: Snapshot, graph: ImageGraph, kept: KeepReasons): ReadonlyMap<Digest, KeepReason> {
  const unreadable = [...graph.nodes.values()].filter(
    ({ content }) => content.kind === 'opaque' && content.mayListManifests,
  );
  const doubts = new Map<Digest, KeepReason>();
  if (unreadable.length === 0 && snapshot.vanishedTags.length === 0) return doubts;
  const because = unreadable.map((node) => node.digest);
  const why =
    because.length > 0
      ? `${because.length === 1 ? 'a manifest that' : `one of ${because.length} manifests that`} cannot be understood might list it`
      : `tag ${snapshot.vanishedTags[0]} vanished while it was read and might have listed it`;
  const isNamed = isNamedByAny(unreadable);
  for (const node of graph.nodes.values()) {
    if (kept.has(node.digest)) continue;
    if (node.tags.length === 0 || isNamed(node.digest)) doubts.set(node.digest, { rule: 'in-doubt', because, why });
  }
  return doubts;
}

/** A digest that stands in the bytes of an unreadable manifest may be its child, tags or not. */
function isNamedByAny(unreadable: readonly ImageNode[]): (digest: Digest) => boolean {
  const names = unreadable.map(({ content }) => (content.kind === 'opaque' ? content.names : undefined));
  if (names.includes(undefined)) return () => true;
  const all = new Set(names.flatMap((some) => some ?? []));
  return (digest) => all.has(digest);
}

interface Outcome {
  readonly graph: ImageGraph;
  readonly kept: KeepReasons;
  readonly untag: ReadonlyMap<Digest, readonly Tag[]>;
  readonly drop: ReadonlyMap<Digest, readonly DeleteReason[]>;
}

function decisionOf(node: ImageNode, outcome: Outcome): Decision {
  const { digest, tags } = node;
  const reasons = outcome.kept.get(digest);
  if (reasons !== undefined) {
    return { decision: 'keep', digest, tags, reasons, untag: outcome.untag.get(digest) ?? [] };
  }
  const owners = [...outcome.graph.parentsOf(digest), ...outcome.graph.subjectsOf(digest)];
  const own = outcome.drop.get(digest) ?? [];
  const belongs: readonly DeleteReason[] =
    owners.length > 0 && own.length === 0 ? [{ rule: 'owner-goes', owners }] : [];
  const all = [...own, ...belongs];
  return { decision: 'delete', digest, tags, reasons: all.length > 0 ? all : [{ rule: 'unused' }] };
}

function mergeReasons<Kind>(
  parts: readonly ReadonlyMap<Digest, readonly Kind[]>[],
): ReadonlyMap<Digest, readonly Kind[]> {
  const merged = new Map<Digest, readonly Kind[]>();
  for (const part of parts)
    for (const [digest, reasons] of part) merged.set(digest, [...(merged.get(digest) ?? []), ...reasons]);
  return merged;
}
