// Reads the objects of a list whose kind is walked.

import type { ObjectReader } from '../lists/object-reader.ts';
import { parseItem } from './parse-item.ts';
import type { ReadSource } from './read-source.ts';
import { createUsageCollector, type UsageCollector } from './usage-collector.ts';
import { createObjectWalk, type WalkKind } from './walk-object.ts';

/** A reader of objects of a kind that is walked. */
export function createWalkReader(
  source: Omit<ReadSource, 'kind'> & { readonly kind: ReadSource['kind'] & WalkKind },
): ObjectReader<UsageCollector> {
  const collector = createUsageCollector();
  const walk = createObjectWalk({ kind: source.kind, context: source.context, from: 'cluster' });
  return {
    read: (item) => {
      for (const image of walk(parseItem(item, source))) collector.add(image);
    },
    finish: () => collector,
  };
}
