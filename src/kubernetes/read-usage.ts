// Which images are in use: the story of this folder. Everything that was asked for is read in full, or the run stops.

import { homedir } from 'node:os';
import type { KubernetesSettings } from '../config/settings.ts';
import { UsageError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Instant } from '../model/time.ts';
import type { Usage, UsageSource } from '../model/usage.ts';
import type { CredentialMemory } from './connection/credential-memory.ts';
import { refuseImpossibleNamespaces } from './find-namespace.ts';
import { createUsageCollector } from './images/usage-collector.ts';
import { type KubeSurroundings, loadKubeContexts } from './kubeconfig/load-kube-contexts.ts';
import type { ListLimits } from './lists/list-job.ts';
import { readManifests } from './manifests/read-manifests.ts';
import { type ClusterUsage, readClusters } from './read-clusters.ts';

/** Where usage comes from; at least one of `kubeConfig` and `manifests` is set. */
export type UsageSettings = KubernetesSettings;

/** The surroundings of a run. */
export interface ReadUsageOptions extends KubeSurroundings {
  readonly log: Log;
  /** What the run knows of its logins. Default: each connection logs in for itself. */
  readonly logins?: CredentialMemory | undefined;
  /** What is young is told by it. */
  readonly now: Instant;
  /** How lists are read; for tests. */
  readonly limits?: Partial<ListLimits> & { readonly idleMs?: number };
}

/** 500 is kubectl's own page. Five attempts over some seconds outlive the restart of an API server behind a balancer. */
const DEFAULT_LIMITS = { pageSize: 500, retries: 4, retryDelayMs: 500, idleMs: 30_000 };

/**
 * Every image that the chosen contexts and manifests name: references normalised and sorted, each with everyone who uses it.
 * Two runs on the same content give equal values, whatever the order of pages, kinds and files.
 * @throws UsageError USAGE without any source, for an unusable kubeconfig, an unknown context or namespace, a missing folder.
 * @throws EvidenceError EVIDENCE_KUBERNETES or EVIDENCE_FILE when any of it cannot be read and understood in full.
 */
export async function readUsage(settings: UsageSettings, options: ReadUsageOptions): Promise<Usage> {
  refuseImpossible(settings);
  const collector = createUsageCollector();
  const sources: UsageSource[] = [];
  for (const path of settings.manifests) {
    const { source, used } = await readManifests(path, { ...settings, now: options.now });
    sources.push(source);
    collector.addAll(used);
  }
  const clusters = await readKubeConfig(settings, options);
  collector.addAll(clusters.used);
  for (const { name, objects, pods } of clusters.sources)
    options.log.info(`context ${JSON.stringify(name)}: ${objects} objects, ${pods} of them pods`);
  return collector.build([...clusters.sources, ...sources]);
}

async function readKubeConfig(settings: UsageSettings, options: ReadUsageOptions): Promise<ClusterUsage> {
  if (settings.kubeConfig === undefined) return { sources: [], used: createUsageCollector() };
  const contexts = await loadKubeContexts(settings.kubeConfig, settings.contexts, { home: homedir(), ...options });
  const { idleMs, ...limits } = { ...DEFAULT_LIMITS, ...options.limits };
  const { log, environment, logins, now } = options;
  return readClusters(contexts, { ...settings, now, log, environment, logins, limits, idleMs });
}

/** @throws UsageError USAGE for settings that name no source, or that choose from a kubeconfig without naming one. */
export function refuseImpossible(settings: UsageSettings): void {
  if (settings.kubeConfig === undefined && settings.manifests.length === 0)
    throw new UsageError('There is neither a kubeconfig nor a folder of manifests to read usage from.', {
      code: 'USAGE',
      hint: 'Give --kube-config or --kube-manifests, or leave Kubernetes out on purpose with --without-kube.',
    });
  if (settings.kubeConfig === undefined && settings.contexts.length + settings.namespaces.length > 0)
    throw new UsageError('Contexts and namespaces choose from a kubeconfig, and there is none.', {
      code: 'USAGE',
      hint: 'Give --kube-config too, or leave out --kube-context and --namespace.',
    });
  refuseImpossibleNamespaces(settings.namespaces);
}
