// The order of texts that does not depend on anybody's language.

/** By code units: below 0 when `a` comes first, 0 when they are equal. For `sort`. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
