// How werf writes the names of images into tags, and how it shortens them to hashes. Facts: werf 2.77.1, `pkg/slug` and `pkg/storage`.

import murmurhash from 'murmurhash';

/** What werf writes for an image without a name. */
const NAMELESS = '__nameless__';
/** Docker's tags: https://github.com/distribution/reference/blob/v0.6.0/regexp.go */
const VALID_TAG = /^\w[\w.-]{0,127}$/;
const MAX_TAG = 128;
/** What a tag of this kind begins with. */
export const MANAGED_IMAGE_PREFIX = 'managed-image-';
const ASCII = /^[\0-\x7f]*$/;

/** An image's name as part of a tag: `app/web` is `app__slash__web`, and no name is `__nameless__`. Reversed by {@link unslugImageName}. */
export function slugImageName(name: string): string {
  if (name === '') return NAMELESS;
  return name.replaceAll(' ', '__space__').replaceAll('/', '__slash__').replaceAll('+', '__plus__');
}

/** The name behind a slug. One that werf had to shorten stays as it is: werf goes by that text too. */
export function unslugImageName(slug: string): string {
  const name = slug.replaceAll('__space__', ' ').replaceAll('__slash__', '/').replaceAll('__plus__', '+');
  return name === NAMELESS ? '' : name;
}

/**
 * What stands after `managed-image-` in the tag of an image's record; shortened where a tag could not hold it. Undefined for a name that
 * would have to be shortened and is not ASCII: werf writes such letters by a table of its own.
 */
export function managedImageId(name: string): string | undefined {
  const slug = slugImageName(name);
  if (VALID_TAG.test(slug)) return slug;
  return ASCII.test(slug) ? limitSlug(slug, MAX_TAG - MANAGED_IMAGE_PREFIX.length) : undefined;
}

/** The name by which werf's records go: the name itself, unless a tag cannot hold it. Undefined where {@link managedImageId} is. */
export function recordedName(name: string): string | undefined {
  const id = managedImageId(name);
  return id === undefined ? undefined : unslugImageName(id);
}

/**
 * What `meta-*` tags call an image: MurmurHash3 (x86, 32 bits, seed 0) of its {@link recordedName}, in hex without zeros in front. `image` is
 * `c8c39214`. 32 bits are few: two names may have one id.
 */
export function imageNameId(recorded: string): string {
  return murmurhash.v3(recorded, 0).toString(16);
}

/**
 * A text that already is a slug of at most `limit` characters: as it is. Any other: its slug, cut, with a hash of the whole at the end.
 * `da/ta` is `da-ta-afa96f8`. What is not ASCII is left out, other than in werf.
 */
export function limitSlug(text: string, limit = MAX_TAG): string {
  if (text === '' || (text.length <= limit && isSlug(text))) return text;
  const hash = imageNameId(text);
  const cut = slugOf(text).slice(0, limit - hash.length - 1);
  return cut === '' ? hash : `${cut}-${hash}`;
}

/** What was cut at a dash has two of them, and must not be cut again. */
function isSlug(text: string): boolean {
  if (slugOf(text) === text) return true;
  const joined = text.replace('--', '-');
  return joined !== text && !joined.includes('--') && slugOf(joined) === joined;
}

/** Lower case; separators become single dashes inside; what has no letter in a slug (quotes, `@`, `#` …) is left out. */
function slugOf(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[&(){}[\]_,.;:=+<>~/ -]/g, '-')
    .replaceAll(/[^a-z0-9-]/g, '')
    .replaceAll(/-+/g, '-')
    .replaceAll(/^-|-$/g, '');
}
