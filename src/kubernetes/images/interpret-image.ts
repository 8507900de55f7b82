// What a text in an image field says: a reference, a digest alone, nothing, or something that is neither.

import { UsageError } from '../../errors.ts';
import {
  type Digest,
  effectiveTag,
  type ImageReference,
  isDigest,
  parseImageReference,
} from '../../model/reference.ts';

/** The meaning of one image text. */
export type ImageMeaning =
  | { readonly kind: 'reference'; readonly reference: ImageReference }
  /** A digest that names no repository: of a manifest or of an image configuration. */
  | { readonly kind: 'digest'; readonly digest: Digest }
  | { readonly kind: 'blank' }
  | { readonly kind: 'unparsable' };

/** dockershim wrote `docker-pullable://repo@sha256:…` and `docker://sha256:…` into `imageID`; Flux and Helm write `oci://`. */
const SCHEME = /^(?:docker(?:-pullable)?|oci):\/\//;
/** CRI-O reports the id of an image without a digest as 64 hex digits; no repository can have that name. */
const BARE_ID = /^[0-9a-f]{64}$/;

/**
 * Reads an `image` or `imageID` text: `nginx`, `repo:tag`, `repo@sha256:…`, `repo:tag@sha256:…`, `sha256:…`,
 * `docker-pullable://repo@sha256:…`, `oci://repo:tag`. Space around it is ignored. A reference without tag and digest gets the tag `latest`.
 */
export function interpretImage(text: string): ImageMeaning {
  const name = text.trim().replace(SCHEME, '');
  if (name === '') return { kind: 'blank' };
  const bare = BARE_ID.test(name) ? `sha256:${name}` : name;
  if (isDigest(bare)) return { kind: 'digest', digest: bare };
  try {
    const reference = parseImageReference(name);
    const tag = effectiveTag(reference);
    return { kind: 'reference', reference: tag === undefined ? reference : { ...reference, tag } };
  } catch (error) {
    if (error instanceof UsageError) return { kind: 'unparsable' };
    throw error;
  }
}
