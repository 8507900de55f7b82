// Reads the objects of a list whose kind has a pod spec.

import { describeCause, EvidenceError, InternalError } from '../../errors.ts';
import { isPodSpecKind } from '../kinds/resource-kind.ts';
import type { ObjectReader } from '../lists/object-reader.ts';
import { collectImages, type ObjectSource } from './collect-images.ts';
import { isLongFinished } from './long-finished.ts';
import type { ReadSource } from './read-source.ts';
import { createUsageCollector, type UsageCollector } from './usage-collector.ts';

/** A reader of objects with a pod spec. The caller guarantees that the kind is one. */
export function createPodSpecReader(source: ReadSource): ObjectReader<UsageCollector> {
  const { kind, context } = source;
  if (!isPodSpecKind(kind))
    throw new InternalError(`The kind ${kind.kind} has no pod spec.`, { code: 'INTERNAL', details: { context } });
  const objectSource: ObjectSource = { kind, context, from: 'cluster' };
  const collector = createUsageCollector();
  return {
    read: (item) => {
      const object = parseObject(item, source);
      const found = collectImages(object, objectSource);
      if (!isLongFinished(object, source)) for (const image of found) collector.add(image);
    },
    finish: () => collector,
  };
}

function parseObject(item: Uint8Array, { kind, context }: ReadSource): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(item));
  } catch (error) {
    throw new EvidenceError(
      `A ${kind.kind} in context ${JSON.stringify(context)} is not JSON (${describeCause(error).slice(0, 100)}).`,
      {
        code: 'EVIDENCE_KUBERNETES',
        hint: "Its images cannot be known, so nothing is deleted. See what answers at the server's address.",
        details: { context, kind: kind.kind },
      },
    );
  }
}
