// Changes to an image layout. Each writes index.json in one step and only then takes files away, so that a run which ends in between
// leaves files too many, never one too few.

import { RegistryError } from '../errors.ts';
import { type Digest, isDigest, type Tag } from '../model/reference.ts';
import { assertDigest, digestOf } from './check-digest.ts';
import { decodeManifest } from './decode-manifest.ts';
import {
  deleteLayoutBlob,
  type LayoutEntry,
  type LayoutIndex,
  readLayoutIndex,
  sizeOfLayoutBlob,
  writeLayoutBlob,
  writeLayoutIndex,
} from './layout-files.ts';
import {
  findGarbage,
  inspectManifest,
  type LayoutManifest,
  type LayoutManifestCache,
  needsOf,
  reachManifests,
} from './layout-graph.ts';
import { tagsOfEntries, withTag } from './layout-tags.ts';
import { viewIndex } from './layout-view.ts';
import type { DeleteAnswer, ManifestBytes, PutAnswer } from './port.ts';

/** A layout that is being changed; by one change at a time. */
export interface LayoutPlace {
  readonly directory: string;
  readonly cache: LayoutManifestCache;
}

/**
 * Takes a manifest with all its tags out of the layout, then the blobs that no remaining manifest holds. Children that nothing else
 * reaches stay, listed without a tag, as they would on a registry. Refused while something that stays holds it. A digest that is no manifest's is not touched.
 */
export async function deleteLayoutManifest(place: LayoutPlace, digest: Digest): Promise<DeleteAnswer> {
  const { directory, cache } = place;
  const index = await readLayoutIndex(directory);
  const listed = viewIndex(index).roots.get(digest);
  const manifest = await inspectManifest(directory, listed ?? { digest }, cache);
  if (manifest === 'absent' && listed === undefined) return { kind: 'already-gone' };
  const rest = { ...index, manifests: index.manifests.filter((entry) => entry.digest !== digest) };
  const remaining = await reachManifests(directory, viewIndex(rest).roots.values(), cache);
  const holder = findHolder(remaining, digest);
  if (holder !== undefined) return { kind: 'refused', why: `${holder}, which stays, holds it` };
  const orphans = manifest === 'absent' ? [] : await findOrphans(place, manifest, remaining);
  for (const [child, needs] of await reachManifests(directory, orphans, cache)) remaining.set(child, needs);
  await writeLayoutIndex(directory, { ...rest, manifests: [...rest.manifests, ...orphans] });
  cache.delete(digest);
  await deleteLayoutBlob(directory, digest);
  const garbage = manifest === 'absent' ? [] : findGarbage(manifest.blobs, remaining);
  for (const blob of garbage) await deleteLayoutBlob(directory, blob);
  return { kind: 'deleted' };
}

/** Takes one tag away. A manifest that nothing else lists then stays, listed without a tag. */
export async function deleteLayoutTag(place: LayoutPlace, tag: Tag, digest: Digest): Promise<DeleteAnswer> {
  const { directory } = place;
  const index = await readLayoutIndex(directory);
  const target = viewIndex(index).tags.get(tag)?.digest;
  if (target === undefined) return { kind: 'already-gone' };
  if (target !== digest) return { kind: 'refused', why: `the tag ${tag} points at ${target} now` };
  await writeLayoutIndex(directory, await withoutTag(place, index, tag));
  return { kind: 'deleted' };
}

/**
 * Puts a manifest in, under a tag (which leaves the manifest that it was on) or under none.
 * @throws RegistryError REGISTRY_REFUSED when a blob or child that it needs is not there.
 */
export async function putLayoutManifest(
  place: LayoutPlace,
  manifest: ManifestBytes,
  at: Digest | Tag,
): Promise<PutAnswer> {
  const { directory } = place;
  const { mediaType, bytes } = manifest;
  const digest = isDigest(at) ? at : digestOf(bytes);
  assertDigest(bytes, digest, `The manifest to put at ${at}`);
  await assertNeeds(directory, digest, needsOf({ kind: 'whole', digest, declaredType: mediaType, bytes }));
  const index = await readLayoutIndex(directory);
  const rest = isDigest(at) ? index : await withoutTag(place, index, at);
  const entry: LayoutEntry = { mediaType, digest, size: bytes.byteLength };
  const isListed = rest.manifests.some((listed) => listed.digest === digest);
  const added = isDigest(at) ? (isListed ? [] : [entry]) : [withTag(entry, at)];
  await writeLayoutBlob(directory, digest, bytes);
  await writeLayoutIndex(directory, { ...rest, manifests: [...dropUntagged(rest, digest, added), ...added] });
  // Every reading goes through all that is listed, with and without a tag.
  return { isIndexed: decodeManifest(bytes, mediaType).subject !== undefined };
}

/** A manifest that needs the digest, as a child or (against all custom) as a blob. */
function findHolder(remaining: ReadonlyMap<Digest, LayoutManifest>, digest: Digest): Digest | undefined {
  for (const [holder, { children, blobs }] of remaining)
    if (blobs.includes(digest) || children.some((child) => child.digest === digest)) return holder;
  return undefined;
}

/** Children of a manifest that goes, which nothing that stays reaches, as entries without a tag. */
async function findOrphans(
  place: LayoutPlace,
  manifest: LayoutManifest,
  remaining: ReadonlyMap<Digest, LayoutManifest>,
): Promise<readonly LayoutEntry[]> {
  const orphans = new Map<Digest, LayoutEntry>();
  for (const { digest, mediaType = '' } of manifest.children) {
    if (remaining.has(digest)) continue;
    const size = await sizeOfLayoutBlob(place.directory, digest);
    if (size !== 'absent') orphans.set(digest, { mediaType, digest, size });
  }
  return [...orphans.values()];
}

async function withoutTag(place: LayoutPlace, index: LayoutIndex, tag: Tag): Promise<LayoutIndex> {
  const tags = tagsOfEntries(index);
  const taken = index.manifests.find((_entry, at) => tags[at] === tag);
  if (taken === undefined) return index;
  const rest = { ...index, manifests: index.manifests.filter((_entry, at) => tags[at] !== tag) };
  const reached = await reachManifests(place.directory, viewIndex(rest).roots.values(), place.cache);
  if (reached.has(taken.digest)) return rest;
  return { ...rest, manifests: [...rest.manifests, withTag(taken, undefined)] };
}

/** An entry without a tag only keeps a manifest listed; beside an entry with one it says nothing. */
function dropUntagged(index: LayoutIndex, digest: Digest, added: readonly LayoutEntry[]): readonly LayoutEntry[] {
  if (added.length === 0) return index.manifests;
  const tags = tagsOfEntries(index);
  return index.manifests.filter((entry, at) => entry.digest !== digest || tags[at] !== undefined);
}

async function assertNeeds(directory: string, digest: Digest, manifest: LayoutManifest): Promise<void> {
  for (const needed of [...manifest.blobs, ...manifest.children.map((child) => child.digest)]) {
    if ((await sizeOfLayoutBlob(directory, needed)) !== 'absent') continue;
    throw new RegistryError(`The layout ${directory} cannot take ${digest}: the blob ${needed} is not there.`, {
      code: 'REGISTRY_REFUSED',
      hint: 'A layout frees the blobs of what is deleted, so it cannot be put back without them.',
    });
  }
}
