// What a user should know of build cache that is no decision.

import type { Remark } from '../../model/decision.ts';
import type { CachePolicy } from '../../model/policy.ts';
import type { Digest } from '../../model/reference.ts';
import { formatDuration } from '../../model/time.ts';
import type { KeepReasons } from '../closure.ts';
import type { CacheVerdict } from './judge-cache.ts';

/** More names than these help nobody. */
const SHOWN_NAMES = 3;

/** What remarks are drawn from. */
export interface CacheRemarkInput {
  readonly verdicts: ReadonlyMap<Digest, CacheVerdict>;
  /** Names of Git repositories in labels that nobody declared, sorted. */
  readonly undeclared: readonly string[];
  readonly kept: KeepReasons;
  readonly policy: CachePolicy;
}

/** Remarks in a fixed order; empty where there is nothing to say. */
export function remarkOnCache(found: CacheRemarkInput): readonly Remark[] {
  return [...unattributed(found), ...undeclared(found)];
}

function unattributed({ verdicts, kept, policy }: CacheRemarkInput): readonly Remark[] {
  const waiting = [...verdicts].filter(([digest, { isUnattributed }]) => isUnattributed && isOnlyWaiting(digest, kept));
  if (waiting.length === 0) return [];
  const what = waiting.length === 1 ? 'build cache shares' : 'build caches share';
  const within = formatDuration(policy.unattributedGrace);
  const text = `${waiting.length} ${what} no layer with any image here, as those of intermediate build stages do not: they go ${within} after they were made`;
  return [{ code: 'unattributed-cache', text }];
}

/** What another rule keeps waits for nothing. */
function isOnlyWaiting(digest: Digest, kept: KeepReasons): boolean {
  return (kept.get(digest) ?? []).every(({ rule }) => rule === 'cache-young' || rule === 'cache-proper');
}

function undeclared({ undeclared: names }: CacheRemarkInput): readonly Remark[] {
  if (names.length === 0) return [];
  const more = names.length > SHOWN_NAMES ? ` and ${names.length - SHOWN_NAMES} more` : '';
  const list = names.slice(0, SHOWN_NAMES).map((name) => JSON.stringify(name));
  const text = `labels of build cache name commits of ${list.join(', ')}${more}, and nobody says which Git repository that is: nothing follows from these; declare it with --cache-git-repository`;
  return [{ code: 'undeclared-git-repository', text }];
}

/** How much in a repository of build cache is none; empty where everything is. */
export function remarkNoCache(count: number): readonly Remark[] {
  if (count === 0) return [];
  const text = `${count} ${count === 1 ? 'image is' : 'images are'} no build cache, and ${count === 1 ? 'stays' : 'stay'} in this repository, which is declared to hold nothing else`;
  return [{ code: 'no-cache', text }];
}
