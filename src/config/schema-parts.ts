// What several keys of the policy file look like. Every message is what was expected.

import * as z from 'zod';
import { DURATION, durationProblem } from './policy-words.ts';

/** What is expected of a key that has keys. */
export const MAPPING = 'a mapping of keys to values';

/** A key that is true or false. */
export const flag = (description: string) => z.boolean('true or false').optional().describe(description);

/** A text in which nothing is wrong; `problem` says what is expected instead, `expected` what is where there is no text. */
export const word = (problem: (text: string) => string | undefined, expected: string) =>
  z.string(expected).check((context) => {
    const message = problem(context.value);
    if (message !== undefined) context.issues.push({ code: 'custom', message, input: context.value });
  });

/** A list of texts that are not empty. */
export const names = (expected: string, description: string) =>
  z
    .array(z.string(expected).min(1, expected), `a list: ${expected}, each on its line`)
    .optional()
    .describe(description);

/** A duration, as Go writes it, or in days and weeks. */
export const duration = word(durationProblem, 'a duration such as 168h, 7d or 1h30m')
  .meta({ pattern: DURATION.source, examples: ['168h', '30d'] })
  .describe('Go duration, also with d and w: 168h, 30d, 1h30m.');
