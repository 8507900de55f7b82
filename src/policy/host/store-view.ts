// A store as a graph: which image needs which other one to be there, and what an image is called. Nobody uses what is not in it.

import type { ImageId, LocalContainer, LocalImage, LocalStore } from '../../model/local-store.ts';
import { effectiveTag, formatImageReference, parseImageReference } from '../../model/reference.ts';
import { appendTo } from '../../util/append-to.ts';
import { compareText } from '../../util/compare-text.ts';

/** Why an image cannot go before another one. */
export interface Dependent {
  readonly id: ImageId;
  readonly how: 'ancestor' | 'list';
}

/** A store, ready to be asked. */
export interface StoreView {
  /** By id. */
  readonly images: readonly LocalImage[];
  readonly byId: ReadonlyMap<ImageId, LocalImage>;
  /** By id. */
  readonly containers: readonly LocalContainer[];
  /** What was made from the image, and what lists it. */
  dependentsOf(id: ImageId): readonly Dependent[];
  /** Every image that a text may mean: a name with or without its tag or host, a digest, an id or the beginning of one. */
  findImages(text: string): readonly ImageId[];
}

/** The beginning of an id that engines show for it has 12 digits; shorter ones are too likely to be names. */
const ID_BEGINNING = /^(?:sha256:)?([0-9a-f]{12,64})$/;

/** The view of a store. */
export function viewStore(store: LocalStore): StoreView {
  const images = [...store.images.values()].sort((a, b) => compareText(a.id, b.id));
  const containers = [...store.containers].sort((a, b) => compareText(a.id, b.id));
  const dependents = collectDependents(images, store.images);
  const byName = indexNames(images);
  return {
    images,
    containers,
    byId: store.images,
    dependentsOf: (id) => dependents.get(id) ?? [],
    findImages: (text) => [...new Set([...(byName.get(spellName(text)) ?? []), ...findById(text, images)])],
  };
}

function collectDependents(
  images: readonly LocalImage[],
  byId: ReadonlyMap<ImageId, LocalImage>,
): ReadonlyMap<ImageId, readonly Dependent[]> {
  const dependents = new Map<ImageId, Dependent[]>();
  const add = (id: ImageId, dependent: Dependent): void => {
    if (id !== dependent.id) appendTo(dependents, id, dependent);
  };
  for (const { id, parent } of images)
    if (parent !== undefined && byId.has(parent)) add(parent, { id, how: 'ancestor' });
  for (const list of images.filter(({ isList }) => isList))
    for (const child of listedBy(list, images, byId)) add(child, { id: list.id, how: 'list' });
  return dependents;
}

/**
 * What a list lists. Where it lists something that nobody recognises, that may be any image that has neither name nor digest; but no list,
 * and nothing that was made from this one: what a list lists was there before it.
 */
function listedBy(
  { id, lists = [] }: LocalImage,
  images: readonly LocalImage[],
  byId: ReadonlyMap<ImageId, LocalImage>,
): readonly ImageId[] {
  const found = lists.map((digest) => images.filter((image) => isCalled(image, digest)).map((image) => image.id));
  if (found.every((ids) => ids.length > 0)) return [...new Set(found.flat())];
  const unnamed = images.filter(
    (image) => image.names.length + image.digests.length === 0 && !image.isList && !isMadeFrom(image, id, byId),
  );
  return [...new Set([...found.flat(), ...unnamed.map((image) => image.id)])];
}

function isMadeFrom({ parent }: LocalImage, id: ImageId, byId: ReadonlyMap<ImageId, LocalImage>): boolean {
  const seen = new Set<ImageId>();
  for (let at = parent; at !== undefined && !seen.has(at); at = byId.get(at)?.parent) {
    if (at === id) return true;
    seen.add(at);
  }
  return false;
}

function isCalled({ id, digests }: LocalImage, digest: string): boolean {
  return id === digest || digests.some((known) => known.endsWith(`@${digest}`));
}

function indexNames(images: readonly LocalImage[]): ReadonlyMap<string, readonly ImageId[]> {
  const byName = new Map<string, ImageId[]>();
  for (const { id, names, digests } of images)
    for (const name of [...names, ...digests]) appendTo(byName, spellName(name), id);
  return byName;
}

function findById(text: string, images: readonly LocalImage[]): readonly ImageId[] {
  const digits = ID_BEGINNING.exec(text)?.[1];
  if (digits === undefined) return [];
  return images.filter((image) => image.id.replace(/^sha256:/, '').startsWith(digits)).map(({ id }) => id);
}

/** One spelling for all that an engine may write for the same name; what is no reference stays as it is. */
function spellName(text: string): string {
  try {
    const reference = parseImageReference(text);
    if (reference.digest !== undefined)
      return formatImageReference({ repository: reference.repository, digest: reference.digest });
    const tag = effectiveTag(reference);
    return formatImageReference({ repository: reference.repository, ...(tag === undefined ? {} : { tag }) });
  } catch {
    // Names of containers' images are anybody's text; one that no engine could resolve is no name of an image here.
    return text;
  }
}
