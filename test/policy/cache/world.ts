// Decisions about build cache from a few lines: by default a pinned image `app` stays and an image `old` goes.

import type { CachePolicy, Policy } from '../../../src/model/policy.ts';
import { durationFromMs } from '../../../src/model/time.ts';
import type { CacheEvidence } from '../../../src/policy/cache/cache-evidence.ts';
import { type BuildCacheEvidence, decideBuildCache } from '../../../src/policy/cache/decide-build-cache.ts';
import { beginDecision, decide } from '../../../src/policy/decide.ts';
import type { Decisions } from '../../../src/policy/decisions.ts';
import type { Evidence } from '../../../src/policy/evidence.ts';
import { type HistorySpec, historyOf } from '../../builders/history.ts';
import { digestOf, NOW, type NodeSpec, policyOf, snapshotOf } from '../../builders/snapshot.ts';

/** Hours before now, as an image tells its age. */
export function hoursAgo(count: number): string {
  return new Date(NOW - count * 3_600_000).toISOString();
}

/** Everything about build cache off, save what is given. */
export function cacheOf(parts: Partial<CachePolicy>): CachePolicy {
  return { ...policyOf().cache, ...parts };
}

/** The rule by which cache goes that no image needs. */
export const BY_NEED = cacheOf({ improperRepoCache: true });

/** Pins `app`, and everything else that starts with it; no other rule keeps an image. */
export function cachePolicy(cache: CachePolicy, parts: Partial<Policy> = {}): Policy {
  return policyOf({
    git: { enabled: false, keepPolicies: [] },
    recent: { within: durationFromMs(0) },
    pins: { tags: ['app*'], expressions: [], list: [] },
    cache,
    ...parts,
  });
}

/** One repository, with nothing known besides. */
export function evidenceOf(nodes: readonly NodeSpec[], parts: Partial<Evidence> = {}): Evidence {
  return {
    snapshot: snapshotOf(nodes),
    history: undefined,
    forge: undefined,
    usage: undefined,
    firstSeen: undefined,
    ...parts,
  };
}

/** A repository that stands for itself, decided alone. */
export function decideOn(nodes: readonly NodeSpec[], policy: Policy, parts: Partial<Evidence> = {}): Decisions {
  return decide(evidenceOf(nodes, parts), policy, NOW);
}

/** A repository that is declared to hold nothing but cache, beside one with the given images. */
export function decideDeclared(
  { images, nodes }: { readonly images: readonly NodeSpec[]; readonly nodes: readonly NodeSpec[] },
  policy: Policy,
  parts: Partial<BuildCacheEvidence> = {},
): Decisions {
  const { built } = beginDecision(evidenceOf(images), policy, NOW);
  const evidence = { ...evidenceOf(nodes), isBuiltHere: undefined, ...parts };
  return decideBuildCache(
    { ...evidence, others: [{ ...built, repository: 'registry.example.com/shop/images' }] },
    policy,
    NOW,
  );
}

/** `rule`, or `go: rule`, by short name: the first reason. */
export function outcomeOf({ decisions }: Decisions, name: string): string {
  const decision = decisions.get(digestOf(name));
  const rule = decision?.reasons[0]?.rule ?? 'nothing';
  return decision?.decision === 'delete' ? `go: ${rule}` : rule;
}

/** Further Git repositories by name. */
export function furtherOf(repositories: Readonly<Record<string, HistorySpec | 'partial'>>): CacheEvidence {
  return {
    repositories: new Map(
      Object.entries(repositories).map(([name, spec]) => [
        name,
        spec === 'partial'
          ? ({ kind: 'partial', why: 'only the branch main was fetched' } as const)
          : ({ kind: 'whole', history: historyOf(spec) } as const),
      ]),
    ),
  };
}
