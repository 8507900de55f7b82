// Reads the objects of a list whose kind has a pod spec.

import { InternalError } from '../../errors.ts';
import type { Workload } from '../../model/usage.ts';
import { isPodSpecKind } from '../kinds/resource-kind.ts';
import { type JsonBytes, jsonBytes } from '../lists/json-bytes.ts';
import { GIVEN_UP } from '../lists/json-shape.ts';
import type { ObjectReader } from '../lists/object-reader.ts';
import { collectImages, type ObjectSource } from './collect-images.ts';
import { isLongFinished } from './long-finished.ts';
import { parseItem } from './parse-item.ts';
import { createPodSpecWalker, type PodSpecWalk } from './pod-spec-walk.ts';
import type { ReadSource } from './read-source.ts';
import { createUsageCollector, type UsageCollector } from './usage-collector.ts';

/**
 * A reader of objects with a pod spec. The caller guarantees that the kind is one. Finished pods and Jobs count for nothing once they are
 * over for long.
 */
export function createPodSpecReader(source: ReadSource): ObjectReader<UsageCollector> {
  const { kind, context } = source;
  if (!isPodSpecKind(kind))
    throw new InternalError(`The kind ${kind.kind} has no pod spec.`, { code: 'INTERNAL', details: { context } });
  const objectSource: ObjectSource = { kind, context, from: 'cluster' };
  const collector = createUsageCollector();
  const walker = createPodSpecWalker(kind);
  const texts = new Map<string, string>();
  const readAt = (json: JsonBytes, from: number): number => {
    // Whether it is over stands in parts of a Job that are not walked through.
    const end = kind.kind === 'Job' ? GIVEN_UP : walker.walk(json, from);
    if (end > 0) addFound(collector, walker.found, { context, kind: kind.kind, texts });
    return end;
  };
  return {
    readAt,
    read(item) {
      if (readAt(jsonBytes(item), 0) === item.length) return;
      const object = parseItem(item, source);
      const found = collectImages(object, objectSource);
      if (!isLongFinished(object, source)) for (const image of found) collector.add(image);
    },
    finish: () => collector,
  };
}

/** Namespaces and names of containers are few, unless somebody makes them up. */
const MAX_TEXTS = 10_000;

interface Surroundings {
  readonly context: string;
  readonly kind: string;
  /** Texts that come again and again, each kept once. */
  readonly texts: Map<string, string>;
}

function addFound(collector: UsageCollector, found: PodSpecWalk, { context, kind, texts }: Surroundings): void {
  const same = (text: string): string => {
    const known = texts.get(text);
    if (known === undefined && texts.size < MAX_TEXTS) texts.set(text, text);
    return known ?? text;
  };
  const { name } = found;
  const object =
    found.namespace === '' ? { context, kind, name } : { context, namespace: same(found.namespace), kind, name };
  const workloads = new Map<string | undefined, Workload>([[undefined, object]]);
  for (let index = 0; index < found.texts.length; index++) {
    const text = found.texts[index] ?? '';
    const container = found.containers[index];
    let workload = workloads.get(container);
    if (workload === undefined) {
      workload = { ...object, ...(container === undefined ? {} : { container: same(container) }) };
      workloads.set(container, workload);
    }
    collector.add({ text, workload });
  }
}
