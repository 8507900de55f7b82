// Which repositories, and how each registry is spoken to.

import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { formatRepository, isSameRepository, parseRepository } from '../model/reference.ts';
import { resolvePath } from './check-files.ts';
import type { ProviderOf } from './choose-provider.ts';
import { addWrong, type Findings, placeOf, readList } from './findings.ts';
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
  const texts = given ?? file.repositories ?? [];
  const place = given === undefined ? 'repositories in the policy file' : placeOf('repository', findings.frontEnd);
  if (texts.length === 0 && !findings.policyIsBroken) {
    addWrong(findings, {
      name: 'repository',
      got: 'none',
      expected:
        findings.raw.command === 'verify'
          ? `a repository to look at, here or under repositories in the policy file, or a prefix with ${placeOf('registry', findings.frontEnd)}`
          : 'a repository to clean, here or under repositories in the policy file',
    });
  }
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

/**
 * A repository as its registry has it. `ghcr.io/${{ github.repository }}` has the capitals of GitHub's owner and repository, and a package
 * of GitHub's has none. A text that is wrong otherwise comes back as it is.
 * https://docs.github.com/en/packages/working-with-a-github-packages-registry/working-with-the-container-registry#pushing-container-images
 */
export function spellRepository(findings: Findings, text: string, providerOf: ProviderOf): string {
  const slash = text.indexOf('/');
  const spelled = `${text.slice(0, slash)}${text.slice(slash).toLowerCase()}`;
  if (text.startsWith(LAYOUT) || slash === -1 || spelled === text || repositoryProblem(spelled) !== undefined)
    return text;
  if (providerOf(parseRepository(spelled).host) !== 'github') return text;
  findings.notes.push(`${text} is taken as ${spelled}: names of GitHub's packages are in lower case`);
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
