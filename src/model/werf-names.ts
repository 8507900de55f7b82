// How werf writes the names of images into tags, and how it shortens them to hashes. Vectors: werf 2.77.1.

import { v3 as murmur3 } from 'murmurhash';

/** What werf writes for an image without a name. */
const NAMELESS = '__nameless__';
/** Docker's tags: https://github.com/distribution/reference/blob/v0.6.0/regexp.go */
const VALID_TAG = /^\w[\w.-]*$/;
const MAX_TAG = 128;
const HASH_SEPARATOR = '-';

/** An image's name as part of a tag: `app/web` is `app__slash__web`, and no name is `__nameless__`. Reversed by {@link unslugImageName}. */
export function slugImageName(name: string): string {
  if (name === '') return NAMELESS;
  return name.replaceAll(' ', '__space__').replaceAll('/', '__slash__').replaceAll('+', '__plus__');
}

/** The name behind a slug. One that werf had to shorten stays as it is: werf goes by that text too. */
export function unslugImageName(slug: string): string {
  if (slug === NAMELESS) return '';
  return slug.replaceAll('__space__', ' ').replaceAll('__slash__', '/').replaceAll('__plus__', '+');
}

/** What `meta-*` tags call an image: MurmurHash3 (x86, 32 bits, seed 0) of its name, in hex without zeros in front. `image` is `c8c39214`. */
export function imageNameId(name: string): string {
  return murmur3(name, 0).toString(16);
}

/**
 * A text that is a valid tag of at most `limit` characters: itself if it is one; else in lower case, what a tag cannot hold as single
 * dashes, cut, with a hash of the whole at the end. `da/ta` is `da-ta-afa96f8`.
 */
export function limitSlug(text: string, limit = MAX_TAG): string {
  if (text.length <= limit && VALID_TAG.test(text)) return text;
  const hash = imageNameId(text);
  const plain = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9_.-]+/g, '-')
    .replaceAll(/-+/g, '-')
    .replaceAll(/^[-.]+|-+$/g, '');
  const room = limit - hash.length - HASH_SEPARATOR.length;
  return `${plain.slice(0, room).replaceAll(/-+$/g, '')}${HASH_SEPARATOR}${hash}`.replace(/^-/, '');
}
