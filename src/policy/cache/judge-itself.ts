// What the rules say of build cache that look at nothing but the cache itself: flush, version, commit.

import type { DeleteReason, KeepReason } from '../../model/decision.ts';
import type { Policy } from '../../model/policy.ts';
import type { Digest } from '../../model/reference.ts';
import { type Duration, durationFromMs, type Instant } from '../../model/time.ts';
import type { Inventory } from '../inventory.ts';
import { ageOf, type FirstSeen } from '../rules/recent.ts';
import { type CommitLookup, makeJudgeCommits } from './cache-commits.ts';
import { makeJudgeVersion, type RuleVerdict } from './cache-version.ts';
import type { CacheNode } from './recognize-cache.ts';

/** One rule's word: the cache may go when it is as old, or it stays. */
export type Opinion =
  | { readonly kind: 'go'; readonly reason: DeleteReason; readonly within: Duration; readonly why?: string }
  | { readonly kind: 'stay'; readonly reason: KeepReason };

/** A cache, and what is said of it. */
export interface JudgedCache extends CacheNode {
  /** Absent when it is unknown. */
  readonly age?: Duration;
  /** No rule looks at it. */
  readonly isApart: boolean;
  readonly opinions: readonly Opinion[];
}

/** All caches of a repository, as far as they are judged by themselves. */
export interface JudgedCaches {
  readonly all: ReadonlyMap<Digest, JudgedCache>;
  /** Those that go now, unless another rule keeps them. */
  readonly condemned: ReadonlySet<Digest>;
  /** Names of Git repositories in labels that nobody declared, sorted. */
  readonly undeclared: readonly string[];
}

/** What is looked at. */
export interface JudgeItselfInput extends CommitLookup {
  readonly inventory: Inventory;
  readonly policy: Pick<Policy, 'cache' | 'werf'>;
  readonly firstSeen: FirstSeen | undefined;
  readonly now: Instant;
}

/** Judges every cache by itself. */
export function judgeItself(input: JudgeItselfInput): JudgedCaches {
  const { caches } = input.inventory;
  const all = new Map<Digest, JudgedCache>();
  const undeclared = new Set<string>();
  const { improperGitCommit, improperCacheVersion } = input.policy.cache;
  const judgeCommits = improperGitCommit ? makeJudgeCommits(input) : undefined;
  const judgeVersion = improperCacheVersion === undefined ? undefined : makeJudgeVersion(improperCacheVersion);
  for (const [digest, cache] of caches) {
    const age = ageIn(input, digest);
    const judged = { ...cache, ...(age === undefined ? {} : { age }) };
    const apart = whyApart(cache, input.policy);
    if (apart !== undefined) {
      all.set(digest, { ...judged, isApart: true, opinions: [stays(apart)] });
      continue;
    }
    const commits = judgeCommits?.(cache);
    for (const name of commits?.undeclared ?? []) undeclared.add(name);
    const said = [judgeVersion?.(cache), commits?.verdict].filter((one) => one !== undefined);
    all.set(digest, { ...judged, isApart: false, opinions: opinionsOf(said, input.policy) });
  }
  const condemned = new Set([...all].flatMap(([digest, cache]) => (whysToGo(cache).length > 0 ? digest : [])));
  return { all, condemned, undeclared: [...undeclared].sort() };
}

/** Whether a rule's word is that it goes, now or later. */
export function isCondemned({ opinions }: Pick<JudgedCache, 'opinions'>): boolean {
  return opinions.some(({ kind }) => kind === 'go');
}

/** Why it goes now; empty when it stays. An unknown age is never old. */
export function whysToGo({ opinions, age }: Pick<JudgedCache, 'opinions' | 'age'>): readonly DeleteReason[] {
  return opinions.flatMap((one) => (one.kind === 'go' && age !== undefined && age >= one.within ? [one.reason] : []));
}

/** The word of a rule that has nothing against it. */
export function stays(why: string): Extract<Opinion, { kind: 'stay' }> {
  return { kind: 'stay', reason: { rule: 'cache-proper', why } };
}

function opinionsOf(verdicts: readonly RuleVerdict[], { cache }: Pick<Policy, 'cache'>): readonly Opinion[] {
  const flushed: readonly Opinion[] = cache.flush
    ? [{ kind: 'go', reason: { rule: 'cache-flush' }, within: cache.grace }]
    : [];
  const said = verdicts.map(
    (verdict): Opinion => (verdict.kind === 'stay' ? stays(verdict.why) : { ...verdict, within: cache.grace }),
  );
  return [...flushed, ...said];
}

/** What no rule looks at: the development mode's cache, or all other; and what another project left. */
function whyApart({ isDev, project }: CacheNode, { cache, werf }: JudgeItselfInput['policy']): string | undefined {
  if (isDev && !cache.isDev) return "it is of dapp's development mode, which is left alone without --dev";
  if (!isDev && cache.isDev) return "it is not of dapp's development mode, and nothing else is looked at with --dev";
  if (project === undefined || werf.project === undefined || project === werf.project) return undefined;
  return `it is of the project ${project}`;
}

function ageIn({ inventory, firstSeen, now }: JudgeItselfInput, digest: Digest): Duration | undefined {
  const { graph, snapshot, publishedAt } = inventory;
  const { listTimes } = snapshot.capabilities;
  const age = ageOf(digest, { graph, now, firstSeen, listTimes, publishedAt });
  return age.kind === 'unknown' ? undefined : durationFromMs(Math.max(0, now - age.at));
}
