// Durations and whole numbers as options give them.

import { type Duration, parseDuration } from '../model/time.ts';
import type { OptionName } from '../options.ts';
import { addWrong, type Findings, readText } from './findings.ts';
import { quote } from './mistake.ts';
import { durationProblem } from './policy-words.ts';

/** A duration as `168h` or `7d`; undefined when the option was not given, or is none, which is a mistake by then. */
export function readDuration(findings: Findings, name: OptionName): Duration | undefined {
  const text = readText(findings, name);
  if (text === undefined) return undefined;
  const problem = durationProblem(text);
  if (problem === undefined) return parseDuration(text);
  addWrong(findings, { name, got: quote(text), expected: problem });
  return undefined;
}

/** A whole number, negative ones too; undefined when the option was not given, or is none, which is a mistake by then. */
export function readWholeNumber(findings: Findings, name: OptionName): number | undefined {
  const text = readText(findings, name);
  if (text === undefined) return undefined;
  if (/^-?\d{1,9}$/.test(text)) return Number(text);
  addWrong(findings, { name, got: quote(text), expected: 'a whole number; a negative one is no limit' });
  return undefined;
}
