// Several pieces of work under way at once, begun in their order. Knows nothing of what they do.

/** When the next piece may begin. Both are asked again whenever one has ended. */
export interface Limits<Item> {
  /** How many may be under way, 1 or more. */
  readonly limit: () => number;
  /** Whether an item must wait for one of those under way. */
  readonly mustWait: (item: Item, underWay: Iterable<Item>) => boolean;
}

/**
 * Results in the order of the items. An item begins only after all before it have begun, so at any moment what has begun is a prefix
 * of the list. `work` must not reject.
 */
export async function beginInOrder<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
  { limit, mustWait }: Limits<Item>,
): Promise<readonly Result[]> {
  const underWay = new Map<Item, Promise<Result>>();
  const results: Promise<Result>[] = [];
  for (const item of items) {
    while (underWay.size > 0 && (underWay.size >= limit() || mustWait(item, underWay.keys())))
      await Promise.race(underWay.values());
    const result = work(item).finally(() => underWay.delete(item));
    underWay.set(item, result);
    results.push(result);
  }
  return await Promise.all(results);
}
