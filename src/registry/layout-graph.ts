// What the manifests of a layout need: which of them its index reaches, and which blobs those hold.

import type { Digest } from '../model/reference.ts';
import { assertDigest } from './check-digest.ts';
import { decodeManifest, guessManifestType } from './decode-manifest.ts';
import { readLayoutBlob } from './layout-files.ts';
import type { FoundManifest, NamedDigest } from './manifest-source.ts';
import { MAX_MANIFEST_BYTES } from './media-types.ts';

/** What one manifest needs. */
export interface LayoutManifest {
  /** The type under which it was listed; undefined when it gave it itself. */
  readonly mediaType: string | undefined;
  readonly children: readonly (NamedDigest & { readonly sizeBytes: number })[];
  /** Config, layers, cache blobs. */
  readonly blobs: readonly Digest[];
  /** It is there, and may need more than is known. */
  readonly isOpaque: boolean;
}

/** Manifests that were read; content addresses never change their content, so it is kept for the adapter's life. */
export type LayoutManifestCache = Map<Digest, LayoutManifest>;

/**
 * A manifest's bytes from the blobs. One that nothing declares counts as a manifest only when its bytes look like one: a config or a
 * layer is no manifest, although a layout keeps all of them in one folder.
 * @throws ProtocolError DIGEST_MISMATCH when the file's content is not what its name says.
 */
export async function readLayoutManifest(directory: string, named: NamedDigest): Promise<FoundManifest | 'absent'> {
  const { digest, mediaType } = named;
  const bytes = await readLayoutBlob(directory, digest, MAX_MANIFEST_BYTES);
  if (bytes === 'absent') return 'absent';
  if (bytes === 'too-large')
    return { kind: 'oversized', digest, declaredType: mediaType, sizeBytes: MAX_MANIFEST_BYTES };
  assertDigest(bytes, digest, `The blob ${digest} in ${directory}`);
  const declaredType = mediaType ?? guessManifestType(bytes);
  return declaredType === undefined ? 'absent' : { kind: 'whole', digest, declaredType, bytes };
}

/** Everything that the index reaches through children, at any depth; listed digests whose blob is missing are left out. */
export async function reachManifests(
  directory: string,
  roots: Iterable<NamedDigest>,
  cache: LayoutManifestCache,
): Promise<Map<Digest, LayoutManifest>> {
  const reached = new Map<Digest, LayoutManifest>();
  const seen = new Set<Digest>();
  const queue = [...roots];
  for (let named = queue.pop(); named !== undefined; named = queue.pop()) {
    if (seen.has(named.digest)) continue;
    seen.add(named.digest);
    const manifest = await inspectManifest(directory, named, cache);
    if (manifest === 'absent') continue;
    reached.set(named.digest, manifest);
    queue.push(...manifest.children);
  }
  return reached;
}

/** What one manifest needs, from the cache or from its bytes. */
export async function inspectManifest(
  directory: string,
  named: NamedDigest,
  cache: LayoutManifestCache,
): Promise<LayoutManifest | 'absent'> {
  const known = cache.get(named.digest);
  if (known !== undefined) return known;
  const found = await readLayoutManifest(directory, named);
  if (found === 'absent') return 'absent';
  const manifest = needsOf(found);
  cache.set(named.digest, manifest);
  return manifest;
}

/**
 * Of the blobs that a deleted manifest held, those that no remaining one holds. None at all while a manifest remains that cannot be
 * understood: it may hold any of them.
 */
export function findGarbage(
  blobs: readonly Digest[],
  remaining: ReadonlyMap<Digest, LayoutManifest>,
): readonly Digest[] {
  const needed = new Set<Digest>(remaining.keys());
  for (const manifest of remaining.values()) {
    if (manifest.isOpaque) return [];
    for (const blob of manifest.blobs) needed.add(blob);
  }
  return [...new Set(blobs)].filter((blob) => !needed.has(blob));
}

/** What a manifest needs, from its bytes. */
export function needsOf(found: FoundManifest): LayoutManifest {
  const mediaType = found.declaredType;
  const unknown: LayoutManifest = { mediaType, children: [], blobs: [], isOpaque: true };
  if (found.kind === 'oversized') return unknown;
  const { content } = decodeManifest(found.bytes, mediaType);
  if (content.kind === 'opaque') return unknown;
  const blobs = content.kind === 'image' ? [content.config, ...content.layers] : content.blobs;
  const children = content.kind === 'image' ? [] : content.children;
  return { mediaType, children, blobs: blobs.map(({ digest }) => digest), isOpaque: false };
}
