// What all rules about build cache say of it together: whether it stays, and why, or why it goes.

import type { DeleteReason, KeepReason } from '../../model/decision.ts';
import type { CachePolicy } from '../../model/policy.ts';
import type { Digest } from '../../model/reference.ts';
import { durationFromMs, formatDuration } from '../../model/time.ts';
import type { BuiltImages } from './built-images.ts';
import { type CacheNeeds, findCacheNeeds } from './cache-needs.ts';
import { isCondemned, type JudgedCache, type JudgedCaches, type Opinion, stays, whysToGo } from './judge-itself.ts';
import { isStage } from './recognize-cache.ts';

/** What build cache is judged by. */
export interface CacheJudging {
  /** Full name of the repository with the cache. */
  readonly repository: string;
  /** As judged by itself. */
  readonly caches: JudgedCaches['all'];
  /** All repositories of the run, this one among them. */
  readonly built: readonly BuiltImages[];
  readonly policy: CachePolicy;
}

/** Whether cache stays. `isUnattributed`: no image was made with it, as far as anybody can tell, whether it stays or goes. */
export type CacheVerdict = { readonly isUnattributed: boolean } & (
  | { readonly decision: 'keep'; readonly reasons: readonly KeepReason[] }
  | { readonly decision: 'delete'; readonly reasons: readonly DeleteReason[] }
);

/** A verdict on every cache. What goes is older than the grace, by whatever rule. */
export function judgeCaches(judging: CacheJudging): ReadonlyMap<Digest, CacheVerdict> {
  const { caches, policy } = judging;
  const needs = policy.improperRepoCache
    ? findCacheNeeds({
        ...judging,
        caches: [...caches.values()],
        mayBeBest: (digest) => !isCondemned(caches.get(digest) ?? { opinions: [] }),
      })
    : undefined;
  return new Map(
    [...caches].map(([digest, cache]) => {
      const byNeeds = needs === undefined || cache.isApart ? [] : [opinionByNeeds(cache, needs, policy)];
      const judged = { ...cache, opinions: [...cache.opinions, ...byNeeds] };
      return [digest, { ...conclude(judged), isUnattributed: byNeeds.some(isWaiting) }];
    }),
  );
}

/**
 * The rule that looks at the images. A stage proves what it was made for; of other cache it shows only by layers, and those of a build's
 * intermediate stage are in no image.
 */
function opinionByNeeds(cache: JudgedCache, needs: CacheNeeds, policy: CachePolicy): Opinion {
  const { node } = cache;
  const needed = needs.needed.get(node.digest);
  if (needed !== undefined) return { kind: 'stay', reason: needed };
  if (!needs.hasImages) return stays('no image stays here at all, so nobody can tell which cache is still needed');
  const { grace } = policy;
  if (isStage(cache)) {
    return {
      kind: 'go',
      reason: { rule: 'cache-unneeded', why: 'no image that stays was made from it' },
      within: grace,
    };
  }
  if (needs.isOfGoing(node.digest)) {
    const why = 'images that go have layers of it, and no image that stays needs it';
    return { kind: 'go', reason: { rule: 'cache-unneeded', why }, within: grace };
  }
  const within = durationFromMs(Math.max(grace, policy.unattributedGrace));
  const why = 'no image was made with it, as far as layers tell';
  return { kind: 'go', reason: { rule: 'cache-unneeded', why: `${why}, for ${formatDuration(within)}` }, within, why };
}

function isWaiting(opinion: Opinion): boolean {
  return opinion.kind === 'go' && opinion.why !== undefined;
}

/** One rule by which it goes is enough. */
function conclude(cache: JudgedCache) {
  const gone = whysToGo(cache);
  if (gone.length > 0) return { decision: 'delete', reasons: gone } as const;
  const reasons = cache.opinions.map((opinion) => reasonToStay(opinion, cache));
  return {
    decision: 'keep',
    reasons: reasons.length > 0 ? reasons : [stays('no rule about it is on').reason],
  } as const;
}

function reasonToStay(opinion: Opinion, { age }: JudgedCache): KeepReason {
  if (opinion.kind === 'stay') return opinion.reason;
  const { within, why } = opinion;
  return {
    rule: 'cache-young',
    ...(age === undefined ? {} : { age }),
    within,
    ...(why === undefined ? {} : { why }),
  };
}
