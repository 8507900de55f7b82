// The files that say what is kept: the policy file, and werf.yaml. Which ones there are, and their texts; what they say is read elsewhere.

import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { describeCause, UsageError } from '../errors.ts';
import { hasCode, readNamedFile, resolvePath } from './check-files.ts';
import { type Findings, readText } from './findings.ts';
import { quote, wrongValue } from './mistake.ts';

/** The policy file that is read when no option names one. */
const DEFAULT_POLICY_FILE = '.registry-cleanup.yml';
/** As werf looks for its own. */
const WERF_FILES = ['werf.yaml', 'werf.yml'];

/** What was found where a file is looked for. */
export interface PolicyText {
  /** As the user gave it, joined to the working directory. */
  readonly path: string;
  /** Undefined when there is none, and none was named. */
  readonly text: string | undefined;
}

/** A file, and what messages call it. */
export interface NamedText extends PolicyText {
  readonly name: string;
}

/** The files of a run. */
export interface PolicySources {
  /** The policy file. */
  readonly own: NamedText;
  /** Absent where there is none. */
  readonly werf?: NamedText;
  /** The one that a user who asks for "the policy file" means: the one that was named, else the one that is there. */
  readonly shown: 'own' | 'werf';
  /** An option names it, so that its blocks outrank those of the policy file. */
  readonly isWerfNamed: boolean;
}

/**
 * Finds and reads them. A werf.yaml is looked for only `withWerf`; one that `--config` names is found anyway, and the policy file beside
 * it. With mistakes among the findings the answer is not to be used.
 * @throws UsageError POLICY_INVALID for a file that is there and cannot be read.
 */
export async function findPolicySources(findings: Findings, withWerf: boolean): Promise<PolicySources> {
  const name = readText(findings, 'config');
  const standard = join(findings.raw.werf?.directory ?? '', DEFAULT_POLICY_FILE);
  if (name === undefined) {
    const own = await readDefault(findings, standard);
    const werf = withWerf ? await findWerfFile(findings) : undefined;
    const shown = own.text === undefined && werf !== undefined ? 'werf' : 'own';
    return { own, ...(werf === undefined ? {} : { werf }), shown, isWerfNamed: false };
  }
  const text = await readNamedFile(findings, 'config', name);
  if (text === undefined) findings.policyIsBroken = true;
  const named = { name, path: resolvePath(findings, name), text };
  if (text !== undefined && (await isOfWerf(text))) {
    const own = await readDefault(findings, standard);
    return { own, werf: named, shown: 'werf', isWerfNamed: true };
  }
  const werf = withWerf && text !== undefined ? await findWerfFile(findings) : undefined;
  return { own: named, ...(werf === undefined ? {} : { werf }), shown: 'own', isWerfNamed: false };
}

/** Without a word of werf's the reader of YAML is not needed. */
async function isOfWerf(text: string): Promise<boolean> {
  if (!/configVersion|project/.test(text)) return false;
  const { isWerfFile } = await import('./parse-werf-file.ts');
  return isWerfFile(text);
}

async function findWerfFile(findings: Findings): Promise<NamedText | undefined> {
  const { directory = '', config } = findings.raw.werf ?? {};
  if (config !== undefined) {
    const found = await readDefault(findings, isAbsolute(config) ? config : join(directory, config));
    if (found.text !== undefined) return found;
    findings.mistakes.push(wrongValue('WERF_CONFIG', quote(config), 'a file that can be read (there is none)'));
    return undefined;
  }
  for (const name of WERF_FILES) {
    const found = await readDefault(findings, join(directory, name));
    if (found.text !== undefined) return found;
  }
  return undefined;
}

async function readDefault(findings: Findings, name: string): Promise<NamedText> {
  const path = resolvePath(findings, name);
  return { name, path, text: await readIfThere(name, path) };
}

async function readIfThere(name: string, path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined;
    throw new UsageError(`reading ${name}: ${describeCause(cause)}`, { code: 'POLICY_INVALID', cause });
  }
}
