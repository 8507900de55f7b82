// dapp's variables to our options. Ours outrank them, and werf's do; what they decide is told, since more may go by them.

import { type Mistake, mistakesError, quote, wrongValue } from '../config/mistake.ts';
import { DAPP_DOCKER_CONFIG, DAPP_NAMES, DAPP_PASSWORD, DAPP_USER, type DappName } from '../options/dapp-names.ts';
import { DECIDING, isForCommand, type Option, type OptionCommand } from '../options/option.ts';
import { OPTIONS } from '../options/option-table.ts';
import type { WerfGiven } from '../options/werf-given.ts';
import type { RawOptions } from '../options.ts';
import { isCount } from './convert-werf-value.ts';

/** What was given in other words. */
export interface DappRequest {
  readonly command: OptionCommand;
  readonly raw: RawOptions;
  readonly environment: NodeJS.ProcessEnv;
}

/** The raw options with what the variables say put in, and what to tell about them. */
export interface DappTranslation {
  readonly raw: RawOptions;
  readonly notes: readonly string[];
}

interface Translation {
  readonly command: OptionCommand;
  readonly raw: Record<string, unknown>;
  readonly environment: NodeJS.ProcessEnv;
  werf: WerfGiven;
  readonly notes: string[];
  readonly mistakes: Mistake[];
  /** Variables that decided something. */
  readonly deciding: string[];
  readonly idle: string[];
}

interface Given {
  readonly variable: string;
  /** Trimmed. */
  readonly text: string;
}

/**
 * Puts the variables in where nothing else says the same.
 * @throws UsageError USAGE for a value that is wrong; dapp went on with its default then. Every mistake is a line of the message.
 */
export function translateDappVariables({ command, raw, environment }: DappRequest): DappTranslation {
  const translation: Translation = {
    command,
    raw: { ...raw },
    environment,
    werf: raw.werf ?? {},
    notes: [],
    mistakes: [],
    deciding: [],
    idle: [],
  };
  for (const entry of DAPP_NAMES) {
    const given = findGiven(entry, environment);
    if (given !== undefined) translateOne(translation, entry, given);
  }
  if (translation.mistakes.length > 0) throw mistakesError(translation.mistakes);
  const { werf, deciding, idle, notes } = translation;
  const told = [
    ...(deciding.length === 0 ? [] : [`set by the environment: ${deciding.join(', ')}`]),
    ...notes,
    ...(idle.length === 0 ? [] : [`without effect here: ${idle.join(', ')}`]),
  ];
  const given = Object.keys(werf).length === 0 ? {} : { werf };
  return { raw: { ...translation.raw, ...given } as RawOptions, notes: told };
}

function findGiven({ variables }: DappName, environment: NodeJS.ProcessEnv): Given | undefined {
  for (const variable of variables) {
    const text = (environment[variable] ?? '').trim();
    if (text !== '') return { variable, text };
  }
  return undefined;
}

function translateOne(translation: Translation, entry: DappName, given: Given): void {
  const { meaning } = entry;
  switch (meaning.kind) {
    case 'idle':
      translation.idle.push(given.variable);
      break;
    case 'here':
      HANDLERS[given.variable]?.(translation, given);
      break;
    case 'option': {
      const value = readValue(entry, given, translation.mistakes);
      if (value !== undefined) setOption(translation, given, { name: meaning.option, value: meaning.value ?? value });
    }
  }
}

/** The value as the option takes it; undefined where it says no, or is a mistake by then. */
function readValue({ unit }: DappName, { variable, text }: Given, mistakes: Mistake[]): string | undefined {
  const told = { place: variable, mistakes };
  switch (unit) {
    case 'count':
      return isCount(text, told, 'a whole number; 0: none stay, -1: all') ? text : undefined;
    case 'seconds':
      if (!isCount(text, told, 'a whole number of seconds; -1: no limit')) return undefined;
      return text.startsWith('-') ? '-1' : `${text}s`;
    case 'flag':
      if (/^(?:1|true|yes)$/i.test(text)) return 'true';
      if (!/^(?:0|false|no)$/i.test(text)) mistakes.push(wrongValue(variable, quote(text), '1 or 0'));
      return undefined;
    case 'text':
      return text;
  }
}

function setOption(
  translation: Translation,
  { variable }: Given,
  { name, value }: { readonly name: string; readonly value: string },
): void {
  const { raw, notes, deciding, command } = translation;
  const option = (OPTIONS as readonly Option[]).find((one) => one.name === name);
  if (option === undefined || !isForCommand(option, command)) return;
  if (raw[name] === undefined) {
    raw[name] = value;
    deciding.push(variable);
  } else if (JSON.stringify(raw[name]) !== JSON.stringify(value))
    notes.push(`${variable} does not count: --${name} is given`);
}

const HANDLERS: Readonly<Record<string, (translation: Translation, given: Given) => void>> = {
  [DAPP_DOCKER_CONFIG]: (translation, { variable, text }) => {
    const { werf, deciding } = translation;
    if (werf.dockerConfig !== undefined) return;
    translation.werf = { ...werf, dockerConfig: text };
    deciding.push(variable);
  },
  [DAPP_PASSWORD]: ({ raw, environment, notes, command }, { variable, text }) => {
    // In a job of GitLab CI it is for deleting alone, which is decided where GitLab's registry is known.
    if (environment['GITLAB_CI'] === 'true' || !DECIDING.some((one) => one === command)) return;
    if (raw['password'] !== undefined || raw['password-stdin'] === true) return;
    raw['password'] = text;
    raw['username'] ??= DAPP_USER;
    notes.push(`the registry is asked as ${String(raw['username'])}, with the password in ${variable}`);
  },
};
