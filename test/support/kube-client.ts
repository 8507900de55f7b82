// What a test does on an API server as its admin: make namespaces, kinds, objects, statuses; wait until they are there.

import { setTimeout } from 'node:timers/promises';
import PQueue from 'p-queue';
import { type Agent, request } from 'undici';
import * as z from 'zod';
import type { KubernetesObject } from '../fakes/kubernetes-server.ts';

/** An object as it is sent. */
export interface KubeObject extends KubernetesObject {
  readonly apiVersion: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [key: string]: unknown };
}

/** A kind that users define (CustomResourceDefinition): any content is taken as it is, `status` too. */
export interface CustomKind {
  readonly group: string;
  /** The first is how objects are stored. */
  readonly versions: readonly string[];
  readonly kind: string;
  readonly plural: string;
  /** Default: `namespace`. */
  readonly scope?: 'namespace' | 'cluster';
}

/** An answer, whatever its status. */
export interface KubeAnswer {
  readonly status: number;
  /** Parsed JSON; the text when it is none. */
  readonly body: unknown;
}

/** The admin's hands on a server. */
export interface KubeClient {
  /** Sends a request; a body as JSON, or as the given content type. */
  send(method: string, path: string, body?: object, contentType?: string): Promise<KubeAnswer>;
  /** As `send`. @throws Error with the answer when its status is not 2xx. */
  must(method: string, path: string, body?: object, contentType?: string): Promise<unknown>;
  /** All groups with their kinds, as clients of today ask for them: JSON of an APIGroupDiscoveryList. */
  discover(): Promise<string>;
  /** Makes objects, and the namespaces that they name, side by side. */
  create(...objects: readonly KubernetesObject[]): Promise<void>;
  remove(object: KubernetesObject): Promise<void>;
  /** Sets the status of an object as a controller does, by its subresource. */
  putStatus(object: KubernetesObject, status: object): Promise<void>;
  /** Adds debug containers to a pod as `kubectl debug` does. */
  addEphemeralContainers(pod: KubernetesObject, ...containers: readonly object[]): Promise<void>;
  /** Defines kinds and waits until they are served. */
  putKinds(...kinds: readonly CustomKind[]): Promise<void>;
}

/** How a client is made. */
interface ClientOptions {
  readonly url: string;
  readonly agent: Agent;
  readonly token: string;
}

/** 20,000 pods take half a minute with it; more at a time is not faster. */
const CONCURRENCY = 24;
const SERVED_TIMEOUT_MS = 60_000;
const NAME_LIMIT = 300;

const resourcesSchema = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});

/** Makes a client. */
export function makeKubeClient(options: ClientOptions): KubeClient {
  const send: KubeClient['send'] = (method, path, body, contentType = 'application/json') =>
    sendRequest(options, { method, path, contentType, ...(body === undefined ? {} : { body }) });
  const must: KubeClient['must'] = async (method, path, body, contentType) => {
    const answer = await send(method, path, body, contentType);
    if (answer.status >= 200 && answer.status < 300) return answer.body;
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 1000)}`);
  };
  const paths = makePathFinder(must);
  const putNamespaces = makeNamespaces(send);

  async function create(...objects: readonly KubernetesObject[]): Promise<void> {
    await putNamespaces(objects.flatMap(({ metadata }) => metadata.namespace ?? []));
    const queue = new PQueue({ concurrency: CONCURRENCY });
    const post = async (object: KubernetesObject) => void (await must('POST', await paths.listOf(object), object));
    await Promise.all(objects.map((object) => queue.add(() => post(object))));
  }

  async function putKinds(...kinds: readonly CustomKind[]): Promise<void> {
    await create(...kinds.map(definitionOf));
    for (const kind of kinds) for (const version of kind.versions) await waitUntilServed(kind, version);
    paths.forget();
  }

  async function waitUntilServed({ group, plural }: CustomKind, version: string): Promise<void> {
    const deadline = Date.now() + SERVED_TIMEOUT_MS;
    for (;;) {
      const known = resourcesSchema.safeParse((await send('GET', `/apis/${group}/${version}`)).body);
      const isKnown = known.success && known.data.resources.some(({ name }) => name === plural);
      if (isKnown && (await send('GET', `/apis/${group}/${version}/${plural}`)).status === 200) return;
      if (Date.now() > deadline) throw new Error(`${plural}.${version}.${group} is not served`);
      await setTimeout(50);
    }
  }

  return {
    send,
    must,
    discover: async () => {
      const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
      const sent = { method: 'GET', path: '/apis', contentType: 'application/json', accept };
      return JSON.stringify((await sendRequest(options, sent)).body);
    },
    create,
    putKinds,
    remove: async (object) => void (await must('DELETE', await paths.pathOf(object))),
    putStatus: async (object, status) => {
      const path = `${await paths.pathOf(object)}/status`;
      await must('PATCH', path, { status }, 'application/merge-patch+json');
    },
    addEphemeralContainers: async (pod, ...containers) => {
      const path = `${await paths.pathOf(pod)}/ephemeralcontainers`;
      const patch = { spec: { ephemeralContainers: containers } };
      await must('PATCH', path, patch, 'application/strategic-merge-patch+json');
    },
  };
}

interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly contentType: string;
  /** Default: plain JSON. */
  readonly accept?: string;
  readonly body?: object;
}

async function sendRequest({ url, agent, token }: ClientOptions, sent: SentRequest): Promise<KubeAnswer> {
  const answer = await request(url + sent.path, {
    method: sent.method,
    dispatcher: agent,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': sent.contentType,
      accept: sent.accept ?? 'application/json',
    },
    ...(sent.body === undefined ? {} : { body: JSON.stringify(sent.body) }),
  });
  const text = await answer.body.text();
  return { status: answer.statusCode, body: parseBody(text) };
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text.slice(0, NAME_LIMIT);
  }
}

/** Makes each namespace once, and also when several ask for it at the same time. */
function makeNamespaces(send: KubeClient['send']): (names: readonly string[]) => Promise<void> {
  const made = new Map<string, Promise<void>>();
  const make = async (name: string): Promise<void> => {
    const answer = await send('POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
    });
    if (answer.status !== 201 && answer.status !== 409)
      throw new Error(`namespace ${name}: ${answer.status} ${JSON.stringify(answer.body)}`);
  };
  return async (names) => {
    const all = [...new Set(names)].map((name) => {
      const making = made.get(name) ?? make(name);
      made.set(name, making);
      return making;
    });
    await Promise.all(all);
  };
}

interface PathFinder {
  listOf(object: KubernetesObject): Promise<string>;
  pathOf(object: KubernetesObject): Promise<string>;
  forget(): void;
}

/** Asks the server which plural a kind has. */
function makePathFinder(must: KubeClient['must']): PathFinder {
  const known = new Map<string, Promise<z.infer<typeof resourcesSchema>>>();

  async function listOf({ apiVersion, kind, metadata }: KubernetesObject): Promise<string> {
    if (typeof apiVersion !== 'string') throw new Error(`${kind} ${metadata.name} has no apiVersion`);
    const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const asked = known.get(base) ?? must('GET', base).then((body) => resourcesSchema.parse(body));
    known.set(base, asked);
    const found = (await asked).resources.find((resource) => resource.kind === kind && !resource.name.includes('/'));
    if (found === undefined) throw new Error(`${apiVersion} has no kind ${kind}`);
    if (found.namespaced !== (metadata.namespace !== undefined))
      throw new Error(`${kind} ${metadata.name}: a namespace is ${found.namespaced ? 'missing' : 'too much'}`);
    const scope = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
    return `${base}${scope}/${found.name}`;
  }

  return {
    listOf,
    pathOf: async (object) => `${await listOf(object)}/${object.metadata.name}`,
    forget: () => known.clear(),
  };
}

function definitionOf({ group, versions, kind, plural, scope = 'namespace' }: CustomKind): KubeObject {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: scope === 'namespace' ? 'Namespaced' : 'Cluster',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: versions.map((name, index) => ({ name, served: true, storage: index === 0, schema })),
    },
  };
}
