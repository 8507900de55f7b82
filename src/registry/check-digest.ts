// Content addresses: the digest of bytes, and the proof that bytes are what a digest names.

import { createHash } from 'node:crypto';
import { InternalError, ProtocolError } from '../errors.ts';
import { type Digest, isDigest } from '../model/reference.ts';

/** The SHA-256 digest of the bytes. */
export function digestOf(bytes: Uint8Array): Digest {
  return hash('sha256', bytes);
}

/** Whether the bytes are what the digest names, by the digest's own algorithm. */
export function hasDigest(bytes: Uint8Array, digest: Digest): boolean {
  return hash(digest.startsWith('sha512:') ? 'sha512' : 'sha256', bytes) === digest;
}

/**
 * Lets only those bytes pass that the digest names. `what` begins the message: `the manifest v1 of ghcr.io/team/app`.
 * @throws ProtocolError DIGEST_MISMATCH naming both digests.
 */
export function assertDigest(bytes: Uint8Array, digest: Digest, what: string): void {
  if (hasDigest(bytes, digest)) return;
  const actual = hash(digest.startsWith('sha512:') ? 'sha512' : 'sha256', bytes);
  throw new ProtocolError(`${what} should have the digest ${digest}, but its bytes have ${actual}.`, {
    code: 'DIGEST_MISMATCH',
    hint: 'A proxy or the storage behind the registry changes content. Nothing can be decided from it.',
    details: { expected: digest, actual },
  });
}

function hash(algorithm: 'sha256' | 'sha512', bytes: Uint8Array): Digest {
  const text = `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
  if (isDigest(text)) return text;
  throw new InternalError(`A ${algorithm} digest came out as ${text}.`, { code: 'INTERNAL' });
}
