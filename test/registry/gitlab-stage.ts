// A scripted GitLab registry with the adapter for it, for what a well-behaved one never does: every answer can be replaced.

import { onTestFinished } from 'vitest';
import type { Gitlab } from '../../src/gitlab/gitlab.ts';
import { isDigest, parseRepository } from '../../src/model/reference.ts';
import { type BlobCache, openBlobCache } from '../../src/registry/blob-cache.ts';
import { createGitlabRegistry } from '../../src/registry/gitlab.ts';
import { openTransport } from '../../src/registry/open-transport.ts';
import type { Registry } from '../../src/registry/port.ts';
import { openOnce } from '../../src/util/open-once.ts';
import type { BuiltManifest } from '../builders/image.ts';
import { NOW } from '../contract/registry-places.ts';
import { type Reply, type SeenRequest, startScriptedServer } from '../support/scripted-server.ts';
import { createRememberingLog } from '../support/try-transport.ts';

/** What a stage begins with. */
export interface StageOptions {
  /** Whether there is a metadata database, and GitLab's list with it. Default true. */
  readonly hasList?: boolean;
  /** An answer that replaces the usual one; undefined: the usual one. */
  readonly script?: (request: SeenRequest, stage: StageContent) => Reply | undefined;
  /** The claim `access` of every token; without it the registry lets everybody in. A text: no token of that form. */
  readonly access?: readonly object[] | string;
  readonly gitlab?: Gitlab;
  readonly mayDoMore?: boolean;
  readonly cache?: BlobCache;
}

/** What the registry holds. */
export interface StageContent {
  readonly tags: Map<string, string>;
  readonly manifests: Map<string, BuiltManifest>;
  add(manifest: BuiltManifest, ...tags: readonly string[]): void;
}

export interface Stage extends StageContent {
  readonly registry: Registry;
  readonly logged: readonly string[];
  /** `DELETE /v2/team/app/manifests/v1`, oldest first; `GET /v2/` is left out. */
  requests(): readonly string[];
  /** The `Authorization` header of the requests that begin so. */
  credentials(of: string): readonly (string | undefined)[];
  forget(): void;
}

const NAME = 'team/app';

/** Opens it; it ends with the test. */
export async function openStage(options: StageOptions = {}): Promise<Stage> {
  const tags = new Map<string, string>();
  const manifests = new Map<string, BuiltManifest>();
  const add = (manifest: BuiltManifest, ...names: readonly string[]): void => {
    manifests.set(manifest.digest, manifest);
    for (const child of manifest.children) add(child);
    for (const tag of names) tags.set(tag, manifest.digest);
  };
  const content: StageContent = { tags, manifests, add };
  const server = await startScriptedServer((request) => {
    const isOpen =
      options.access === undefined || request.url.startsWith('/jwt/') || request.headers.authorization !== undefined;
    if (!isOpen) return challenge(request);
    return options.script?.(request, content) ?? answer(request, content, options);
  });
  const repository = parseRepository(`${server.host}/${NAME}`);
  const log = createRememberingLog();
  const transport = await openTransport({
    host: repository.host,
    repository: repository.name,
    settings: { plainHttp: false, username: 'ann', password: 'secret' },
    environment: {},
    log,
    limits: { retries: 1, retryDelayMs: 5 },
  });
  const cache = options.cache ?? (await openBlobCache({ path: undefined, log }));
  const { gitlab, mayDoMore = true } = options;
  const registry = createGitlabRegistry({
    repository,
    transport,
    deleting: openOnce(() => Promise.resolve(transport)),
    ...(gitlab === undefined ? {} : { gitlab: { connection: openOnce(() => Promise.resolve(gitlab)), mayDoMore } }),
    cache,
    now: NOW,
    log,
  });
  let forgotten = 0;
  onTestFinished(async () => {
    await registry.close();
    await server.stop();
  });
  const seen = () => server.requests.slice(forgotten);
  return {
    ...content,
    registry,
    logged: log.lines,
    requests: () => seen().map(({ method, url }) => `${method} ${url}`),
    credentials: (of) =>
      seen()
        .filter(({ method, url }) => `${method} ${url}`.startsWith(of))
        .map(({ headers }) => headers.authorization),
    forget: () => {
      forgotten = server.requests.length;
    },
  };
}

/** An error in the registry's words. */
export function fault(status: number, code: string): Reply {
  return { status, body: JSON.stringify({ errors: [{ code, message: code.toLowerCase() }] }) };
}

/** One entry of GitLab's list. */
export function listed(name: string, digest: string, times: object = {}): object {
  return { name, digest, media_type: 'x', size_bytes: 1, created_at: '2026-01-01T00:00:00.000Z', ...times };
}

function challenge({ headers }: SeenRequest): Reply {
  const realm = `http://${headers.host}/jwt/auth`;
  return { status: 401, headers: { 'www-authenticate': `Bearer realm="${realm}",service="container_registry"` } };
}

function answer(request: SeenRequest, content: StageContent, options: StageOptions): Reply {
  const { pathname } = new URL(request.url, 'http://stage');
  if (pathname === '/v2/') return { status: 200 };
  if (pathname === '/jwt/auth') return { status: 200, body: JSON.stringify({ token: tokenOf(options.access) }) };
  if (pathname === `/gitlab/v1/repositories/${NAME}/tags/list/`) {
    if (options.hasList === false) return { status: 404 };
    return answerList(request, content);
  }
  if (pathname === `/v2/${NAME}/tags/list`)
    return { status: 200, body: JSON.stringify({ tags: [...content.tags.keys()] }) };
  const [, kind, reference = ''] = /^\/v2\/team\/app\/(manifests|blobs)\/(.+)$/.exec(pathname) ?? [];
  if (kind === 'blobs') return answerBlob(content, reference);
  if (kind !== 'manifests') return { status: 404, body: '404 page not found' };
  return answerManifest(request, content, reference);
}

function answerList({ url }: SeenRequest, { tags }: StageContent): Reply {
  const { pathname, searchParams } = new URL(url, 'http://stage');
  const [size, last] = [Number(searchParams.get('n')), searchParams.get('last') ?? ''];
  const left = [...tags.keys()].sort().filter((tag) => tag > last);
  const page = left.slice(0, size);
  const next = `<${pathname}?last=${page.at(-1)}&n=${size}>; rel="next"`;
  return {
    status: 200,
    headers: left.length > page.length ? { link: next } : {},
    body: JSON.stringify(page.map((tag) => listed(tag, tags.get(tag) ?? ''))),
  };
}

function answerManifest({ method }: SeenRequest, { tags, manifests }: StageContent, reference: string): Reply {
  if (method === 'DELETE' && !isDigest(reference))
    return tags.delete(reference) ? { status: 202 } : fault(404, 'MANIFEST_UNKNOWN');
  const digest = isDigest(reference) ? reference : (tags.get(reference) ?? '');
  const manifest = manifests.get(digest);
  if (manifest === undefined) return fault(404, 'MANIFEST_UNKNOWN');
  if (method === 'DELETE') {
    manifests.delete(digest);
    for (const [tag, target] of tags) if (target === digest) tags.delete(tag);
    return { status: 202 };
  }
  const headers = { 'content-type': manifest.mediaType, 'docker-content-digest': digest };
  return { status: 200, headers, body: Buffer.from(manifest.bytes) };
}

function answerBlob({ manifests }: StageContent, digest: string): Reply {
  const blob = [...manifests.values()].flatMap(({ blobs }) => blobs).find((one) => one.digest === digest);
  return blob === undefined ? fault(404, 'BLOB_UNKNOWN') : { status: 200, body: Buffer.from(blob.bytes) };
}

function tokenOf(access: StageOptions['access']): string {
  if (typeof access === 'string') return access;
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${encode({ alg: 'none' })}.${encode({ access })}.signature`;
}
