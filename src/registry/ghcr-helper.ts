// The helper manifest: an empty artifact that a tag is moved to, so that deleting it takes the tag and nothing else.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidelines-for-artifact-usage

import { randomUUID } from 'node:crypto';
import { ProtocolError } from '../errors.ts';
import type { Digest, Tag } from '../model/reference.ts';
import { digestOf } from './check-digest.ts';
import { OCI_IMAGE } from './media-types.ts';
import type { OciEndpoint } from './oci-manifests.ts';
import type { ManifestBytes } from './port.ts';
import type { RegistryResponse } from './transport.ts';

/** A helper manifest that nobody has pushed before. */
export interface HelperManifest extends ManifestBytes {
  readonly digest: Digest;
}

/** By which a helper that was left behind is known. */
export const UNTAG_ARTIFACT: string = 'application/vnd.registry-cleanup.untag.v1';

const EMPTY = Buffer.from('{}');
const EMPTY_DESCRIPTOR = {
  mediaType: 'application/vnd.oci.empty.v1+json',
  digest: digestOf(EMPTY),
  size: EMPTY.length,
};
const MAX_ANSWER_BYTES = 1024 * 1024;

/** Two helpers never have the same digest. */
export function buildHelper(tag: Tag): HelperManifest {
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_IMAGE,
    artifactType: UNTAG_ARTIFACT,
    config: EMPTY_DESCRIPTOR,
    layers: [EMPTY_DESCRIPTOR],
    annotations: {
      'org.opencontainers.image.description': `Empty: registry-cleanup takes the tag ${tag} away with it.`,
      'dev.registry-cleanup.untag.id': randomUUID(),
    },
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  return { mediaType: OCI_IMAGE, bytes, digest: digestOf(bytes) };
}

/** Makes sure that the repository has the empty blob, which is config and layer of every helper. */
export async function pushEmptyBlob(endpoint: OciEndpoint): Promise<void> {
  const purpose = `push an empty blob to ${endpoint.place}`;
  const blobs = `/v2/${endpoint.repository.name}/blobs`;
  const head = await endpoint.transport.request({
    method: 'HEAD',
    path: `${blobs}/${EMPTY_DESCRIPTOR.digest}`,
    actions: ['pull'],
    maxBytes: MAX_ANSWER_BYTES,
    expect: [200, 404],
    purpose,
  });
  if (head.status === 200) return;
  const upload = await endpoint.transport.request({
    method: 'POST',
    path: `${blobs}/uploads/`,
    actions: ['pull', 'push'],
    maxBytes: MAX_ANSWER_BYTES,
    expect: [202],
    purpose,
  });
  await endpoint.transport.request({
    method: 'PUT',
    path: uploadPath(upload, endpoint),
    actions: ['pull', 'push'],
    headers: { 'content-type': 'application/octet-stream' },
    body: EMPTY,
    maxBytes: MAX_ANSWER_BYTES,
    expect: [201, 204],
    purpose,
  });
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#post-then-put; never another origin, to which no token belongs. */
function uploadPath(upload: RegistryResponse, { transport, place }: OciEndpoint): string {
  const location = upload.header('location') ?? '';
  const url = location === '' ? null : URL.parse(location, transport.origin);
  if (url === null || url.origin !== transport.origin) {
    throw new ProtocolError(`The registry tells no place on itself to push a blob of ${place} to.`, {
      code: 'PROTOCOL',
    });
  }
  url.searchParams.set('digest', EMPTY_DESCRIPTOR.digest);
  return `${url.pathname}${url.search}`;
}
