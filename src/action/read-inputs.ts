// The action's inputs as raw options. The runner gives an empty text for an input that is not set, so empty means absent.

import type { Option } from '../options/option.ts';
import { type RawOptions, selectOptions } from '../options.ts';

/** Reads one input: `core.getInput`. */
export type GetInput = (name: string) => string;

/** All inputs that are set. Lists are one entry a line; flags stay text until they are checked. */
export function readInputs(getInput: GetInput): RawOptions {
  const given = selectOptions('action').flatMap((option) => {
    const value = readInput(option, getInput(option.name));
    return value === undefined ? [] : [[option.name, value] as const];
  });
  // The kinds of the values are those of the table.
  return Object.fromEntries(given) as RawOptions;
}

function readInput(option: Option, text: string): string | readonly string[] | undefined {
  if (text.trim() === '') return undefined;
  if (option.kind !== 'list') return text;
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
