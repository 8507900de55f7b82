// Which repositories, and how each registry is spoken to.

import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { formatRepository, isSameRepository, parseRepository } from '../model/reference.ts';
import { resolvePath } from './check-files.ts';
import type { ProviderOf } from './choose-provider.ts';
import { addWrong, type Findings, placeOf, readList } from './findings.ts';
import { readGitlabJob } from './gitlab-job.ts';
import { quote, wrongValue } from './mistake.ts';
import type { PolicyFile } from './policy-schema.ts';
import { repositoryProblem } from './policy-words.ts';
import type { RepositoryTarget } from './settings.ts';

const LAYOUT = 'oci-layout:';

/** The repositories of the options, else of the file; never empty without a mistake among the findings. */
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
    const text = spellRepository(findings, written, providerOf);
    const problem = repositoryProblem(text);
    if (problem !== undefined) {
      findings.mistakes.push(wrongValue(place, quote(text), problem));
      continue;
    }
    const target = parseTarget(findings, text, providerOf);
    if (targets.some((other) => isSameRepository(other.repository, target.repository))) {
      findings.mistakes.push({ place, text: `${formatRepository(target.repository)} is named twice` });
    }
    // Under its second name, what clusters use by the first one would look unused.
    if (target.kind === 'oci-layout' && targets.some((other) => isSameFolder(other, target.directory))) {
      findings.mistakes.push({ place, text: `the directory ${quote(target.directory)} is named twice` });
    }
    targets.push(target);
  }
  return targets;
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

/**
 * A repository as its registry has it. `ghcr.io/${{ github.repository }}` has the capitals of GitHub's owner and repository, and a package
 * of GitHub's has none; likewise `$CI_REGISTRY/$CI_PROJECT_PATH` of GitLab's. A text that is wrong otherwise comes back as it is.
 * https://docs.gitlab.com/user/packages/container_registry/#naming-convention-for-your-container-images and
 * https://docs.github.com/en/packages/working-with-a-github-packages-registry/working-with-the-container-registry#pushing-container-images
 */
export function spellRepository(findings: Findings, text: string, providerOf: ProviderOf): string {
  const slash = text.indexOf('/');
  const spelled = `${text.slice(0, slash)}${text.slice(slash).toLowerCase()}`;
  if (text.startsWith(LAYOUT) || slash === -1 || spelled === text || repositoryProblem(spelled) !== undefined)
    return text;
  const provider = providerOf(parseRepository(spelled).host);
  if (provider === 'oci') return text;
  const what = provider === 'github' ? "names of GitHub's packages" : "names in GitLab's registry";
  findings.notes.push(`${text} is taken as ${spelled}: ${what} are in lower case`);
  return spelled;
}

function isSameFolder(other: RepositoryTarget, directory: string): boolean {
  return other.kind === 'oci-layout' && realPath(other.directory) === realPath(directory);
}

/** Without links, where the folder is there; whether it is one is for the adapter to say. */
function realPath(directory: string): string {
  const path = resolve(directory);
  return existsSync(path) ? realpathSync(path) : path;
}

function parseTarget(findings: Findings, text: string, providerOf: ProviderOf): RepositoryTarget {
  if (!text.startsWith(LAYOUT)) {
    const repository = parseRepository(text);
    return { kind: 'registry', repository, provider: providerOf(repository.host) };
  }
  const equals = text.lastIndexOf('=');
  const directory = resolvePath(findings, text.slice(LAYOUT.length, equals));
  return { kind: 'oci-layout', directory, repository: parseRepository(text.slice(equals + 1)) };
}
