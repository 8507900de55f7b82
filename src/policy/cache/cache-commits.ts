// Whether what build cache was made from is still in Git: in the repository of the run, and in every other that its labels name.

import type { DeleteReason } from '../../model/decision.ts';
import { isCommitId } from '../../model/history.ts';
import type { Digest } from '../../model/reference.ts';
import { listStageCommits, type StageCommit } from '../../model/stage-labels.ts';
import type { Link } from '../link.ts';
import { findGoneLinks } from '../rules/git.ts';
import { labelsOf } from '../werf/origins.ts';
import type { CacheEvidence } from './cache-evidence.ts';
import type { RuleVerdict } from './cache-version.ts';
import { type CacheNode, ordinaryTags } from './recognize-cache.ts';

/** What commits are looked up in. */
export interface CommitLookup {
  /** By node, what it says of the repository of the run; undefined where Git is off. */
  readonly links: ReadonlyMap<Digest, readonly Link[]> | undefined;
  readonly further: CacheEvidence | undefined;
}

/** What Git says of one cache. */
export interface CommitVerdict {
  readonly verdict: RuleVerdict;
  /** Names of repositories in its labels that nobody declared. */
  readonly undeclared: readonly string[];
}

/** A judge of commits: one that is gone from a repository which was read whole is enough to go. */
export function makeJudgeCommits({ links, further }: CommitLookup): (cache: CacheNode) => CommitVerdict {
  return ({ node }) => {
    const named = listStageCommits(labelsOf(node) ?? {});
    const undeclared = named
      .filter(({ name }) => further?.repositories.get(name) === undefined)
      .map(({ name }) => name);
    const gone = [
      ...findGoneHere(links?.get(node.digest) ?? [], ordinaryTags(node)),
      ...named.flatMap((one) => findGoneThere(one, further)),
    ];
    const [first] = gone;
    if (first !== undefined) return { verdict: { kind: 'go', reason: first }, undeclared };
    const isNamed = named.length > 0 || (links?.get(node.digest) ?? []).length > 0;
    const why = isNamed
      ? 'nothing proves that what it was made from is gone from Git'
      : 'it does not tell what it was made from';
    return { verdict: { kind: 'stay', why }, undeclared };
  };
}

/** While anything that it names is there, or cannot be told, nothing is gone; and of tags, every one must say so. */
function findGoneHere(links: readonly Link[], tags: readonly string[]): readonly DeleteReason[] {
  if (links.some(({ kind }) => kind !== 'gone' && kind !== 'named')) return [];
  const gone = findGoneLinks(links);
  const bySelf = gone.filter(({ found }) => found.kind !== 'tag-pattern');
  const goneTags = new Set<string | undefined>(gone.map(({ found }) => found.tag));
  const counting = bySelf.length > 0 || tags.every((tag) => goneTags.has(tag)) ? gone : [];
  return counting.slice(0, 1).map(({ what, found }) => ({ rule: 'cache-gone', what, where: placeOf(found) }));
}

function placeOf(found: Extract<Link, { kind: 'gone' }>['found']): string {
  return found.tag === undefined ? `${found.kind} ${found.name}` : `tag ${found.tag}`;
}

function findGoneThere(
  { name, label, commit }: StageCommit,
  further: CacheEvidence | undefined,
): readonly DeleteReason[] {
  const repository = further?.repositories.get(name);
  // Builders write ids in full; of fewer digits nobody knows whether they are one.
  if (repository?.kind !== 'whole' || !isCommitId(commit)) return [];
  if (repository.history.graph.indexOf(commit) !== undefined) return [];
  return [{ rule: 'cache-gone', what: `commit ${commit.slice(0, 10)} of ${name}`, where: `label ${label}` }];
}
