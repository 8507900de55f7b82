// A number with its noun.

import { formatCount } from './format-count.ts';

/** `1 image`, `0 images`, `4,832 images`; `plural` for nouns that do not just take an s: `2 branches`. */
export function pluralize(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`;
}
