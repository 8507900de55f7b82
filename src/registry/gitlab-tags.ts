// The list of tags that GitLab's registry has beside the distribution API: digests and times of a thousand tags in one answer. Only
// registries with a metadata database have it.
// https://gitlab.com/gitlab-org/container-registry/-/blob/master/docs/spec/gitlab/api.md#list-repository-tags

import * as z from 'zod';
import { ProtocolError } from '../errors.ts';
import { type Digest, isDigest, isTag, type Tag } from '../model/reference.ts';
import { type Instant, instantFromMs, parseRfc3339 } from '../model/time.ts';
import type { OciEndpoint } from './oci-manifests.ts';
import { readPages } from './oci-pages.ts';
import { assertProvedAbsent, decodeFaults, parseJson } from './registry-answer.ts';
import type { RegistryResponse } from './transport.ts';

/** One tag as the list has it. */
export interface ListedTag {
  readonly digest: Digest;
  /** When the tag was last put where it is. */
  readonly taggedAt: Instant;
}

/** The most that GitLab gives at once. */
const PAGE_SIZE = 1000;

const time = z.string().transform((text, context): Instant => {
  const at = parseRfc3339(text);
  if (at !== undefined) return at;
  context.addIssue({ code: 'custom', message: 'is not a time' });
  return z.NEVER;
});

/** `updated_at` came with the first move of the tag, `published_at` (the later of the other two) with GitLab 16.11. */
const tagsSchema = z.array(
  z.object({
    name: z.string().refine(isTag, 'is not a tag'),
    digest: z.string().refine(isDigest, 'is not a digest'),
    created_at: time,
    updated_at: time.nullish(),
    published_at: time.nullish(),
  }),
);

/**
 * All tags, in GitLab's order, which is that of its database: a locale's, where it was set up with one. `unsupported`: the registry has no
 * such list. `state.isKnown`: it has given one before, so that from now on its absence is an error.
 * @throws AuthError REPOSITORY_UNKNOWN for a repository that the registry does not know or hides.
 * @throws ProtocolError PROTOCOL for a page that is no such list, that has a tag again, or whose link loops or leads elsewhere.
 */
export async function listGitlabTags(
  endpoint: OciEndpoint,
  state: { readonly isKnown: boolean },
): Promise<ReadonlyMap<Tag, ListedTag> | 'unsupported'> {
  const purpose = `list the tags of ${endpoint.place} with their digests`;
  const path = `/gitlab/v1/repositories/${endpoint.repository.name}/tags/list/?n=${PAGE_SIZE}`;
  const tags = new Map<Tag, ListedTag>();
  let isFirst = true;
  for await (const page of readPages(endpoint, { path, purpose, expect: [200, 404] })) {
    if (page.status === 404) {
      if (saysUnknownRepository(page)) assertProvedAbsent(page, purpose);
      if (isFirst && !state.isKnown) return 'unsupported';
      throw new ProtocolError(`The registry has such a list, but answered 404 to "${purpose}".`, { code: 'PROTOCOL' });
    }
    isFirst = false;
    for (const tag of decodePage(page, purpose)) {
      // Pages go by name, so a tag that moves meanwhile stays in its place.
      if (tags.has(tag.name)) throw badList(purpose, `it has the tag ${tag.name} twice`);
      tags.set(tag.name, { digest: tag.digest, taggedAt: newestOf(tag) });
    }
  }
  return tags;
}

function decodePage(page: RegistryResponse, purpose: string): z.infer<typeof tagsSchema> {
  const parsed = tagsSchema.safeParse(parseJson(page.body));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.map(String).join('.') ?? '';
  throw badList(purpose, `${where === '' ? 'the body' : where}: ${issue?.message ?? 'malformed'}`);
}

function newestOf(tag: z.infer<typeof tagsSchema>[number]): Instant {
  const times = [tag.created_at, tag.updated_at, tag.published_at].filter((at) => at !== undefined && at !== null);
  return instantFromMs(Math.max(...times));
}

/** Without its database the registry answers 404 in whatever words its router has; about a repository it speaks in its own. */
function saysUnknownRepository(page: RegistryResponse): boolean {
  return decodeFaults(page.body)?.some(({ code }) => code === 'NAME_UNKNOWN' || code === 'NAME_INVALID') === true;
}

function badList(purpose: string, fault: string): ProtocolError {
  return new ProtocolError(`The registry's answer to "${purpose}" is not GitLab's list of tags: ${fault}.`, {
    code: 'PROTOCOL',
    hint: 'The list is not to be relied on, so nothing can be decided from it.',
  });
}
