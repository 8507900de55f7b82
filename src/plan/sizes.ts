// What nodes weigh, and what a plan would free.

import type { Digest } from '../model/reference.ts';
import type { ImageNode } from '../model/snapshot.ts';

/** The blobs of one node with their sizes: its manifest, config, layers and cache entries, each digest once. */
function blobsOf(node: ImageNode): ReadonlyMap<Digest, number> {
  const blobs = new Map<Digest, number>([[node.digest, node.sizeBytes]]);
  const { content } = node;
  if (content.kind === 'image') {
    blobs.set(content.config.digest, content.config.sizeBytes);
    for (const layer of content.layers) if (isStoredHere(layer.mediaType)) blobs.set(layer.digest, layer.sizeBytes);
  }
  if (content.kind === 'index') for (const blob of content.blobs) blobs.set(blob.digest, blob.sizeBytes);
  return blobs;
}

/** Bytes of one node's blobs, shared or not. */
export function sizeOf(node: ImageNode): number {
  return sum(blobsOf(node).values());
}

/**
 * Bytes of blobs that only deleted nodes have. An upper bound of what the registry frees: other repositories may share
 * blobs, and an opaque node that stays may need some that we do not see.
 */
export function reclaimableBytes(deleted: Iterable<ImageNode>, kept: Iterable<ImageNode>): number {
  const free = new Map<Digest, number>();
  for (const node of deleted) for (const [digest, size] of blobsOf(node)) free.set(digest, size);
  for (const node of kept) for (const digest of blobsOf(node).keys()) free.delete(digest);
  return sum(free.values());
}

/** Foreign layers are not in the registry: https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md */
function isStoredHere(mediaType: string): boolean {
  return !/foreign|nondistributable/.test(mediaType);
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
