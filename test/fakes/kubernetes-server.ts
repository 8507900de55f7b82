// A stateful Kubernetes API server on loopback: objects, lists in pages, users by token and client certificate, rights,
// and the faults that real servers show. Certificates come from openssl: ask `requireProgram('openssl')` first.

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { stringify } from 'yaml';
import { discoveryAnswer, type ServedResource } from './kubernetes-discovery.ts';

/** An object as the API has it. */
export interface KubernetesObject {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [key: string]: unknown;
}

/** What a list request gets instead of its page. */
export type FaultAnswer =
  /** 410 with a token that begins anew, as etcd's compaction causes. */
  | 'expired'
  | 'unauthorized'
  | 'internal-error'
  | 'unavailable'
  | 'too-many-requests'
  /** Nothing, ever. */
  | 'hang'
  /** The connection breaks before the first byte. */
  | 'reset'
  /** The connection breaks in the middle of the body. */
  | 'cut-off'
  /** A whole answer that is half a JSON text. */
  | 'truncated-json'
  /** A gzip stream without its end. */
  | 'truncated-gzip'
  | 'html'
  | 'redirect'
  | 'no-items'
  | 'null-items'
  /** A list of another kind. */
  | 'foreign-list'
  /** The continue token that was sent is the continue token that comes back. */
  | 'same-token'
  /** The last object of the page is not there, as behind a proxy that shows only some; all else says that it is. */
  | 'hidden-item'
  | 'not-found';

/** When a fault strikes. The first fault that fits is used up first. */
export interface Fault {
  readonly answer: FaultAnswer;
  /** `pods`, `apps/deployments`; `/apis`, `/apis/apps/v1` for discovery. Absent: every list. */
  readonly resource?: string;
  /** From 1. Absent: every page. */
  readonly page?: number;
  /** How often. Default: always. */
  readonly times?: number;
}

/** Who may not list what. */
export interface Prohibition {
  /** Absent: everybody. */
  readonly user?: string;
  /** `pods`, `apps/deployments`, `namespaces`; `/apis` for discovery. */
  readonly resource: string;
  /** Absent: everywhere. */
  readonly namespace?: string;
}

/** A request that the server saw. */
export interface SeenRequest {
  /** Path and query. */
  readonly path: string;
  /** The user that it was made out to be; absent after a 401. */
  readonly user?: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** How a server differs from the usual one. */
export interface KubernetesServerOptions {
  /** Token to user. Default: `tok-admin` to `admin`. */
  readonly tokens?: Readonly<Record<string, string>>;
  /** Kinds of Kubernetes' own that are served, as `batch/v1/cronjobs`. Default: {@link SERVED}. */
  readonly serves?: readonly string[];
  /** Further kinds. Of several versions of a group, the first is the preferred one. */
  readonly custom?: readonly ServedResource[];
  /** Parts of the API that do not answer discovery, as `metrics.k8s.io/v1beta1`. */
  readonly stale?: readonly string[];
  /** `old`: discovery group by group, as before 1.26. */
  readonly discovery?: 'old';
  /** Objects on a page, from its number (from 1) and the asked limit. Default: the limit. */
  readonly pageSize?: (page: number, limit: number) => number;
  /** Default true. */
  readonly gzip?: boolean;
  /** A folder that {@link makeCertificates} filled, to share one authority between servers. Default: one of its own. */
  readonly certificates?: string;
}

/** A running server. */
export interface KubernetesServer {
  /** `https://127.0.0.1:PORT`. */
  readonly url: string;
  readonly port: number;
  /** PEM file of the authority that signed the server's and the clients' certificates. */
  readonly caFile: string;
  /** PEM files of a certificate of user `admin`. */
  readonly clientCertificate: { readonly certFile: string; readonly keyFile: string };
  /** Oldest first; grows. */
  readonly requests: readonly SeenRequest[];
  /** TCP connections so far. */
  connections(): number;
  /** Adds an object, or replaces the one with its kind, namespace and name. */
  put(...objects: readonly KubernetesObject[]): void;
  /** Makes an empty namespace. Namespaces of objects are there anyway. */
  putNamespace(name: string): void;
  remove(object: KubernetesObject): void;
  forbid(prohibition: Prohibition): void;
  fail(fault: Fault): void;
  /** Forgets all faults, prohibitions and seen requests. */
  heal(): void;
  /** Ends the server and removes its certificates. Safe to call twice. */
  close(): Promise<void>;
}

/** What a server of 1.25 and later serves of the kinds that are read. */
export const SERVED: readonly string[] = [
  'v1/pods',
  'v1/replicationcontrollers',
  'v1/podtemplates',
  'v1/secrets',
  'v1/configmaps',
  'apps/v1/deployments',
  'apps/v1/replicasets',
  'apps/v1/statefulsets',
  'apps/v1/daemonsets',
  'apps/v1/controllerrevisions',
  'batch/v1/jobs',
  'batch/v1/cronjobs',
];

const KIND_OF: Readonly<Record<string, string>> = {
  pods: 'Pod',
  replicationcontrollers: 'ReplicationController',
  podtemplates: 'PodTemplate',
  secrets: 'Secret',
  configmaps: 'ConfigMap',
  deployments: 'Deployment',
  replicasets: 'ReplicaSet',
  statefulsets: 'StatefulSet',
  daemonsets: 'DaemonSet',
  controllerrevisions: 'ControllerRevision',
  jobs: 'Job',
  cronjobs: 'CronJob',
};

const run = promisify(execFile);

/** What goes over the wire; `nothing` leaves the client waiting. */
type Reply =
  | 'nothing'
  | 'reset'
  | {
      readonly status: number;
      readonly body: string | Buffer;
      readonly headers?: Readonly<Record<string, string | number>>;
      /** The connection breaks after the body. */
      readonly cutOff?: true;
    };

/** What faults say in place of a page; those missing here change the page, or break it. */
const DISTURBANCES: Readonly<Partial<Record<FaultAnswer, Reply>>> = {
  expired: status(410, 'The provided continue parameter is too old', { continue: encodeToken(0, 1) }),
  unauthorized: status(401, 'Unauthorized'),
  'internal-error': status(500, 'etcdserver: leader changed'),
  unavailable: status(503, 'the server is currently unable to handle the request'),
  'too-many-requests': {
    status: 429,
    body: 'Too many requests, please try again later.',
    headers: { 'Content-Type': 'text/plain', 'Retry-After': 1 },
  },
  'not-found': status(404, 'the server could not find the requested resource'),
  hang: 'nothing',
  reset: 'reset',
  html: {
    status: 200,
    body: '<!DOCTYPE html><html><body>Please log in</body></html>',
    headers: { 'Content-Type': 'text/html' },
  },
  redirect: { status: 302, body: '', headers: { Location: 'https://127.0.0.1:1/login' } },
};

interface ListRequest {
  readonly served: ServedResource;
  /** `batch/cronjobs`, as rules name it. */
  readonly resource: string;
  readonly groupVersion: string;
  readonly plural: string;
  readonly namespace?: string;
  /** `owner=helm`. */
  readonly selector?: string;
  readonly limit: number;
  readonly from: number;
  readonly page: number;
  readonly token: string;
}

interface State {
  readonly options: KubernetesServerOptions;
  readonly resources: readonly ServedResource[];
  readonly objects: Map<string, KubernetesObject>;
  readonly namespaces: Set<string>;
  readonly requests: SeenRequest[];
  prohibitions: Prohibition[];
  faults: { readonly fault: Fault; left: number }[];
}

/** Starts a server on a free port of 127.0.0.1 with an authority of its own. */
export async function startKubernetesServer(options: KubernetesServerOptions = {}): Promise<KubernetesServer> {
  const folder = options.certificates ?? (await mkdtemp(join(tmpdir(), 'kubernetes-')));
  if (options.certificates === undefined) await makeCertificates(folder);
  const state: State = {
    options,
    resources: [...(options.serves ?? SERVED).map(ownKind), ...(options.custom ?? [])],
    objects: new Map(),
    namespaces: new Set(),
    requests: [],
    prohibitions: [],
    faults: [],
  };
  const [key, cert, ca] = await Promise.all(
    ['server.key', 'server.crt', 'ca.crt'].map((name) => readFile(join(folder, name))),
  );
  // Who comes without a certificate may still have a token, as with the real server.
  const server = createServer({ key, cert, ca, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    sendReply(response, replyTo(state, request));
  });
  let connections = 0;
  server.on('connection', () => connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `https://127.0.0.1:${port}`,
    port,
    caFile: join(folder, 'ca.crt'),
    clientCertificate: { certFile: join(folder, 'client.crt'), keyFile: join(folder, 'client.key') },
    requests: state.requests,
    connections: () => connections,
    ...controlsOf(state),
    async close() {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
      if (options.certificates === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One context of a kubeconfig. */
export interface KubeConfigContext {
  readonly name: string;
  readonly server: Pick<KubernetesServer, 'url' | 'caFile'>;
  /** The `user` entry: `{ token: 'tok-admin' }`. Absent: a context without user. */
  readonly user?: object;
  /** Further keys of the `cluster` entry, or others in place of the usual ones. */
  readonly cluster?: object;
  readonly namespace?: string;
}

/** The text of a kubeconfig with these contexts. Cluster and user of a context carry its name. */
export function kubeConfigText(contexts: readonly KubeConfigContext[]): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': contexts[0]?.name ?? '',
    clusters: contexts.map(({ name, server, cluster }) => ({
      name,
      cluster: { server: server.url, 'certificate-authority': server.caFile, ...cluster },
    })),
    users: contexts.flatMap(({ name, user }) => (user === undefined ? [] : [{ name, user }])),
    contexts: contexts.map(({ name, user, namespace }) => ({
      name,
      context: {
        cluster: name,
        ...(user === undefined ? {} : { user: name }),
        ...(namespace === undefined ? {} : { namespace }),
      },
    })),
  });
}

/** Writes a kubeconfig with these contexts and gives its path back. */
export async function writeKubeConfig(path: string, contexts: readonly KubeConfigContext[]): Promise<string> {
  await writeFile(path, kubeConfigText(contexts), { mode: 0o600 });
  return path;
}

function controlsOf(
  state: State,
): Pick<KubernetesServer, 'put' | 'putNamespace' | 'remove' | 'forbid' | 'fail' | 'heal'> {
  return {
    put: (...objects) => {
      for (const object of objects) {
        state.objects.set(keyOf(object), object);
        if (object.metadata.namespace !== undefined) state.namespaces.add(object.metadata.namespace);
      }
    },
    putNamespace: (name) => state.namespaces.add(name),
    remove: (object) => state.objects.delete(keyOf(object)),
    forbid: (prohibition) => state.prohibitions.push(prohibition),
    fail: (fault) => state.faults.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY }),
    heal: () => {
      state.faults = [];
      state.prohibitions = [];
      state.requests.length = 0;
    },
  };
}

function keyOf(object: KubernetesObject): string {
  const { kind, metadata } = object;
  return `${groupOf(object)}\n${kind}\n${metadata.namespace ?? ''}\n${metadata.name}`;
}

/** Of its `apiVersion`; objects without one are of the core group. */
function groupOf(object: KubernetesObject): string {
  const version = typeof object['apiVersion'] === 'string' ? object['apiVersion'] : 'v1';
  return version.includes('/') ? version.slice(0, version.indexOf('/')) : '';
}

/** `batch/v1/cronjobs`. */
function ownKind(text: string): ServedResource {
  const [resource = '', version = '', group = ''] = text.split('/').toReversed();
  return { group, version, resource, kind: KIND_OF[resource] ?? '' };
}

function replyTo(state: State, request: IncomingMessage): Reply {
  const user = userOf(state, request);
  state.requests.push({ path: request.url ?? '', headers: request.headers, ...(user === undefined ? {} : { user }) });
  if (user === undefined) return status(401, 'Unauthorized');
  const url = new URL(request.url ?? '/', 'https://server');
  const namespace = /^\/api\/v1\/namespaces\/([^/]+)$/.exec(url.pathname)?.[1];
  if (namespace !== undefined) return replyToNamespace(state, user, decodeURIComponent(namespace));
  const discovery = replyToDiscovery(state, user, url.pathname, String(request.headers.accept ?? ''));
  if (discovery !== undefined) return discovery;
  const list = listOf(state, url);
  if (list === undefined) return status(404, 'the server could not find the requested resource');
  if (isForbidden(state, { user, resource: list.resource, namespace: list.namespace }))
    return status(403, `${list.plural} is forbidden: User "${user}" cannot list resource "${list.plural}"`);
  if (Number.isNaN(list.from)) return status(400, 'continue key is not valid');
  const fault = takeFault(state, list.resource, list.page);
  const disturbance = fault === undefined ? undefined : DISTURBANCES[fault];
  if (disturbance !== undefined) return disturbance;
  const gzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? '')) && state.options.gzip !== false;
  const body = JSON.stringify(pageOf(state, list, fault));
  return (
    breakOff(fault, body) ??
    (gzip
      ? { status: 200, body: gzipSync(body, { level: 1 }), headers: { 'Content-Encoding': 'gzip' } }
      : { status: 200, body })
  );
}

/** The first two thirds of an answer: what comes early is there, and what comes late is not. */
function breakOff(fault: FaultAnswer | undefined, body: string): Reply | undefined {
  const half = Buffer.from(body).subarray(0, Math.ceil((body.length * 2) / 3));
  if (fault === 'cut-off')
    return { status: 200, body: half, headers: { 'Content-Length': body.length * 2 }, cutOff: true };
  if (fault === 'truncated-json') return { status: 200, body: half };
  if (fault !== 'truncated-gzip') return undefined;
  const zipped = gzipSync(body, { level: 0 });
  const part = zipped.subarray(0, Math.ceil((zipped.length * 2) / 3));
  return { status: 200, body: part, headers: { 'Content-Encoding': 'gzip' } };
}

function userOf(state: State, request: IncomingMessage): string | undefined {
  const tokens = state.options.tokens ?? { 'tok-admin': 'admin' };
  const authorization = request.headers.authorization;
  if (authorization !== undefined) {
    const [, token] = /^Bearer (.+)$/.exec(authorization) ?? [];
    return token !== undefined && Object.hasOwn(tokens, token) ? tokens[token] : undefined;
  }
  if (!(request.socket instanceof TLSSocket) || !request.socket.authorized) return undefined;
  const name = request.socket.getPeerCertificate().subject?.CN;
  return typeof name === 'string' ? name : undefined;
}

function replyToDiscovery(state: State, user: string, path: string, accept: string): Reply | undefined {
  const { resources, options } = state;
  const isOld = options.discovery === 'old';
  const answer = discoveryAnswer({ resources, isOld, stale: new Set(options.stale) }, path, accept);
  if (answer === undefined) return undefined;
  if (isForbidden(state, { user, resource: path })) return status(403, `User "${user}" cannot get path "${path}"`);
  const fault = takeFault(state, path, 1);
  const disturbance = fault === undefined ? undefined : DISTURBANCES[fault];
  const body = JSON.stringify(answer.body);
  return disturbance ?? breakOff(fault, body) ?? { status: answer.status, body };
}

function listOf(state: State, url: URL): ListRequest | undefined {
  const match = /^\/(?:api\/(v1)|apis\/([a-z0-9.-]+\/v[a-z0-9]+))(?:\/namespaces\/([^/]+))?\/([a-z]+)$/.exec(
    url.pathname,
  );
  if (match === null) return undefined;
  const [, core, named, namespace, plural = ''] = match;
  const groupVersion = core ?? named ?? '';
  const group = core === undefined ? groupVersion.slice(0, groupVersion.indexOf('/')) : '';
  const version = groupVersion.slice(groupVersion.indexOf('/') + 1);
  const served = state.resources.find(
    (one) => one.group === group && one.version === version && one.resource === plural,
  );
  // Kinds that lie in no namespace have no list in one.
  if (served === undefined || (namespace !== undefined && served.namespaced === false)) return undefined;
  const token = url.searchParams.get('continue') ?? '';
  const selector = url.searchParams.get('labelSelector');
  const { from, page } = decodeToken(token);
  return {
    served,
    resource: core === undefined ? `${group}/${plural}` : plural,
    groupVersion,
    plural,
    limit: Number(url.searchParams.get('limit') ?? Number.MAX_SAFE_INTEGER),
    from,
    page,
    token,
    ...(selector === null ? {} : { selector }),
    ...(namespace === undefined ? {} : { namespace: decodeURIComponent(namespace) }),
  };
}

function decodeToken(token: string): { from: number; page: number } {
  if (token === '') return { from: 0, page: 1 };
  const match = /^from:(\d+):page:(\d+)$/.exec(Buffer.from(token, 'base64url').toString('utf8'));
  return { from: Number(match?.[1] ?? 'NaN'), page: Number(match?.[2] ?? 'NaN') };
}

function encodeToken(from: number, page: number): string {
  return Buffer.from(`from:${from}:page:${page}`).toString('base64url');
}

function pageOf(state: State, list: ListRequest, fault: FaultAnswer | undefined): object {
  const { kind, group, isCustom = false } = list.served;
  const [label = '', value] = list.selector?.split('=') ?? [];
  const all = [...state.objects.entries()]
    .filter(([, object]) => object.kind === kind && groupOf(object) === group)
    .filter(([, { metadata }]) => list.namespace === undefined || metadata.namespace === list.namespace)
    .filter(([, { metadata }]) => value === undefined || metadata.labels?.[label] === value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, object]) => itemOf(object, list));
  const size = Math.max(0, state.options.pageSize?.(list.page, list.limit) ?? list.limit);
  const to = Math.min(all.length, list.from + size);
  const next = to < all.length ? encodeToken(to, list.page + 1) : '';
  const isCounted = next !== '' && list.selector === undefined;
  const metadata = {
    resourceVersion: '4711',
    ...(next === '' ? {} : { continue: next }),
    ...(isCounted ? { remainingItemCount: all.length - to } : {}),
    ...(fault === 'same-token' ? { continue: list.token === '' ? encodeToken(0, 2) : list.token } : {}),
  };
  const shown = all.slice(list.from, fault === 'hidden-item' ? to - 1 : to);
  const items = fault === 'null-items' ? { items: null } : { items: shown };
  const page = {
    kind: fault === 'foreign-list' ? 'ServiceList' : `${kind}List`,
    apiVersion: list.groupVersion,
    metadata,
    ...(fault === 'no-items' ? {} : items),
  };
  return isCustom ? sortKeys(page) : page;
}

/** As the real server: items of a list carry neither kind nor apiVersion, but custom ones do. */
function itemOf(object: KubernetesObject, { served, groupVersion }: ListRequest): object {
  const { kind, apiVersion: _apiVersion, ...rest } = object;
  return served.isCustom === true ? sortKeys({ ...rest, kind, apiVersion: groupVersion }) : rest;
}

/** Custom objects are written from maps, whose keys are sorted: `items` comes before `metadata`. */
function sortKeys(value: object): object {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function takeFault(state: State, resource: string, page: number): FaultAnswer | undefined {
  const found = state.faults.find(
    ({ fault, left }) => left > 0 && isMeant(fault.resource, resource) && (fault.page ?? page) === page,
  );
  if (found === undefined) return undefined;
  found.left--;
  return found.fault.answer;
}

/** Paths of discovery are meant only by their names. */
function isMeant(wanted: string | undefined, resource: string): boolean {
  return wanted === undefined ? !resource.startsWith('/') : wanted === resource;
}

function isForbidden(
  state: State,
  asked: { readonly user: string; readonly resource: string; readonly namespace?: string | undefined },
): boolean {
  return state.prohibitions.some(
    ({ user, resource, namespace }) =>
      resource === asked.resource &&
      (user === undefined || user === asked.user) &&
      // Who may not list in one namespace may not list in all of them.
      (namespace === undefined || asked.namespace === undefined || namespace === asked.namespace),
  );
}

function replyToNamespace(state: State, user: string, namespace: string): Reply {
  if (isForbidden(state, { user, resource: 'namespaces', namespace })) return status(403, 'forbidden');
  if (!state.namespaces.has(namespace)) return status(404, `namespaces "${namespace}" not found`);
  return { status: 200, body: JSON.stringify({ kind: 'Namespace', apiVersion: 'v1', metadata: { name: namespace } }) };
}

function status(code: number, message: string, metadata: object = {}): Reply {
  const body = { kind: 'Status', apiVersion: 'v1', metadata, status: 'Failure', message, code };
  return { status: code, body: JSON.stringify(body) };
}

function sendReply(response: ServerResponse, reply: Reply): void {
  if (reply === 'nothing') return;
  if (reply === 'reset') {
    response.socket?.destroy();
    return;
  }
  response.writeHead(reply.status, { 'Content-Type': 'application/json', ...reply.headers });
  if (reply.cutOff === true) response.write(reply.body, () => response.socket?.destroy());
  else response.end(reply.body);
}

/** Fills a folder with an authority, and certificates of the server and of the user `admin` that it signed. */
export async function makeCertificates(folder: string): Promise<void> {
  const openssl = async (args: string) => run('openssl', args.split(' '), { cwd: folder });
  const key = (name: string) => openssl(`ecparam -name prime256v1 -genkey -noout -out ${name}.key`);
  await Promise.all(['ca', 'server', 'client'].map(key));
  await openssl('req -x509 -new -key ca.key -out ca.crt -days 2 -subj /CN=kubernetes-ca');
  await writeFile(
    join(folder, 'server.ext'),
    'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n',
  );
  await writeFile(join(folder, 'client.ext'), 'extendedKeyUsage=clientAuth\n');
  for (const [name, subject] of [
    ['server', '/CN=kubernetes'],
    ['client', '/O=system:masters/CN=admin'],
  ] as const) {
    await openssl(`req -new -key ${name}.key -out ${name}.csr -subj ${subject}`);
    await openssl(
      `x509 -req -in ${name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out ${name}.crt -days 2 -extfile ${name}.ext`,
    );
  }
}
