// What is known beside a repository when its build cache is judged.

import type { History } from '../../model/history.ts';

/** A further Git repository that images are built from. What was not read whole proves nothing gone. */
export type FurtherRepository =
  | { readonly kind: 'whole'; readonly history: History }
  | { readonly kind: 'partial'; readonly why: string };

/** What the rules about build cache know besides. */
export interface CacheEvidence {
  /** By the names that labels call them. */
  readonly repositories: ReadonlyMap<string, FurtherRepository>;
}
