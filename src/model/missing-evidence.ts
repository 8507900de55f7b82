// What a run could not look at.

/** A source that could not be looked at though the user wants it, and why. */
export interface MissingEvidence {
  readonly source: 'kubernetes' | 'git' | 'forge';
  /** For people: `secrets are not given to pull requests of forks`. */
  readonly why: string;
  /** Which forge, where it is one and its name is known: `GitLab`. */
  readonly title?: string;
}

const TITLES: Readonly<Record<MissingEvidence['source'], string>> = {
  kubernetes: 'Kubernetes',
  git: 'Git',
  forge: 'the forge',
};

/** What the source is called: `Kubernetes`, `GitLab`, `the forge`. */
export function titleOfMissing({ source, title }: Pick<MissingEvidence, 'source' | 'title'>): string {
  return title ?? TITLES[source];
}
