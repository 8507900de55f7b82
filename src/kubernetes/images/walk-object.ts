// The images of an object whose kind is walked: what looks like one anywhere, and what stands where images are known to stand. Pure.

import { JSONPathEnvironment, JSONPathError, type JSONPathQuery, type JSONValue } from 'json-p3';
import { isOpenText } from '../../model/open-text.ts';
import type { Workload } from '../../model/usage.ts';
import type { WalkKind } from '../kinds/resource-kind.ts';
import { fillImages } from './fill-images.ts';
import { findWeakImages } from './find-weak-images.ts';
import { type FoundImage, weakImage } from './found-image.ts';
import { type KindSource, workloadOf, wrongShape } from './object-source.ts';

/** Finds the images of one object. @throws EvidenceError for an object that cannot be understood. */
export type ObjectWalk = (object: unknown) => readonly FoundImage[];

/** Deeper than any object that the API server takes (it refuses more than 10,000 levels of JSON, and etcd more than 1.5 MB). */
const MAX_DEPTH = 1000;

/**
 * How the objects of a kind are walked. A text at a path must be an image, whatever it looks like, unless it is written to be filled in;
 * null, and a path that leads nowhere, names nothing.
 * The answer throws EVIDENCE_KUBERNETES or EVIDENCE_FILE when something else than texts stands at a path, and for an object without name.
 */
export function createObjectWalk(source: KindSource<Pick<WalkKind, 'kind' | 'reading'>>): ObjectWalk {
  const { paths, anyText = false } = source.kind.reading;
  const environment = new JSONPathEnvironment({ maxRecursionDepth: MAX_DEPTH });
  const queries = paths.map((path) => ({ path, query: environment.compile(path) }));
  return (object) => {
    const workload = workloadOf(object, source);
    const found = [...findWeakImages(object, workload, { anyText })];
    const atPaths: string[] = [];
    for (const { path, query } of queries)
      for (const value of valuesAt(query, object, (why) => wrongShape(source, workload, `${path}: ${why}`))) {
        atPaths.push(...[value].flat().filter((text) => typeof text === 'string'));
        found.push(
          ...imagesAt(value, workload, () =>
            wrongShape(
              source,
              workload,
              `the path ${path} leads to something that is no text (is it one of kubernetes.resources in the policy file? Correct it there)`,
            ),
          ),
        );
      }
    const filled = anyText ? fillImages(object, workload, atPaths) : [];
    // What is filled in says more than the same text by itself.
    return [...found.filter(({ text }) => filled.every((image) => image.text !== text)), ...filled];
  };
}

function valuesAt(query: JSONPathQuery, object: unknown, wrong: (why: string) => Error): readonly unknown[] {
  try {
    return query.query(object as JSONValue).values();
  } catch (error) {
    // Nested too deeply.
    if (error instanceof JSONPathError) throw wrong(error.message);
    throw error;
  }
}

function imagesAt(value: unknown, workload: Workload, wrong: () => Error): readonly FoundImage[] {
  if (value === null) return [];
  if (typeof value === 'string') return isOpenText(value) ? weakImage(value, workload) : [{ text: value, workload }];
  if (!Array.isArray(value)) throw wrong();
  return value.flatMap((text: unknown) => {
    if (typeof text !== 'string') throw wrong();
    return imagesAt(text, workload, wrong);
  });
}
