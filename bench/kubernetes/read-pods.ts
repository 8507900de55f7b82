// Reads all pods of a server in one of several ways: `node read-pods.ts WAY URL`. Prints the seconds that it took, without starting Node,
// and how many images it found.

import * as http from 'node:http';
import { buffer } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';

/** What one way came to. */
interface Found {
  readonly pods: number;
  /** Distinct texts in image fields. */
  readonly images: number;
  /** Images for which a workload is known. */
  readonly named: number;
}

const WAYS: Readonly<Record<string, (url: string) => Promise<() => Promise<Found>>>> = {
  scan: prepareScan,
  parse: async (url) => () => readByParsing(url),
  typed: prepareTyped,
};

/** Lists of containers and of their statuses stand in both. */
interface PodTexts {
  readonly spec?: object;
  readonly status?: object;
}

interface ContainerTexts {
  readonly image?: unknown;
  readonly imageID?: unknown;
}

/** This project's way: whatever `plan` does to learn what clusters use. */
async function prepareScan(url: string): Promise<() => Promise<Found>> {
  const { readUsage } = await import('../../src/kubernetes/read-usage.ts');
  const { silentLog } = await import('../../src/log.ts');
  const { instantFromMs } = await import('../../src/model/time.ts');
  const { kubernetesSettings } = await import('../../test/builders/kubernetes-settings.ts');
  const text = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'bench', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'bench', user: {} }],
    contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }],
  });
  const settings = kubernetesSettings({ kubeConfig: { kind: 'inline', text } });
  return async () => {
    const usage = await readUsage(settings, { environment: {}, log: silentLog, now: instantFromMs(Date.now()) });
    const named = usage.uses.filter(({ workloads }) => workloads.length > 0);
    return { pods: usage.sources[0]?.pods ?? 0, images: usage.uses.length, named: named.length };
  };
}

async function readByParsing(url: string): Promise<Found> {
  const agent = new http.Agent({ keepAlive: true });
  const images = new Map<string, string>();
  let pods = 0;
  let token = '';
  do {
    const path = `/api/v1/pods?limit=500${token === '' ? '' : `&continue=${token}`}`;
    const page = JSON.parse((await getZipped(new URL(path, url), agent)).toString()) as {
      readonly metadata: { readonly name: string; readonly continue?: string };
      readonly items: readonly (PodTexts & { readonly metadata: { readonly name: string } })[];
    };
    for (const pod of page.items) addImages(images, pod, pod.metadata.name);
    pods += page.items.length;
    token = page.metadata.continue ?? '';
  } while (token !== '');
  agent.destroy();
  return { pods, images: images.size, named: images.size };
}

async function getZipped(url: URL, agent: http.Agent): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  http.get(url, { agent, headers: { 'Accept-Encoding': 'gzip' } }, resolve).on('error', reject);
  const response = await promise;
  return buffer(response.pipe(createGunzip({ chunkSize: 1024 * 1024 })));
}

/** As most programs do it. */
async function prepareTyped(url: string): Promise<() => Promise<Found>> {
  const { CoreV1Api, createConfiguration, ServerConfiguration } = await import('@kubernetes/client-node');
  const api = new CoreV1Api(createConfiguration({ baseServer: new ServerConfiguration(url, {}) }));
  return async () => {
    const images = new Map<string, string>();
    let pods = 0;
    let token: string | undefined;
    do {
      const page = await api.listPodForAllNamespaces({ limit: 500, ...(token ? { _continue: token } : {}) });
      for (const pod of page.items) addImages(images, pod, pod.metadata?.name ?? '');
      pods += page.items.length;
      token = page.metadata?._continue;
    } while (token);
    return { pods, images: images.size, named: images.size };
  };
}

function addImages(images: Map<string, string>, pod: PodTexts, name: string): void {
  const parts: unknown[] = [Object.values(pod.spec ?? {}), Object.values(pod.status ?? {})].flat();
  for (const entry of parts.filter(Array.isArray).flat() as readonly ContainerTexts[]) {
    const { image, imageID } = entry;
    if (typeof image === 'string') images.set(image, name);
    if (typeof imageID === 'string') images.set(imageID, name);
  }
}

const [, , way = '', url = ''] = process.argv;
const read = await WAYS[way]?.(url);
if (read === undefined) throw new Error(`There is no way ${way}.`);
const begin = performance.now();
const found = await read();
process.stdout.write(JSON.stringify({ ...found, seconds: (performance.now() - begin) / 1000 }));
