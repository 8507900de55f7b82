// The policy file's text to checked values, or to all of its mistakes with line, column and the nearest known key.

import type * as z from 'zod';
import { nearestName } from '../util/nearest-name.ts';
import { type Mistake, quote, suggest } from './mistake.ts';
import { type Place, type PolicyDocument, parsePolicyDocument } from './policy-document.ts';
import { IGNORED_KEYS, knownKeys, type PolicyFile, policySchema } from './policy-schema.ts';

/** What a policy file's text came to. `file` is there only when there is no mistake. */
export interface ParsedPolicyFile {
  readonly file?: PolicyFile;
  readonly mistakes: readonly Mistake[];
  /** What the user should know about a file that is right. */
  readonly notes: readonly string[];
}

/** Checks the whole text. `fileName` is only for the messages. */
export function parsePolicyFile(text: string, fileName: string): ParsedPolicyFile {
  const { document, mistakes: syntax } = parsePolicyDocument(text, fileName);
  if (document === undefined) return { mistakes: syntax, notes: [] };
  const result = policySchema.safeParse(document.value);
  const shape = result.success
    ? []
    : result.error.issues.flatMap((issue) => describeIssue(issue, { document, fileName }));
  const mistakes = [...syntax, ...shape].sort(
    (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
  if (!result.success || mistakes.length > 0) return { mistakes, notes: [] };
  return { file: result.data, mistakes: [], notes: findNotes(result.data, fileName) };
}

interface Context {
  readonly document: PolicyDocument;
  readonly fileName: string;
}

function describeIssue(issue: z.core.$ZodIssue, context: Context): readonly Mistake[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(key, { issue, context }));
  if (issue.code === 'invalid_union') {
    // The branch that fits the value's kind tells more than the union: its mistakes lie deeper, or in the names of keys.
    const deeper = issue.errors.find((branch) =>
      branch.every((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys'),
    );
    if (deeper !== undefined) {
      return deeper.flatMap((inner) => describeIssue({ ...inner, path: [...issue.path, ...inner.path] }, context));
    }
  }
  const place = context.document.locateValue(issue.path);
  const at = placed(place, issue.path, context);
  const expected = issue.message;
  if (issue.code === 'invalid_type' && readAt(context.document.value, issue.path) === undefined) {
    return [{ ...at, text: `the key ${quote(String(issue.path.at(-1)))} is missing, expected ${expected}`, expected }];
  }
  return [{ ...at, text: `got ${place.got}, expected ${expected}`, got: place.got, expected }];
}

function unknownKey(key: string, from: { readonly issue: z.core.$ZodIssue; readonly context: Context }): Mistake {
  const path = [...from.issue.path, key];
  const known = knownKeys(from.issue.path);
  const nearest = nearestName(key, known);
  const text = `unknown key ${quote(key)}${nearest === undefined ? `; known here: ${known.join(', ')}` : suggest(nearest)}`;
  const mistake = { ...placed(from.context.document.locateKey(path), path, from.context), text, got: key };
  return nearest === undefined ? mistake : { ...mistake, nearest };
}

function placed(place: Place, path: readonly PropertyKey[], context: Context) {
  const { line, column } = place;
  return { place: `${context.fileName}:${line}:${column}`, path: formatPath(path), line, column };
}

/** `cleanup.keepPolicies[0].references`. */
function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '');
}

function readAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const step of path) at = typeof at === 'object' && at !== null ? Reflect.get(at, step) : undefined;
  return at;
}

function findNotes(file: PolicyFile, fileName: string): readonly string[] {
  const ignored = IGNORED_KEYS.filter((key) => file[key] !== undefined);
  const notes: string[] = [];
  if (ignored.length > 0)
    notes.push(`${fileName}: ${ignored.join(', ')}: ignored, this says nothing about what to keep`);
  if (file.gitWorktree?.forceShallowClone === true) {
    notes.push(`${fileName}: gitWorktree.forceShallowClone has no effect: nothing is decided on a shallow history`);
  }
  return notes;
}
