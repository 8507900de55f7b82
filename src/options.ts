// The options as front ends and settings look them up: by name, by front end, and as the raw values that were given.

import { describeDeprecation, type Option } from './options/option.ts';
import { OPTIONS } from './options/option-table.ts';
import type { WerfGiven } from './options/werf-given.ts';

type KnownOption = (typeof OPTIONS)[number];

/** The name of an option. */
export type OptionName = KnownOption['name'];

type RawValue<Kind> = Kind extends 'list' ? readonly string[] : Kind extends 'flag' ? boolean | string : string;

/**
 * The options as a front end got them, unchecked. A key that is absent was not given; a front end that cannot tell an
 * empty value from none (the action) leaves it out. A flag is a boolean, or the text that should be one.
 */
export type RawOptions = {
  readonly [O in KnownOption as O['name']]?: RawValue<O['kind']>;
} & {
  /** What `explain` is asked about. */
  readonly target?: string;
  /** What stands after `managed-images`. */
  readonly words?: readonly string[];
  /** What was said in werf's words and has no option here. */
  readonly werf?: WerfGiven;
};

/** The option of that name. */
export function findOption(name: OptionName): Option {
  const found = OPTIONS.find((option) => option.name === name);
  if (found === undefined) throw new TypeError(`there is no option ${name}`);
  return found;
}

/** The options that a front end has, in the order of the help. */
export function selectOptions(frontEnd: 'cli' | 'action'): readonly Option[] {
  return OPTIONS.filter((option: Option) => (option.only ?? frontEnd) === frontEnd);
}

/** What to tell about the deprecated ones among the options that were given: `--old: deprecated since 0.3.0: use new`. */
export function listDeprecations(raw: object, options: readonly Option[] = OPTIONS): readonly string[] {
  return options.flatMap((option) => {
    const told = Reflect.get(raw, option.name) === undefined ? undefined : describeDeprecation(option);
    return told === undefined ? [] : [`--${option.name}: ${told}`];
  });
}
