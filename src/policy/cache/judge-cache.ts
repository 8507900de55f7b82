// What the rules about build cache say of it, all together: whether it stays, and why, or why it goes.

import type { DeleteReason, KeepReason } from '../../model/decision.ts';
import type { Policy } from '../../model/policy.ts';
import type { Digest } from '../../model/reference.ts';
import { type Duration, durationFromMs, formatDuration, type Instant } from '../../model/time.ts';
import type { Age } from '../rules/recent.ts';
import type { BuiltImages } from './built-images.ts';
import { type CommitLookup, makeJudgeCommits } from './cache-commits.ts';
import { type CacheNeeds, findCacheNeeds } from './cache-needs.ts';
import { makeJudgeVersion, type RuleVerdict } from './cache-version.ts';
import type { CacheNode, Caches } from './recognize-cache.ts';

/** What build cache is judged by. */
export interface CacheJudging extends CommitLookup {
  /** Full name of the repository with the cache. */
  readonly repository: string;
  readonly caches: Caches;
  /** All repositories of the run, this one among them. */
  readonly built: readonly BuiltImages[];
  readonly policy: Pick<Policy, 'cache' | 'werf'>;
  readonly ageOf: (digest: Digest) => Age;
  readonly now: Instant;
}

/** Whether cache stays. `isUnattributed`: no image was made with it, as far as anybody can tell, whether it stays or goes. */
export type CacheVerdict = { readonly isUnattributed: boolean } & (
  | { readonly decision: 'keep'; readonly reasons: readonly KeepReason[] }
  | { readonly decision: 'delete'; readonly reasons: readonly DeleteReason[] }
);

/** Verdicts by cache, and what labels name that nobody declared. */
export interface CacheVerdicts {
  readonly verdicts: ReadonlyMap<Digest, CacheVerdict>;
  /** Names of Git repositories, sorted, each once. */
  readonly undeclared: readonly string[];
}

/** One rule's word: the cache may go when it is older, or it stays. */
type Opinion =
  | { readonly kind: 'go'; readonly reason: DeleteReason; readonly within: Duration; readonly why?: string }
  | { readonly kind: 'stay'; readonly reason: KeepReason };

/** Judges every cache. What goes is older than the grace, by whatever rule; an unknown age is never old. */
export function judgeCaches(judging: CacheJudging): CacheVerdicts {
  const { caches, policy } = judging;
  const judgeCommits = makeJudgeCommits(judging);
  const stated = new Map<Digest, readonly Opinion[]>();
  const undeclared = new Set<string>();
  for (const [digest, cache] of caches) {
    const apart = whyApart(cache, policy);
    if (apart !== undefined) stated.set(digest, [stays(apart)]);
    else {
      const commits = policy.cache.improperGitCommit ? judgeCommits(cache) : undefined;
      for (const name of commits?.undeclared ?? []) undeclared.add(name);
      stated.set(digest, opinionsOnItself(cache, { ...judging, commits: commits?.verdict }));
    }
  }
  const isCondemned = (digest: Digest): boolean => stated.get(digest)?.some(({ kind }) => kind === 'go') === true;
  const needs = policy.cache.improperRepoCache
    ? findCacheNeeds({ ...judging, caches: [...caches.values()], mayBeBest: (digest) => !isCondemned(digest) })
    : undefined;
  const verdicts = new Map<Digest, CacheVerdict>();
  for (const [digest, cache] of caches) {
    const isApart = whyApart(cache, policy) !== undefined;
    const byNeeds = needs === undefined || isApart ? undefined : opinionByNeeds(cache, needs, policy);
    const opinions = [...(stated.get(digest) ?? []), ...(byNeeds === undefined ? [] : [byNeeds])];
    verdicts.set(digest, { ...conclude(opinions, ageIn(judging, digest)), isUnattributed: isWaiting(byNeeds) });
  }
  return { verdicts, undeclared: [...undeclared].sort() };
}

/** What no rule looks at: the development mode's cache, or all other; and what another project left. */
function whyApart({ isDev, project }: CacheNode, { cache, werf }: CacheJudging['policy']): string | undefined {
  if (isDev && !cache.isDev) return "it is of dapp's development mode, which is left alone without --dev";
  if (!isDev && cache.isDev) return "it is not of dapp's development mode, and nothing else is looked at with --dev";
  if (project === undefined || werf.project === undefined || project === werf.project) return undefined;
  return `it is of the project ${project}`;
}

/** The rules that look at nothing but the cache itself. */
function opinionsOnItself(
  cache: CacheNode,
  { policy, commits }: Pick<CacheJudging, 'policy'> & { readonly commits: RuleVerdict | undefined },
): readonly Opinion[] {
  const { flush, grace, improperCacheVersion } = policy.cache;
  const version = improperCacheVersion === undefined ? undefined : makeJudgeVersion(improperCacheVersion)(cache);
  return [
    ...(flush ? [{ kind: 'go', reason: { rule: 'cache-flush' }, within: grace } as const] : []),
    ...[version, commits].flatMap((verdict): Opinion[] => {
      if (verdict === undefined) return [];
      return verdict.kind === 'stay' ? [stays(verdict.why)] : [{ ...verdict, within: grace }];
    }),
  ];
}

/**
 * The rule that looks at the images. A stage proves what it was made for; of other cache it shows only by layers, and those of a build's
 * intermediate stage are in no image.
 */
function opinionByNeeds({ kind, node }: CacheNode, needs: CacheNeeds, { cache }: CacheJudging['policy']): Opinion {
  const needed = needs.needed.get(node.digest);
  if (needed !== undefined) return { kind: 'stay', reason: needed };
  if (!needs.hasImages) return stays('no image stays here at all, so nobody can tell which cache is still needed');
  const { grace } = cache;
  if (kind === 'dapp' || kind === 'werf') {
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
  const within = durationFromMs(Math.max(grace, cache.unattributedGrace));
  const why = 'no image was made with it, as far as layers tell';
  return { kind: 'go', reason: { rule: 'cache-unneeded', why: `${why}, for ${formatDuration(within)}` }, within, why };
}

function isWaiting(opinion: Opinion | undefined): boolean {
  return opinion?.kind === 'go' && opinion.why !== undefined;
}

function ageIn({ ageOf, now }: CacheJudging, digest: Digest): Duration | undefined {
  const age = ageOf(digest);
  return age.kind === 'unknown' ? undefined : durationFromMs(Math.max(0, now - age.at));
}

/** One rule by which it goes is enough. */
function conclude(opinions: readonly Opinion[], age: Duration | undefined) {
  const gone = opinions.flatMap((one) =>
    one.kind === 'go' && age !== undefined && age >= one.within ? [one.reason] : [],
  );
  if (gone.length > 0) return { decision: 'delete', reasons: gone } as const;
  const reasons = opinions.map(
    (one): KeepReason =>
      one.kind === 'stay'
        ? one.reason
        : {
            rule: 'cache-young',
            ...(age === undefined ? {} : { age }),
            within: one.within,
            ...(one.why === undefined ? {} : { why: one.why }),
          },
  );
  return {
    decision: 'keep',
    reasons: reasons.length > 0 ? reasons : [stays('no rule about it is on').reason],
  } as const;
}

function stays(why: string): Extract<Opinion, { kind: 'stay' }> {
  return { kind: 'stay', reason: { rule: 'cache-proper', why } };
}
