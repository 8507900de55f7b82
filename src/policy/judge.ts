// What all rules say of the images of one repository: what each wants kept, and why the others may go.

import type { DeleteReason, KeepReason } from '../model/decision.ts';
import type { Forge } from '../model/forge.ts';
import type { Policy } from '../model/policy.ts';
import type { Digest } from '../model/reference.ts';
import type { Instant } from '../model/time.ts';
import { keepBesideCache } from './cache/keep-beside-cache.ts';
import { collectClaims } from './commit-claims.ts';
import { keepNotUnderstood } from './doubts.ts';
import type { Evidence } from './evidence.ts';
import type { Inventory } from './inventory.ts';
import type { Link } from './link.ts';
import { collectLinksByOrigin } from './links.ts';
import { mergeReasons } from './merge-reasons.ts';
import { listNamedCommits, type RecordNeeds } from './records/judge-records.ts';
import { keepDeployments } from './rules/deployments.ts';
import { judgeByGit } from './rules/git.ts';
import { type KubernetesVerdicts, keepUsed } from './rules/kubernetes.ts';
import { keepPinned, keepWhileDisabled } from './rules/pins.ts';
import { keepPullRequests } from './rules/pull-requests.ts';
import { ageOf, judgeByAge } from './rules/recent.ts';
import { keepRegistryProtected } from './rules/registry-protected.ts';
import { keepReleases } from './rules/releases.ts';
import { judgeSchemes, type SchemeVerdicts } from './schemes/judge-schemes.ts';
import { keepForeign } from './werf/foreign.ts';
import { judgePurge } from './werf/purge.ts';
import { makeJudgeUnrecorded } from './werf/unrecorded.ts';
import { keepUsedCopies } from './werf/used-copies.ts';

/** Reasons, by node. */
type Reasons<Kind> = ReadonlyMap<Digest, readonly Kind[]>;

/** What the rules say. */
export interface Verdicts {
  readonly roots: Reasons<KeepReason>;
  /** Why the rules do not keep a node; several rules may have said so. */
  readonly drop: Reasons<DeleteReason>;
  /** Undefined when the Git rule is off. */
  readonly links: ReadonlyMap<Digest, readonly Link[]> | undefined;
  /** Those that each node says itself. */
  readonly ownLinks: ReadonlyMap<Digest, readonly Link[]> | undefined;
  /** What records are judged by; undefined when the Git rule is off. */
  readonly needs: RecordNeeds | undefined;
  readonly absentUses: KubernetesVerdicts['absent'];
  readonly undeclared: KubernetesVerdicts['undeclared'];
  /** Undefined where tag schemes are off. */
  readonly schemes?: SchemeVerdicts | undefined;
}

/** What the rules look at. */
export interface Judging {
  readonly evidence: Evidence;
  readonly inventory: Inventory;
  readonly policy: Policy;
  readonly now: Instant;
}

/** Asks every rule. */
export function judge(judging: Judging): Verdicts {
  const { evidence, inventory, policy, now } = judging;
  const { snapshot, graph, werf, rejected, publishedAt } = inventory;
  const { usage, firstSeen } = evidence;
  const used =
    usage && policy.kubernetes.enabled ? keepUsed({ snapshot, usage, mirrors: policy.kubernetes.mirrors }) : undefined;
  const held = [
    used?.keep ?? new Map(),
    keepUsedCopies(werf, evidence.werf?.usedCopies),
    keepPinned(graph.nodes, policy.pins),
    keepWhileDisabled(graph, policy),
    keepRegistryProtected(graph.nodes, snapshot.protectedTags),
    keepNotUnderstood(graph, rejected),
    keepBesideCache(inventory, policy),
  ];
  const told = { absentUses: used?.absent ?? [], undeclared: used?.undeclared ?? [] };
  if (policy.purge) {
    const { keep, drop } = judgePurge(graph, werf);
    return {
      roots: mergeReasons([...held, keep]),
      drop,
      links: undefined,
      ownLinks: undefined,
      needs: undefined,
      ...told,
    };
  }
  const byHistory = judgeByHistory(judging);
  const { listTimes } = snapshot.capabilities;
  const { within } = policy.recent;
  const age = judgeByAge({ graph, within, now, firstSeen, listTimes, publishedAt, skip: new Set(rejected.keys()) });
  const schemes = judgeByScheme(judging, { links: byHistory?.links, inUse: used?.keep });
  const [byUse, byCopies, ...byHand] = held;
  return {
    roots: mergeReasons([
      byUse ?? new Map(),
      byCopies ?? new Map(),
      ...(byHistory?.keep ?? []),
      schemes?.keep ?? new Map(),
      age.keep,
      ...byHand,
      keepForeign(werf, policy.werf),
    ]),
    drop: mergeReasons([markedAsBroken(rejected), byHistory?.drop ?? new Map(), schemes?.drop ?? new Map(), age.drop]),
    links: byHistory?.links,
    ownLinks: byHistory?.ownLinks,
    // What schemes decide says nothing of what Git's keep policies may need: no record is needless because of that.
    needs: schemes === undefined ? byHistory?.needs : undefined,
    schemes,
    ...told,
  };
}

/** Tag schemes, where they are on, decide about every image that the keep policies do not keep. */
function judgeByScheme(
  { evidence, inventory, policy, now }: Judging,
  known: { readonly links: Verdicts['links']; readonly inUse: Reasons<KeepReason> | undefined },
): SchemeVerdicts | undefined {
  if (policy.schemes === 'off') return undefined;
  const { graph, werf, publishedAt, snapshot } = inventory;
  const { listTimes } = snapshot.capabilities;
  const { history, forge, firstSeen } = evidence;
  return judgeSchemes({
    graph,
    schemes: policy.schemes,
    groupBy: policy.images.groupBy,
    project: policy.werf.project,
    history: policy.git.enabled ? history : undefined,
    forge: forge === undefined ? undefined : forgetUnwanted(forge, policy),
    links: known.links ?? new Map(),
    built: werf?.built ?? new Set(),
    skip: inventory.caches,
    inUse: known.inUse ?? new Map(),
    ageOf: (digest) => ageOf(digest, { graph, now, firstSeen, listTimes, publishedAt }),
    now,
  });
}

function markedAsBroken(rejected: Inventory['rejected']): Reasons<DeleteReason> {
  return new Map([...rejected].map(([digest, stage]) => [digest, [{ rule: 'rejected', stage }]]));
}

/** What Git and the forge say: the rules that go by the commits that images are linked to. Undefined when the Git rule is off. */
function judgeByHistory(judging: Judging) {
  const { evidence, inventory, policy, now } = judging;
  const { history, forge } = evidence;
  if (history === undefined || !policy.git.enabled) return undefined;
  const { graph, rejected, buildRecords, werf, caches } = inventory;
  const asked = forge === undefined ? undefined : forgetUnwanted(forge, policy);
  const { all: links, own: ownLinks } = collectLinksByOrigin(graph, {
    history,
    images: policy.images,
    forge: asked,
    records: buildRecords,
    ...(werf === undefined ? {} : { built: werf.built }),
  });
  // Build cache is none of the images that a commit was published as, and takes no place among them.
  const linksOfImages = caches.size === 0 ? links : new Map([...links].filter(([digest]) => !caches.has(digest)));
  const git = judgeByGit({
    graph,
    history,
    policy,
    links: linksOfImages,
    requestName: asked?.requestName,
    skip: new Set([...rejected.keys(), ...caches.keys()]),
    judgeFirst: judgeFirst(judging, links),
    now,
  });
  const named = asked === undefined ? new Set<string>() : listNamedCommits(asked);
  const told = { drop: git.drop, links, ownLinks, needs: { history, hits: git.hits, links, named } };
  if (asked === undefined) return { ...told, keep: [git.keep] };
  const input = { graph, history, forge: asked, policy, links: linksOfImages, now };
  const claims = collectClaims(input);
  // What was deployed may have to be brought back, however broken; a branch or a request has no use for it.
  const [deployed, ...others] = [keepDeployments, keepReleases, keepPullRequests].map((rule) => rule(input, claims));
  return { ...told, keep: [deployed ?? new Map(), ...others.map((keep) => without(keep, rejected)), git.keep] };
}

function judgeFirst({ evidence, inventory, policy, now }: Judging, links: ReadonlyMap<Digest, readonly Link[]>) {
  const { graph, werf, publishedAt, snapshot } = inventory;
  // Tag schemes say of every image what is to be said.
  if (policy.schemes !== 'off') return () => ({ drop: [] });
  if (werf === undefined) return () => undefined;
  const { listTimes } = snapshot.capabilities;
  const isForeign = keepForeign(werf, policy.werf);
  const judgeUnrecorded = makeJudgeUnrecorded({
    werf,
    links,
    within: policy.werf.unrecordedGrace,
    now,
    ageOf: (digest) => ageOf(digest, { graph, now, firstSeen: evidence.firstSeen, listTimes, publishedAt }),
  });
  return (digest: Digest) => (isForeign.has(digest) ? { drop: [] } : judgeUnrecorded(digest));
}

/** Where the rule is off, nothing may follow from which pull requests are open. */
function forgetUnwanted({ pullRequests, ...forge }: Forge, policy: Policy): Forge {
  const isAsked = pullRequests !== undefined && policy.forge.pullRequests !== 'off';
  return isAsked ? { ...forge, pullRequests } : forge;
}

function without<Kind>(reasons: Reasons<Kind>, rejected: Inventory['rejected']): Reasons<Kind> {
  return new Map([...reasons].filter(([digest]) => !rejected.has(digest)));
}
