// The command line to raw options. commander reads it; what the values mean is not decided here.

import { Command, CommanderError, Option as CommanderOption } from 'commander';
import { mistakesError, quote, suggest } from '../config/mistake.ts';
import { UsageError } from '../errors.ts';
import { isForCommand, type Option, type OptionCommand } from '../options/option.ts';
import { OPTIONS } from '../options/option-table.ts';
import { WERF_COMMANDS } from '../options/werf-names.ts';
import { type RawOptions, selectOptions } from '../options.ts';
import { nearestName } from '../util/nearest-name.ts';
import { readInputVariables } from './read-input-variables.ts';
import { type SplitWords, splitWerfWords } from './read-werf-words.ts';
import { translateDappVariables } from './translate-dapp-variables.ts';
import { translateWerfWords } from './translate-werf-words.ts';

/** What the user asked for. */
export type ParsedArguments =
  /** Of one command, or of all when there is none. */
  | { readonly kind: 'help'; readonly command?: CommandName }
  | { readonly kind: 'version' }
  | {
      readonly kind: 'run';
      readonly command: CommandName;
      readonly raw: RawOptions;
      /** What to tell about werf's words; absent where nothing is. */
      readonly told?: ToldWords;
    };

/** What to tell about words that are not ours. */
export interface ToldWords {
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

/** The commands, in the order of the help. */
export const COMMANDS = [
  'plan',
  'apply',
  'explain',
  'verify',
  'restore',
  'record',
  'purge',
  'managed-images',
  'host',
  'rbac',
  'demo',
] as const;
/** A command that the command line knows. */
export type CommandName = (typeof COMMANDS)[number];

const HELP_HINT = 'registry-cleanup --help lists all commands and options.';

/**
 * Parses what stands after the program's name. Environment variables give the options that name one and are absent.
 * @throws UsageError USAGE for an unknown command or option, with the nearest known one, or an option without its value.
 */
export function parseArguments(words: readonly string[], environment: NodeJS.ProcessEnv): ParsedArguments {
  refuseUnknownCommand(words[0]);
  const split = splitWords(words);
  let parsed: ParsedArguments = { kind: 'help' };
  const program = createProgram((result) => {
    parsed = result;
  }, environment);
  try {
    program.parse(split.words, { from: 'user' });
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause;
    if (cause.code === 'commander.version') return { kind: 'version' };
    if (cause.code !== 'commander.helpDisplayed' && cause.code !== 'commander.help') throw usageError(cause, words);
    const command = COMMANDS.find((name) => words.includes(name));
    return command === undefined ? { kind: 'help' } : { kind: 'help', command };
  }
  return translate(parsed, split, environment);
}

/** Without those of werf's; other commands have none. */
function splitWords(words: readonly string[]): SplitWords {
  const [first = ''] = words;
  const command = COMMANDS.find((name) => name === first);
  const isWerfs = first !== 'help' && WERF_COMMANDS.includes(command ?? 'plan');
  if (!isWerfs) return { words, given: new Map(), mistakes: [] };
  const split = splitWerfWords(words);
  // What is left must not begin with a word that stood behind an option and is no command there.
  return command === undefined && split.given.size > 0 ? { ...split, words: ['plan', ...split.words] } : split;
}

function translate(parsed: ParsedArguments, split: SplitWords, environment: NodeJS.ProcessEnv): ParsedArguments {
  if (parsed.kind !== 'run' || parsed.command === 'demo' || !WERF_COMMANDS.includes(parsed.command)) return parsed;
  const werf = translateWerfWords({ ...parsed, command: parsed.command, split, environment });
  const { command, warnings } = werf;
  const { raw, notes } = translateDappVariables({ ...werf, environment });
  const told = { notes: [...werf.notes, ...notes], warnings };
  const isQuiet = told.notes.length === 0 && told.warnings.length === 0;
  return { kind: 'run', command, raw, ...(isQuiet ? {} : { told }) };
}

function createProgram(done: (result: ParsedArguments) => void, environment: NodeJS.ProcessEnv): Command {
  const program = quiet(new Command('registry-cleanup')).version('', '-V, --version').helpCommand('help [command]');
  for (const name of COMMANDS) {
    const command = quiet(program.command(name, { isDefault: name === 'plan' })).allowExcessArguments(false);
    if (name === 'explain') command.argument('[target]');
    if (name === 'managed-images') command.argument('[words...]');
    const options = name === 'demo' ? [] : selectOptions('cli');
    for (const option of options) addOption(command, option);
    command.action((...given: unknown[]) => {
      const target = typeof given[0] === 'string' ? { target: given[0] } : {};
      const words = Array.isArray(given[0]) ? { words: given[0].map(String) } : {};
      const values = name === 'demo' ? {} : collectValues(command, options, listVariables(environment, name));
      const raw = { ...values, command: name, ...target, ...words };
      done({ kind: 'run', command: name, raw });
    });
  }
  return program;
}

/** Nothing is printed or ended by commander itself. */
function quiet(command: Command): Command {
  return command
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
}

function addOption(command: Command, option: Option): void {
  const flags = option.kind === 'flag' ? `--${option.name}` : `--${option.name} <${option.value}>`;
  const defined = new CommanderOption(flags);
  if (option.kind === 'list')
    defined.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]);
  if (option.kind === 'text') {
    defined.argParser((value: string, before: string | undefined) => {
      if (before === undefined) return value;
      throw mistakesError([{ place: `--${option.name}`, text: `given twice: ${quote(before)} and ${quote(value)}` }]);
    });
  }
  command.addOption(defined);
  if (isNegatable(option)) command.addOption(new CommanderOption(`--no-${option.name}`));
}

/** A flag that the policy file can set needs a word to unset it. */
export function isNegatable(option: Option): boolean {
  return option.kind === 'flag' && option.fileKey !== undefined;
}

type Value = readonly [name: string, value: unknown];

function collectValues(command: Command, options: readonly Option[], variables: readonly Value[]): RawOptions {
  const values: Readonly<Record<string, unknown>> = command.opts();
  const given = options.map((option) => {
    const attribute = new CommanderOption(`--${option.name}`).attributeName();
    return [option.name, values[attribute]] as const;
  });
  const all = [...variables, ...given];
  // The kinds of the values are those of the table: text, a list of texts, or a boolean.
  return Object.fromEntries(all.filter(([, value]) => value !== undefined)) as RawOptions;
}

/** What variables give; also the password, which has no option here: others see the command line. */
function listVariables(environment: NodeJS.ProcessEnv, command: OptionCommand): readonly Value[] {
  // A variable may be there for another command: nobody gave it to this one.
  const options = (OPTIONS as readonly Option[]).filter((option) => isForCommand(option, command));
  const named = options.flatMap(({ name, environment: variables }) => {
    const values = (variables ?? []).map((variable) => environment[variable]).filter((value) => value !== undefined);
    // One that is set and empty is told of where the option is needed.
    return values.length === 0 ? [] : [[name, values.find((value) => value !== '') ?? ''] as const];
  });
  return [...named, ...readInputVariables(environment, command)];
}

function refuseUnknownCommand(word: string | undefined): void {
  if (word === undefined || word.startsWith('-') || word === 'help') return;
  if (COMMANDS.some((name) => name === word)) return;
  if (word === 'cleanup') {
    const text = "cleanup is werf's word, and deletes: here plan shows what would go, and apply deletes it";
    throw new UsageError(text, {
      code: 'USAGE',
      hint: 'The options of werf cleanup, and its variables, go with both.',
    });
  }
  const nearest = nearestName(word, COMMANDS);
  const known = nearest === undefined ? `; the commands are ${COMMANDS.join(', ')}` : suggest(nearest);
  throw new UsageError(`unknown command ${quote(word)}${known}`, { code: 'USAGE', hint: HELP_HINT });
}

/** commander's sentence without its prefix; it names the option. The nearest known one is found as everywhere else. */
function usageError(cause: CommanderError, words: readonly string[]): UsageError {
  const text = cause.message.replace(/^error: /, '');
  const unknown = cause.code === 'commander.unknownOption' ? /^unknown option '--([^'=]+)/.exec(text)?.[1] : undefined;
  const nearest = unknown === undefined ? undefined : nearestName(unknown, listFlags(words));
  const suggestion = nearest === undefined ? suggestVariable(unknown) : `; did you mean --${nearest}?`;
  return new UsageError(`${text}${suggestion}`, { code: 'USAGE', hint: HELP_HINT });
}

/** An input of the action that a command line takes from the environment alone. Empty for any other word. */
function suggestVariable(name: string | undefined): string {
  const option = (OPTIONS as readonly Option[]).find((one) => one.name === name && one.only === 'action');
  return option?.environment === undefined ? '' : `; set ${option.environment.join(' or ')} in the environment`;
}

/** What may stand after `--` in this command line. */
function listFlags(words: readonly string[]): readonly string[] {
  const command = COMMANDS.find((name) => name === words[0]) ?? 'plan';
  if (command === 'demo') return ['help'];
  const options = selectOptions('cli').filter((option) => isForCommand(option, command));
  return ['help', ...options.flatMap((option) => [option.name, ...(isNegatable(option) ? [`no-${option.name}`] : [])])];
}
