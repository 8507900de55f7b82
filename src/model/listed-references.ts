// Branches and tags as somebody listed them, before anybody looked at the objects that they hold.

import type { CommitId } from './history.ts';

/** A branch or tag before anybody looked at its object. */
export interface ListedReference {
  readonly kind: 'branch' | 'tag';
  /** Short name without `refs/heads/` or `refs/tags/`. Untrusted text. */
  readonly name: string;
  /** What the reference holds: a commit, an annotated tag, or (for a tag) anything else. */
  readonly object: CommitId;
  /** Where it ends after all annotated tags; not proved to be a commit. Absent where whoever listed it did not look behind a tag. */
  readonly target?: CommitId;
}

/** All branches and tags at one moment. */
export interface ListedReferences {
  readonly references: readonly ListedReference[];
  readonly defaultBranch?: string;
}
