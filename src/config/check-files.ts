// Files that options name, checked before anything else happens: an input that can be read, an output that can be written.

import { access, constants, readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { describeCause } from '../errors.ts';
import type { OptionName } from '../options.ts';
import { addWrong, type Findings, readText } from './findings.ts';
import { quote } from './mistake.ts';

/** The user's path, joined to the working directory when it is relative; `~/` is the home directory. */
export function resolvePath(findings: Findings, path: string): string {
  if (path === '~' || path.startsWith('~/')) return join(findings.environment['HOME'] ?? homedir(), path.slice(1));
  return isAbsolute(path) || findings.workingDirectory === '.' ? path : join(findings.workingDirectory, path);
}

/** The text of a file that an option names, and its path; undefined when it cannot be read, which is a mistake by then. */
export async function readNamedFile(findings: Findings, name: OptionName, path: string): Promise<string | undefined> {
  try {
    return await readFile(resolvePath(findings, path), 'utf8');
  } catch (cause) {
    addWrong(findings, { name, got: quote(path), expected: `a file that can be read (${explain(cause)})` });
    return undefined;
  }
}

/** The path of a file that will be read later, when it can be. Undefined when there is none to read or it cannot be. */
export async function checkInputFile(
  findings: Findings,
  name: OptionName,
  path: string | undefined = readText(findings, name),
): Promise<string | undefined> {
  if (path === undefined) return undefined;
  return (await readNamedFile(findings, name, path)) === undefined ? undefined : resolvePath(findings, path);
}

/** The path of a file or folder that will be read later, when it is there. */
export async function checkInputPath(findings: Findings, name: OptionName, path: string): Promise<string | undefined> {
  const resolved = resolvePath(findings, path);
  try {
    await access(resolved, constants.R_OK);
    return resolved;
  } catch (cause) {
    addWrong(findings, { name, got: quote(path), expected: `a file or folder that can be read (${explain(cause)})` });
    return undefined;
  }
}

/** The path of a folder that will be read later, when it is one. */
export async function checkInputFolder(
  findings: Findings,
  name: OptionName,
  path: string,
): Promise<string | undefined> {
  const resolved = await checkInputPath(findings, name, path);
  if (resolved === undefined || (await isFolder(resolved))) return resolved;
  addWrong(findings, { name, got: quote(path), expected: 'a folder' });
  return undefined;
}

/** The path of a file that will be written, when its folder lets us, or the nearest one that is there: the rest is made. */
export async function checkOutputFile(findings: Findings, name: OptionName, path: string): Promise<string> {
  const resolved = resolvePath(findings, path);
  try {
    await checkFolderToWrite(dirname(resolved));
    if (await isFolder(resolved)) addWrong(findings, { name, got: `the folder ${quote(path)}`, expected: 'a file' });
  } catch (cause) {
    addWrong(findings, { name, got: quote(path), expected: `a file that can be written (${explain(cause)})` });
  }
  return resolved;
}

/** The path of a folder that will be written to, when it can be, or made. */
export async function checkOutputFolder(findings: Findings, name: OptionName, path: string): Promise<string> {
  const resolved = resolvePath(findings, path);
  try {
    await checkFolderToWrite(resolved);
  } catch (cause) {
    addWrong(findings, { name, got: quote(path), expected: `a folder that can be written to (${explain(cause)})` });
  }
  return resolved;
}

/** Whether a folder can be written to, or made. */
export async function isFolderToWrite(folder: string): Promise<boolean> {
  try {
    await checkFolderToWrite(folder);
    return true;
  } catch {
    // Whatever the reason is: nobody asked for this folder.
    return false;
  }
}

async function checkFolderToWrite(folder: string): Promise<void> {
  try {
    await access(`${folder}/.`, constants.W_OK);
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT') || dirname(folder) === folder) throw cause;
    await checkFolderToWrite(dirname(folder));
  }
}

/** Whether a folder is there. */
export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    if (hasCode(cause, 'ENOENT') || hasCode(cause, 'ENOTDIR')) return false;
    throw cause;
  }
}

/** Whether the system's error has this code. */
export function hasCode(cause: unknown, code: string): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === code;
}

function explain(cause: unknown): string {
  if (hasCode(cause, 'ENOENT')) return 'there is none';
  if (hasCode(cause, 'EACCES')) return 'permission denied';
  if (hasCode(cause, 'EISDIR')) return 'it is a folder';
  if (hasCode(cause, 'ENOTDIR')) return 'a part of the path is no folder';
  return describeCause(cause);
}
