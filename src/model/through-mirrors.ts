// Registries that stand for others: what a repository's name may mean.

import {
  formatRepository,
  isRepositoryName,
  parseRepository,
  parseRepositoryPrefix,
  type RepositoryReference,
} from './reference.ts';

/**
 * What a repository's name may stand for: itself first, then with each mirror's prefix replaced by what it stands for, on whole
 * components. `mirrors`: prefix that clusters pull through → what it stands for.
 */
export function throughMirrors(
  repository: RepositoryReference,
  mirrors: ReadonlyMap<string, string>,
): readonly RepositoryReference[] {
  const name = formatRepository(repository);
  const meanings = [repository];
  for (const [prefix, original] of mirrors) {
    const from = parseRepositoryPrefix(prefix);
    if (!isUnderPrefix(name, from)) continue;
    const meaning = `${parseRepositoryPrefix(original)}${name.slice(from.length)}`;
    // Parsed again: what stands for `docker.io/app` is `docker.io/library/app`. A host alone is no repository.
    if (isRepositoryName(meaning.slice(meaning.indexOf('/') + 1))) meanings.push(parseRepository(meaning));
  }
  return meanings;
}

/** Whether a repository's full name is the prefix or lies under it, on whole components: `ghcr.io/team/app` under `ghcr.io/team`. */
export function isUnderPrefix(name: string, prefix: string): boolean {
  return name === prefix || name.startsWith(`${prefix}/`);
}
