// The files that a kubeconfig names. Pure: nothing is read here.

import { isAbsolute, resolve } from 'node:path';
import type { KubeCluster, KubeConfigEntries, KubeUser } from './kube-entries.ts';

const CLUSTER_FILES = ['certificate-authority'] as const;
const USER_FILES = ['client-certificate', 'client-key', 'tokenFile'] as const;

/** Entries whose relative paths mean this folder: the one of their file. A plugin without a slash is found on PATH. */
export function withAbsolutePaths(entries: KubeConfigEntries, directory: string): KubeConfigEntries {
  const clusters = [...entries.clusters].map(([name, cluster]): [string, KubeCluster] => [
    name,
    { ...cluster, ...absolute(cluster, CLUSTER_FILES, directory) },
  ]);
  const users = [...entries.users].map(([name, user]): [string, KubeUser] => [
    name,
    {
      ...user,
      ...absolute(user, USER_FILES, directory),
      ...(user.exec?.command.includes('/')
        ? { exec: { ...user.exec, command: resolve(directory, user.exec.command) } }
        : {}),
    },
  ]);
  return { ...entries, clusters: new Map(clusters), users: new Map(users) };
}

/** The keys of the relative paths that would be used, as `certificate-authority`; data in place of a file is none. */
export function findRelativePaths(cluster: KubeCluster, user: KubeUser): readonly string[] {
  const command = user.exec?.command ?? '';
  return [
    ...relative(cluster, CLUSTER_FILES),
    ...relative(user, USER_FILES),
    ...(command.includes('/') && !isAbsolute(command) ? ['exec.command'] : []),
  ];
}

function absolute(
  entry: Readonly<Record<string, unknown>>,
  keys: readonly string[],
  directory: string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    keys.flatMap((key) => {
      const path = entry[key];
      return typeof path === 'string' && path !== '' ? [[key, resolve(directory, path)]] : [];
    }),
  );
}

function relative(entry: Readonly<Record<string, unknown>>, keys: readonly string[]): readonly string[] {
  return keys.filter((key) => {
    const path = entry[key];
    return typeof path === 'string' && path !== '' && !entry[`${key}-data`] && !isAbsolute(path);
  });
}
