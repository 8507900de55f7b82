// Which key of a credentials file is meant for a repository. Whole hosts and whole path components only, never a part of one.

import type { RegistryHost, RepositoryName } from '../model/reference.ts';

/** What Docker Hub's credentials are filed under: https://github.com/docker/cli/blob/v27.0.0/cli/config/configfile/file.go */
const DOCKER_HUB_SERVER = 'https://index.docker.io/v1/';
const DOCKER_HUB_HOSTS: readonly string[] = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];

/** The server name that credential helpers know a host by. */
export function serverOfHost(host: RegistryHost): string {
  return host === 'docker.io' ? DOCKER_HUB_SERVER : host;
}

/**
 * The key that fits best, undefined when none does. `ghcr.io`, `https://ghcr.io` and `https://ghcr.io/v2/` mean the host;
 * `ghcr.io/team/app` (no scheme, as podman writes it) means the repositories `team/app` and `team/app/…`. The longest
 * path wins, then a key without a scheme.
 */
export function bestKey(keys: readonly string[], host: RegistryHost, repository: RepositoryName): string | undefined {
  let best: { readonly key: string; readonly rank: number } | undefined;
  for (const key of keys) {
    const rank = rankOf(key, host, repository);
    if (rank !== undefined && (best === undefined || rank > best.rank)) best = { key, rank };
  }
  return best?.key;
}

/** Twice the length of the path that fits, and one more without a scheme; undefined when the key is not for this repository. */
function rankOf(key: string, host: RegistryHost, repository: RepositoryName): number | undefined {
  const scheme = /^https?:\/\//i.exec(key)?.[0] ?? '';
  const [keyHost = '', ...components] = key.slice(scheme.length).replace(/\/+$/, '').split('/');
  const hosts: readonly string[] = host === 'docker.io' ? DOCKER_HUB_HOSTS : [host];
  if (!hosts.includes(keyHost.toLowerCase())) return undefined;
  const path = components.join('/');
  // Docker files a host under the address of its API, and looks at nothing but the host of such a key.
  if (scheme !== '') return 0;
  if (path === '' || path === 'v1' || path === 'v2') return 1;
  return repository === path || repository.startsWith(`${path}/`) ? 2 * path.length + 1 : undefined;
}
