// Where kubeconfigs come from: files, a text, the environment, a pod's service account. Reads files, runs nothing.

import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { delimiter, dirname, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describeCause, UsageError } from '../../errors.ts';
import {
  badConfig,
  type KubeCluster,
  type KubeConfigEntries,
  type KubeContextEntry,
  type KubeUser,
  parseKubeConfig,
} from './parse-kube-config.ts';

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
  return known
    .filter((name) => names.length === 0 || names.includes(name))
    .map((name) => resolveContext(name, entries, place));
}

interface Loaded {
  readonly place: string;
  readonly entries: KubeConfigEntries;
}

async function loadEntries(origin: KubeConfigOrigin, surroundings: KubeSurroundings): Promise<Loaded> {
  switch (origin.kind) {
    case 'files':
      return loadFiles(origin.paths);
    case 'inline':
      return { place: 'The given kubeconfig', entries: parseKubeConfig(origin.text, 'The given kubeconfig') };
    case 'ambient':
      return loadAmbient(surroundings);
  }
}

async function loadAmbient(surroundings: KubeSurroundings): Promise<Loaded> {
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

async function loadFiles(paths: readonly string[]): Promise<Loaded> {
  if (paths.length === 0) throw badConfig('The list of kubeconfig files', 'it names no file');
  const merged = {
    clusters: new Map<string, KubeCluster>(),
    users: new Map<string, KubeUser>(),
    contexts: new Map<string, KubeContextEntry>(),
  };
  for (const path of paths) {
    const text = await readIfPresent(path);
    if (text === undefined) throw badConfig(JSON.stringify(path), 'there is no such file');
    const entries = withAbsolutePaths(parseKubeConfig(text, path), dirname(path));
    mergeInto(merged.clusters, entries.clusters, `${path} (cluster)`);
    mergeInto(merged.users, entries.users, `${path} (user)`);
    mergeInto(merged.contexts, entries.contexts, `${path} (context)`);
  }
  return { place: paths.join(', '), entries: merged };
}

/**
 * kubectl lets the first file win without a word. An entry of another file that is different would then hide a whole
 * cluster, or send a context to the wrong one, so that is refused here; equal entries are one.
 */
function mergeInto<T>(into: Map<string, T>, from: ReadonlyMap<string, T>, place: string): void {
  for (const [name, entry] of from) {
    if (into.has(name) && !isDeepStrictEqual(into.get(name), entry))
      throw badConfig(place, `${JSON.stringify(name)} also stands in an earlier file, with other content`);
    if (!into.has(name)) into.set(name, entry);
  }
}

async function loadServiceAccount(surroundings: KubeSurroundings): Promise<Loaded | undefined> {
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
  return { name, cluster, user };
}

/** Relative paths in a kubeconfig mean the folder of the file. A plugin without a slash is found on PATH. */
function withAbsolutePaths(entries: KubeConfigEntries, directory: string): KubeConfigEntries {
  const absolute = <Key extends string>(entry: { readonly [key in Key]?: string | null | undefined }, key: Key) =>
    entry[key] ? { [key]: resolve(directory, entry[key]) } : {};
  const clusters = [...entries.clusters].map(([name, cluster]): [string, KubeCluster] => [
    name,
    { ...cluster, ...absolute(cluster, 'certificate-authority') },
  ]);
  const users = [...entries.users].map(([name, user]): [string, KubeUser] => [
    name,
    {
      ...user,
      ...absolute(user, 'client-certificate'),
      ...absolute(user, 'client-key'),
      ...absolute(user, 'tokenFile'),
      ...(user.exec?.command.includes('/')
        ? { exec: { ...user.exec, command: resolve(directory, user.exec.command) } }
        : {}),
    },
  ]);
  return { ...entries, clusters: new Map(clusters), users: new Map(users) };
}

/** A file's text; undefined only when nothing is there. */
async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw badConfig(JSON.stringify(path), `it cannot be read (${describeCause(error)})`);
  }
}
