// Manifests and blobs of one repository over HTTP, each checked against its digest.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests

import { CleanupError, ProtocolError, RegistryError } from '../errors.ts';
import { type Digest, isDigest, type RepositoryReference, type Tag } from '../model/reference.ts';
import { assertDigest, digestOf, hasDigest } from './check-digest.ts';
import { guessManifestType } from './decode-manifest.ts';
import type { FoundManifest } from './manifest-source.ts';
import { bareMediaType, familyOf, MANIFEST_ACCEPT, MAX_MANIFEST_BYTES } from './media-types.ts';
import { assertProvedAbsent } from './registry-answer.ts';
import type { RegistryResponse, Transport } from './transport.ts';

/** One repository on one origin. */
export interface OciEndpoint {
  readonly repository: RepositoryReference;
  readonly transport: Transport;
  /** `ghcr.io/team/app`, for messages. */
  readonly place: string;
}

/** HEAD answers carry no body, whatever their Content-Length says. */
const NO_BODY_LIMIT = Number.MAX_SAFE_INTEGER;

/** The path of a manifest. Names, tags and digests are validated and hold nothing that a path would have to escape. */
export function manifestPath(endpoint: OciEndpoint, reference: Tag | Digest): string {
  return `/v2/${endpoint.repository.name}/manifests/${reference}`;
}

/**
 * A manifest by tag or digest.
 * @throws ProtocolError DIGEST_MISMATCH when its bytes are not what was asked for, or not what the registry's header says.
 * @throws ProtocolError PROTOCOL when it is larger than 4 MiB and the registry does not tell its digest.
 */
export async function getManifest(endpoint: OciEndpoint, reference: Tag | Digest): Promise<FoundManifest | 'absent'> {
  const purpose = `read the manifest ${reference} of ${endpoint.place}`;
  const response = await readBounded(() =>
    endpoint.transport.request({
      method: 'GET',
      path: manifestPath(endpoint, reference),
      actions: ['pull'],
      headers: { accept: MANIFEST_ACCEPT },
      maxBytes: MAX_MANIFEST_BYTES,
      expect: [200, 404],
      purpose,
    }),
  );
  if (response === 'too-large') return describeOversized(endpoint, reference);
  if (response.status === 404) {
    assertProvedAbsent(response, purpose);
    return 'absent';
  }
  const declaredType = response.header('content-type');
  const digest = checkedDigest(response, reference, `The manifest ${reference} of ${endpoint.place}`);
  return { kind: 'whole', digest, declaredType, bytes: response.body };
}

/**
 * A manifest by a digest that may be a blob's: distribution 2.8 answers 500 when a config is asked for as a manifest, so the blobs are
 * asked first. A blob whose bytes have no manifest's shape is none, and counts as absent.
 */
export async function getBareManifest(endpoint: OciEndpoint, digest: Digest): Promise<FoundManifest | 'absent'> {
  const blob = await getBlob(endpoint, digest, MAX_MANIFEST_BYTES);
  const isKnown = typeof blob !== 'string' && hasDigest(blob, digest);
  return isKnown && guessManifestType(blob) === undefined ? 'absent' : getManifest(endpoint, digest);
}

/** What a tag points at, by HEAD, and by GET where HEAD does not prove it: a 404 without a body can be anybody's. */
export async function resolveManifest(endpoint: OciEndpoint, tag: Tag): Promise<Digest | 'absent'> {
  const head = await headManifest(endpoint, tag);
  const digest = head.status === 404 ? undefined : head.header('docker-content-digest');
  if (digest !== undefined && isDigest(digest)) return digest;
  const found = await getManifest(endpoint, tag);
  return found === 'absent' ? 'absent' : found.digest;
}

/** Whether a manifest is there, by HEAD, and by GET where HEAD does not prove it. */
export async function hasManifest(endpoint: OciEndpoint, digest: Digest): Promise<boolean> {
  const head = await headManifest(endpoint, digest);
  return head.status === 200 || (await getManifest(endpoint, digest)) !== 'absent';
}

/** A blob's bytes, not checked. Any 404 will do here, also that of the store behind a redirect: the blob cannot be read. */
export async function getBlob(
  endpoint: OciEndpoint,
  digest: Digest,
  maxBytes: number,
): Promise<Uint8Array | 'absent' | 'too-large'> {
  try {
    const response = await readBounded(() =>
      endpoint.transport.request({
        method: 'GET',
        path: `/v2/${endpoint.repository.name}/blobs/${digest}`,
        actions: ['pull'],
        maxBytes,
        expect: [200, 404],
        purpose: `read the blob ${digest} of ${endpoint.place}`,
      }),
    );
    if (response === 'too-large') return 'too-large';
    return response.status === 404 ? 'absent' : response.body;
  } catch (error) {
    if (error instanceof RegistryError && error.details['status'] === 404) return 'absent';
    throw error;
  }
}

async function readBounded(request: () => Promise<RegistryResponse>): Promise<RegistryResponse | 'too-large'> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof CleanupError && error.code === 'TOO_LARGE') return 'too-large';
    throw error;
  }
}

async function headManifest(endpoint: OciEndpoint, reference: Tag | Digest): Promise<RegistryResponse> {
  return endpoint.transport.request({
    method: 'HEAD',
    path: manifestPath(endpoint, reference),
    actions: ['pull'],
    headers: { accept: MANIFEST_ACCEPT },
    maxBytes: NO_BODY_LIMIT,
    expect: [200, 404],
    purpose: `resolve ${reference} of ${endpoint.place}`,
  });
}

/** The header is all there is to tell an oversized manifest's digest by; without it nobody knows what the tag points at. */
async function describeOversized(endpoint: OciEndpoint, reference: Tag | Digest): Promise<FoundManifest> {
  const head = await headManifest(endpoint, reference);
  const told = head.status === 200 ? head.header('docker-content-digest') : undefined;
  const digest = isDigest(reference) ? reference : told;
  if (digest === undefined || !isDigest(digest)) {
    const message = `The manifest ${reference} of ${endpoint.place} has more than ${MAX_MANIFEST_BYTES} bytes, and the registry does not tell its digest.`;
    throw new ProtocolError(message, { code: 'PROTOCOL' });
  }
  const length = Number(head.header('content-length') ?? Number.NaN);
  const sizeBytes = Number.isSafeInteger(length) && length > MAX_MANIFEST_BYTES ? length : MAX_MANIFEST_BYTES;
  return { kind: 'oversized', digest, declaredType: head.header('content-type'), sizeBytes };
}

/**
 * The digest of an answer, from its bytes. A signed Docker schema 1 manifest is the exception: its digest leaves the signatures out, so
 * the header's word stands; such a manifest is opaque and never deleted.
 * https://distribution.github.io/distribution/spec/deprecated-schema-v1/
 */
function checkedDigest(response: RegistryResponse, reference: Tag | Digest, what: string): Digest {
  const header = response.header('docker-content-digest');
  const told = header !== undefined && isDigest(header) ? header : undefined;
  const asked = isDigest(reference) ? reference : undefined;
  const claimed = asked ?? told;
  if (familyOf(bareMediaType(response.header('content-type')) ?? '') === 'schema-1' && claimed !== undefined)
    return claimed;
  if (asked !== undefined) assertDigest(response.body, asked, what);
  if (told !== undefined) assertDigest(response.body, told, what);
  return claimed ?? digestOf(response.body);
}
