// What regular expressions in the policy file must look like; apart from other words, so that nothing else loads the engine.
// Each function returns what is expected instead, or undefined when the word is right.

import { RE2JS, RE2JSException } from 're2js';
import { regexSource } from './policy-words.ts';

/** An expression in RE2's syntax. */
export function expressionProblem(source: string): string | undefined {
  if (source === '') return 'a regular expression that is not empty';
  try {
    RE2JS.compile(source);
    return undefined;
  } catch (cause) {
    if (!(cause instanceof RE2JSException)) throw cause;
    return `a regular expression in RE2 syntax (${cause.message.replace('error parsing regexp: ', '')})`;
  }
}

/** An expression in RE2's syntax with a group whose text is the product's name. */
export function groupExpressionProblem(source: string): string | undefined {
  const problem = expressionProblem(source);
  if (problem !== undefined) return problem;
  return RE2JS.compile(source).groupCount() > 0 ? undefined : 'a regular expression with a group: ^(.+)-v[0-9]+$';
}

/** A name of a branch or tag, or `/REGEX/`, anchored without a group as werf does it. */
export function namePatternProblem(text: string): string | undefined {
  if (text === '') return 'a name or /REGEX/';
  const source = regexSource(text);
  if (source === undefined) return undefined;
  return source === '' ? expressionProblem(source) : expressionProblem(`^${source}$`);
}
