// Finds the commits of releases, as far as anybody knows them.

import type { Release } from '../model/forge.ts';
import { type History, isCommitId } from '../model/history.ts';
import type { Instant } from '../model/time.ts';

/** A release before anybody knows the commits. */
export interface ListedRelease {
  readonly tag: string;
  readonly isDraft: boolean;
  /** When it was published; of a draft, the date that the forge gives it. */
  readonly date: Instant;
  /**
   * What counts while the tag does not exist: a commit, or the branch that the tag will be made on; untrusted text. Absent where the forge
   * says nothing that can stand for the tag.
   */
  readonly target?: string;
}

/** The releases with their commits: that of the tag, and without the tag the one that stands for it, where it is in the history. */
export function placeReleases(
  releases: readonly ListedRelease[],
  { references, graph }: Pick<History, 'references' | 'graph'>,
): readonly Release[] {
  const commits = new Map(references.map(({ kind, name, commit }) => [`${kind} ${name}`, commit]));
  return releases.map(({ tag, isDraft, date, target = '' }) => {
    const hasTarget = isCommitId(target) && graph.indexOf(target) !== undefined;
    const commit = commits.get(`tag ${tag}`) ?? (hasTarget ? target : commits.get(`branch ${target}`));
    return { tag, isDraft, date, ...(commit === undefined ? {} : { commit }) };
  });
}
