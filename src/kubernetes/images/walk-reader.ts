// Reads the objects of a list whose kind is walked.

import { InternalError } from '../../errors.ts';
import { isWalkKind } from '../kinds/resource-kind.ts';
import type { ObjectReader } from '../lists/object-reader.ts';
import { parseItem } from './parse-item.ts';
import type { ReadSource } from './read-source.ts';
import { createUsageCollector, type UsageCollector } from './usage-collector.ts';
import { createObjectWalk } from './walk-object.ts';

/** A reader of objects of a kind that is walked. The caller guarantees that it is. */
export function createWalkReader(source: ReadSource): ObjectReader<UsageCollector> {
  const { kind, context } = source;
  if (!isWalkKind(kind))
    throw new InternalError(`The kind ${kind.kind} is not walked.`, { code: 'INTERNAL', details: { context } });
  const collector = createUsageCollector();
  const walk = createObjectWalk({ kind, context, from: 'cluster' });
  return {
    read: (item) => {
      for (const image of walk(parseItem(item, source))) collector.add(image);
    },
    finish: () => collector,
  };
}
