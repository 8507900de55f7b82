// The name of an image of werf.yaml, as somebody types it.

import { managedImageId, slugImageName, unslugImageName } from '../model/werf-names.ts';

/** What stands for the image without a name: YAML's null, as werf.yaml has it, and what werf writes for it. */
const NAMELESS = ['~', '__nameless__'] as const;
/** No control characters, and no blanks at the ends. */
const PLAIN = /^[^\p{Cc}\s](?:[^\p{Cc}]*[^\p{Cc}\s])?$/u;
const MAX_LENGTH = 1000;

/** The name; empty for the image without one. Or what was expected, when the text can be no name. */
export function parseImageName(text: string | undefined): { readonly name: string } | { readonly expected: string } {
  if (text === undefined || text === '')
    return { expected: 'the name of an image in werf.yaml, or ~ for the one without a name' };
  if (NAMELESS.some((one) => one === text)) return { name: '' };
  if (text.length > MAX_LENGTH) return { expected: `at most ${MAX_LENGTH} characters` };
  if (!PLAIN.test(text)) return { expected: 'a name without blanks at its ends and without control characters' };
  if (managedImageId(text) === undefined)
    return {
      expected: 'a name in ASCII where a tag cannot hold it as it is: other letters werf writes by a table of its own',
    };
  const readBack = unslugImageName(slugImageName(text));
  if (readBack !== text) return { expected: `${JSON.stringify(readBack)}, which is what werf reads in such a record` };
  return { name: text };
}
