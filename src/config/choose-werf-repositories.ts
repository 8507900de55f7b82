// The other repositories of a project of werf's: the final one, the caches and the one with the records.

import { formatRepository, isSameRepository } from '../model/reference.ts';
import type { ProviderOf } from './choose-provider.ts';
import { addMistake, type Findings, placeOf, readList, readText } from './findings.ts';
import { isSameFolder, readTarget } from './repository-target.ts';
import type { RepositoryRole, RepositoryTarget } from './settings.ts';

/** The options, in the order in which steps are carried out: a record outlives what it is about. */
const ROLES = [
  ['final-repo', 'final'],
  ['cache-repo', 'cache'],
  ['meta-repo', 'meta'],
] as const;

/**
 * The repositories that the options give a role beside the one that is cleaned, in the order of their steps: final, caches, meta. A
 * repository with two roles, and any role beside none or several repositories, is a mistake among the findings.
 */
export function chooseWerfRepositories(
  findings: Findings,
  cleaned: readonly RepositoryTarget[],
  providerOf: ProviderOf,
): readonly RepositoryTarget[] {
  const chosen: RepositoryTarget[] = [];
  const [primary, ...others] = cleaned;
  for (const [option, kind] of ROLES) {
    const place = placeOf(option, findings.frontEnd);
    for (const written of readNames(findings, option)) {
      const target = readTarget(findings, written, { place, providerOf });
      if (target === undefined) continue;
      const name = formatRepository(target.repository);
      const isTaken = [...cleaned, ...chosen].some((other) => isSamePlace(other, target));
      if (isTaken) findings.mistakes.push({ place, text: `${name} is named twice: a repository has one role` });
      else if (others.length > 0)
        addMistake(findings, option, `only with one repository, and there are ${cleaned.length}: clean each by itself`);
      // Without any repository to clean, that is the mistake, and it is told.
      if (primary !== undefined) chosen.push({ ...target, role: roleOf(kind, primary) });
    }
  }
  return chosen;
}

/** Whether both are the same repository, or layouts in the same folder. */
function isSamePlace(one: RepositoryTarget, other: RepositoryTarget): boolean {
  return isSameRepository(one.repository, other.repository) || isSameFolder(one, other);
}

function readNames(findings: Findings, option: (typeof ROLES)[number][0]): readonly string[] {
  if (option === 'cache-repo') return readList(findings, option) ?? [];
  const name = readText(findings, option);
  return name === undefined ? [] : [name];
}

function roleOf(kind: RepositoryRole['kind'], primary: RepositoryTarget): RepositoryRole {
  return { kind, of: formatRepository(primary.repository) };
}
