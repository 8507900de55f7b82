// Reads the objects of a list whose kind has a pod spec.

import { describeCause, EvidenceError, InternalError } from '../../errors.ts';
import type { Workload } from '../../model/usage.ts';
import { isPodSpecKind } from '../kinds/resource-kind.ts';
import { type JsonBytes, jsonBytes } from '../lists/json-bytes.ts';
import { GIVEN_UP } from '../lists/json-shape.ts';
import type { ObjectReader } from '../lists/object-reader.ts';
import { collectImages, type ObjectSource } from './collect-images.ts';
import { isLongFinished } from './long-finished.ts';
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
  const readAt = (json: JsonBytes, from: number): number => {
    // Whether it is over stands in parts of a Job that are not walked through.
    const end = kind.kind === 'Job' ? GIVEN_UP : walker.walk(json, from);
    if (end > 0) addFound(collector, walker.found, source);
    return end;
  };
  return {
    readAt,
    read(item) {
      if (readAt(jsonBytes(item), 0) === item.length) return;
      const object = parseObject(item, source);
      const found = collectImages(object, objectSource);
      if (!isLongFinished(object, source)) for (const image of found) collector.add(image);
    },
    finish: () => collector,
  };
}

function addFound(collector: UsageCollector, found: PodSpecWalk, source: ReadSource): void {
  const object = {
    context: source.context,
    ...(found.namespace === '' ? {} : { namespace: found.namespace }),
    kind: source.kind.kind,
    name: found.name,
  };
  const workloads: Workload[] = [];
  for (const [index, text] of found.texts.entries()) {
    const container = found.containers[index];
    let workload = workloads.find((known) => known.container === container);
    if (workload === undefined) {
      workload = container === undefined ? object : { ...object, container };
      workloads.push(workload);
    }
    collector.add({ text, workload });
  }
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
