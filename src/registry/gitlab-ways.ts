// The ways in which GitLab, in its versions, lets one tag be deleted. Each says what came of a request, and nothing else is concluded here.
// https://docs.gitlab.com/user/packages/container_registry/delete_container_registry_images/

import { AuthError } from '../errors.ts';
import type { Tag } from '../model/reference.ts';
import { manifestPath, type OciEndpoint } from './oci-manifests.ts';
import { decodeFaults, describeRefusal } from './registry-answer.ts';
import type { RegistryResponse, Transport } from './transport.ts';

/** What a request to delete a tag came to. */
export type WayAnswer =
  | { readonly kind: 'accepted' }
  /** In the registry's words the tag is not there; without the right to see it, too. */
  | { readonly kind: 'not-found' }
  /** This way does not exist here. */
  | { readonly kind: 'no-route'; readonly why: string }
  /** A rule keeps this tag. */
  | { readonly kind: 'protected'; readonly why: string }
  | { readonly kind: 'refused'; readonly why: string }
  /** The credentials may not delete. */
  | { readonly kind: 'forbidden'; readonly why: string };

/** Asks for one tag to be deleted. @throws what the network does; rights and refusals are answers. */
export type TagRequest = (tag: Tag) => Promise<WayAnswer>;

/** Which tags a rule protects, in words, as far as is known. */
export type KnownProtection = (tag: Tag) => string | undefined;

const ACCEPTED: readonly number[] = [200, 202, 204];

const MAX_ANSWER_BYTES = 1024 * 1024;

/** The registry's words for a rule that keeps a tag have one of these in their code: PROTECTED_TAG, IMMUTABLE_TAG, and faults of rules. */
const RULE_CODE = /PROTECT|IMMUTAB|TAG_PATTERN/;

/** Codes of a 404 that are about the tag. Any other 404 is about the route. */
const UNKNOWN_CODES: ReadonlySet<string> = new Set(['MANIFEST_UNKNOWN', 'TAG_UNKNOWN', 'NAME_UNKNOWN', 'BLOB_UNKNOWN']);

/** Since GitLab 16.4: https://gitlab.com/gitlab-org/container-registry/-/issues/1091. Before, only digests were taken here. */
export function manifestPathOf(endpoint: OciEndpoint, tag: Tag): string {
  return manifestPath(endpoint, tag);
}

/** From GitLab 12 on, deprecated with 16.4: https://gitlab.com/gitlab-org/container-registry/-/issues/1094 */
export function tagPathOf(endpoint: OciEndpoint, tag: Tag): string {
  return `/v2/${endpoint.repository.name}/tags/reference/${tag}`;
}

/** What a request to the registry itself takes. */
export interface RegistryWay {
  readonly endpoint: OciEndpoint;
  /** The connection with the credentials for deleting. */
  readonly deleting: () => Promise<Transport>;
  readonly pathOf: (endpoint: OciEndpoint, tag: Tag) => string;
  readonly protection: () => KnownProtection | undefined;
}

/** The request that deletes a tag at the registry itself. */
export function createRegistryRequest(way: RegistryWay): TagRequest {
  const { endpoint } = way;
  return async (tag) => {
    try {
      const transport = await way.deleting();
      const response = await transport.request({
        method: 'DELETE',
        path: way.pathOf(endpoint, tag),
        actions: ['delete'],
        maxBytes: MAX_ANSWER_BYTES,
        expect: [...ACCEPTED, 400, 401, 403, 404, 405, 409, 412, 423],
        purpose: `delete the tag ${tag} of ${endpoint.place}`,
      });
      return judge(response, way.protection()?.(tag));
    } catch (error) {
      // The token server gives no token for it.
      if (error instanceof AuthError) return { kind: 'forbidden', why: error.message };
      throw error;
    }
  };
}

function judge(response: RegistryResponse, rule: string | undefined): WayAnswer {
  const { status } = response;
  if (ACCEPTED.includes(status)) return { kind: 'accepted' };
  const why = describeRefusal(response);
  const codes = (decodeFaults(response.body) ?? []).map(({ code }) => code);
  if (codes.some((code) => RULE_CODE.test(code)))
    return { kind: 'protected', why: `GitLab refuses to delete it (${rule ?? why})` };
  if (status === 404) return codes.some((code) => UNKNOWN_CODES.has(code)) ? { kind: 'not-found' } : noRoute(why);
  if (status === 400 || status === 405) return noRoute(why);
  if (status !== 401 && status !== 403) return { kind: 'refused', why: `GitLab refuses to delete it (${why})` };
  if (rule !== undefined) return { kind: 'protected', why: `GitLab refuses to delete it: ${rule} (${why})` };
  return { kind: 'forbidden', why: `GitLab refuses to delete it (${why})` };
}

function noRoute(why: string): WayAnswer {
  return { kind: 'no-route', why };
}
