// Whether a blob can still be pulled. Its first byte has to arrive: a registry's word for it outlives its garbage collection.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-blobs

import { CleanupError, NetworkError, RegistryError } from '../errors.ts';
import type { Digest } from '../model/reference.ts';
import type { OciEndpoint } from './oci-manifests.ts';
import type { RegistryRequest } from './transport.ts';

/**
 * Whether the registry delivers the blob. Any 404 says no, also that of the store behind a redirect. Reads one byte; the content is not
 * checked.
 * @throws NetworkError NETWORK with a hint when the registry says that it has the blob and breaks off: CNCF distribution remembers what it
 *   had before a garbage collection until it is restarted. https://distribution.github.io/distribution/about/garbage-collection/
 */
export async function hasBlob(endpoint: OciEndpoint, digest: Digest): Promise<boolean> {
  const request: RegistryRequest = {
    method: 'GET',
    path: `/v2/${endpoint.repository.name}/blobs/${digest}`,
    actions: ['pull'],
    headers: { range: 'bytes=0-0' },
    maxBytes: 1,
    // 416: an empty blob has no first byte.
    expect: [200, 206, 404, 416],
    purpose: `read the blob ${digest} of ${endpoint.place}`,
  };
  try {
    const { status } = await endpoint.transport.request(request);
    return status !== 404;
  } catch (error) {
    // Who does not know ranges sends more than the byte.
    if (error instanceof CleanupError && error.code === 'TOO_LARGE') return true;
    if (error instanceof RegistryError && error.details['status'] === 404) return false;
    if (error instanceof NetworkError && (await isClaimed(endpoint, request))) throw notDelivered(error);
    throw error;
  }
}

async function isClaimed({ transport }: OciEndpoint, request: RegistryRequest): Promise<boolean> {
  // HEAD answers carry no body, whatever their Content-Length says.
  const head = {
    ...request,
    method: 'HEAD',
    headers: {},
    maxBytes: Number.MAX_SAFE_INTEGER,
    expect: [200, 404],
  } as const;
  return (await transport.request(head)).status === 200;
}

function notDelivered(cause: NetworkError): NetworkError {
  return new NetworkError(`${cause.message} It says that it has it.`, {
    code: 'NETWORK',
    hint:
      'After a garbage collection a registry may still believe in what it has deleted: restart it. Then the same command goes on with ' +
      'what is left.',
    details: cause.details,
    cause,
  });
}
