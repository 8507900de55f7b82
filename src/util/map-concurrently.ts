// Bounded parallel work over a list.

import PQueue from 'p-queue';

/**
 * Results in the order of the items, with at most `limit` calls under way. The first failure rejects; calls that have not
 * begun by then are not made.
 */
export async function mapConcurrently<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const queue = new PQueue({ concurrency: limit });
  try {
    return await queue.addAll(items.map((item) => () => work(item)));
  } catch (error) {
    queue.clear();
    throw error;
  }
}
