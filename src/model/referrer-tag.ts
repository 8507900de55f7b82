// Tags that are no names but pointers to another manifest: cosign's and the referrers fallback.
// Source: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema

import { type Digest, isDigest } from './reference.ts';

/** What a tag points at, when it is a referrer tag. `cut`: only the first 64 of 128 hex digits are in the tag. */
export type ReferrerTag =
  | { readonly kind: 'whole'; readonly subject: Digest }
  | { readonly kind: 'cut'; readonly digestPrefix: string };

const REFERRER_TAG = /^(sha256|sha512)-([0-9a-f]{64}|[0-9a-f]{128})(?:\.(?:sig|att|sbom))?$/;

/**
 * The subject of a referrer tag (`sha256-<64 hex>`, with cosign's `.sig`, `.att`, `.sbom` or none), or undefined for an
 * ordinary tag.
 */
export function parseReferrerTag(tag: string): ReferrerTag | undefined {
  const match = REFERRER_TAG.exec(tag);
  if (match === null) return undefined;
  const subject = `${match[1]}:${match[2]}`;
  return isDigest(subject) ? { kind: 'whole', subject } : { kind: 'cut', digestPrefix: subject };
}
