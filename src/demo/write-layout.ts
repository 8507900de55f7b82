// Builds an OCI image layout in memory and writes it. Every size and digest is taken from the bytes themselves.
// Source: https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md

import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Json } from '../errors.ts';
import { type Digest, parseDigest } from '../model/reference.ts';

/** Media types that the demo writes. */
export const MEDIA = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  empty: 'application/vnd.oci.empty.v1+json',
} as const;

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly platform?: { readonly os: string; readonly architecture: string };
  readonly annotations?: { readonly [key: string]: string };
}

/** A layout that is being built. Only the functions of this file change it. */
export interface LayoutDraft {
  readonly blobs: Map<Digest, Uint8Array>;
  /** Layers by name, so that what many images share is compressed only once. */
  readonly layers: Map<string, { readonly descriptor: Descriptor; readonly diffId: string }>;
  /** What `index.json` will list. */
  readonly entries: Descriptor[];
}

/** A layout without anything in it. */
export function emptyLayout(): LayoutDraft {
  return { blobs: new Map(), layers: new Map(), entries: [] };
}

/** Adds content and returns its descriptor; the same bytes twice are one blob. */
export function addBlob(layout: LayoutDraft, mediaType: string, bytes: Uint8Array): Descriptor {
  const digest = parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
  layout.blobs.set(digest, bytes);
  return { mediaType, digest, size: bytes.length };
}

/** Adds a JSON document: a configuration, a manifest, an index. */
export function addJson(layout: LayoutDraft, mediaType: string, value: Json): Descriptor {
  return addBlob(layout, mediaType, Buffer.from(JSON.stringify(value)));
}

/** Lists a manifest in `index.json`: once for each tag, or once without a name when it has no tag. */
export function addEntry(layout: LayoutDraft, descriptor: Descriptor, tags: readonly string[]): void {
  if (tags.length === 0) layout.entries.push(descriptor);
  for (const tag of tags)
    layout.entries.push({ ...descriptor, annotations: { 'org.opencontainers.image.ref.name': tag } });
}

/** A descriptor as it stands in JSON. */
export function describeAsJson(descriptor: Descriptor): { readonly [key: string]: Json } {
  const { mediaType, digest, size, platform, annotations } = descriptor;
  return {
    mediaType,
    digest,
    size,
    ...(platform === undefined ? {} : { platform: { os: platform.os, architecture: platform.architecture } }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

/** Writes `oci-layout`, `index.json` and all blobs into the directory, which it makes. Errors are those of the file system. */
export async function writeLayout(directory: string, layout: LayoutDraft): Promise<void> {
  const blobDirectory = join(directory, 'blobs', 'sha256');
  await mkdir(blobDirectory, { recursive: true });
  await writeFile(join(directory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  for (const [digest, bytes] of layout.blobs)
    await writeFile(join(blobDirectory, digest.slice('sha256:'.length)), bytes);
  const index = { schemaVersion: 2, mediaType: MEDIA.index, manifests: layout.entries.map(describeAsJson) };
  await writeFile(join(directory, 'index.json'), JSON.stringify(index, undefined, 2));
}
