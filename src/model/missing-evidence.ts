// What a run could not look at.

/** A source that could not be looked at though the user wants it, and why. */
export interface MissingEvidence {
  readonly source: 'kubernetes' | 'git' | 'forge';
  /** For people: `secrets are not given to pull requests of forks`. */
  readonly why: string;
}
