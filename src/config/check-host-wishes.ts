// Wishes for the local store that contradict each other, or that say nothing without another one.

import type { HostPolicy } from '../model/host-policy.ts';
import type { OptionName } from '../options.ts';
import { addMistake, type Findings, placeOf } from './findings.ts';

/** What was asked for, decided. */
export interface HostWishes {
  readonly policy: HostPolicy;
  /** Our own folders on this machine are looked at. */
  readonly hasOwnCacheRule: boolean;
  readonly hasRepositories: boolean;
}

/** Notes every contradiction among the findings, and an empty wish with what can be wished. */
export function checkHostWishes(findings: Findings, wishes: HostWishes): void {
  const { policy, hasOwnCacheRule } = wishes;
  const place = (name: OptionName): string => placeOf(name, findings.frontEnd);
  if (policy.mrproper === undefined) {
    needProject(findings, policy);
    needRepository(findings, wishes);
    if (policy.flush)
      for (const name of listImproper(policy))
        addMistake(findings, name, `not together with ${place('flush')}, by which all of the project goes`);
  } else checkMrproper(findings, wishes);
  if (policy.maxAge !== undefined && policy.maxAge < policy.minAge)
    addMistake(findings, 'maximum-image-age', `shorter than ${place('minimum-image-age')}, before which nothing goes`);
  if (!hasOwnCacheRule && !isAnythingAsked(findings, policy)) teach(findings);
}

function listImproper(policy: HostPolicy): readonly OptionName[] {
  return [
    ...(policy.improperRepoCache ? ['improper-repo-cache' as const] : []),
    ...(policy.improperCacheVersion === undefined ? [] : ['improper-cache-version' as const]),
    ...(policy.improperGitCommit ? ['improper-git-commit' as const] : []),
  ];
}

/** The rules that are about one project's images. */
function listProjectRules(policy: HostPolicy): readonly OptionName[] {
  return [
    ...(policy.dangling ? ['dangling' as const] : []),
    ...(policy.flush ? ['flush' as const] : []),
    ...listImproper(policy),
  ];
}

/** A label that was given and is wrong is told already. */
function needProject(findings: Findings, policy: HostPolicy): void {
  if (policy.project.length > 0 || findings.raw['project-label'] !== undefined) return;
  const label = placeOf('project-label', findings.frontEnd);
  for (const name of listProjectRules(policy))
    addMistake(findings, name, `only with ${label}, which says whose images they are: dapp=NAME, werf=NAME`);
}

function needRepository(findings: Findings, { policy, hasRepositories }: HostWishes): void {
  if (!policy.improperRepoCache || hasRepositories || findings.raw.repository !== undefined) return;
  const repository = placeOf('repository', findings.frontEnd);
  addMistake(findings, 'improper-repo-cache', `only with ${repository}: what is needed is what its images need`);
}

/** Two of its kinds say by themselves what goes; the third needs to know which version is the current one. */
function checkMrproper(findings: Findings, { policy, hasRepositories }: HostWishes): void {
  const mrproper = placeOf('mrproper', findings.frontEnd);
  const isByVersion = policy.mrproper === 'improper-cache-version-stages';
  const others: readonly OptionName[] = [
    ...(hasRepositories ? ['repository' as const] : []),
    ...(policy.project.length > 0 ? ['project-label' as const] : []),
    ...listProjectRules(policy).filter((name) => !(isByVersion && name === 'improper-cache-version')),
    ...(policy.isDev ? ['dev' as const] : []),
  ];
  for (const name of others)
    addMistake(findings, name, `not together with ${mrproper}, which is about everybody's images`);
  if (isByVersion && policy.improperCacheVersion === undefined && findings.raw['improper-cache-version'] === undefined)
    addMistake(
      findings,
      'mrproper',
      `improper-cache-version-stages only with ${placeOf('improper-cache-version', findings.frontEnd)}: the version that stays`,
    );
}

/** A rule that was asked for and is wrong is told already: then nobody asked for nothing. */
const ASKING = [
  'repository',
  'dangling',
  'flush',
  'improper-repo-cache',
  'improper-cache-version',
  'improper-git-commit',
  'image-gc-high-threshold',
  'image-gc-low-threshold',
  'maximum-image-age',
  'maximum-dead-containers',
  'maximum-dead-containers-per-container',
  'build-cache-older-than',
  'own-cache-older-than',
  'mrproper',
] as const satisfies readonly OptionName[];

function isAnythingAsked(findings: Findings, policy: HostPolicy): boolean {
  const { containers, disk, maxAge, buildCacheOlderThan } = policy;
  if (findings.mistakes.length > 0 && ASKING.some((name) => findings.raw[name] !== undefined)) return true;
  return (
    policy.absentFromRegistry ||
    policy.mrproper !== undefined ||
    listProjectRules(policy).length > 0 ||
    Math.max(containers.maxContainers, containers.maxPerPodContainer) >= 0 ||
    [disk, maxAge, buildCacheOlderThan].some((one) => one !== undefined)
  );
}

function teach(findings: Findings): void {
  const place = (name: OptionName): string => placeOf(name, findings.frontEnd);
  const rules: readonly (readonly [OptionName, string])[] = [
    ['repository', 'what the registry has no more'],
    ['dangling', 'what has no name'],
    ['improper-repo-cache', 'stages that no image in the registry needs'],
    ['improper-cache-version', 'stages of another version'],
    ['improper-git-commit', 'stages of commits that Git has no more'],
    ['flush', 'all of the project'],
    ['image-gc-high-threshold', 'what was used least recently, while the disk is too full'],
    ['maximum-image-age', 'what nobody used for so long'],
    ['maximum-dead-containers', 'ended containers'],
    ['build-cache-older-than', "the engine's build cache"],
    ['own-cache-older-than', 'what this program keeps'],
    ['mrproper', "everybody's"],
  ];
  const list = rules.map(([name, what]) => `\n    ${place(name)}: ${what}`).join('');
  findings.mistakes.push({ place: 'host', text: `nothing is asked for, so nothing would go; there are${list}` });
}
