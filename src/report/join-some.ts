// Lists of names that stay short.

import { formatCount } from './format-count.ts';

/** The first `most` names with commas and how many more there are: `prod, staging and 12 more`. Empty text for none. */
export function joinSome(names: readonly string[], most: number): string {
  const shown = names.slice(0, most).join(', ');
  const left = names.length - most;
  return left > 0 ? `${shown} and ${formatCount(left)} more` : shown;
}
