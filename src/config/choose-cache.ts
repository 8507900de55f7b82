// Where later runs find what this one has read. Without such a folder everything is read again: slower, and just as right.

import { isAbsolute, join } from 'node:path';
import { checkOutputFolder, isFolderToWrite, resolvePath } from './check-files.ts';
import { type Findings, readText } from './findings.ts';

/** The folder; undefined when there is no place for one. It need not be there yet. */
export async function chooseCache(findings: Findings): Promise<string | undefined> {
  return await choose(findings, findings.frontEnd === 'action' ? findOfRunner(findings) : findOfMachine(findings));
}

/** The same for what is about the machine itself: it outlives every job, also those of the action. */
export async function chooseCacheOfMachine(findings: Findings): Promise<string | undefined> {
  return await choose(findings, findOfMachine(findings));
}

async function choose(findings: Findings, usual: string | undefined): Promise<string | undefined> {
  const named = readText(findings, 'cache-dir');
  if (named !== undefined) return checkOutputFolder(findings, 'cache-dir', named);
  if (usual === undefined || (await isFolderToWrite(usual))) return usual;
  findings.notes.push(`nothing is kept for later runs: ${usual} cannot be written`);
  return undefined;
}

function findOfRunner({ environment }: Findings): string | undefined {
  const { RUNNER_TEMP: temporary = '' } = environment;
  return temporary === '' ? undefined : join(temporary, 'registry-cleanup-cache');
}

function findOfMachine(findings: Findings): string | undefined {
  const { XDG_CACHE_HOME: cache = '', HOME: home = '' } = findings.environment;
  // Relative ones are to be ignored: https://specifications.freedesktop.org/basedir-spec/latest/#variables
  if (isAbsolute(cache)) return join(cache, 'registry-cleanup');
  return home === '' ? undefined : resolvePath(findings, '~/.cache/registry-cleanup');
}
