// Names whose image the registry has no more (dapp's second step). Only the word of a repository that was read counts.

import type { HostDecisions, HostDropReason, HostFinding, HostKeepReason } from '../../../model/host-plan.ts';
import type { LocalImage } from '../../../model/local-store.ts';
import type { HostContext } from '../host-context.ts';
import { isOfProject } from '../host-context.ts';
import type { RegistryWord, RepositoryWords } from '../host-evidence.ts';
import { isStage } from '../recognise-stages.ts';

/** What the registries say of one name; undefined when none was asked for it. */
export function wordOf(name: string, { evidence }: HostContext): RegistryWord | undefined {
  const words = evidence.repositories.filter(({ state }) => state === 'read').map(({ words }) => words.get(name));
  return words.find((word) => word !== undefined);
}

/** Why a name goes, or undefined. */
export function dropAbsent(name: string, context: HostContext): HostDropReason | undefined {
  if (!context.policy.absentFromRegistry || wordOf(name, context) !== 'absent') return undefined;
  return { rule: 'absent-from-registry', reference: name };
}

/** What registries say for an image, one reason for each of its names that they were asked for. */
export function keepByWord({ names }: LocalImage, context: HostContext): readonly HostKeepReason[] {
  const words = names.map((name) => ({ name, word: wordOf(name, context) }));
  const reasons = words.flatMap(({ name, word }): HostKeepReason[] => {
    if (word === 'there') return [{ rule: 'in-registry', reference: name }];
    if (word === 'in-doubt') return [{ rule: 'in-doubt', why: `the registry does not tell whether it has ${name}` }];
    return [];
  });
  return words.some(({ word }) => word === 'never-pushed') ? [...reasons, { rule: 'never-pushed' }] : reasons;
}

/** For each repository that was read, the images that it was asked for, and those with a name that it has no more. */
export function countAbsent({ view, evidence }: HostContext): HostDecisions['absent'] {
  return evidence.repositories
    .filter(({ state }) => state === 'read')
    .map(({ repository, words }) => {
      const told = view.images.map(({ names }) => names.map((name) => words.get(name)));
      return {
        repository,
        gone: told.filter((of) => of.includes('absent')).length,
        asked: told.filter((of) => of.some((word) => word !== undefined)).length,
      };
    });
}

/**
 * Repositories with nothing in them, of which something lies here: a wrong address looks so, and the day before the first push too. Then
 * nothing follows from what is not there, unless all is to go anyhow.
 */
export function findEmptyRepositories(context: HostContext): readonly HostFinding[] {
  const { evidence, policy } = context;
  if (policy.flush || !(policy.absentFromRegistry || policy.improperRepoCache)) return [];
  return evidence.repositories
    .filter((repository) => repository.state !== 'read' && isAtStake(repository, context))
    .map(({ repository, state }) => ({
      guard: state === 'unknown' ? 'unknown-repository' : 'empty-repository',
      text: state === 'unknown' ? `the registry does not know ${repository}` : `${repository} is empty`,
      hint: 'Check the name, the login and the registry. If all local images of the project are to go, say --flush.',
    }));
}

function isAtStake({ repository }: RepositoryWords, context: HostContext): boolean {
  return context.view.images.some(
    (image) =>
      [...image.names, ...image.digests].some((name) => /^[:@]/.test(tailOf(name, repository))) ||
      (context.policy.improperRepoCache && isStage(image) && isOfProject(image, context)),
  );
}

function tailOf(name: string, repository: string): string {
  return name.startsWith(repository) ? name.slice(repository.length) : '';
}
