// A text that goes into a registry as it is, for people and for matching: short, on one line.

import type { OptionName } from '../options.ts';
import { addWrong, type Findings, readText } from './findings.ts';
import { quote } from './mistake.ts';

const MAX_LENGTH = 255;

/** The text; undefined when it was not given, or is none that fits on a line, which is a mistake by then. */
export function readPlainText(findings: Findings, name: OptionName): string | undefined {
  const text = readText(findings, name);
  if (text === undefined) return undefined;
  if (text.length <= MAX_LENGTH && !/\p{Cc}/u.test(text)) return text;
  addWrong(findings, { name, got: quote(text), expected: `at most ${MAX_LENGTH} characters on one line` });
  return undefined;
}
