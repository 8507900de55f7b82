// Build cache goes after the images that it was made for: one that was to go, and is still there after its steps, keeps the cache it needs.

import type { Policy } from '../model/policy.ts';
import type { Digest } from '../model/reference.ts';
import type { Outcome } from '../plan/outcome.ts';
import type { Plan, Step } from '../plan/plan.ts';
import { type BuiltImages, listBuiltImages } from '../policy/cache/built-images.ts';
import { type CacheNeeds, findCacheNeeds } from '../policy/cache/cache-needs.ts';
import { type Caches, recognizeCaches } from '../policy/cache/recognize-cache.ts';
import type { Decisions } from '../policy/decisions.ts';
import type { Collected, CollectedRepository } from './collect-evidence.ts';
import type { UsageObjection } from './watch-usage.ts';

/** What was planned, and what came of it so far. */
export interface CacheWatchOptions {
  readonly collected: Pick<Collected, 'repositories'>;
  readonly decided: ReadonlyMap<string, Decisions>;
  readonly plan: Pick<Plan, 'repositories'>;
  readonly policy: Policy;
  /** The steps that this run is to carry out; a reviewed plan may have fewer than the plan. */
  readonly stepsOf: (repository: string) => readonly Step[];
  /** What became of the steps of a repository in this run; undefined before its turn. */
  readonly outcomesOf: (repository: string) => readonly Outcome[] | undefined;
}

/**
 * Says of build cache that was to go as unneeded why it must stay. Images whose turn comes later count as gone: what the cache of an
 * image that then stays is worth is one slow build.
 */
export function watchBuildCache(options: CacheWatchOptions): UsageObjection {
  const { collected, decided, policy } = options;
  return (name) => {
    const repository = collected.repositories.find((one) => one.name === name);
    const decisions = decided.get(name)?.decisions;
    if (!policy.cache.improperRepoCache || repository === undefined || decisions === undefined)
      return () => Promise.resolve(undefined);
    let needs: CacheNeeds | undefined;
    return (digest) => {
      const decision = decisions.get(digest);
      // By another rule it goes whatever needs it.
      const isUnneeded =
        decision?.decision === 'delete' && decision.reasons.every(({ rule }) => rule === 'cache-unneeded');
      if (!isUnneeded) return Promise.resolve(undefined);
      needs ??= findNeeds(repository, options);
      const reason = needs.needed.get(digest);
      if (reason?.rule !== 'cache-needed') return Promise.resolve(undefined);
      const place = reason.repository ?? name;
      return Promise.resolve(`it is build cache of ${reason.by} in ${place}, which was to go and was not deleted`);
    };
  };
}

/** What is needed by all that was to go and is still there; nothing where that is no image. */
function findNeeds({ name }: CollectedRepository, options: CacheWatchOptions): CacheNeeds {
  const built: BuiltImages[] = [];
  let ours: Caches = new Map();
  let isAnyLeft = false;
  for (const { name: other, role, isBuildCache = false } of options.collected.repositories) {
    const decisions = options.decided.get(other);
    if (role !== undefined || decisions === undefined) continue;
    const caches = recognizeCaches(decisions.graph, { isDeclared: isBuildCache });
    if (other === name) ours = caches;
    const left = stillThere(other, decisions, options);
    isAnyLeft ||= [...left].some((digest) => !caches.has(digest));
    const kept = new Map([...left].map((digest) => [digest, true]));
    // What the plan keeps has been asked by the plan.
    built.push(listBuiltImages(decisions.graph, { repository: other, caches, kept, isDeclared: isBuildCache }));
  }
  const planned = options.decided.get(name)?.decisions;
  return findCacheNeeds({
    repository: name,
    caches: isAnyLeft ? [...ours.values()] : [],
    mayBeBest: (digest) => planned?.get(digest)?.reasons.every(({ rule }) => !CONDEMNING.includes(rule)) === true,
    built,
  });
}

/** Rules by which cache goes whatever needs it. */
const CONDEMNING: readonly string[] = ['cache-version', 'cache-gone', 'cache-flush'];

/**
 * What was to go and did not, with all that it lists. What has no step of its own went with its owner, or is left to the registry, which
 * collects what no tag leads to.
 */
function stillThere(name: string, { decisions, graph }: Decisions, options: CacheWatchOptions): ReadonlySet<Digest> {
  const planned = options.plan.repositories.find((one) => one.name === name)?.steps ?? [];
  const going = new Set(options.stepsOf(name).map(keyOf));
  const outcomes = options.outcomesOf(name);
  const done = new Set((outcomes ?? []).filter(isDone).map(({ step }) => keyOf(step)));
  const isLeft = (step: Step): boolean => !going.has(keyOf(step)) || (outcomes !== undefined && !done.has(keyOf(step)));
  const found = new Set<Digest>();
  const queue = planned.filter(isLeft).map(({ digest }) => digest);
  for (let digest = queue.pop(); digest !== undefined; digest = queue.pop()) {
    if (found.has(digest) || decisions.get(digest)?.decision !== 'delete') continue;
    found.add(digest);
    queue.push(...graph.childrenOf(digest));
  }
  return found;
}

function keyOf({ action, digest, tag }: Step): string {
  return `${action} ${digest} ${tag ?? ''}`;
}

function isDone({ outcome }: Outcome): boolean {
  return outcome === 'deleted' || outcome === 'already-gone';
}
