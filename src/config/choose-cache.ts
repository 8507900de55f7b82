// Where later runs find what this one has read. Without such a folder everything is read again: slower, and just as right.

import { isAbsolute, join } from 'node:path';
import { checkOutputFolder, isFolderToWrite, resolvePath } from './check-files.ts';
import { type Findings, readText } from './findings.ts';

/** The folder; undefined when there is no place for one. It need not be there yet. */
export async function chooseCache(findings: Findings): Promise<string | undefined> {
  const named = readText(findings, 'cache-dir');
  if (named !== undefined) return checkOutputFolder(findings, 'cache-dir', named);
  const usual = findUsual(findings);
  if (usual === undefined || (await isFolderToWrite(usual))) return usual;
  findings.notes.push(`nothing is kept for later runs: ${usual} cannot be written`);
  return undefined;
}

function findUsual(findings: Findings): string | undefined {
  const { RUNNER_TEMP: temporary = '', XDG_CACHE_HOME: cache = '', HOME: home = '' } = findings.environment;
  if (findings.frontEnd === 'action') return temporary === '' ? undefined : join(temporary, 'registry-cleanup-cache');
  // Relative ones are to be ignored: https://specifications.freedesktop.org/basedir-spec/latest/#variables
  if (isAbsolute(cache)) return join(cache, 'registry-cleanup');
  return home === '' ? undefined : resolvePath(findings, '~/.cache/registry-cleanup');
}
