// Puts one manifest into a repository, byte for byte.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests

import { type Digest, isDigest, type Tag } from '../model/reference.ts';
import { assertDigest } from './check-digest.ts';
import { decodeManifest } from './decode-manifest.ts';
import { MAX_MANIFEST_BYTES } from './media-types.ts';
import { manifestPath, type OciEndpoint } from './oci-manifests.ts';
import type { ManifestBytes, PutAnswer } from './port.ts';

/**
 * Puts it at its digest, or under a tag, which moves there.
 * @throws ProtocolError DIGEST_MISMATCH for a digest that is not the bytes' own (then nothing is sent), or when the registry stored others.
 */
export async function putManifest(
  endpoint: OciEndpoint,
  manifest: ManifestBytes,
  at: Digest | Tag,
): Promise<PutAnswer> {
  const what = `The manifest to put at ${at} in ${endpoint.place}`;
  if (isDigest(at)) assertDigest(manifest.bytes, at, what);
  const response = await endpoint.transport.request({
    method: 'PUT',
    path: manifestPath(endpoint, at),
    actions: ['pull', 'push'],
    headers: { 'content-type': manifest.mediaType },
    body: manifest.bytes,
    maxBytes: MAX_MANIFEST_BYTES,
    expect: [200, 201, 202, 204],
    purpose: `put a manifest at ${at} in ${endpoint.place}`,
  });
  const stored = response.header('docker-content-digest');
  if (stored !== undefined && isDigest(stored)) assertDigest(manifest.bytes, stored, what);
  const { subject } = decodeManifest(manifest.bytes, manifest.mediaType);
  return { isIndexed: subject !== undefined && response.header('oci-subject') === subject };
}
