// An OCI layout as the bytes on disk tell it, read without any code of ours.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface RawDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: { readonly [key: string]: string };
}

interface RawManifest {
  readonly mediaType?: string;
  readonly manifests?: readonly RawDescriptor[];
  readonly config?: RawDescriptor;
  readonly layers?: readonly RawDescriptor[];
  readonly subject?: RawDescriptor;
}

/** What a layout holds now. */
export interface LayoutOnDisk {
  readonly entries: readonly RawDescriptor[];
  readonly tags: ReadonlyMap<string, string>;
  /** Every blob by digest, the digest computed from the bytes. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
  /** Every manifest that the entries reach and that is there. */
  readonly manifests: ReadonlyMap<string, RawManifest>;
  /** Every descriptor that the entries reach, itself or through a manifest that is there. */
  readonly reached: readonly RawDescriptor[];
}

export function readLayoutOnDisk(directory: string): LayoutOnDisk {
  const blobDirectory = join(directory, 'blobs', 'sha256');
  const blobs = new Map<string, Uint8Array>();
  for (const name of readdirSync(blobDirectory)) {
    const bytes = readFileSync(join(blobDirectory, name));
    blobs.set(`sha256:${createHash('sha256').update(bytes).digest('hex')}`, bytes);
  }
  const { manifests: entries } = parse(readFileSync(join(directory, 'index.json'))) as { manifests: RawDescriptor[] };
  const manifests = new Map<string, RawManifest>();
  const reached: RawDescriptor[] = [];
  const queue = [...entries];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    reached.push(next);
    const bytes = blobs.get(next.digest);
    if (bytes === undefined || !isManifest(next.mediaType) || manifests.has(next.digest)) continue;
    const manifest = parse(bytes) as RawManifest;
    manifests.set(next.digest, manifest);
    queue.push(...(manifest.manifests ?? []), ...(manifest.layers ?? []));
    if (manifest.config !== undefined) queue.push(manifest.config);
  }
  const tags = entries.flatMap((entry): [string, string][] => {
    const tag = entry.annotations?.['org.opencontainers.image.ref.name'];
    return tag === undefined ? [] : [[tag, entry.digest]];
  });
  return { entries, tags: new Map(tags), blobs, manifests, reached };
}

/** Descriptors that the entries reach and whose bytes are missing or differ in size. */
export function findDamage(layout: LayoutOnDisk): readonly RawDescriptor[] {
  return layout.reached.filter((descriptor) => layout.blobs.get(descriptor.digest)?.length !== descriptor.size);
}

export function parse(bytes: Uint8Array): unknown {
  return JSON.parse(Buffer.from(bytes).toString('utf8'));
}

function isManifest(mediaType: string): boolean {
  return /\.(?:manifest|index)\.v1\+json$/.test(mediaType);
}
