// Puts one blob into a repository: asks for a place to upload to, and sends the bytes there in one piece.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#post-then-put

import { ProtocolError, RegistryError } from '../errors.ts';
import { redactUrl } from '../http/redact-text.ts';
import { type Digest, isDigest } from '../model/reference.ts';
import { assertDigest, digestOf } from './check-digest.ts';
import type { OciEndpoint } from './oci-manifests.ts';
import type { RegistryActions, RegistryRequest, RegistryResponse } from './transport.ts';

/** Answers to an upload are empty, or an error's words. Bytes. */
const MAX_ANSWER_BYTES = 1024 * 1024;

const PUSH: RegistryActions = ['pull', 'push'];

/**
 * Puts the bytes there, under their SHA-256 digest; a blob that is there already is not sent again. The bytes go to the registry's own
 * origin or nowhere.
 * @throws AuthError FORBIDDEN or AUTH when the credentials may not push; RegistryError REGISTRY_REFUSED when the registry does not take it.
 * @throws ProtocolError PROTOCOL for an upload address that is missing or leads elsewhere, and for an upload that is not there afterwards;
 *   DIGEST_MISMATCH when the registry stored other bytes.
 */
export async function putBlob(endpoint: OciEndpoint, bytes: Uint8Array): Promise<void> {
  const digest = digestOf(bytes);
  if (await isThere(endpoint, digest)) return;
  const begun = await beginUpload(endpoint, digest);
  const path = uploadPath(begun, { endpoint, digest });
  try {
    const response = await sendBytes(endpoint, { path, bytes, digest });
    if (response.status === 201 || (await isThere(endpoint, digest))) return;
  } catch (error) {
    if (isUploadUnknown(error) && (await isThere(endpoint, digest))) return;
    throw error;
  }
  throw new ProtocolError(`${endpoint.place} took the blob ${digest} and does not have it.`, { code: 'PROTOCOL' });
}

async function isThere(endpoint: OciEndpoint, digest: Digest): Promise<boolean> {
  try {
    const response = await endpoint.transport.request({
      method: 'HEAD',
      path: `${blobsPath(endpoint)}/${digest}`,
      actions: ['pull'],
      // HEAD answers carry no body, whatever their Content-Length says.
      maxBytes: Number.MAX_SAFE_INTEGER,
      expect: [200, 404],
      purpose: `look for the blob ${digest} in ${endpoint.place}`,
    });
    return response.status === 200;
  } catch (error) {
    // A no of whatever kind, also of the store behind a redirect: what is not known to be there is sent.
    if (error instanceof RegistryError && error.code === 'REGISTRY_REFUSED') return false;
    throw error;
  }
}

function beginUpload(endpoint: OciEndpoint, digest: Digest): Promise<RegistryResponse> {
  return endpoint.transport.request({
    ...uploadRequest(endpoint, digest),
    method: 'POST',
    path: `${blobsPath(endpoint)}/uploads/`,
    // An upload that nobody goes on with comes to nothing.
    mayRepeat: true,
    expect: [202],
  });
}

async function sendBytes(
  endpoint: OciEndpoint,
  upload: { readonly path: string; readonly bytes: Uint8Array; readonly digest: Digest },
): Promise<RegistryResponse> {
  const { path, bytes, digest } = upload;
  const response = await endpoint.transport.request({
    ...uploadRequest(endpoint, digest),
    method: 'PUT',
    path,
    headers: { 'content-type': 'application/octet-stream' },
    body: bytes,
    expect: [200, 201, 202, 204],
  });
  const stored = response.header('docker-content-digest');
  if (stored !== undefined && isDigest(stored)) assertDigest(bytes, stored, `The blob to put into ${endpoint.place}`);
  return response;
}

function uploadRequest(
  { place }: OciEndpoint,
  digest: Digest,
): Pick<RegistryRequest, 'actions' | 'maxBytes' | 'purpose'> {
  return { actions: PUSH, maxBytes: MAX_ANSWER_BYTES, purpose: `put the blob ${digest} into ${place}` };
}

function blobsPath({ repository }: OciEndpoint): string {
  return `/v2/${repository.name}/blobs`;
}

/**
 * The path to send the bytes to. `Location` may be a whole address or a path, and its query holds the state of the upload, which goes back
 * as it came.
 */
function uploadPath(
  response: RegistryResponse,
  { endpoint, digest }: { readonly endpoint: OciEndpoint; readonly digest: Digest },
): string {
  const { origin } = endpoint.transport;
  const location = response.header('location');
  const url = location === undefined ? null : URL.parse(location, `${origin}${blobsPath(endpoint)}/uploads/`);
  if (url === null) throw badLocation(endpoint, 'does not say where to');
  if (url.origin !== origin)
    throw badLocation(endpoint, `wants it at ${redactUrl(url)}, and credentials and content stay at ${origin}`);
  if (url.username !== '' || url.password !== '') throw badLocation(endpoint, 'names an address with a user name');
  return `${url.pathname}${url.search === '' ? '?' : `${url.search}&`}digest=${encodeURIComponent(digest)}`;
}

/** A first try may have come to its end unseen; then the second one finds no upload any more. */
function isUploadUnknown(error: unknown): boolean {
  return error instanceof RegistryError && (error.details['status'] === 404 || error.details['status'] === 416);
}

function badLocation({ place }: OciEndpoint, fault: string): ProtocolError {
  return new ProtocolError(`${place} takes an upload, but ${fault}.`, {
    code: 'PROTOCOL',
    hint: 'A proxy before the registry may hide its own address from it: look at the headers Host and X-Forwarded-Proto that it passes on.',
  });
}
