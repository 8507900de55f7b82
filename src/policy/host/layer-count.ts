// Which bytes become free when images go one after another: a layer goes with the last image that has it.

import type { LocalImage } from '../../model/local-store.ts';

/** How many images still have each layer. */
export interface LayerCount {
  /** Takes an image away: the bytes that nobody else has. 0 where the engine does not tell its layers: a guess must not be too high. */
  take(image: LocalImage): number;
  /** Whether somebody has every layer of the image. False where the engine does not tell its layers. */
  hasAllOf(image: LocalImage): boolean;
}

/** Counts the layers of these images. What is taken is taken once. */
export function countLayers(images: Iterable<LocalImage>): LayerCount {
  const users = new Map<string, number>();
  for (const image of images) for (const chain of layersOf(image).keys()) users.set(chain, (users.get(chain) ?? 0) + 1);
  return {
    take: (image) => {
      let freed = 0;
      for (const [chain, sizeBytes] of layersOf(image)) {
        const left = (users.get(chain) ?? 0) - 1;
        users.set(chain, left);
        if (left === 0) freed += sizeBytes;
      }
      return freed;
    },
    hasAllOf: (image) =>
      image.layers !== undefined && [...layersOf(image).keys()].every((chain) => (users.get(chain) ?? 0) > 0),
  };
}

function layersOf({ layers = [] }: LocalImage): ReadonlyMap<string, number> {
  return new Map(layers.map(({ chain, sizeBytes }) => [chain, sizeBytes]));
}
