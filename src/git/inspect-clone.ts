// What the user's clone is: its place, its completeness, its configuration. Only read, never written to.

import { resolve } from 'node:path';
import { EvidenceError } from '../errors.ts';
import { type Environment, gitEnvironment } from './git-environment.ts';
import { type GitCall, readGit } from './run-git.ts';
import { type ConfigEntry, type Redact, redactWith, secretsOf } from './secrets.ts';

/** The user's clone. */
export interface Clone {
  /** The top of the working tree, or the bare repository: where a relative address of origin starts from. */
  readonly top: string;
  /** Absolute path of the folder with its objects. */
  readonly objects: string;
  /** Its history is cut off. */
  readonly shallow: boolean;
  /** Objects were left out and would be fetched when needed. */
  readonly partial: boolean;
  /** Its whole configuration, in git's order of precedence, the strongest last. */
  readonly config: readonly ConfigEntry[];
  /** The addresses of origin, as configured and, where `insteadOf` changes it, as used. May hold credentials. */
  readonly originUrls: readonly string[];
  readonly redact: Redact;
}

/**
 * Looks at the clone that `directory` lies in. Starts git twice, or three times where addresses are rewritten.
 * @throws EvidenceError EVIDENCE_GIT when it is no clone, or has no remote `origin`.
 */
export async function inspectClone(directory: string, environment: Environment): Promise<Clone> {
  const call: Omit<GitCall, 'arguments'> = {
    directory,
    environment: gitEnvironment(environment),
    purpose: `look at the clone in ${directory}`,
    redact: redactWith([]),
  };
  const answers = await readGit({
    ...call,
    arguments: ['rev-parse', '--is-shallow-repository', '--git-path', 'objects', '--show-cdup'],
  });
  const [shallow, objects, up = ''] = answers.split('\n');
  if ((shallow !== 'true' && shallow !== 'false') || objects === undefined || objects === '') {
    throw new EvidenceError(`git gave an answer about the clone in ${directory} that is not understood.`, {
      code: 'EVIDENCE_GIT',
      hint: 'Install git 2.31 or newer.',
    });
  }
  const config = parseConfig(await readGit({ ...call, arguments: ['config', '--list', '-z'] }));
  const originUrls = [originUrlIn(config, directory)];
  if (config.some(({ key }) => key.endsWith('.insteadof'))) {
    const used = await readGit({ ...call, arguments: ['ls-remote', '--get-url', 'origin'] });
    originUrls.push(used.trim());
  }
  return {
    top: resolve(directory, up),
    objects: resolve(directory, objects),
    shallow: shallow === 'true',
    partial: config.some(({ key }) => key === 'extensions.partialclone' || /^remote\..*\.promisor$/.test(key)),
    config,
    originUrls,
    redact: redactWith(secretsOf(config)),
  };
}

/** The entries of `git config --list -z`: `key`, newline, `value`, NUL; a key without a value means true. */
export function parseConfig(text: string): readonly ConfigEntry[] {
  return text
    .split('\0')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const end = entry.indexOf('\n');
      return end === -1 ? { key: entry, value: 'true' } : { key: entry.slice(0, end), value: entry.slice(end + 1) };
    });
}

function originUrlIn(config: readonly ConfigEntry[], directory: string): string {
  // Git fetches from the first of several addresses.
  const url = config.find(({ key, value }) => key === 'remote.origin.url' && value !== '')?.value;
  if (url !== undefined) return url;
  throw new EvidenceError(`The clone in ${directory} has no remote named origin to ask for its references.`, {
    code: 'EVIDENCE_GIT',
    hint: 'Add it with git remote add origin ADDRESS, or leave Git out with --without-git.',
  });
}
