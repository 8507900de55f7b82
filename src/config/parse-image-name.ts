// The name of an image of werf.yaml, as somebody types it.

import { slugImageName, unslugImageName } from '../model/werf-names.ts';

/** What stands for the image without a name: YAML's null, as werf.yaml has it, and what werf writes for it. */
const NAMELESS = ['~', '__nameless__'] as const;
/** What werf does with other letters in a tag is not known here, and a record under another tag would protect nothing. */
const PRINTABLE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
const MAX_LENGTH = 1000;

/** The name; empty for the image without one. Or what was expected, when the text can be no name. */
export function parseImageName(text: string | undefined): { readonly name: string } | { readonly expected: string } {
  if (text === undefined || text === '')
    return { expected: 'the name of an image in werf.yaml, or ~ for the one without a name' };
  if (NAMELESS.some((one) => one === text)) return { name: '' };
  if (text.length > MAX_LENGTH) return { expected: `at most ${MAX_LENGTH} characters` };
  if (!PRINTABLE.test(text))
    return { expected: 'letters, digits and signs of ASCII, without blanks at the ends: only these make a known tag' };
  const readBack = unslugImageName(slugImageName(text));
  if (readBack !== text) return { expected: `${JSON.stringify(readBack)}, which is what werf reads in such a record` };
  return { name: text };
}
