// Whose repository it is, when several projects of werf's share it. werf itself never asks, and deletes the others' stages.

/** What is ours in a repository. */
export interface Projects {
  /** Ours; undefined when nobody knows. */
  readonly own: string | undefined;
  /** Projects with stages here that are not ours, sorted; all of them when nobody knows which is ours. */
  readonly others: readonly string[];
  /**
   * Whether something is, or may be, another project's, by the projects that its labels name. What names none may be anybody's where there
   * are others.
   */
  isOther(named: readonly string[]): boolean;
}

/** Tells projects apart. `found`: what stages name. `ours`: what the user says; without a word, the only one there is. */
export function tellProjects(found: ReadonlySet<string>, ours: string | undefined): Projects {
  const all = [...found].sort();
  const own = ours ?? (all.length === 1 ? all[0] : undefined);
  const others = all.filter((project) => project !== own);
  return {
    own,
    others,
    isOther(named) {
      if (named.length === 0 || own === undefined) return others.length > 0;
      return named.some((project) => project !== own);
    },
  };
}
