// Which repositories, and how to reach their registries.

import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { formatRepository, isSameRepository, parseRepository } from '../model/reference.ts';
import { readNamedFile, resolvePath } from './check-files.ts';
import { addMistake, addWrong, type Findings, placeOf, readFlag, readList, readText } from './findings.ts';
import { quote, wrongValue } from './mistake.ts';
import type { PolicyFile } from './policy-schema.ts';
import { repositoryProblem } from './policy-words.ts';
import type { RegistrySettings, RepositoryTarget } from './settings.ts';

const LAYOUT = 'oci-layout:';

/** The repositories of the options, else of the file; never empty without a mistake among the findings. */
export function chooseRepositories(findings: Findings, file: PolicyFile): readonly RepositoryTarget[] {
  const given = readList(findings, 'repository');
  const texts = given ?? file.repositories ?? [];
  const place = given === undefined ? 'repositories in the policy file' : placeOf('repository', findings.frontEnd);
  if (texts.length === 0 && !findings.policyIsBroken) {
    addWrong(findings, {
      name: 'repository',
      got: 'none',
      expected: 'a repository to clean, here or under repositories in the policy file',
    });
  }
  const targets: RepositoryTarget[] = [];
  for (const text of texts) {
    const problem = repositoryProblem(text);
    if (problem !== undefined) {
      findings.mistakes.push(wrongValue(place, quote(text), problem));
      continue;
    }
    const target = parseTarget(findings, text);
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

function isSameFolder(other: RepositoryTarget, directory: string): boolean {
  return other.kind === 'oci-layout' && realPath(other.directory) === realPath(directory);
}

/** Without links, where the folder is there; whether it is one is for the adapter to say. */
function realPath(directory: string): string {
  const path = resolve(directory);
  return existsSync(path) ? realpathSync(path) : path;
}

/** User name, password, authorities. One user name is for one registry: it is sent nowhere else. */
export async function chooseRegistry(
  findings: Findings,
  targets: readonly RepositoryTarget[],
): Promise<RegistrySettings> {
  const username = readText(findings, 'username');
  const password = readPassword(findings);
  if (username !== undefined && findings.raw.password === undefined) {
    const ways = findings.frontEnd === 'cli' ? 'password-stdin or REGISTRY_CLEANUP_PASSWORD' : 'the input password';
    addMistake(findings, 'username', `no password goes with it: give it by ${ways}`);
  }
  if (username === undefined && password !== undefined)
    addMistake(findings, 'username', 'missing, and there is a password');
  const hosts = new Set(targets.filter((target) => target.kind === 'registry').map((target) => target.repository.host));
  if (username !== undefined && hosts.size > 1) {
    const list = [...hosts].join(', ');
    addMistake(
      findings,
      'username',
      `one user name is for one registry, and the repositories are on ${hosts.size}: ${list}; log in with docker instead`,
    );
  }
  const caFile = await checkCaFile(findings);
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(caFile === undefined ? {} : { caFile }),
    plainHttp: readFlag(findings, 'plain-http') ?? false,
  };
}

function parseTarget(findings: Findings, text: string): RepositoryTarget {
  if (!text.startsWith(LAYOUT)) return { kind: 'registry', repository: parseRepository(text), provider: 'oci' };
  const equals = text.lastIndexOf('=');
  const directory = resolvePath(findings, text.slice(LAYOUT.length, equals));
  return { kind: 'oci-layout', directory, repository: parseRepository(text.slice(equals + 1)) };
}

/** Not trimmed: a password may begin with a blank. */
function readPassword(findings: Findings): string | undefined {
  const password = findings.raw.password;
  if (password !== '') return password;
  addMistake(findings, findings.frontEnd === 'cli' ? 'password-stdin' : 'password', 'got an empty password');
  return undefined;
}

async function checkCaFile(findings: Findings): Promise<string | undefined> {
  const path = readText(findings, 'ca-file');
  if (path === undefined) return undefined;
  const text = await readNamedFile(findings, 'ca-file', path);
  if (text === undefined) return undefined;
  if (text.includes('-----BEGIN CERTIFICATE-----')) return resolvePath(findings, path);
  addWrong(findings, {
    name: 'ca-file',
    got: `${quote(path)}, which holds no certificate`,
    expected: 'a file in PEM form',
  });
  return undefined;
}
