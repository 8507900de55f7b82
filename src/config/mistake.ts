// What is wrong with the user's words. Mistakes are collected, and told all at once.

import { type ErrorCode, type Json, UsageError } from '../errors.ts';

/** One mistake. `text` is the whole sentence without the place; the other fields are the same as data. */
export interface Mistake {
  /** `--max-delete-share`, `input max-delete-share`, `.registry-cleanup.yml:3:5`, `keep.txt:7`. */
  readonly place: string;
  readonly text: string;
  /** What the user wrote, shortened; never a secret. */
  readonly got?: string;
  readonly expected?: string;
  /** The nearest known name. */
  readonly nearest?: string;
  /** Where in the policy file: `cleanup.keepPolicies[0].references`. */
  readonly path?: string;
  readonly line?: number;
  readonly column?: number;
}

const LONGEST_SHOWN = 80;

/** `got "1.5", expected a number from 0 to 1`. `got` is shown as it is: quote it where it is the user's text. */
export function wrongValue(place: string, got: string, expected: string): Mistake {
  return { place, text: `got ${got}, expected ${expected}`, got, expected };
}

/** A text of the user's in quotes, on one line, with control characters escaped, at most 80 characters of it. */
export function quote(text: string): string {
  return JSON.stringify(text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text);
}

/** `; did you mean "plan"?`, or nothing. */
export function suggest(nearest: string | undefined): string {
  return nearest === undefined ? '' : `; did you mean ${quote(nearest)}?`;
}

/** All mistakes as one error: POLICY_INVALID when all are in the policy file, else USAGE. At least one is given. */
export function mistakesError(mistakes: readonly Mistake[]): UsageError {
  const code: ErrorCode = mistakes.every((mistake) => mistake.path !== undefined) ? 'POLICY_INVALID' : 'USAGE';
  const lines = mistakes.map((mistake) => `${mistake.place}: ${mistake.text}`);
  const subject = code === 'POLICY_INVALID' ? 'the policy file' : 'the settings';
  const message =
    lines.length === 1 ? lines.join('') : `${lines.length} mistakes in ${subject}:\n  ${lines.join('\n  ')}`;
  return new UsageError(message, { code, details: { mistakes: mistakes.map(plainMistake) } });
}

function plainMistake(mistake: Mistake): Json {
  return { ...mistake };
}
