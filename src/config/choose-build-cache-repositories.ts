// The repositories that hold nothing but build cache of those that are cleaned.

import { formatRepository, isSameRepository } from '../model/reference.ts';
import { DECIDING } from '../options/option.ts';
import type { ProviderOf } from './choose-provider.ts';
import { type Findings, placeOf, readList } from './findings.ts';
import { isSameFolder, readTarget } from './repository-target.ts';
import type { RepositoryTarget } from './settings.ts';

const OPTION = 'build-cache-repo';

/**
 * The repositories that the option declares, in the user's order; they are decided after `chosen`, all others of the run. One that is
 * among those, or is named twice, is a mistake among the findings. Empty where nothing is decided: a step of a workflow may serve `verify`, too.
 */
export function chooseBuildCacheRepositories(
  findings: Findings,
  chosen: readonly RepositoryTarget[],
  providerOf: ProviderOf,
): readonly RepositoryTarget[] {
  const command = (findings.raw.command ?? 'plan').trim();
  if (!DECIDING.some((one) => one === command)) return [];
  const place = placeOf(OPTION, findings.frontEnd);
  const declared: RepositoryTarget[] = [];
  for (const written of readList(findings, OPTION) ?? []) {
    const target = readTarget(findings, written, { place, providerOf });
    if (target === undefined) continue;
    const name = formatRepository(target.repository);
    const other = chosen.find((one) => isSamePlace(one, target));
    if (other !== undefined) findings.mistakes.push({ place, text: `${name} ${describeOther(other)}` });
    else if (declared.some((one) => isSamePlace(one, target)))
      findings.mistakes.push({ place, text: `${name} is named twice` });
    else declared.push({ ...target, isBuildCache: true });
  }
  return declared;
}

/** What is in it is more than cache, or the records and copies of another one. */
function describeOther({ role }: RepositoryTarget): string {
  return role === undefined
    ? 'is to be cleaned as well: a repository with images is no repository of build cache'
    : `is the ${role.kind} repository of ${role.of}: a repository has one role`;
}

function isSamePlace(one: RepositoryTarget, other: RepositoryTarget): boolean {
  return isSameRepository(one.repository, other.repository) || isSameFolder(one, other);
}
