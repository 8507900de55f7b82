// Which Git repositories are asked about the commits of stages: the project's own, and further ones that labels call by a name.

import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { checkInputFolder, resolvePath } from './check-files.ts';
import { addMistake, addWrong, type Findings, placeOf, readList, readText } from './findings.ts';
import { gitAddressProblem, gitNameProblem, isGitPath } from './git-repository-words.ts';
import type { HostGit } from './host-settings.ts';
import { quote } from './mistake.ts';
import type { NamedGitRepository } from './settings.ts';

/**
 * The repositories; none where the rule is off, and then naming one is a mistake. The project's own is the clone that is named; else the one
 * that the working directory is in, which may be missing where a further one is named.
 */
export async function chooseHostGit(findings: Findings, isAsked: boolean): Promise<readonly HostGit[]> {
  const further = readFurther(findings);
  const { workTree, directory: top } = findings.raw.werf ?? {};
  const named = readText(findings, 'git-dir') ?? workTree ?? top;
  if (!isAsked) {
    const rule = placeOf('improper-git-commit', findings.frontEnd);
    const given = (['git-dir', 'cache-git-repository'] as const).filter((name) => findings.raw[name] !== undefined);
    for (const name of given) addMistake(findings, name, `only with ${rule}: nothing else here asks Git`);
    return [];
  }
  const directory =
    named === undefined ? findings.workingDirectory : await checkInputFolder(findings, 'git-dir', named);
  const isThere = named !== undefined || isInClone(findings.workingDirectory);
  if (!isThere && findings.raw['cache-git-repository'] === undefined) tellWithoutGit(findings);
  const source = { isNamed: named !== undefined, allowUnshallow: true, allowFetch: true };
  const own: readonly HostGit[] =
    isThere && directory !== undefined ? [{ kind: 'own', source: { ...source, directory } }] : [];
  return [...own, ...further.map((repository): HostGit => ({ kind: 'further', repository }))];
}

function tellWithoutGit(findings: Findings): void {
  const [directory, further] = (['git-dir', 'cache-git-repository'] as const).map((name) =>
    placeOf(name, findings.frontEnd),
  );
  addMistake(
    findings,
    'improper-git-commit',
    `only in a clone, which the working directory is not, or with ${directory} or ${further}: commits are looked up there`,
  );
}

function readFurther(findings: Findings): readonly NamedGitRepository[] {
  const found: NamedGitRepository[] = [];
  for (const text of readList(findings, 'cache-git-repository') ?? []) {
    const [name = '', ...rest] = text.split('=');
    const address = rest.join('=');
    const isNamed = gitNameProblem(name) === undefined && !name.includes('://');
    const problem = isNamed ? gitAddressProblem(address) : 'what labels call it, and its address';
    if (problem !== undefined)
      // An address may hold a password.
      addWrong(findings, {
        name: 'cache-git-repository',
        got: isNamed ? quote(`${name}=…`) : 'none',
        expected: `NAME=URL: ${problem}`,
      });
    else if (found.some((other) => other.name === name))
      addMistake(findings, 'cache-git-repository', `${quote(name)} is named twice`);
    else found.push({ name, url: isGitPath(address) ? resolve(resolvePath(findings, address)) : address });
  }
  return found;
}

/** A clone has `.git` in its top folder: a folder, or in a worktree a file; a bare one is all that itself. */
function isInClone(directory: string): boolean {
  const folder = resolve(directory);
  const isBare = ['HEAD', 'objects', 'refs'].every((name) => existsSync(join(folder, name)));
  return isBare || existsSync(join(folder, '.git')) || (dirname(folder) !== folder && isInClone(dirname(folder)));
}
