// The last resort on a GitLab of before 2020, which has no way to delete a tag: the whole image by its digest, when all of its tags were to
// go anyway and no index that is there lists it.

import type { Log } from '../log.ts';
import type { Digest, Tag } from '../model/reference.ts';
import type { OpenOnce } from '../util/open-once.ts';
import { currentDigest } from './oci-delete.ts';
import { manifestPath, type OciEndpoint } from './oci-manifests.ts';
import type { DeleteAnswer, Registry } from './port.ts';
import { describeRefusal } from './registry-answer.ts';
import type { RegistryResponse, Transport } from './transport.ts';

/** What it takes. */
export interface WholeImageParts {
  /** The connection to look with. */
  readonly endpoint: OciEndpoint;
  readonly deleting: OpenOnce<Transport>;
  /** Looks at every tag now. */
  readonly lookAround: () => ReturnType<Registry['lookAround']>;
  /** Every index that is known to list the digest; undefined when nobody has looked for them. */
  readonly indexesWith: (digest: Digest) => readonly Digest[] | undefined;
  readonly log: Log;
}

const MAX_ANSWER_BYTES = 1024 * 1024;

/** Deletes the manifest with exactly these tags, or refuses. Says so in the log. */
export async function deleteWholeImage(
  parts: WholeImageParts,
  digest: Digest,
  tags: readonly Tag[],
): Promise<DeleteAnswer> {
  const objection = await objectionTo(parts, digest, tags);
  if (objection !== undefined)
    return { kind: 'refused', why: `the registry has no way to delete a single tag, and ${objection}` };
  const { endpoint, log } = parts;
  log.warn(
    `${endpoint.place} has no way to delete tags, so ${digest} is deleted with all of its tags: ${tags.join(', ')}.`,
  );
  const response = await requestDelete(parts, digest);
  if (response.status >= 400 && response.status !== 404)
    return { kind: 'refused', why: `GitLab refuses to delete it (${describeRefusal(response)})` };
  for (const tag of tags) {
    if ((await currentDigest(endpoint, tag)) === digest)
      return {
        kind: 'refused',
        why: `GitLab answered ${response.status} to its delete, but tag ${tag} is still there`,
      };
  }
  return { kind: response.status === 404 ? 'already-gone' : 'deleted' };
}

async function objectionTo(
  { endpoint, lookAround, indexesWith }: WholeImageParts,
  digest: Digest,
  tags: readonly Tag[],
): Promise<string | undefined> {
  const indexes = indexesWith(digest);
  if (indexes === undefined) return 'nobody knows which indexes list the image';
  for (const index of indexes) {
    if ((await currentDigest(endpoint, index)) !== 'absent') return `${index}, which lists the image, is there`;
  }
  const around = await lookAround();
  const other = [...around.tags].find(([tag, target]) => target === digest && !tags.includes(tag));
  return other === undefined ? undefined : `the tag ${other[0]} is on the image too`;
}

async function requestDelete({ endpoint, deleting }: WholeImageParts, digest: Digest): Promise<RegistryResponse> {
  const transport = await deleting.open();
  return transport.request({
    method: 'DELETE',
    path: manifestPath(endpoint, digest),
    actions: ['delete'],
    maxBytes: MAX_ANSWER_BYTES,
    expect: [200, 202, 204, 400, 404, 405, 409, 412, 423],
    purpose: `delete ${digest} of ${endpoint.place}`,
  });
}
