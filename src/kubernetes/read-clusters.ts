// Reads all kinds of all contexts, side by side, and stops as a whole when one of them cannot be read.

import { UsageError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { UsageSource } from '../model/usage.ts';
import { type ClusterConnection, connectCluster } from './connection/connect-cluster.ts';
import type { CredentialMemory } from './connection/credential-memory.ts';
import { isNamespacePresent } from './find-namespace.ts';
import { openReader } from './images/open-reader.ts';
import type { ReadSource } from './images/read-source.ts';
import { createUsageCollector, type UsageCollector } from './images/usage-collector.ts';
import { discoverKinds } from './kinds/discover-kinds.ts';
import { createKindTable } from './kinds/kind-table.ts';
import { type PresentKind, resourceName } from './kinds/resource-kind.ts';
import { type ClusterKinds, refuseUnknownKinds, type SelectedKinds, selectKinds } from './kinds/select-kinds.ts';
import { type KindSettings, wantedKinds } from './kinds/wanted-kinds.ts';
import type { KubeContext } from './kubeconfig/load-kube-contexts.ts';
import type { ListLimits } from './lists/list-job.ts';
import { listObjects, type ObjectList } from './lists/list-objects.ts';
import { runSideBySide } from './run-side-by-side.ts';

/** What all clusters said. Exists only when every list of every context was read to its end. */
export interface ClusterUsage {
  /** One for each context, in the given order. */
  readonly sources: readonly UsageSource[];
  readonly used: UsageCollector;
}

/** How clusters are read. */
export interface ReadClustersOptions extends Omit<ReadSource, 'context' | 'kind'>, KindSettings {
  readonly log: Log;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  /** With no namespaces: of each context those that it names; all of one that names none. */
  readonly ownNamespacesOnly?: true;
  readonly limits: ListLimits;
  /** Longest silence on a connection, in milliseconds. */
  readonly idleMs: number;
  /** For proxies and credential plugins. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logins?: CredentialMemory | undefined;
}

/** Logins at a time: a plugin is a program of its own, which may take seconds and ask a cloud. */
const MAX_LOGINS = 4;
/** Lists at a time, over all clusters. Each holds at most two pages in memory. */
const MAX_LISTS = 8;
/** A revision of a Helm release has up to 1 MB, a hundred times as much as a pod. */
const HELM_PAGE_SIZE = 50;

interface Cluster extends ClusterKinds, SelectedKinds {
  readonly connection: ClusterConnection;
  /** Empty: all. */
  readonly namespaces: readonly string[];
}

interface Task {
  readonly context: string;
  readonly kind: PresentKind;
  readonly namespace?: string;
  readonly connection: ClusterConnection;
}

interface Done {
  readonly task: Task;
  readonly list: ObjectList<UsageCollector>;
}

/**
 * Reads every wanted kind that a context has, of every context, in the given namespaces or in all.
 * @throws EvidenceError EVIDENCE_KUBERNETES when any of it cannot be read in full, or a context does not say which kinds it has.
 * @throws UsageError USAGE when none of the contexts has a given namespace, or a kind that the user names.
 */
export async function readClusters(
  contexts: readonly KubeContext[],
  options: ReadClustersOptions,
): Promise<ClusterUsage> {
  const opened: ClusterConnection[] = [];
  const abort = new AbortController();
  try {
    const works = contexts.map((context) => async (): Promise<ClusterConnection> => {
      const connection = await connectCluster(context, { ...options, signal: abort.signal });
      opened.push(connection);
      return connection;
    });
    // Whoever has to log in again somewhere wants to hear of all the places at once.
    const stops = (): boolean => false;
    const connections = await runSideBySide(works, { concurrency: MAX_LOGINS, abort, stops });
    const found = await findKinds(connections, options, abort);
    const clusters = found.map((cluster) => ({ ...cluster, namespaces: namespacesOf(cluster, contexts, options) }));
    const done = await readLists(tasksFor(clusters, options), options, abort);
    await refuseUnknownNamespaces(done, abort.signal);
    const used = createUsageCollector();
    for (const { list } of done) used.addAll(list.result);
    return { sources: connections.map(({ context }) => sourceOf(context, done)), used };
  } finally {
    abort.abort();
    for (const connection of opened) connection.close();
  }
}

/** What every cluster has of what is wanted. */
async function findKinds(
  connections: readonly ClusterConnection[],
  options: ReadClustersOptions,
  abort: AbortController,
): Promise<readonly Omit<Cluster, 'namespaces'>[]> {
  const { exclude, limits, log } = options;
  const wanted = wantedKinds(options);
  const groups = new Set([
    ...wanted.map(({ group }) => group),
    ...exclude.map((name) => name.replace(/^[^.]*\.?/, '')),
  ]);
  const works = connections.map((connection) => async () => {
    const discovery = await discoverKinds({ connection, limits, signal: abort.signal }, groups);
    const found = { context: connection.context, discovery };
    return { connection, ...found, ...selectKinds(found, wanted, exclude) };
  });
  // Every cluster that does not answer is worth telling at once; none has been read yet.
  const clusters = await runSideBySide(works, { concurrency: MAX_LISTS, abort, stops: () => false });
  refuseUnknownKinds(clusters, wanted, exclude);
  for (const { context, absent } of clusters)
    if (absent.length > 0)
      log.debug(`context ${JSON.stringify(context)} does not have ${absent.map(({ kind }) => kind).join(', ')}`);
  if (exclude.length > 0) log.info(`left out on purpose (kubernetes.exclude): ${exclude.join(', ')}`);
  return clusters;
}

function namespacesOf(
  { context }: Pick<Cluster, 'context'>,
  contexts: readonly KubeContext[],
  { namespaces, ownNamespacesOnly }: ReadClustersOptions,
): readonly string[] {
  if (ownNamespacesOnly !== true || namespaces.length > 0) return namespaces;
  return contexts.find(({ name }) => name === context)?.namespaces ?? [];
}

function tasksFor(clusters: readonly Cluster[], { log }: ReadClustersOptions): Task[] {
  const isReachable = ({ namespaces }: Cluster, { scope }: PresentKind) =>
    namespaces.length === 0 || scope === 'namespace';
  const passed = new Set(
    clusters.flatMap((cluster) => cluster.present.filter((kind) => !isReachable(cluster, kind)).map(resourceName)),
  );
  if (passed.size > 0) log.info(`not read, because they lie in no namespace: ${[...passed].join(', ')}`);
  return clusters.flatMap((cluster) => {
    const { context, connection, present } = cluster;
    const scopes = [...new Set(cluster.namespaces)].map((namespace) => ({ namespace }));
    return present
      .filter((kind) => isReachable(cluster, kind))
      .flatMap((kind) =>
        (scopes.length === 0 ? [{}] : scopes).map((scope) => ({ context, kind, connection, ...scope })),
      );
  });
}

async function readLists(
  tasks: readonly Task[],
  options: ReadClustersOptions,
  abort: AbortController,
): Promise<readonly Done[]> {
  return runSideBySide(
    tasks.map((task) => async () => ({ task, list: await readList(task, options, abort.signal) })),
    {
      concurrency: MAX_LISTS,
      abort,
      onDone: (finished) => options.log.progress('reading clusters', finished, tasks.length),
    },
  );
}

async function readList(
  task: Task,
  options: ReadClustersOptions,
  signal: AbortSignal,
): Promise<ObjectList<UsageCollector>> {
  const isHelm = task.kind.reading.by === 'helm-release';
  const { pageSize } = options.limits;
  const table = createKindTable(options);
  const list = await listObjects({
    connection: task.connection,
    target: task,
    limits: isHelm ? { ...options.limits, pageSize: Math.min(pageSize, HELM_PAGE_SIZE) } : options.limits,
    signal,
    ...(isHelm ? { query: { labelSelector: 'owner=helm' } } : {}),
    newReader: () => openReader({ ...options, ...task, table }),
  });
  options.log.debug(`context ${JSON.stringify(task.context)}: ${list.objects} ${resourceName(task.kind)}`);
  return list;
}

/** A misspelt namespace is an empty list to the server, and would protect nothing. */
async function refuseUnknownNamespaces(done: readonly Done[], signal: AbortSignal): Promise<void> {
  for (const namespace of new Set(done.flatMap(({ task }) => task.namespace ?? []))) {
    const asked = done.filter(({ task }) => task.namespace === namespace);
    if (asked.some(({ list }) => list.objects > 0)) continue;
    const answers: boolean[] = [];
    for (const connection of new Set(asked.map(({ task }) => task.connection)))
      answers.push(await isNamespacePresent(connection, namespace, signal));
    if (!answers.includes(true))
      throw new UsageError(`No context has a namespace ${JSON.stringify(namespace)}.`, {
        code: 'USAGE',
        hint: 'Correct its name, or leave it out of --namespace.',
      });
  }
}

function sourceOf(context: string, done: readonly Done[]): UsageSource {
  const counts = { pods: 0, objects: 0 };
  for (const { task, list } of done) {
    if (task.context !== context) continue;
    counts.objects += list.objects;
    if (resourceName(task.kind) === 'pods') counts.pods += list.objects;
  }
  return { kind: 'cluster', name: context, ...counts };
}
