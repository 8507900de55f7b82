// Lists that come in pages: tags and referrers. A list is whole only when the last page came; nothing is concluded from a short one.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags

import * as z from 'zod';
import { ProtocolError } from '../errors.ts';
import { type Digest, isTag, type Tag } from '../model/reference.ts';
import { decodeManifest } from './decode-manifest.ts';
import type { NamedDigest } from './manifest-source.ts';
import { OCI_INDEX } from './media-types.ts';
import type { OciEndpoint } from './oci-manifests.ts';
import { decodeFaults, notTheRegistry, parseJson, repositoryUnknown } from './registry-answer.ts';
import type { RegistryResponse } from './transport.ts';

/** What one page may hold; distribution 2.8 puts every tag of the repository into one. Bytes. */
const MAX_PAGE_BYTES = 64 * 1024 * 1024;

/** A list of ten million tags is no list but a loop that changes its cursor. */
const MAX_PAGES = 10_000;

/** As many as most registries give at once; others give fewer, or all. */
const PAGE_SIZE = 1000;

/** An emptied repository of distribution 2.8 answers `null`. */
const tagPageSchema = z.object({ tags: z.array(z.string().refine(isTag, 'is not a tag')).nullable() });

/** Statuses by which a registry says that it has no referrers API: the specification's, and those of strict routers. */
const NO_REFERRERS_API: readonly number[] = [404, 405, 501];

/**
 * All tags, each once, in no particular order; empty for an emptied repository. A full page without a link may be one of a registry that
 * knows none, or one whose link a proxy took away: then what comes after its last tag is asked for, until nothing new comes.
 * @throws AuthError REPOSITORY_UNKNOWN for a repository that the registry does not know or hides.
 * @throws ProtocolError PROTOCOL for a page that is no tag list, or a link that loops or leads elsewhere.
 */
export async function listAllTags(endpoint: OciEndpoint): Promise<readonly Tag[]> {
  const tags = new Set<Tag>();
  let after: Tag | undefined;
  for (let rounds = 0; rounds < MAX_PAGES; rounds += 1) {
    const known = tags.size;
    const last = await listTagsAfter(endpoint, after, tags);
    after = last.at(-1);
    // More than was asked for is all there is: distribution 2.8 knows no pages.
    if (last.length !== PAGE_SIZE || tags.size === known) return [...tags];
  }
  throw badPage(`list the tags of ${endpoint.place}`, `its pages do not end after ${MAX_PAGES}`);
}

/** Adds the tags of the pages from there on, as far as links lead. The last page comes back. */
async function listTagsAfter(endpoint: OciEndpoint, after: Tag | undefined, tags: Set<Tag>): Promise<readonly Tag[]> {
  const purpose = `list the tags of ${endpoint.place}`;
  const path = `/v2/${endpoint.repository.name}/tags/list?n=${PAGE_SIZE}${after === undefined ? '' : `&last=${after}`}`;
  let last: readonly Tag[] = [];
  for await (const page of readPages(endpoint, { path, purpose, expect: [200, 404] })) {
    if (page.status === 404)
      throw decodeFaults(page.body) === undefined ? notTheRegistry(purpose) : repositoryUnknown(purpose);
    const value = parseJson(page.body);
    if (value === undefined) throw badPage(purpose, 'it is not JSON');
    const parsed = tagPageSchema.safeParse(value);
    if (!parsed.success) throw badPage(purpose, describeIssue(parsed.error.issues[0]));
    last = parsed.data.tags ?? [];
    for (const tag of last) tags.add(tag);
  }
  return last;
}

/**
 * Everything that refers to a digest, by the referrers API. `state.isKnown`: the registry has answered such a call before, so that from now
 * on a 404 is an error and not the absence of the API.
 * @throws ProtocolError PROTOCOL for an answer that is no image index.
 */
export async function listAllReferrers(
  endpoint: OciEndpoint,
  subject: Digest,
  state: { readonly isKnown: boolean },
): Promise<readonly NamedDigest[] | 'unsupported'> {
  const purpose = `list the referrers of ${subject} in ${endpoint.place}`;
  const path = `/v2/${endpoint.repository.name}/referrers/${subject}`;
  const referrers: NamedDigest[] = [];
  const expect = [200, ...NO_REFERRERS_API];
  for await (const page of readPages(endpoint, { path, purpose, expect })) {
    if (page.status !== 200) {
      if (!state.isKnown && referrers.length === 0) return 'unsupported';
      throw new ProtocolError(`The registry has a referrers API, but answered ${page.status} to "${purpose}".`, {
        code: 'PROTOCOL',
      });
    }
    const { content } = decodeManifest(page.body, OCI_INDEX);
    if (content.kind !== 'index') {
      throw new ProtocolError(`The answer to "${purpose}" is no image index.`, {
        code: 'PROTOCOL',
        ...(content.kind === 'opaque' ? { details: { why: content.why } } : {}),
      });
    }
    referrers.push(...content.children, ...content.blobs);
  }
  return referrers;
}

/** The first page of a list. */
export interface PageRequest {
  /** Path and query. Further pages must have the same path. */
  readonly path: string;
  readonly purpose: string;
  readonly expect: readonly number[];
}

/**
 * The pages of a list, one after the other, until one has no link to a next one.
 * @throws ProtocolError PROTOCOL for a link that cannot be read, loops, or leads to another origin or list.
 */
export async function* readPages(endpoint: OciEndpoint, first: PageRequest): AsyncGenerator<RegistryResponse> {
  const seen = new Set<string>();
  let path: string | undefined = first.path;
  while (path !== undefined) {
    if (seen.has(path)) throw badLink(first.purpose, 'comes back to a page that was read');
    if (seen.size === MAX_PAGES) throw badLink(first.purpose, `does not end after ${MAX_PAGES} pages`);
    seen.add(path);
    const page: RegistryResponse = await endpoint.transport.request({
      method: 'GET',
      path,
      actions: ['pull'],
      headers: { accept: 'application/json, application/vnd.oci.image.index.v1+json' },
      maxBytes: MAX_PAGE_BYTES,
      expect: first.expect,
      purpose: first.purpose,
    });
    yield page;
    const link = page.header('link');
    path = link === undefined ? undefined : nextPath(link, endpoint.transport.origin + path, first.purpose);
  }
}

/** The path of the next page: https://www.rfc-editor.org/rfc/rfc8288#section-3. Undefined when no link is `rel="next"`. */
function nextPath(link: string, current: string, purpose: string): string | undefined {
  const links = [...link.matchAll(/<([^<>]*)>([^<]*)/g)];
  if (links.length === 0) throw badLink(purpose, 'cannot be read');
  const next = links.find(([, , parameters]) =>
    /;\s*rel\s*=\s*(?:next(?=$|[\s;,])|"(?:[^"]*\s)?next(?:\s[^"]*)?")/i.test(parameters ?? ''),
  );
  if (next === undefined) return undefined;
  const here = new URL(current);
  const target = URL.parse(next[1] ?? '', current);
  if (target === null) throw badLink(purpose, 'cannot be read');
  if (target.origin !== here.origin) throw badLink(purpose, `leads to ${target.origin}, away from ${here.origin}`);
  if (target.username !== '' || target.password !== '') throw badLink(purpose, 'carries credentials');
  if (target.pathname !== here.pathname) throw badLink(purpose, `leads to another list, ${target.pathname}`);
  return target.pathname + target.search;
}

function badLink(purpose: string, fault: string): ProtocolError {
  return new ProtocolError(`The link to the next page ${fault} (to ${purpose}).`, {
    code: 'PROTOCOL',
    hint: 'The list is not whole, so nothing can be decided from it.',
  });
}

function describeIssue(issue: { path: PropertyKey[]; message: string } | undefined): string {
  return issue === undefined ? 'malformed' : `${issue.path.map(String).join('.') || 'the body'}: ${issue.message}`;
}

function badPage(purpose: string, fault: string): ProtocolError {
  return new ProtocolError(`The registry's answer to "${purpose}" is no tag list: ${fault}.`, {
    code: 'PROTOCOL',
    hint: 'Look for a proxy or a wrong host between here and the registry.',
  });
}
