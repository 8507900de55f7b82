// Deleting on a registry whose habits are not known: a delete is done only when a look afterwards shows it.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#content-management

import { AuthError, CleanupError } from '../errors.ts';
import type { Digest, Tag } from '../model/reference.ts';
import { getManifest, manifestPath, type OciEndpoint } from './oci-manifests.ts';
import type { DeleteAnswer } from './port.ts';
import { describeRefusal } from './registry-answer.ts';
import type { RegistryResponse } from './transport.ts';

const DELETED: readonly number[] = [200, 202, 204];

/** "Not this one": unsupported or malformed for this registry, in conflict, protected, locked. */
const REFUSED: readonly number[] = [400, 405, 409, 412, 423];

const MAX_ANSWER_BYTES = 1024 * 1024;

/**
 * Deletes a manifest by digest, then makes sure that none of its known tags still points at it: some registries keep them, and there
 * each tag is deleted by name. `deleted` only when all of them are gone.
 * @throws AuthError FORBIDDEN for 401, 403, or a 404 on a manifest that a read shows to be there.
 */
export async function deleteByDigest(
  endpoint: OciEndpoint,
  digest: Digest,
  tags: readonly Tag[],
): Promise<DeleteAnswer> {
  const response = await requestDelete(endpoint, digest);
  if (REFUSED.includes(response.status)) return { kind: 'refused', why: describeRefusedDelete(response) };
  if (response.status === 404 && (await currentDigest(endpoint, digest)) !== 'absent')
    throw missingRight(endpoint, digest);
  let deletedTag = false;
  for (const tag of tags) {
    if ((await currentDigest(endpoint, tag)) !== digest) continue;
    const left = await deleteLeftoverTag(endpoint, tag, digest);
    if (left !== undefined) return { kind: 'refused', why: left };
    deletedTag = true;
  }
  return { kind: response.status === 404 && !deletedTag ? 'already-gone' : 'deleted' };
}

/**
 * Deletes one tag by name. A registry that takes only digests here (distribution 2.8) refuses.
 * @throws AuthError FORBIDDEN for 401 and 403.
 */
export async function deleteByTag(endpoint: OciEndpoint, tag: Tag): Promise<DeleteAnswer> {
  const response = await requestDelete(endpoint, tag);
  if (REFUSED.includes(response.status))
    return { kind: 'refused', why: `the registry does not delete single tags (${describeRefusal(response)})` };
  const now = await currentDigest(endpoint, tag);
  if (now === 'absent') return { kind: response.status === 404 ? 'already-gone' : 'deleted' };
  const said =
    response.status === 404 ? 'the registry says that it is not there' : 'the registry said that it was deleted';
  return { kind: 'refused', why: `${said}, but the tag ${tag} still points at ${now}` };
}

async function requestDelete(endpoint: OciEndpoint, reference: Tag | Digest): Promise<RegistryResponse> {
  return endpoint.transport.request({
    method: 'DELETE',
    path: manifestPath(endpoint, reference),
    actions: ['delete'],
    maxBytes: MAX_ANSWER_BYTES,
    expect: [...DELETED, 404, ...REFUSED],
    purpose: `delete ${reference} of ${endpoint.place}`,
  });
}

/** Why a tag outlived its manifest, or undefined when it is gone now. */
async function deleteLeftoverTag(endpoint: OciEndpoint, tag: Tag, digest: Digest): Promise<string | undefined> {
  const answer = await deleteByTag(endpoint, tag);
  if (answer.kind !== 'refused') return undefined;
  // Moved meanwhile: then it is not this manifest's tag any more.
  if ((await currentDigest(endpoint, tag)) !== digest) return undefined;
  return `the registry deleted ${digest} and kept its tag ${tag}: ${answer.why}`;
}

/**
 * What a reference leads to now, after a delete was accepted.
 * After an accepted delete a registry may drop the emptied repository altogether; then the reference is gone too.
 */
export async function currentDigest(endpoint: OciEndpoint, reference: Tag | Digest): Promise<Digest | 'absent'> {
  try {
    const found = await getManifest(endpoint, reference);
    return found === 'absent' ? 'absent' : found.digest;
  } catch (error) {
    if (error instanceof CleanupError && error.code === 'REPOSITORY_UNKNOWN') return 'absent';
    throw error;
  }
}

function describeRefusedDelete(response: RegistryResponse): string {
  const why = `the registry refuses to delete it (${describeRefusal(response)})`;
  if (response.status !== 405 && response.status !== 400) return why;
  return `${why}; a CNCF registry needs storage.delete.enabled: true and must not be read-only`;
}

function missingRight(endpoint: OciEndpoint, digest: Digest): AuthError {
  return new AuthError(`The registry answers 404 to the delete of ${digest} in ${endpoint.place}, which is there.`, {
    code: 'FORBIDDEN',
    hint: 'The credentials need the right to delete in this repository.',
  });
}
