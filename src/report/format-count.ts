// Numbers for people, the same on every machine: no locale.

/** A whole number with its thousands grouped by commas: `0`, `999`, `4,832`, `1,204,000`. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',');
}
