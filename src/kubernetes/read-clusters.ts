// Reads all kinds of all contexts, side by side, and stops as a whole when one of them cannot be read.

import PQueue from 'p-queue';
import { describeCause, EvidenceError, UsageError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { UsageSource } from '../model/usage.ts';
import { type ClusterConnection, connectCluster } from './connection/connect-cluster.ts';
import { isNamespacePresent } from './find-namespace.ts';
import { createPodSpecReader } from './images/pod-spec-reader.ts';
import type { ReadSource } from './images/read-source.ts';
import { createUsageCollector, type UsageCollector } from './images/usage-collector.ts';
import { isPodSpecKind, type PodSpecKind, type PresentKind } from './kinds/resource-kind.ts';
import { RESOURCE_KINDS } from './kinds/resource-kinds.ts';
import type { KubeContext } from './kubeconfig/load-kube-contexts.ts';
import { combineFailures } from './lists/list-errors.ts';
import { type ListJob, type ListLimits, listObjects, type ObjectList } from './lists/list-objects.ts';

/** What all clusters said. Exists only when every list of every context was read to its end. */
export interface ClusterUsage {
  /** One for each context, in the given order. */
  readonly sources: readonly UsageSource[];
  readonly used: UsageCollector;
}

/** How clusters are read. */
export interface ReadClustersOptions extends Omit<ReadSource, 'context' | 'kind'> {
  readonly log: Log;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  readonly limits: ListLimits;
  /** Longest silence on a connection, in milliseconds. */
  readonly idleMs: number;
  /** For proxies and credential plugins. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Lists at a time, over all clusters. Each holds at most two pages in memory. */
const MAX_LISTS = 8;

interface Task {
  readonly context: string;
  readonly kind: PodSpecKind & PresentKind;
  readonly namespace?: string;
  readonly connection: ClusterConnection;
}

interface Done {
  readonly task: Task;
  readonly list: ObjectList<UsageCollector>;
}

/**
 * Reads every kind of every context, in the given namespaces or in all.
 * @throws EvidenceError EVIDENCE_KUBERNETES when any of it cannot be read in full.
 * @throws UsageError USAGE when a given namespace is in none of the contexts.
 */
export async function readClusters(
  contexts: readonly KubeContext[],
  options: ReadClustersOptions,
): Promise<ClusterUsage> {
  const connections: ClusterConnection[] = [];
  const abort = new AbortController();
  try {
    for (const context of contexts) connections.push(await connectCluster(context, options));
    const done = await runTasks(tasksFor(connections, options.namespaces), options, abort);
    await refuseUnknownNamespaces(done, options, abort.signal);
    const used = createUsageCollector();
    for (const { list } of done) used.addAll(list.result);
    return { sources: connections.map(({ context }) => sourceOf(context, done)), used };
  } finally {
    abort.abort();
    for (const connection of connections) connection.close();
  }
}

function tasksFor(connections: readonly ClusterConnection[], namespaces: readonly string[]): Task[] {
  const scopes = namespaces.length === 0 ? [{}] : [...new Set(namespaces)].map((namespace) => ({ namespace }));
  return connections.flatMap((connection) =>
    RESOURCE_KINDS.filter(isPodSpecKind).flatMap((kind) =>
      scopes.map((scope) => ({ context: connection.context, kind: { ...kind, version: 'v1' }, connection, ...scope })),
    ),
  );
}

/** Every missing right is worth telling at once, so a 403 lets the other lists go on; any other failure stops them. */
async function runTasks(
  tasks: readonly Task[],
  options: ReadClustersOptions,
  abort: AbortController,
): Promise<readonly Done[]> {
  const queue = new PQueue({ concurrency: MAX_LISTS });
  let finished = 0;
  const results = await Promise.allSettled(
    tasks.map((task) =>
      queue.add(async (): Promise<Done> => {
        abort.signal.throwIfAborted();
        const list = await readTask(task, options, abort);
        options.log.progress('reading clusters', ++finished, tasks.length);
        return { task, list };
      }),
    ),
  );
  const reasons = results.flatMap((result): unknown[] => (result.status === 'rejected' ? [result.reason] : []));
  const [first, ...others] = reasons.filter((reason) => reason instanceof EvidenceError);
  const unexpected = reasons.find((reason) => !(reason instanceof EvidenceError) && reason !== abort.signal.reason);
  if (unexpected !== undefined) throw unexpected instanceof Error ? unexpected : new Error(describeCause(unexpected));
  if (first !== undefined) throw combineFailures(first, others);
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

async function readTask(
  task: Task,
  options: ReadClustersOptions,
  abort: AbortController,
): Promise<ObjectList<UsageCollector>> {
  const job: ListJob<UsageCollector> = {
    connection: task.connection,
    target: task,
    limits: options.limits,
    signal: abort.signal,
    newReader: () => createPodSpecReader({ ...options, ...task }),
  };
  try {
    const list = await listObjects(job);
    const where = `context ${JSON.stringify(task.context)}`;
    options.log.debug(`${where}: ${list.objects} ${task.kind.resource}`);
    return list;
  } catch (error) {
    // What a stopped list says about being stopped is no failure of its own.
    if (abort.signal.aborted && !(error instanceof EvidenceError)) abort.signal.throwIfAborted();
    const isForbidden = error instanceof EvidenceError && error.details['status'] === 403;
    if (!isForbidden) abort.abort();
    throw error;
  }
}

/** A misspelt namespace is an empty list to the server, and would protect nothing. */
async function refuseUnknownNamespaces(
  done: readonly Done[],
  options: ReadClustersOptions,
  signal: AbortSignal,
): Promise<void> {
  for (const namespace of new Set(options.namespaces)) {
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
    if (task.kind.kind === 'Pod') counts.pods += list.objects;
  }
  return { kind: 'cluster', name: context, ...counts };
}
