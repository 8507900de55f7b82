// Which repositories, and how each registry is spoken to.

import { formatRepository, isSameRepository } from '../model/reference.ts';
import { chooseBuildCacheRepositories } from './choose-build-cache-repositories.ts';
import type { ProviderOf } from './choose-provider.ts';
import { chooseWerfRepositories } from './choose-werf-repositories.ts';
import { addWrong, type Findings, placeOf, readList } from './findings.ts';
import { readGitlabJob } from './gitlab-job.ts';
import { quote } from './mistake.ts';
import type { PolicyFile } from './policy-schema.ts';
import { isSameFolder, readTarget } from './repository-target.ts';
import type { RepositoryTarget } from './settings.ts';

/**
 * The repositories of the options, else of the file; never empty without a mistake among the findings. Those that belong to one that werf
 * made stand after it.
 */
export function chooseRepositories(
  findings: Findings,
  file: PolicyFile,
  providerOf: ProviderOf,
): readonly RepositoryTarget[] {
  const given = readList(findings, 'repository');
  const isNamed = given !== undefined || (file.repositories ?? []).length > 0;
  const texts = isNamed ? (given ?? file.repositories ?? []) : listOfJob(findings);
  const place = given === undefined ? placeInstead(file) : placeOf('repository', findings.frontEnd);
  if (texts.length === 0 && !findings.policyIsBroken) addWrong(findings, expectRepository(findings));
  const targets: RepositoryTarget[] = [];
  for (const written of texts) {
    const target = readTarget(findings, written, { place, providerOf });
    if (target === undefined) continue;
    if (targets.some((other) => isSameRepository(other.repository, target.repository))) {
      findings.mistakes.push({ place, text: `${formatRepository(target.repository)} is named twice` });
    }
    // Under its second name, what clusters use by the first one would look unused.
    if (target.kind === 'oci-layout' && targets.some((other) => isSameFolder(other, target))) {
      findings.mistakes.push({ place, text: `the directory ${quote(target.directory)} is named twice` });
    }
    targets.push(target);
  }
  const all = [...targets, ...chooseWerfRepositories(findings, targets, providerOf)];
  return [...all, ...chooseBuildCacheRepositories(findings, all, providerOf)];
}

/** In a job of GitLab CI, the first repository of its project. What a policy file names that cannot be read is not known to be nothing. */
function listOfJob(findings: Findings): readonly string[] {
  const image = readGitlabJob(findings)?.image;
  if (image === undefined || findings.policyIsBroken) return [];
  findings.notes.push(`no repository is named: it is ${image} (CI_REGISTRY_IMAGE), and none of those below it`);
  return [image];
}

function placeInstead(file: PolicyFile): string {
  return (file.repositories ?? []).length > 0 ? 'repositories in the policy file' : 'CI_REGISTRY_IMAGE';
}

function expectRepository(findings: Findings): { name: 'repository'; got: string; expected: string } {
  const { command } = findings.raw;
  const what = command === 'verify' ? 'a repository to look at' : 'a repository to clean';
  const prefix = command === 'verify' ? `, or a prefix with ${placeOf('registry', findings.frontEnd)}` : '';
  const ofJob =
    readGitlabJob(findings) === undefined
      ? ''
      : '; CI_REGISTRY_IMAGE is not set either: is the container registry switched on in this project?';
  const expected = `${what}, here or under repositories in the policy file${prefix}${ofJob}`;
  return { name: 'repository', got: 'none', expected };
}
