// One repository as a user writes it, to the place where it lives.

import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseRepository } from '../model/reference.ts';
import { resolvePath } from './check-files.ts';
import type { ProviderOf } from './choose-provider.ts';
import type { Findings } from './findings.ts';
import { quote, wrongValue } from './mistake.ts';
import { repositoryProblem } from './policy-words.ts';
import type { RepositoryTarget } from './settings.ts';

const LAYOUT = 'oci-layout:';

/** How a repository that is written somewhere is read. */
export interface TargetReading {
  /** For messages: `--repository`. */
  readonly place: string;
  readonly providerOf: ProviderOf;
}

/** The place of a repository, `ghcr.io/team/app` or `oci-layout:DIR=NAME`; undefined with a mistake among the findings. */
export function readTarget(
  findings: Findings,
  written: string,
  { place, providerOf }: TargetReading,
): RepositoryTarget | undefined {
  const text = spellRepository(findings, written, providerOf);
  const problem = repositoryProblem(text);
  if (problem === undefined) return parseTarget(findings, text, providerOf);
  findings.mistakes.push(wrongValue(place, quote(text), problem));
  return undefined;
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

/** Whether two targets are layouts in the same folder, links followed. */
export function isSameFolder(one: RepositoryTarget, other: RepositoryTarget): boolean {
  if (one.kind !== 'oci-layout' || other.kind !== 'oci-layout') return false;
  return realPath(one.directory) === realPath(other.directory);
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
