// Reads every image of an engine, whichever engine it is. An image that goes meanwhile is left out only when a second list has it no more.

import type { ImageId, LocalImage } from '../model/local-store.ts';
import { mapConcurrently } from '../util/map-concurrently.ts';
import type { EngineConnection } from './connection.ts';
import { explainNonsense } from './explain-engine.ts';

/** How one engine tells its images. */
export interface ImageSource<Listed extends { readonly id: ImageId }> {
  /** All images, the intermediate ones too. One may come twice. */
  list(): Promise<readonly Listed[]>;
  /** One of the list in full; undefined when the engine says that it is gone. */
  read(listed: Listed): Promise<LocalImage | undefined>;
}

/** Engines lock their store while they answer: more at a time is not faster. */
const PARALLEL_READS = 6;

/** All images. @throws EvidenceError EVIDENCE_ENGINE when one is listed and cannot be read. */
export async function readImages<Listed extends { readonly id: ImageId }>(
  { address }: EngineConnection,
  source: ImageSource<Listed>,
): Promise<ReadonlyMap<ImageId, LocalImage>> {
  const listed = new Map((await source.list()).map((image) => [image.id, image]));
  const images = new Map<ImageId, LocalImage>();
  const missing = new Set<ImageId>();
  await mapConcurrently([...listed.values()], PARALLEL_READS, async (one) => {
    const image = await source.read(one);
    if (image === undefined) missing.add(one.id);
    else images.set(one.id, image);
  });
  if (missing.size === 0) return images;
  const again = (await source.list()).find(({ id }) => missing.has(id));
  if (again === undefined) return images;
  throw explainNonsense(
    { address, purpose: 'read an image' },
    `it lists the image ${again.id}, and says that there is none`,
  );
}
