// vitest's asymmetric matchers without their `any`.

import { expect } from 'vitest';

/** Equal to every text that holds this one. */
export function containing(text: string): unknown {
  return expect.stringContaining(text);
}

/** Equal to every text that this expression finds something in. */
export function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}
