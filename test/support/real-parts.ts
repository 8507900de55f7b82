// Which real programs the tests can use here. A missing one never goes unnoticed.

import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Programs that `npm run real-parts` installs. */
export type RealProgram = 'docker-registry' | 'skopeo' | 'htpasswd' | 'openssl' | 'git' | 'wrk';

/** Tests share a process, and one warning a program is enough. */
const warned = new Set<RealProgram>();

/**
 * Whether a real program is on PATH. When it is missing, says so on standard error, once a process.
 *
 * @throws Error naming `npm run real-parts` when it is missing and the environment says REAL_PARTS=required.
 */
export function requireProgram(name: RealProgram): boolean {
  if (findOnPath(name) !== undefined) return true;
  const message = `${name} is not installed; \`npm run real-parts\` installs it`;
  if (process.env['REAL_PARTS'] === 'required') throw new Error(message);
  if (!warned.has(name)) process.stderr.write(`WARNING: tests that need ${name} DO NOT RUN: ${message}\n`);
  warned.add(name);
  return false;
}

// An empty PATH entry would mean the working directory, and is not searched.
function findOnPath(name: string, path: string = process.env['PATH'] ?? ''): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isExecutableFile);
}

function isExecutableFile(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
