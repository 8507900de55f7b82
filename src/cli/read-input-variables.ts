// Options from variables: how the templates for GitLab CI hand their inputs over, so that no text of a user's ever becomes part of a
// script. The name is that of the option in capitals, after REGISTRY_CLEANUP_INPUT_.

import { type Mistake, mistakesError, quote, suggest, wrongValue } from '../config/mistake.ts';
import { isForCommand, type Option, type OptionCommand } from '../options/option.ts';
import { OPTIONS } from '../options/option-table.ts';
import { nearestName } from '../util/nearest-name.ts';

/** An option and what was given for it: a text, or the entries of a list. A flag is the text that should be one. */
export type GivenValue = readonly [name: string, value: string | readonly string[]];

const PREFIX = 'REGISTRY_CLEANUP_INPUT_';
const CONTROL = /\p{Cc}/u;

/** `kube-context` → `REGISTRY_CLEANUP_INPUT_KUBE_CONTEXT`. */
export function inputVariableOf(name: string): string {
  return `${PREFIX}${name.toUpperCase().replaceAll('-', '_')}`;
}

/** The options that a variable can give: all but the command itself, and reading a password from a pipe. */
export function listVariableOptions(): readonly Option[] {
  return (OPTIONS as readonly Option[]).filter(({ name }) => name !== 'command' && name !== 'password-stdin');
}

/**
 * What such variables give to a command; those for other commands say nothing. An empty one is none, as an input of the action. A list is
 * one entry a line, or a JSON array (an input of the type `array` within a text).
 * @throws UsageError USAGE for a name that no option has, with the nearest known one, and for a list that is none.
 */
export function readInputVariables(environment: NodeJS.ProcessEnv, command: OptionCommand): readonly GivenValue[] {
  const options = new Map(listVariableOptions().map((option) => [inputVariableOf(option.name), option]));
  const mistakes: Mistake[] = [];
  const given: GivenValue[] = [];
  for (const [variable, text = ''] of Object.entries(environment)) {
    if (!variable.startsWith(PREFIX)) continue;
    const option = options.get(variable);
    if (option === undefined) {
      const nearest = nearestName(
        variable.slice(PREFIX.length),
        [...options.keys()].map((name) => name.slice(PREFIX.length)),
      );
      const text = `no option has this name${suggest(nearest === undefined ? undefined : PREFIX + nearest)}`;
      mistakes.push({ place: variable, text });
      continue;
    }
    if (text.trim() === '' || !isForCommand(option, command)) continue;
    const value = option.kind === 'list' ? readEntries(text) : text;
    if (value === undefined)
      mistakes.push(wrongValue(variable, quote(text), 'an entry a line, or a JSON array of texts'));
    else if (value.length > 0) given.push([option.name, value]);
  }
  if (mistakes.length > 0) throw mistakesError(mistakes);
  return given;
}

/** The entries; undefined when the text is no list. */
function readEntries(text: string): readonly string[] | undefined {
  if (!text.trim().startsWith('[')) {
    const lines = text.split(/\r?\n/).map((line) => line.trim());
    return lines.filter((line) => line !== '');
  }
  const entries = parseArray(text)?.map((entry) => (Number.isSafeInteger(entry) ? String(entry) : entry));
  // Where GitLab puts an array into a text, what a backslash stands for is lost: what comes out of one is no entry.
  return entries?.every((entry) => typeof entry === 'string' && !CONTROL.test(entry)) === true
    ? (entries as readonly string[])
    : undefined;
}

function parseArray(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    // The caller says what was expected.
    return undefined;
  }
}
