// The registry of the fake GitLab: CNCF distribution holds the images, and this front adds what GitLab's registry has beyond it: its own
// listing of tags, the routes by which tags are deleted, protected tags, and times.
// https://gitlab.com/gitlab-org/container-registry/-/blob/master/docs/spec/gitlab/api.md

import { RE2JS } from 're2js';
import { request as send } from 'undici';
import { type Digest, isDigest } from '../../../src/model/reference.ts';
import type { Answer, FakeRequest } from '../github/exchange.ts';
import { type GrantEndpoint, type IssuedToken, SERVICE } from './grants.ts';
import type { ImagesRecord } from './images.ts';
import { listTagDetails, showTagDetails } from './tag-list.ts';

/** How the registry behaves. */
export interface RegistryOptions {
  /** False: without GitLab's metadata database, as most self-managed ones: 404 below /gitlab/v1. Default true. */
  readonly metadataDatabase?: boolean;
  /**
   * How a tag is deleted. `manifests`: DELETE /v2/NAME/manifests/TAG. `reference`: only DELETE /v2/NAME/tags/reference/TAG, as GitLab from
   * 12.4 to 16.3. `none`: by digest only. Default `manifests`.
   */
  readonly tagRoute?: 'manifests' | 'reference' | 'none';
  /** What a registry without the route says to DELETE …/manifests/TAG. Default `digest-invalid` (400). */
  readonly withoutTagRoute?: 'digest-invalid' | 'unsupported' | 'unknown';
  /** `*`: as GitLab before 12.4: who deletes needs a token for `*`. Default `delete`. */
  readonly deleteAction?: 'delete' | '*';
  /**
   * What deleting a protected tag is answered. GitLab's registry says 401 with an error's code and no challenge; a proxy or a later release
   * may say 403. Default 401.
   */
  readonly protectedStatus?: 401 | 403;
  /** Whether the links of the tag list are whole addresses, as the documentation shows, or paths, as its code makes them. Default absolute. */
  readonly links?: 'absolute' | 'path';
}

/** What the front knows of the rest. */
export interface RegistryWorld {
  /** `http://127.0.0.1:PORT` of the front itself. */
  readonly origin: () => string;
  /** `http://127.0.0.1:PORT` of the real registry. */
  readonly upstream: () => string;
  /** Where tokens are to be had. */
  readonly realm: () => string;
  now(): number;
  readonly grants: GrantEndpoint;
  /** The images of a repository; undefined when there is none. */
  images(path: string): ImagesRecord | undefined;
  /** Makes the repository that a push begins. */
  createImages(path: string): ImagesRecord;
  /** Is told of every delete by digest. */
  digestDeleted(request: FakeRequest): void;
}

interface Target {
  readonly request: FakeRequest;
  readonly name: string;
  readonly token: string;
  readonly grant: IssuedToken['access'][number] | undefined;
}

const MANIFESTS = /^\/v2\/(.+)\/manifests\/([^/]+)$/;
const REFERENCE = /^\/v2\/(.+)\/tags\/reference\/([^/]+)$/;
const ANY = /^\/v2\/(.+)\/(?:manifests|blobs|tags|referrers)\//;
const LISTING = /^\/gitlab\/v1\/repositories\/(.+)\/tags\/(list|detail\/[^/]+)(\/?)$/;
const FEATURES = {
  'gitlab-container-registry-features': 'tag_delete',
  'gitlab-container-registry-version': '4.27.0-gitlab',
};
/** At most so many patterns of so many characters. */
const PATTERNS = { count: 5, length: 100 };
/** Without `n`, and with the metadata database: https://gitlab.com/gitlab-org/container-registry/-/blob/master/docs/spec/docker/v2/api.md */
const DEFAULT_TAGS = 100;

/** Answers requests to the registry. */
export function createRegistryFront(
  options: RegistryOptions,
  world: RegistryWorld,
): (request: FakeRequest) => Promise<Answer> {
  const { metadataDatabase = true, tagRoute = 'manifests', deleteAction = 'delete' } = options;

  async function answer(request: FakeRequest): Promise<Answer> {
    const { pathname } = new URL(request.path, 'http://fake');
    const name = ANY.exec(pathname)?.[1] ?? LISTING.exec(pathname)?.[1] ?? '';
    const action = actionOf(request.method);
    const issued = request.token === undefined ? undefined : world.grants.issued(request.token);
    const isExpired = issued !== undefined && issued.expiresAtMs <= world.now();
    if (issued === undefined || isExpired)
      return challenge({ name, action, error: request.token === undefined ? undefined : 'invalid_token' });
    const grant = issued.access.find((one) => one.name === name);
    const isGranted = action
      .split(',')
      .every((one) => grant?.actions.includes(one) === true || grant?.actions.includes('*') === true);
    if (name !== '' && !isGranted) return challenge({ name, action, error: 'insufficient_scope' });
    const target = { request, name, token: request.token ?? '', grant };
    if (pathname.startsWith('/gitlab/v1/')) return answerDatabase(target, pathname);
    return await answerRegistry(target, pathname);
  }

  function actionOf(method: string): string {
    if (method === 'GET' || method === 'HEAD') return 'pull';
    return method === 'DELETE' ? deleteAction : 'pull,push';
  }

  function challenge(about: {
    readonly name: string;
    readonly action: string;
    readonly error: string | undefined;
  }): Answer {
    const scope = about.name === '' ? '' : `,scope="repository:${about.name}:${about.action}"`;
    const error = about.error === undefined ? '' : `,error="${about.error}"`;
    const header = `Bearer realm="${world.realm()}",service="${SERVICE}"${scope}${error}`;
    return { ...fail(401, 'UNAUTHORIZED', 'authentication required'), headers: { 'www-authenticate': header } };
  }

  function answerDatabase(target: Target, pathname: string): Answer {
    if (!metadataDatabase) return { status: 404, headers: FEATURES, body: '' };
    if (pathname === '/gitlab/v1/') return { status: 200, headers: FEATURES, json: {} };
    const [, , what = '', slash = ''] = LISTING.exec(pathname) ?? [];
    if (what === '') return { status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found\n' };
    if (slash === '')
      return { status: 301, headers: { location: target.request.path.replace(pathname, `${pathname}/`) }, body: '' };
    const images = world.images(target.name);
    if (images === undefined)
      return fail(404, 'NAME_UNKNOWN', 'repository name not known to registry', { name: target.name });
    if (what !== 'list') return showTagDetails(images, decodeURIComponent(what.slice('detail/'.length)));
    return listTagDetails(images, target.request, options.links === 'path' ? '' : world.origin());
  }

  async function answerRegistry(target: Target, pathname: string): Promise<Answer> {
    const { request } = target;
    if (pathname === '/v2/') {
      const told = { ...FEATURES, 'gitlab-container-registry-database-enabled': String(metadataDatabase) };
      return { status: 200, headers: { ...told, 'docker-distribution-api-version': 'registry/2.0' }, json: {} };
    }
    const [, , tag] = REFERENCE.exec(pathname) ?? [];
    if (tag !== undefined) {
      if (request.method !== 'DELETE' || tagRoute === 'none')
        return { status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found\n' };
      return await deleteTag(target, tag);
    }
    const [, , reference] = MANIFESTS.exec(pathname) ?? [];
    if (reference !== undefined && request.method === 'DELETE')
      return isDigest(reference)
        ? await deleteDigest(target, reference)
        : await deleteByManifestRoute(target, reference);
    if (reference !== undefined && request.method === 'PUT') return await putManifest(target, reference);
    if (metadataDatabase && pathname.endsWith('/tags/list')) return await listTags(target);
    return await forward(target);
  }

  async function listTags(target: Target): Promise<Answer> {
    const url = new URL(target.request.path, 'http://fake');
    if (!/^[1-9]\d*$/.test(url.searchParams.get('n') ?? '')) url.searchParams.set('n', String(DEFAULT_TAGS));
    return await forward(target, `${url.pathname}${url.search}`);
  }

  async function putManifest(target: Target, reference: string): Promise<Answer> {
    const { request, name } = target;
    const isTag = !isDigest(reference);
    const refused = isTag ? refuseTag(target, reference, 'push') : undefined;
    if (refused !== undefined) return refused;
    const done = await forward(target);
    if (done.status !== 201) return done;
    const images = world.images(name) ?? world.createImages(name);
    images.recordPut(reference, { mediaType: request.headers['content-type'] ?? '', bytes: request.body });
    return done;
  }

  async function deleteByManifestRoute(target: Target, tag: string): Promise<Answer> {
    if (tagRoute === 'manifests') return await deleteTag(target, tag);
    const { withoutTagRoute = 'digest-invalid' } = options;
    if (withoutTagRoute === 'unsupported') return fail(405, 'UNSUPPORTED', 'The operation is unsupported.');
    if (withoutTagRoute === 'unknown')
      return { status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found\n' };
    return fail(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
  }

  async function deleteTag(target: Target, tag: string): Promise<Answer> {
    const refused = refuseTag(target, tag, 'delete');
    if (refused !== undefined) return refused;
    const images = world.images(target.name);
    if (images === undefined) return fail(404, 'NAME_UNKNOWN', 'repository name not known to registry');
    if (!images.tagTable.has(tag)) return fail(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    const done = await forward(target, `/v2/${target.name}/manifests/${tag}`);
    if (done.status === 202) images.recordTagDelete(tag);
    return done;
  }

  async function deleteDigest(target: Target, digest: Digest): Promise<Answer> {
    world.digestDeleted(target.request);
    const { meta } = target.grant ?? {};
    const isRestricted =
      (meta?.tag_deny_access_patterns?.['delete'] ?? []).length > 0 || (meta?.tag_immutable_patterns ?? []).length > 0;
    if (isRestricted) return failProtected('PROTECTED_MANIFEST', 'manifest is protected');
    const images = world.images(target.name);
    const listed = images?.digests().some((one) => images.manifest(one)?.children.includes(digest)) === true;
    if (metadataDatabase && listed) return fail(409, 'MANIFEST_REFERENCED', 'manifest referenced by a manifest list');
    const done = await forward(target);
    if (done.status === 202) images?.recordDigestDelete(digest);
    return done;
  }

  /** What a tag's rules say; undefined when it may be done. */
  function refuseTag(target: Target, tag: string, action: 'push' | 'delete'): Answer | undefined {
    const { meta } = target.grant ?? {};
    const denied = meta?.tag_deny_access_patterns?.[action] ?? [];
    const immutable = meta?.tag_immutable_patterns ?? [];
    const all = [...denied, ...immutable];
    if (all.length > PATTERNS.count) return fail(400, 'TAG_PATTERN_COUNT', 'too many tag patterns');
    if (all.some((pattern) => pattern.length > PATTERNS.length))
      return fail(400, 'INVALID_TAG_PATTERN', 'invalid tag pattern');
    if (matches(denied, tag)) return failProtected('PROTECTED_TAG', `tag "${tag}" is protected`);
    // A new tag may be made, however immutable it will be.
    const isThere = world.images(target.name)?.tagTable.has(tag) === true;
    if ((action === 'delete' || isThere) && matches(immutable, tag))
      return failProtected('IMMUTABLE_TAG', `tag "${tag}" is immutable`);
    return undefined;
  }

  /** Refused for who asks, and no token would help: an error without a challenge. */
  function failProtected(code: string, detail: string): Answer {
    return fail(options.protectedStatus ?? 401, code, 'requested access to the resource is denied', detail);
  }

  async function forward({ request, token }: Target, path = request.path): Promise<Answer> {
    const told = Object.entries(request.headers).filter(([key]) => !OWN_HEADERS.has(key));
    const hasBody = ['PUT', 'POST', 'PATCH'].includes(request.method);
    const response = await send(world.upstream() + path, {
      method: request.method as 'GET',
      headers: { ...Object.fromEntries(told), authorization: `Bearer ${token}` },
      body: hasBody ? request.body : null,
    });
    const body = Buffer.from(await response.body.arrayBuffer());
    const answered = Object.entries(response.headers).flatMap(([key, value]): [string, string][] =>
      value === undefined || HOP_BY_HOP.has(key)
        ? []
        : [[key, String(value).replaceAll(world.upstream(), world.origin())]],
    );
    return { status: response.statusCode, headers: Object.fromEntries(answered), body };
  }

  return answer;
}

const HOP_BY_HOP: ReadonlySet<string> = new Set(['connection', 'transfer-encoding', 'keep-alive', 'date']);
/** What every request has of its own. */
const OWN_HEADERS: ReadonlySet<string> = new Set([...HOP_BY_HOP, 'authorization', 'host', 'content-length', 'expect']);

/** Anywhere in the name, as Go's MatchString does. */
function matches(patterns: readonly string[], tag: string): boolean {
  return patterns.some((pattern) => RE2JS.compile(pattern).matcher(tag).find());
}

/** An error of the registry. */
function fail(status: number, code: string, message: string, detail?: unknown): Answer {
  return { status, json: { errors: [{ code, message, ...(detail === undefined ? {} : { detail }) }] } };
}
