// "Did you mean …?": the known name nearest to a misspelt one. Some twenty lines of our own, because the field's
// packages give a distance and leave the limit (when is near near enough?) to the caller anyway.

/**
 * The known name that is nearest to the text, or undefined when none is near. Near: at most a third of the letters
 * differ (one letter added, missing, changed, or two swapped; case is free), or one begins with the other.
 */
export function nearestName(text: string, known: readonly string[]): string | undefined {
  const wanted = text.toLowerCase().slice(0, 100);
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const name of known) {
    const distance = editDistance(wanted, name.toLowerCase());
    if (best === undefined || distance < best.distance) best = { name, distance };
  }
  if (best !== undefined && best.distance <= Math.max(1, Math.floor(best.name.length / 3))) return best.name;
  if (wanted.length < 3) return undefined;
  return known.find((name) => name.toLowerCase().startsWith(wanted) || wanted.startsWith(name.toLowerCase()));
}

/** Optimal string alignment distance: https://en.wikipedia.org/wiki/Damerau%E2%80%93Levenshtein_distance */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + change);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
