// werf's flags among the words of a command line, and werf's variables in the environment. What they mean is decided elsewhere.

import { type Mistake, quote, wrongValue } from '../config/mistake.ts';
import type { Option } from '../options/option.ts';
import { OPTIONS } from '../options/option-table.ts';
import { WERF_NAMES, type WerfName } from '../options/werf-names.ts';

/** What was given for one of werf's names. */
export interface WerfValue {
  /** A list has any number of values, everything else one. Of a flag: `true` or `false`. */
  readonly values: readonly string[];
  /** `--repo`, `WERF_REPO`. */
  readonly place: string;
  /** It stands on the command line. */
  readonly isWord: boolean;
}

/** The words with werf's taken out. */
export interface SplitWords {
  /** For the reader of our own options. */
  readonly words: readonly string[];
  readonly given: ReadonlyMap<string, WerfValue>;
  readonly mistakes: readonly Mistake[];
}

interface Collected {
  readonly given: Map<string, WerfValue>;
  readonly mistakes: Mistake[];
}

/** As Go reads them: https://pkg.go.dev/strconv#ParseBool */
const TRUE = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const FALSE = ['0', 'f', 'F', 'FALSE', 'false', 'False'];

/** Takes werf's flags out. A word that is the value of an option of ours stays, whatever it looks like. */
export function splitWerfWords(words: readonly string[]): SplitWords {
  const rest: string[] = [];
  const given = new Map<string, WerfValue>();
  const mistakes: Mistake[] = [];
  const queue = [...words];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    // What follows are no options.
    if (word === '--') return { words: [...rest, word, ...queue], given, mistakes };
    const flag = parseFlag(word);
    if (flag === undefined) {
      rest.push(word, ...queue.splice(0, takesNextWord(word) ? 1 : 0));
      continue;
    }
    const { entry } = flag;
    const place = `--${entry.name}`;
    const value = flag.value ?? (entry.kind === 'flag' ? 'true' : queue.shift());
    const read = readValue(entry, value, { place, mistakes });
    if (read === undefined) continue;
    if (entry.meaning.kind !== 'same') addValue({ given, mistakes }, entry, { values: [read], place, isWord: true });
    else if (read === 'true') rest.push(place);
  }
  return { words: rest, given, mistakes };
}

/** What werf's variables give. An empty one gives nothing. */
export function readWerfVariables(environment: NodeJS.ProcessEnv): Omit<SplitWords, 'words'> {
  const given = new Map<string, WerfValue>();
  const mistakes: Mistake[] = [];
  for (const entry of WERF_NAMES) {
    for (const place of entry.variables.flatMap((variable) => listVariables(environment, variable))) {
      const value = readValue(entry, environment[place], { place, mistakes });
      const before = given.get(entry.name)?.values ?? [];
      if (value === undefined || (entry.kind !== 'list' && before.length > 0)) continue;
      given.set(entry.name, { values: [...before, value], place, isWord: false });
    }
  }
  return { given, mistakes };
}

function listVariables(environment: NodeJS.ProcessEnv, variable: string): readonly string[] {
  const names = variable.endsWith('_*')
    ? Object.keys(environment).filter((name) => name.startsWith(variable.slice(0, -1)))
    : [variable];
  return names.filter((name) => (environment[name] ?? '').trim() !== '').sort();
}

interface Flag {
  readonly entry: WerfName;
  readonly value: string | undefined;
}

/** A flag of werf's that is no option of ours, or one of ours as werf would write it: `--without-kube=true`. */
function parseFlag(word: string): Flag | undefined {
  const [, name = '', value] = /^--([a-z][a-z0-9.-]*)(?:=([\s\S]*))?$/.exec(word) ?? [];
  const short = /^-([a-zA-Z])=?([\s\S]*)$/.exec(word);
  const entry =
    short === null
      ? WERF_NAMES.find((one) => one.name === name)
      : WERF_NAMES.find((one) => one.short !== undefined && one.short === short[1]);
  if (entry === undefined || isOurs(entry, value)) return undefined;
  return { entry, value: short === null ? value : short[2] === '' ? undefined : short[2] };
}

function isOurs({ name, kind }: WerfName, value: string | undefined): boolean {
  const isOption = (OPTIONS as readonly Option[]).some((option) => option.name === name && option.only !== 'action');
  return isOption && !(kind === 'flag' && value !== undefined);
}

function takesNextWord(word: string): boolean {
  if (!word.startsWith('--') || word.includes('=')) return false;
  return (OPTIONS as readonly Option[]).some(({ name, kind }) => kind !== 'flag' && `--${name}` === word);
}

function readValue(
  { kind, secret }: WerfName,
  value: string | undefined,
  told: { readonly place: string; readonly mistakes: Mistake[] },
): string | undefined {
  const { place, mistakes } = told;
  if (value === undefined) {
    mistakes.push({ place, text: 'got nothing, expected a value' });
    return undefined;
  }
  const text = value.trim();
  if (kind !== 'flag') return secret === true ? value : text;
  if (TRUE.includes(text)) return 'true';
  if (FALSE.includes(text)) return 'false';
  mistakes.push(wrongValue(place, quote(value), 'true or false'));
  return undefined;
}

function addValue({ given, mistakes }: Collected, { name, kind }: WerfName, added: WerfValue): void {
  const before = given.get(name);
  if (before !== undefined && kind === 'text') mistakes.push({ place: added.place, text: 'given twice' });
  const values = kind === 'list' ? [...(before?.values ?? []), ...added.values] : added.values;
  given.set(name, { ...added, values });
}
