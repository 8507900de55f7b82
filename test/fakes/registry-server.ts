// A registry in memory that obeys OCI Distribution v1.1, with switches for what real registries do differently.
// For what no real part at hand does (referrers API, pages with Link, tag deletes) and for answers that no registry should give.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Digest, isDigest } from '../../src/model/reference.ts';
import { sha256 } from '../builders/image.ts';

/** What this registry does differently. All off by default: then it does what the specification asks. */
export interface RegistryQuirks {
  /** No referrers API: 404 text/plain, as CNCF distribution. */
  readonly noReferrersApi?: boolean;
  /** A digest delete leaves the tags, as crane's registry: they still answer with the manifest. */
  readonly keepTags?: boolean;
  /** 400 DIGEST_INVALID on tag deletes, as distribution 2.8. */
  readonly refuseTagDelete?: boolean;
  /** `"tags": null` for an emptied repository, as distribution 2.8. */
  readonly nullTags?: boolean;
  /** The whole list on one page and no Link, as distribution 2.8. */
  readonly ignorePageSize?: boolean;
  /** Never more than so many tags or referrers on a page. */
  readonly pageSize?: number;
  /** 404 for a manifest whose type the Accept header lacks, as distribution 2.8 for OCI types. */
  readonly strictAccept?: boolean;
  /** No Docker-Content-Digest, as older servers. */
  readonly hideDigest?: boolean;
  /** 405 UNSUPPORTED on deletes. */
  readonly deleteDisabled?: boolean;
  /** 404 MANIFEST_UNKNOWN on deletes of what is there: how some registries hide a missing right. */
  readonly deleteHidden?: boolean;
}

/** An answer of the test's own. */
export interface ScriptedAnswer {
  readonly status: number;
  readonly headers?: { readonly [name: string]: string | string[] };
  readonly body?: string | Uint8Array;
  /** Send only the first half of the body, then drop the connection. */
  readonly truncate?: boolean;
}

export interface FakeRegistry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly origin: string;
  /** `GET /v2/team/app/tags/list?n=1000`, oldest first; the pings of `/v2/` left out. Grows. */
  readonly log: readonly string[];
  /** The answer to every request for which it returns one; set it anew to change it. */
  script: (request: {
    readonly method: string;
    readonly path: string;
    readonly accept: string;
    readonly body: string;
  }) => ScriptedAnswer | undefined;
  stop(): Promise<void>;
}

interface Manifest {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

interface Repository {
  readonly blobs: Map<string, Uint8Array>;
  readonly manifests: Map<Digest, Manifest>;
  readonly tags: Map<string, { readonly digest: Digest; readonly manifest: Manifest }>;
}

interface Exchange {
  readonly method: string;
  readonly url: URL;
  readonly accept: string;
  readonly contentType: string;
  readonly body: Uint8Array;
}

// Types that the wildcard does not stand for where Accept is strict.
const KNOWN_TYPES = /^application\/vnd\.(?:oci\.image|docker\.distribution)\./;

const ROUTE = /^\/v2\/(.+)\/(manifests|blobs|tags|referrers)\/(.+)$/;

export async function startFakeRegistry(quirks: RegistryQuirks = {}): Promise<FakeRegistry> {
  const repositories = new Map<string, Repository>();
  const log: string[] = [];
  const server = createServer((request, response) => void serve(request, response));
  const fake: { script: FakeRegistry['script'] } = { script: () => undefined };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange = await readExchange(request);
    const path = exchange.url.pathname + exchange.url.search;
    if (path !== '/v2/') log.push(`${exchange.method} ${path}`);
    const body = Buffer.from(exchange.body).toString('utf8');
    const scripted = fake.script({ method: exchange.method, path, accept: exchange.accept, body });
    sendAnswer(response, exchange, scripted ?? answer(exchange, repositories, quirks));
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${portOf(server.address())}`;
  return Object.assign(fake, {
    host,
    origin: `http://${host}`,
    log,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}

function answer(exchange: Exchange, repositories: Map<string, Repository>, quirks: RegistryQuirks): ScriptedAnswer {
  const { method, url } = exchange;
  if (url.pathname === '/v2/') return { status: 200, body: '{}' };
  const [, name = '', kind = '', rest = ''] = ROUTE.exec(url.pathname) ?? [];
  const isWrite = method === 'PUT' || method === 'POST';
  const repository = repositories.get(name) ?? { blobs: new Map(), manifests: new Map(), tags: new Map() };
  if (!repositories.has(name) && !isWrite) return fault(404, 'NAME_UNKNOWN');
  repositories.set(name, repository);
  const visit: Visit = { exchange, repository, rest, quirks };
  if (kind === 'blobs') return answerBlob(visit);
  if (kind === 'manifests') return answerManifest(visit);
  if (kind === 'tags') return answerTags(visit);
  if (kind === 'referrers') return answerReferrers(visit);
  return { status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found\n' };
}

interface Visit {
  readonly exchange: Exchange;
  readonly repository: Repository;
  /** What follows `manifests/` and the like. */
  readonly rest: string;
  readonly quirks: RegistryQuirks;
}

function answerBlob({ exchange, repository, rest }: Visit): ScriptedAnswer {
  if (exchange.method === 'POST') return { status: 202, headers: { location: `${exchange.url.pathname}1` } };
  if (exchange.method === 'PUT') {
    repository.blobs.set(exchange.url.searchParams.get('digest') ?? '', exchange.body);
    return { status: 201 };
  }
  const bytes = repository.blobs.get(rest);
  return bytes === undefined ? fault(404, 'BLOB_UNKNOWN') : { status: 200, body: bytes };
}

function answerManifest(visit: Visit): ScriptedAnswer {
  const { exchange, repository, rest, quirks } = visit;
  if (exchange.method === 'PUT') return putManifest(visit);
  if (exchange.method === 'DELETE') return deleteManifest(visit);
  const found = isDigest(rest) ? repository.manifests.get(rest) : repository.tags.get(rest)?.manifest;
  if (found === undefined) return fault(404, 'MANIFEST_UNKNOWN');
  const wanted = KNOWN_TYPES.test(found.mediaType) ? found.mediaType : '*/*';
  if (quirks.strictAccept === true && !exchange.accept.split(', ').includes(wanted))
    return fault(404, 'MANIFEST_UNKNOWN');
  const digest = isDigest(rest) ? rest : sha256(found.bytes);
  return {
    status: 200,
    headers: {
      'content-type': found.mediaType,
      ...(quirks.hideDigest === true ? {} : { 'docker-content-digest': digest }),
    },
    body: found.bytes,
  };
}

function putManifest({ exchange, repository, rest, quirks }: Visit): ScriptedAnswer {
  const manifest = { bytes: exchange.body, mediaType: exchange.contentType };
  const digest = sha256(exchange.body);
  if (isDigest(rest) && rest !== digest) return fault(400, 'DIGEST_INVALID');
  repository.manifests.set(digest, manifest);
  if (!isDigest(rest)) repository.tags.set(rest, { digest, manifest });
  const subject = quirks.noReferrersApi === true ? undefined : subjectIn(exchange.body);
  const headers = typeof subject === 'string' ? { 'oci-subject': subject } : {};
  return { status: 201, headers: { 'docker-content-digest': digest, ...headers } };
}

function deleteManifest({ repository, rest, quirks }: Visit): ScriptedAnswer {
  if (quirks.deleteDisabled === true) return fault(405, 'UNSUPPORTED');
  if (quirks.deleteHidden === true) return fault(404, 'MANIFEST_UNKNOWN');
  if (!isDigest(rest)) {
    if (quirks.refuseTagDelete === true) return fault(400, 'DIGEST_INVALID');
    return repository.tags.delete(rest) ? { status: 202 } : fault(404, 'MANIFEST_UNKNOWN');
  }
  if (!repository.manifests.delete(rest)) return fault(404, 'MANIFEST_UNKNOWN');
  if (quirks.keepTags !== true) {
    for (const [tag, { digest }] of repository.tags) if (digest === rest) repository.tags.delete(tag);
  }
  return { status: 202 };
}

function answerTags({ exchange, repository, quirks }: Visit): ScriptedAnswer {
  const tags = [...repository.tags.keys()].sort();
  const { items, link } = takePage(tags, exchange.url, quirks);
  const body = JSON.stringify({ name: 'any', tags: items.length === 0 && quirks.nullTags === true ? null : items });
  return { status: 200, headers: { 'content-type': 'application/json', ...link }, body };
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers */
function answerReferrers({ exchange, repository, rest, quirks }: Visit): ScriptedAnswer {
  if (quirks.noReferrersApi === true)
    return { status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found\n' };
  const referrers = [...repository.manifests].filter(([, { bytes }]) => hasSubject(bytes, rest));
  const descriptors = referrers.map(([digest, { bytes, mediaType }]) => ({
    mediaType,
    digest,
    size: bytes.byteLength,
  }));
  const { items, link } = takePage(descriptors, exchange.url, quirks);
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  return {
    status: 200,
    headers: { 'content-type': mediaType, ...link },
    body: JSON.stringify({ schemaVersion: 2, mediaType, manifests: items }),
  };
}

/** Pages by position: `last` is how many came before. */
function takePage<T>(
  items: readonly T[],
  url: URL,
  quirks: RegistryQuirks,
): { items: readonly T[]; link: { link?: string } } {
  if (quirks.ignorePageSize === true) return { items, link: {} };
  const size = Math.min(Number(url.searchParams.get('n') ?? 1000), quirks.pageSize ?? 1000);
  const begin = Number(url.searchParams.get('last') ?? 0);
  const end = begin + size;
  const page = items.slice(begin, end);
  return {
    items: page,
    link: end >= items.length ? {} : { link: `<${url.pathname}?n=${size}&last=${end}>; rel="next"` },
  };
}

function hasSubject(bytes: Uint8Array, digest: string): boolean {
  return Buffer.from(bytes).toString('utf8').includes(`"subject":{`) && subjectIn(bytes) === digest;
}

/** Undefined for what is no JSON: a registry that does not look takes that too. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function subjectIn(bytes: Uint8Array): unknown {
  const json = parseJson(Buffer.from(bytes).toString('utf8'));
  if (typeof json !== 'object' || json === null || !('subject' in json)) return undefined;
  const { subject } = json;
  return typeof subject === 'object' && subject !== null && 'digest' in subject ? subject.digest : undefined;
}

function fault(status: number, code: string): ScriptedAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ errors: [{ code, message: code.toLowerCase() }] }),
  };
}

async function readExchange(request: IncomingMessage): Promise<Exchange> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return {
    method: request.method ?? '',
    url: new URL(request.url ?? '/', 'http://fake'),
    accept: request.headers.accept ?? '',
    contentType: request.headers['content-type'] ?? '',
    body: Buffer.concat(chunks),
  };
}

function sendAnswer(response: ServerResponse, exchange: Exchange, given: ScriptedAnswer): void {
  const body = Buffer.from(given.body ?? '');
  response.writeHead(given.status, { 'content-length': body.byteLength, ...given.headers });
  if (exchange.method === 'HEAD') response.end();
  else if (given.truncate === true) response.write(body.subarray(0, body.byteLength / 2), () => response.destroy());
  else response.end(body);
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}
