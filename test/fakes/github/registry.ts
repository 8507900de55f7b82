// The container registry behind the fake GitHub, as ghcr.io answers: the versions of the packages, through /v2.
// https://docs.github.com/en/packages/working-with-a-github-packages-registry/working-with-the-container-registry

import { isDigest } from '../../../src/model/reference.ts';
import { sha256 } from '../../builders/image.ts';
import { type FakeToken, hasPermission, hasScope } from './access.ts';
import type { Answer, FakeRequest } from './exchange.ts';
import type { FakePackage } from './packages.ts';

/** What the registry knows of the rest. */
export interface RegistryWorld {
  /** `127.0.0.1:PORT` of the registry itself. */
  readonly host: () => string;
  token(value: string): FakeToken | undefined;
  findPackage(fullName: string): FakePackage | undefined;
  /** Makes the package that a push begins. */
  createPackage(fullName: string): FakePackage;
}

interface Grant {
  readonly name: string;
  readonly actions: readonly string[];
  readonly token: string | undefined;
}

const ROUTE = /^\/v2\/(.+)\/(manifests|blobs|tags|referrers)\/(.*)$/;
const BYTES = 'application/octet-stream';

/** Answers requests to ghcr.io. */
export function createRegistry(world: RegistryWorld): (request: FakeRequest) => Answer {
  const grants = new Map<string, Grant>();
  let uploads = 0;

  /** GHCR takes a token as the password of any user, and gives anonymous visitors what is public. */
  function grant(request: FakeRequest, url: URL): Answer {
    const known = request.token === undefined ? undefined : world.token(request.token);
    if (request.token !== undefined && known === undefined) return denied(403, 'DENIED', 'denied: invalid credentials');
    const scope = url.searchParams.getAll('scope').flatMap((text) => text.split(' '))[0] ?? '';
    const [, name = '', wanted = ''] = /^repository:(.+):([^:]*)$/.exec(scope) ?? [];
    const package_ = world.findPackage(name);
    const actions = wanted.split(',').filter((action) => mayUse(known, { name, package_, action }));
    if (name !== '' && actions.length === 0 && request.token === undefined)
      return denied(401, 'UNAUTHORIZED', 'authentication required');
    const value = Buffer.from(`v1:${grants.size + 1}:${name}`).toString('base64');
    grants.set(value, { name, actions, token: request.token });
    return { status: 200, json: { token: value } };
  }

  function mayUse(
    known: FakeToken | undefined,
    use: { readonly name: string; readonly package_: FakePackage | undefined; readonly action: string },
  ): boolean {
    const { name, package_, action } = use;
    const isPublic = package_?.visibility === 'public';
    if (known === undefined) return isPublic && action === 'pull';
    if (known.blind?.includes(name) === true) return false;
    if (known.kind === 'fine-grained') return isPublic && action === 'pull';
    if (action === 'pull')
      return (
        isPublic ||
        (known.kind === 'workflow' ? hasPermission(known, 'packages', 'read') : hasScope(known, 'read:packages'))
      );
    return known.kind === 'workflow' ? hasPermission(known, 'packages', 'write') : hasScope(known, 'write:packages');
  }

  function challenge(name: string, action: string): Answer {
    const origin = `http://${world.host()}`;
    const scope = name === '' ? 'repository:user/image:pull' : `repository:${name}:${action}`;
    const header = `Bearer realm="${origin}/token",service="ghcr.io",scope="${scope}"`;
    return { ...denied(401, 'UNAUTHORIZED', 'authentication required'), headers: { 'www-authenticate': header } };
  }

  function answerManifest(request: FakeRequest, package_: FakePackage, reference: string): Answer {
    if (request.method === 'DELETE') return denied(405, 'UNSUPPORTED', 'The operation is unsupported.');
    if (request.method === 'PUT') return putManifest(request, package_, reference);
    const version = package_.find(reference);
    if (version === undefined || version.ghost) return denied(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    const accept = request.headers['accept'] ?? '*/*';
    if (!accept.includes('*/*') && !accept.includes(version.mediaType))
      return denied(
        404,
        'MANIFEST_UNKNOWN',
        `OCI manifest found, but Accept header does not support ${version.mediaType}`,
      );
    if (request.method === 'GET') version.downloads += 1;
    return {
      status: 200,
      headers: { 'content-type': version.mediaType, 'docker-content-digest': version.digest },
      body: version.bytes,
    };
  }

  function putManifest(request: FakeRequest, package_: FakePackage, reference: string): Answer {
    const digest = sha256(request.body);
    if (isDigest(reference) && reference !== digest)
      return denied(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
    const missing = findMissing(request.body, package_);
    if (missing !== undefined) return denied(404, 'MANIFEST_BLOB_UNKNOWN', `blob unknown to registry: ${missing}`);
    package_.put(
      { mediaType: request.headers['content-type'] ?? BYTES, bytes: request.body },
      isDigest(reference) ? undefined : reference,
    );
    return { status: 201, headers: { location: request.path, 'docker-content-digest': digest } };
  }

  function answerBlob(request: FakeRequest, package_: FakePackage, rest: string): Answer {
    const path = `/v2/${package_.owner}/${package_.name}/blobs/uploads`;
    if (request.method === 'POST') {
      uploads += 1;
      return { status: 202, headers: { location: `${path}/${uploads}`, range: '0-0' } };
    }
    if (request.method === 'PUT') {
      const digest = new URL(request.path, 'http://fake').searchParams.get('digest') ?? '';
      if (!isDigest(digest) || digest !== sha256(request.body)) return denied(400, 'DIGEST_INVALID', 'digest mismatch');
      package_.blobs.set(digest, request.body);
      return { status: 201, headers: { 'docker-content-digest': digest } };
    }
    if (request.method === 'DELETE') return denied(405, 'UNSUPPORTED', 'The operation is unsupported.');
    const bytes = isDigest(rest) ? package_.blobs.get(rest) : undefined;
    if (bytes === undefined) return denied(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
    return { status: 200, headers: { 'content-type': BYTES }, body: bytes };
  }

  return (request) => {
    const url = new URL(request.path, 'http://fake');
    if (url.pathname === '/token') return grant(request, url);
    const [, name = '', kind = '', rest = ''] = ROUTE.exec(url.pathname) ?? [];
    const action = request.method === 'PUT' || request.method === 'POST' ? 'push' : 'pull';
    const given = grants.get(request.token ?? '');
    if (given === undefined) return challenge(name, action);
    if (url.pathname === '/v2/' || url.pathname === '/v2') return { status: 200, json: {} };
    if (given.name !== name || !given.actions.includes(action))
      return denied(
        403,
        'DENIED',
        action === 'push' ? 'permission_denied: write_package' : 'permission_denied: read_package',
      );
    const package_ = world.findPackage(name) ?? (action === 'push' ? world.createPackage(name) : undefined);
    if (package_ === undefined) return denied(404, 'NAME_UNKNOWN', 'repository name not known to registry');
    if (kind === 'manifests') return answerManifest(request, package_, rest);
    if (kind === 'blobs') return answerBlob(request, package_, rest);
    if (kind === 'tags' && rest === 'list') return listTags(package_, url);
    return { status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found\n' };
  };
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags */
function listTags(package_: FakePackage, url: URL): Answer {
  const size = Math.min(Number(url.searchParams.get('n') ?? 100), 1000);
  const last = url.searchParams.get('last') ?? '';
  const tags = [...package_.tags().keys()].sort().filter((tag) => tag > last);
  const page = tags.slice(0, size);
  const query = new URLSearchParams({ n: String(size), last: page.at(-1) ?? '' });
  const link = tags.length > size ? { link: `<${url.pathname}?${query.toString()}>; rel="next"` } : {};
  return { status: 200, headers: link, json: { name: `${package_.owner}/${package_.name}`, tags: page } };
}

/** The first blob or manifest that a manifest names and the registry does not have. */
function findMissing(bytes: Buffer, package_: FakePackage): string | undefined {
  const json = JSON.parse(bytes.toString('utf8')) as {
    readonly config?: { readonly digest: string };
    readonly layers?: readonly { readonly digest: string }[];
    readonly manifests?: readonly { readonly digest: string }[];
  };
  const blobs = [...(json.config === undefined ? [] : [json.config]), ...(json.layers ?? [])];
  const missing = blobs.find(({ digest }) => !isDigest(digest) || !package_.blobs.has(digest));
  return (missing ?? json.manifests?.find(({ digest }) => package_.find(digest) === undefined))?.digest;
}

function denied(status: number, code: string, message: string): Answer {
  return { status, json: { errors: [{ code, message }] } };
}
