// Which platforms the nodes of the clusters have. It only says how much of an image is needed: what cannot be read makes more of it needed.

import { homedir } from 'node:os';
import * as z from 'zod';
import type { KubernetesSettings } from '../config/settings.ts';
import { EvidenceError } from '../errors.ts';
import type { Log } from '../log.ts';
import { connectCluster } from './connection/connect-cluster.ts';
import type { CredentialMemory } from './connection/credential-memory.ts';
import { parseItem } from './images/parse-item.ts';
import type { ReadSource } from './images/read-source.ts';
import type { PresentKind } from './kinds/resource-kind.ts';
import { type KubeContext, type KubeSurroundings, loadKubeContexts } from './kubeconfig/load-kube-contexts.ts';
import type { ListLimits } from './lists/list-job.ts';
import { listObjects } from './lists/list-objects.ts';
import type { ObjectReader } from './lists/object-reader.ts';

/** The platforms of one context's nodes. */
export interface ContextPlatforms {
  readonly context: string;
  /** `linux/arm64`, as nodes tell them; at least one. `unknown`: an image may be needed on any. */
  readonly platforms: ReadonlySet<string> | 'unknown';
  /** Why they are unknown; for people. */
  readonly why?: string;
}

/** The surroundings of a run. */
export interface ReadPlatformsOptions extends KubeSurroundings {
  readonly log: Log;
  /** As for reading usage. */
  readonly logins?: CredentialMemory | undefined;
  /** How lists are read; for tests. */
  readonly limits?: Partial<ListLimits> & { readonly idleMs?: number };
}

/** Fewer attempts than for what protects images: without an answer more is looked at, not less. */
const LIMITS = { pageSize: 500, retries: 2, retryDelayMs: 500, idleMs: 30_000 };

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/node-v1/ */
const NODES: PresentKind = {
  kind: 'Node',
  resource: 'nodes',
  group: '',
  version: 'v1',
  scope: 'cluster',
  reading: { by: 'walk', paths: [] },
};

const nodeSchema = z.object({
  status: z.object({
    nodeInfo: z.object({ operatingSystem: z.string().min(1), architecture: z.string().min(1) }),
  }),
});

/**
 * The platforms by context, in the kubeconfig's order; empty without a kubeconfig. Nodes lie in no namespace: a run that looks into
 * some namespaces only does not ask for them.
 * @throws UsageError USAGE for an unusable kubeconfig or an unknown context.
 */
export async function readPlatforms(
  settings: Pick<KubernetesSettings, 'kubeConfig' | 'contexts' | 'namespaces' | 'ownNamespacesOnly'>,
  options: ReadPlatformsOptions,
): Promise<readonly ContextPlatforms[]> {
  if (settings.kubeConfig === undefined) return [];
  const contexts = await loadKubeContexts(settings.kubeConfig, settings.contexts, { home: homedir(), ...options });
  if (settings.namespaces.length > 0 || settings.ownNamespacesOnly === true)
    return contexts.map(({ name }) => unknown(name, 'only some namespaces are looked into'));
  return await Promise.all(contexts.map((context) => readContext(context, options)));
}

async function readContext(context: KubeContext, options: ReadPlatformsOptions): Promise<ContextPlatforms> {
  const { log, environment, logins } = options;
  const { idleMs, ...limits } = { ...LIMITS, ...options.limits };
  const abort = new AbortController();
  try {
    const connection = await connectCluster(context, { log, idleMs, environment, logins });
    try {
      const target = { context: context.name, kind: NODES };
      const newReader = () => createPlatformReader(target);
      const { result } = await listObjects({ connection, target, limits, signal: abort.signal, newReader });
      if (result === 'unknown') return unknown(context.name, 'a node does not tell its platform');
      if (result.size === 0) return unknown(context.name, 'it has no nodes');
      return { context: context.name, platforms: result };
    } finally {
      connection.close();
    }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    const isForbidden = error.details['status'] === 403;
    return unknown(context.name, isForbidden ? 'the right to list nodes is missing' : error.message);
  }
}

function unknown(context: string, why: string): ContextPlatforms {
  return { context, platforms: 'unknown', why };
}

function createPlatformReader(
  source: Pick<ReadSource, 'context' | 'kind'>,
): ObjectReader<ReadonlySet<string> | 'unknown'> {
  const platforms = new Set<string>();
  let isWhole = true;
  return {
    read: (item) => {
      const node = nodeSchema.safeParse(parseItem(item, source));
      if (!node.success) isWhole = false;
      else platforms.add(`${node.data.status.nodeInfo.operatingSystem}/${node.data.status.nodeInfo.architecture}`);
    },
    finish: () => (isWhole ? platforms : 'unknown'),
  };
}
