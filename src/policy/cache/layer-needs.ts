// BuildKit's and Kaniko's cache says nothing of the images that were made with it: the layers that both have do.

import type { Digest } from '../../model/reference.ts';
import { appendTo } from '../../util/append-to.ts';
import type { BuiltImage, Need, Needing } from './built-images.ts';
import { layersIn } from './cache-layers.ts';

/** Caches by each of their layers. */
type CachesByLayer = ReadonlyMap<Digest, readonly Digest[]>;

/** Caches by each of their layers that hold a file. */
export function indexByLayer(caches: readonly BuiltImage[]): CachesByLayer {
  const byLayer = new Map<Digest, Digest[]>();
  for (const { digest, content } of caches)
    for (const layer of layersIn(content) ?? []) appendTo(byLayer, layer, digest);
  return byLayer;
}

/** Each of Kaniko's caches is one layer: needed by every image that has it. */
export function findKanikoNeeds(caches: CachesByLayer, staying: readonly Needing[]): readonly Need[] {
  return staying.flatMap((by) => {
    const found = new Set([...(layersIn(by.content) ?? [])].flatMap((layer) => caches.get(layer) ?? []));
    return [...found].map((cache) => ({ cache, by, how: 'its layer is one of that' }));
  });
}

/**
 * Of all caches of BuildKit's, each image needs the one that holds the most of its layers, and every other that holds as many. One holds layers of
 * images without being theirs: those of the base that all were built on.
 */
export function findBestCaches(caches: CachesByLayer, staying: readonly Needing[]): readonly Need[] {
  return staying.flatMap((by) => {
    const held = new Map<Digest, number>();
    const layers = layersIn(by.content) ?? new Set();
    for (const layer of layers)
      for (const cache of caches.get(layer) ?? []) held.set(cache, (held.get(cache) ?? 0) + 1);
    const most = Math.max(0, ...held.values());
    const best = [...held].filter(([, count]) => count === most);
    return best.map(([cache]) => ({ cache, by, how: `it holds ${most} of ${layers.size} layers` }));
  });
}
