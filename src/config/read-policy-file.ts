// The policy file of a run: which one, its text, and what it says.

import { readFile } from 'node:fs/promises';
import { describeCause, UsageError } from '../errors.ts';
import { hasCode, readNamedFile, resolvePath } from './check-files.ts';
import { type Findings, readText } from './findings.ts';
import type { PolicyFile } from './policy-schema.ts';

/** The policy file that is read when no option names one. */
const DEFAULT_POLICY_FILE = '.registry-cleanup.yml';

/** What was found where the policy file is looked for. */
export interface PolicyText {
  /** As the user gave it, joined to the working directory. */
  readonly path: string;
  /** Undefined when there is none, and none was named. */
  readonly text: string | undefined;
}

/** The policy file as it lies there, and what it says: an empty object when there is none, or with mistakes among the findings. */
export async function readPolicyFile(findings: Findings): Promise<PolicyText & { readonly file: PolicyFile }> {
  const named = readText(findings, 'config');
  const name = named ?? DEFAULT_POLICY_FILE;
  const path = resolvePath(findings, name);
  const text = named === undefined ? await readIfThere(name, path) : await readNamedFile(findings, 'config', name);
  if (text === undefined) {
    findings.policyIsBroken = named !== undefined;
    if (named === undefined) findings.notes.push(`no ${name} here: the built-in policy applies`);
    return { path, text, file: {} };
  }
  return { path, text, file: await parsePolicyText(findings, { name, text }) };
}

/** What a policy file's text says; an empty object with mistakes among the findings. `name` is only for the messages. */
export async function parsePolicyText(
  findings: Findings,
  { name, text }: { readonly name: string; readonly text: string },
): Promise<PolicyFile> {
  // Without a policy file neither the YAML reader nor the schema is needed.
  const { parsePolicyFile } = await import('./parse-policy-file.ts');
  const parsed = parsePolicyFile(text, name);
  findings.mistakes.push(...parsed.mistakes);
  findings.notes.push(...parsed.notes);
  findings.policyIsBroken = parsed.file === undefined;
  return parsed.file ?? {};
}

async function readIfThere(name: string, path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined;
    throw new UsageError(`reading ${name}: ${describeCause(cause)}`, { code: 'POLICY_INVALID', cause });
  }
}
