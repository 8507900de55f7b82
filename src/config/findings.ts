// What came to light while options were read: mistakes, notes, and how a front end calls an option.

import type { MissingEvidence } from '../model/missing-evidence.ts';
import { findOption, type OptionName, type RawOptions } from '../options.ts';
import { nearestName } from '../util/nearest-name.ts';
import { type Mistake, quote, suggest, wrongValue } from './mistake.ts';

/** The two ways in. */
export type FrontEnd = 'cli' | 'action';

/** Where the options came from. */
export interface SettingsSource {
  readonly environment: NodeJS.ProcessEnv;
  /** Relative paths are joined to it; `.` leaves them as they are. The policy file is looked for in it. */
  readonly workingDirectory: string;
  readonly frontEnd: FrontEnd;
  /**
   * Why secrets are not to be had: `secrets are not given to pull requests of forks`. A plan then goes on without clusters, and says so;
   * everything else, and every run without this, takes an empty secret for a mistake.
   */
  readonly withoutSecrets?: string;
}

/** Collects while one set of options is read. Local to one call of `normalizeSettings`. */
export interface Findings {
  readonly raw: RawOptions;
  readonly frontEnd: FrontEnd;
  readonly environment: NodeJS.ProcessEnv;
  /** Relative paths of the user's are joined to it. `.` leaves them as they are. */
  readonly workingDirectory: string;
  readonly mistakes: Mistake[];
  readonly notes: string[];
  /** Why secrets are not to be had in this run, which may go on without; undefined where an empty secret is a mistake. */
  readonly withoutSecrets?: string | undefined;
  /** Sources that the user wants asked and this run cannot ask. */
  readonly missing: MissingEvidence[];
  /** The policy file could not be read: nobody knows what it says, so nothing is missing for want of it. */
  policyIsBroken: boolean;
}

/** Nothing has come to light yet. */
export function createFindings(given: RawOptions, source: SettingsSource): Findings {
  const isPlan = (given.command ?? 'plan').trim() === 'plan';
  const withoutSecrets = isPlan ? source.withoutSecrets : undefined;
  const raw = withoutSecrets === undefined ? given : withoutEmptySecrets(given);
  return { raw, ...source, withoutSecrets, mistakes: [], notes: [], missing: [], policyIsBroken: false };
}

/** A variable that is not given to this run may stand in a command line as nothing. The action leaves such inputs out by itself. */
function withoutEmptySecrets(raw: RawOptions): RawOptions {
  const names = ['username', 'password'] as const;
  return Object.fromEntries(
    Object.entries(raw).filter(([name, value]) => !names.some((one) => one === name) || value !== ''),
  );
}

/** `--ca-file` or `input ca-file`. */
export function placeOf(name: OptionName | 'target', frontEnd: FrontEnd): string {
  if (name === 'target') return 'explain';
  return frontEnd === 'cli' ? `--${name}` : `input ${name}`;
}

/** Notes that an option has a value it cannot have. `got` is shown as it is. */
export function addWrong(
  findings: Findings,
  wrong: { name: OptionName | 'target'; got: string; expected: string },
): void {
  findings.mistakes.push(wrongValue(placeOf(wrong.name, findings.frontEnd), wrong.got, wrong.expected));
}

/** Notes what is wrong with an option in a sentence of its own. */
export function addMistake(findings: Findings, name: OptionName | 'target', text: string): void {
  findings.mistakes.push({ place: placeOf(name, findings.frontEnd), text });
}

/** A flag: true, false, or undefined when it was not given (or is no flag, which is a mistake by then). */
export function readFlag(findings: Findings, name: OptionName): boolean | undefined {
  const value = findings.raw[name];
  if (value === undefined || typeof value === 'boolean') return value;
  const text = String(value).trim().toLowerCase();
  if (text === 'true' || text === 'false') return text === 'true';
  addWrong(findings, { name, got: quote(String(value)), expected: 'true or false' });
  return undefined;
}

/** The entries of a list, trimmed; an empty one is a mistake. Undefined when the option was not given. */
export function readList(findings: Findings, name: OptionName): readonly string[] | undefined {
  const value = findings.raw[name];
  if (value === undefined || !Array.isArray(value)) return undefined;
  const items = value.map((item) => String(item).trim());
  if (items.includes('')) addWrong(findings, { name, got: 'an empty value', expected: expectedValue(findings) });
  return items.filter((item) => item !== '');
}

/** In GitLab CI an entry is often a variable, which is empty where it is misspelt or kept from this pipeline. */
function expectedValue({ environment, frontEnd }: Findings): string {
  return frontEnd === 'cli' && environment['GITLAB_CI'] === 'true'
    ? 'a value; is the CI/CD variable set, and given to this pipeline?'
    : 'a value';
}

/** A text, trimmed; an empty one is a mistake. Undefined when the option was not given. */
export function readText(findings: Findings, name: OptionName | 'target'): string | undefined {
  const value = findings.raw[name];
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (text !== '') return text;
  addWrong(findings, { name, got: 'an empty value', expected: 'a value' });
  return undefined;
}

/** A share from 0 to 1. Undefined when the option was not given (or is none, which is a mistake by then). */
export function readShare(findings: Findings, name: OptionName): number | undefined {
  const text = readText(findings, name);
  if (text === undefined) return undefined;
  const share = /^(?:\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (share >= 0 && share <= 1) return share;
  addWrong(findings, { name, got: quote(text), expected: 'a number from 0 to 1' });
  return undefined;
}

/** One of the choices, or the option's default when it was not given (or is none of them, which is a mistake by then). */
export function readChoice<Choice extends string>(
  findings: Findings,
  name: OptionName,
  choices: readonly [Choice, ...Choice[]],
): Choice {
  const fallback = choices.find((choice) => choice === findOption(name).default) ?? choices[0];
  const text = readText(findings, name);
  if (text === undefined) return fallback;
  const found = choices.find((choice) => choice === text);
  if (found !== undefined) return found;
  const wrong = wrongValue(placeOf(name, findings.frontEnd), quote(text), `one of ${choices.join(', ')}`);
  const nearest = nearestName(text, choices);
  findings.mistakes.push(nearest === undefined ? wrong : { ...wrong, text: wrong.text + suggest(nearest), nearest });
  return fallback;
}
