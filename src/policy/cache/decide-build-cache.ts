// What becomes of a repository that is there for nothing but build cache: the rules about that decide, and Git's do not.

import type { KeepReason } from '../../model/decision.ts';
import type { Forge } from '../../model/forge.ts';
import type { History } from '../../model/history.ts';
import type { Policy } from '../../model/policy.ts';
import { type Digest, formatRepository } from '../../model/reference.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { Instant } from '../../model/time.ts';
import type { Usage } from '../../model/usage.ts';
import { protectReachable } from '../closure.ts';
import { type Decisions, listDecisions } from '../decisions.ts';
import { keepNotUnderstood, protectDoubtful } from '../doubts.ts';
import { type Inventory, takeInventory } from '../inventory.ts';
import { collectLinksByOrigin, isBuiltHere } from '../links.ts';
import { mergeReasons } from '../merge-reasons.ts';
import { makeJudgeRecord } from '../records/judge-records.ts';
import { collectRemarks } from '../remarks.ts';
import { type KubernetesVerdicts, keepUsed } from '../rules/kubernetes.ts';
import { keepPinned, keepWhileDisabled } from '../rules/pins.ts';
import { type FirstSeen, judgeByAge } from '../rules/recent.ts';
import { keepRegistryProtected } from '../rules/registry-protected.ts';
import { type BuiltImages, listBuiltImages } from './built-images.ts';
import type { CacheEvidence } from './cache-evidence.ts';
import { remarkNoCache } from './cache-remarks.ts';
import { judgeItself } from './judge-itself.ts';
import { ordinaryTags } from './recognize-cache.ts';
import { settleCache } from './settle-cache.ts';

/** What such a repository is decided by. */
export interface BuildCacheEvidence {
  readonly snapshot: Snapshot;
  /** Absent only when the user switched Git off. */
  readonly history: History | undefined;
  readonly forge: Forge | undefined;
  readonly usage: Usage | undefined;
  readonly firstSeen: FirstSeen | undefined;
  readonly cache?: CacheEvidence;
  /** What the repositories say of builds that stand for themselves. */
  readonly others: readonly BuiltImages[];
  /** Whether any image of those was built from this history. */
  readonly isBuiltHere: boolean | undefined;
}

/** What is to happen to all that lies there, and why. What is no build cache stays. */
export function decideBuildCache(evidence: BuildCacheEvidence, policy: Policy, now: Instant): Decisions {
  const { usage, firstSeen, others } = evidence;
  const inventory = takeInventory({ snapshot: evidence.snapshot }, policy, { isDeclared: true });
  const { snapshot, graph, attached, relativesOf } = inventory;
  const used =
    usage && policy.kubernetes.enabled ? keepUsed({ snapshot, usage, mirrors: policy.kubernetes.mirrors }) : undefined;
  const { roots, drop, others: noCache } = judgeAround({ inventory, firstSeen, used, policy, now });
  const kept = protectReachable(graph, roots, relativesOf);
  protectDoubtful(snapshot, { graph, relativesOf }, kept);
  const links = linksIn(evidence, inventory, policy);
  const repository = formatRepository(snapshot.repository);
  const judged = judgeItself({ ...evidence, inventory, policy, links: links?.all, further: evidence.cache, now });
  const own = listBuiltImages(graph, {
    repository,
    caches: inventory.caches,
    condemned: judged.condemned,
    kept,
    isDeclared: true,
  });
  const settled = settleCache(kept, { inventory, policy: policy.cache, judged, built: [...others, own] });
  const decisions = listDecisions(graph, { kept, untag: new Map(), drop: [settled.drop, drop] });
  const told = { absentUses: used?.absent ?? [], undeclared: used?.undeclared ?? [] };
  return {
    snapshot,
    graph,
    decisions,
    remarks: [
      ...collectRemarks({ snapshot, graph, decisions, usage, ...told }),
      ...settled.remarks,
      ...remarkNoCache(noCache.size),
    ],
    links: links?.all ?? new Map(),
    ...(links === undefined ? {} : { ownLinks: links.own }),
    isBuiltHere: links === undefined ? undefined : evidence.isBuiltHere === true || isBuiltHere(links.all),
    collectsUntagged: snapshot.capabilities.collectsUntagged,
    records: new Set(attached.keys()),
    judgeRecord: makeJudgeRecord({ needs: undefined, policy, now }),
  };
}

/** The rules beside those about cache. */
function judgeAround(
  judging: Pick<BuildCacheEvidence, 'firstSeen'> & {
    readonly inventory: Inventory;
    readonly used: KubernetesVerdicts | undefined;
    readonly policy: Policy;
    readonly now: Instant;
  },
) {
  const { inventory, firstSeen, used, policy, now } = judging;
  const { graph, snapshot, publishedAt } = inventory;
  const { listTimes } = snapshot.capabilities;
  const { within } = policy.recent;
  const age = judgeByAge({ graph, within, now, firstSeen, listTimes, publishedAt });
  const others = keepOthers(inventory);
  const roots = mergeReasons([
    used?.keep ?? new Map<Digest, readonly KeepReason[]>(),
    age.keep,
    keepPinned(graph.nodes, policy.pins),
    keepWhileDisabled(graph, policy),
    keepRegistryProtected(graph.nodes, snapshot.protectedTags),
    keepNotUnderstood(graph, new Map()),
    others,
  ]);
  return { roots, drop: age.drop, others };
}

/** Everything that is no cache and belongs to none. */
function keepOthers({ graph, caches }: Inventory): ReadonlyMap<Digest, readonly KeepReason[]> {
  const others = [...graph.nodes.values()].filter(({ digest }) => {
    const role = graph.roleOf(digest);
    const isLoose = role === 'image' || (role === 'record' && graph.subjectsOf(digest).length === 0);
    return isLoose && !caches.has(digest);
  });
  return new Map(
    others.map((node) => {
      const [tag] = ordinaryTags(node);
      return [node.digest, [{ rule: 'no-cache', ...(tag === undefined ? {} : { tag }) }]];
    }),
  );
}

function linksIn({ history, forge }: BuildCacheEvidence, { graph, buildRecords }: Inventory, policy: Policy) {
  if (history === undefined || !policy.git.enabled) return undefined;
  return collectLinksByOrigin(graph, { history, images: policy.images, forge, records: buildRecords });
}
