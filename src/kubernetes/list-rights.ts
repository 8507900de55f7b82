// What an account must be allowed to read in a cluster: for `rbac`, which prints it. Asks clusters only which kinds they have.

import { homedir } from 'node:os';
import type { KubeConfigSource, RbacSettings } from '../config/settings.ts';
import { UsageError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { ClusterRights } from '../model/cluster-rights.ts';
import { connectCluster } from './connection/connect-cluster.ts';
import type { CredentialMemory } from './connection/credential-memory.ts';
import { refuseImpossibleNamespaces } from './find-namespace.ts';
import { discoverKinds } from './kinds/discover-kinds.ts';
import { listRules } from './kinds/list-rules.ts';
import { type ResourceKind, resourceName } from './kinds/resource-kind.ts';
import { RESOURCE_KINDS } from './kinds/resource-kinds.ts';
import { type ClusterKinds, refuseUnknownKinds, type SelectedKinds, selectKinds } from './kinds/select-kinds.ts';
import { isSameKind, type WantedKind, wantedKinds } from './kinds/wanted-kinds.ts';
import { type KubeContext, type KubeSurroundings, loadKubeContexts } from './kubeconfig/load-kube-contexts.ts';

/** The part of the settings that says what is read. */
export type RightsSettings = Omit<RbacSettings, 'format' | 'logLevel' | 'kubeConfig'>;

/** The surroundings of a run. */
export interface ListRightsOptions extends KubeSurroundings {
  readonly log: Log;
  /** As for reading usage. */
  readonly logins?: CredentialMemory | undefined;
}

/** As long as a run itself waits. */
const LIMITS = { retries: 4, retryDelayMs: 500, idleMs: 30_000 };

const FOR_ANY =
  'Every kind that is known, whether a cluster has it or not: rules for kinds that are not there do no harm. ' +
  'With --kube-config only those that the clusters have.';
const FOR_SOME =
  'What is installed later is missing here: a run that finds a kind which it may not list stops, and names the rule to add.';

/**
 * The rights to read everything that the settings name in any cluster, whatever it has.
 * @throws UsageError USAGE for an impossible namespace, and when the policy file adds a kind whose plural only a cluster knows.
 */
export function listRightsAnywhere(settings: RightsSettings): ClusterRights {
  refuseImpossibleNamespaces(settings.namespaces);
  const wanted = wantedKinds(settings);
  const unknown = wanted.filter((kind) => kind.resource === undefined);
  if (unknown.length > 0) throw unknownPlural(unknown);
  const kinds = RESOURCE_KINDS.filter((known) => wanted.some((one) => isSameKind(one, known)));
  return { roles: rolesFor(kinds, settings), remarks: [FOR_ANY] };
}

/**
 * The rights to read everything that the settings name and that any context of the kubeconfig has. Reads no object: which kinds there are
 * is shown to every account that may log in.
 * @throws UsageError USAGE as above, for an unusable kubeconfig, and for a kind of the policy file that no cluster has.
 * @throws EvidenceError EVIDENCE_KUBERNETES when a cluster does not say which kinds it has.
 */
export async function listRightsInClusters(
  settings: RightsSettings & { readonly kubeConfig: KubeConfigSource },
  options: ListRightsOptions,
): Promise<ClusterRights> {
  refuseImpossibleNamespaces(settings.namespaces);
  const wanted = wantedKinds(settings);
  const contexts = await loadKubeContexts(settings.kubeConfig, settings.contexts, { home: homedir(), ...options });
  const clusters: (ClusterKinds & SelectedKinds)[] = [];
  for (const context of contexts) {
    const known = await askKinds(context, wanted, options);
    clusters.push({ ...known, ...selectKinds(known, wanted, settings.exclude) });
  }
  refuseUnknownKinds(clusters, wanted, settings.exclude);
  const names = contexts.map(({ name }) => JSON.stringify(name)).join(', ');
  return {
    roles: rolesFor(
      clusters.flatMap(({ present }) => present),
      settings,
    ),
    remarks: [`What is read of ${contexts.length === 1 ? 'the context' : 'the contexts'} ${names}. ${FOR_SOME}`],
  };
}

async function askKinds(
  context: KubeContext,
  wanted: readonly WantedKind[],
  { log, environment, logins }: ListRightsOptions,
): Promise<ClusterKinds> {
  const { idleMs, ...limits } = LIMITS;
  const connection = await connectCluster(context, { log, idleMs, environment, logins });
  try {
    const job = { connection, limits, signal: new AbortController().signal };
    return { context: context.name, discovery: await discoverKinds(job, new Set(wanted.map(({ group }) => group))) };
  } finally {
    connection.close();
  }
}

function rolesFor(kinds: readonly ResourceKind[], { namespaces }: RightsSettings): ClusterRights['roles'] {
  const added = kinds.filter((kind) => !RESOURCE_KINDS.some((known) => isSameKind(kind, known)));
  return listRules({ kinds, namespaces, added: new Set(added.map(resourceName)) });
}

/** RBAC names kinds by their plural, and a guess that is wrong would allow nothing. */
function unknownPlural(kinds: readonly WantedKind[]): UsageError {
  const names = kinds.map(({ group, kind }) => (group === '' ? kind : `${kind} (${group})`)).join(', ');
  return new UsageError(`The plural of ${names}, by which RBAC names a kind, is known to the cluster alone.`, {
    code: 'USAGE',
    hint: 'Give --kube-config: any account that may log in is shown which kinds there are.',
  });
}
