// Which reader a list's objects are handed to.

import type { ObjectReader } from '../lists/object-reader.ts';
import { createHelmReader } from './helm-reader.ts';
import { createImageStreamReader } from './image-stream-reader.ts';
import { createPodSpecReader } from './pod-spec-reader.ts';
import type { ReadSource } from './read-source.ts';
import type { UsageCollector } from './usage-collector.ts';
import { createWalkReader } from './walk-reader.ts';

/** A reader that has read nothing yet, for the objects of the source's kind. */
export function openReader(source: ReadSource): ObjectReader<UsageCollector> {
  switch (source.kind.reading.by) {
    case 'pod-spec':
      return createPodSpecReader(source);
    case 'walk':
      return createWalkReader(source);
    case 'helm-release':
      return createHelmReader(source);
    case 'image-stream':
      return createImageStreamReader(source);
  }
}
