// Where kubeconfigs come from: files, a text, the environment, a pod's service account. Reads files, runs nothing.

import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { describeCause, UsageError } from '../../errors.ts';
import { badConfig } from './bad-config.ts';
import type { KubeCluster, KubeConfigEntries, KubeUser } from './kube-entries.ts';
import { mergeEntries, type PlacedEntries } from './merge-entries.ts';
import { parseKubeConfig } from './parse-kube-config.ts';
import { findRelativePaths, withAbsolutePaths } from './relative-paths.ts';

/** A kubeconfig's place. `ambient`: KUBECONFIG, then ~/.kube/config, then the in-cluster account. */
export type KubeConfigOrigin =
  | { readonly kind: 'files'; readonly paths: readonly string[] }
  | { readonly kind: 'inline'; readonly text: string }
  | { readonly kind: 'ambient' };

/** The surroundings that a kubeconfig is looked up in. */
export interface KubeSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Home directory; absent: none. */
  readonly home?: string;
  /** Where a pod finds its account. Default: `/var/run/secrets/kubernetes.io/serviceaccount`. */
  readonly serviceAccountDirectory?: string;
}

/** A context with its cluster and its user. */
export interface KubeContext {
  readonly name: string;
  readonly cluster: KubeCluster;
  readonly user: KubeUser;
  /** Those that its entry names, if any. */
  readonly namespaces?: readonly string[];
}

/** The context name of a pod's own account. */
const IN_CLUSTER_CONTEXT = 'in-cluster';

const SERVICE_ACCOUNT_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The contexts named in `names`, or every context when it is empty; in the kubeconfig's order, at least one.
 * @throws UsageError USAGE for a kubeconfig that cannot be read or understood, for one without contexts, for unknown names,
 *   and for a context whose cluster or user is missing.
 */
export async function loadKubeContexts(
  origin: KubeConfigOrigin,
  names: readonly string[],
  surroundings: KubeSurroundings,
): Promise<readonly KubeContext[]> {
  const { place, entries } = await loadEntries(origin, surroundings);
  const known = [...entries.contexts.keys()];
  if (known.length === 0) throw badConfig(place, 'it has no context');
  const unknown = names.filter((name) => !entries.contexts.has(name));
  if (unknown.length > 0)
    throw new UsageError(`${place} has no context ${unknown.map((name) => JSON.stringify(name)).join(', ')}.`, {
      code: 'USAGE',
      hint: `It has ${known.map((name) => JSON.stringify(name)).join(', ')}.`,
    });
  const contexts = known
    .filter((name) => names.length === 0 || names.includes(name))
    .map((name) => resolveContext(name, entries, place));
  if (origin.kind === 'inline') for (const context of contexts) refuseRelativePaths(context, place);
  return contexts;
}

async function loadEntries(origin: KubeConfigOrigin, surroundings: KubeSurroundings): Promise<PlacedEntries> {
  switch (origin.kind) {
    case 'files':
      return loadFiles(origin.paths);
    case 'inline':
      return { place: 'The given kubeconfig', entries: parseKubeConfig(origin.text, 'The given kubeconfig') };
    case 'ambient':
      return loadAmbient(surroundings);
  }
}

async function loadAmbient(surroundings: KubeSurroundings): Promise<PlacedEntries> {
  const fromEnvironment = surroundings.environment['KUBECONFIG'] ?? '';
  if (fromEnvironment !== '') return loadFiles(fromEnvironment.split(delimiter).filter((path) => path !== ''));
  if (surroundings.home !== undefined) {
    const path = join(surroundings.home, '.kube', 'config');
    const text = await readIfPresent(path);
    if (text !== undefined)
      return { place: path, entries: withAbsolutePaths(parseKubeConfig(text, path), dirname(path)) };
  }
  const account = await loadServiceAccount(surroundings);
  if (account !== undefined) return account;
  throw new UsageError(
    'There is no kubeconfig: KUBECONFIG is not set, ~/.kube/config is not there, and this is no pod.',
    {
      code: 'USAGE',
      hint: 'Give --kube-config or --kube-manifests, or leave Kubernetes out with --without-kube.',
    },
  );
}

async function loadFiles(paths: readonly string[]): Promise<PlacedEntries> {
  if (paths.length === 0) throw badConfig('The list of kubeconfig files', 'it names no file');
  const parts: PlacedEntries[] = [];
  for (const path of paths) {
    const text = await readIfPresent(path);
    if (text === undefined) throw badConfig(JSON.stringify(path), 'there is no such file');
    parts.push({ place: path, entries: withAbsolutePaths(parseKubeConfig(text, path), dirname(path)) });
  }
  return { place: paths.join(', '), entries: mergeEntries(parts) };
}

async function loadServiceAccount(surroundings: KubeSurroundings): Promise<PlacedEntries | undefined> {
  const host = surroundings.environment['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = surroundings.environment['KUBERNETES_SERVICE_PORT'] ?? '443';
  const directory = surroundings.serviceAccountDirectory ?? SERVICE_ACCOUNT_DIRECTORY;
  // A pod may have the address of its API server and no account (`automountServiceAccountToken: false`).
  if (host === '' || (await readIfPresent(join(directory, 'token'))) === undefined) return undefined;
  const cluster: KubeCluster = {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    'certificate-authority': join(directory, 'ca.crt'),
  };
  const user: KubeUser = { tokenFile: join(directory, 'token') };
  return {
    place: 'The in-cluster account',
    entries: {
      clusters: new Map([[IN_CLUSTER_CONTEXT, cluster]]),
      users: new Map([[IN_CLUSTER_CONTEXT, user]]),
      contexts: new Map([[IN_CLUSTER_CONTEXT, { cluster: IN_CLUSTER_CONTEXT, user: IN_CLUSTER_CONTEXT }]]),
    },
  };
}

function resolveContext(name: string, entries: KubeConfigEntries, place: string): KubeContext {
  const entry = entries.contexts.get(name);
  const cluster = entries.clusters.get(entry?.cluster ?? '');
  const user = entry?.user === undefined ? {} : entries.users.get(entry.user);
  const quoted = JSON.stringify(name);
  if (cluster === undefined) throw badConfig(place, `context ${quoted} names a cluster that it does not have`);
  if (user === undefined) throw badConfig(place, `context ${quoted} names a user that it does not have`);
  return { name, cluster, user, ...(entry?.namespaces === undefined ? {} : { namespaces: entry.namespaces }) };
}

/** A text has no folder, and the working directory is what somebody else chose. */
function refuseRelativePaths({ name, cluster, user }: KubeContext, place: string): void {
  const relative = findRelativePaths(cluster, user);
  if (relative.length > 0)
    throw badConfig(
      place,
      `${relative.join(', ')} of context ${JSON.stringify(name)} is a relative path, and a text lies in no folder`,
    );
}

/** A file's text; undefined only when nothing is there. */
async function readIfPresent(path: string): Promise<string | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw badConfig(JSON.stringify(path), `it cannot be read (${describeCause(error)})`);
  }
  if (isUtf8(bytes)) return bytes.toString('utf8');
  throw badConfig(JSON.stringify(path), 'it is not UTF-8 text; `>` in PowerShell writes UTF-16, save it anew as UTF-8');
}
