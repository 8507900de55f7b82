// Opens the adapter for GitLab's registry: one connection to read with, one to delete with, GitLab's interface, and the cache.

import type { GitlabRegistryAccess, RegistryLogin } from '../config/settings.ts';
import type { RepositoryReference } from '../model/reference.ts';
import { openOnce } from '../util/open-once.ts';
import { blobCachePath, openBlobCache } from './blob-cache.ts';
import type { ConnectionSettings, OpenOptions } from './connection.ts';
import { createGitlabRegistry, type GitlabParts } from './gitlab.ts';
import { openTransport } from './open-transport.ts';
import { createSharedPace, type RequestPace } from './pace-transport.ts';
import type { Registry } from './port.ts';
import type { Transport } from './transport.ts';

/** gitlab.com refuses more than 2,000 requests a minute of one address: https://docs.gitlab.com/user/gitlab_com/#rate-limits-on-gitlabcom */
const GITLAB_COM_PACE: RequestPace = { requests: 1800, intervalMs: 60_000 };

const GITLAB_COM_HOST = 'registry.gitlab.com';

/**
 * The adapter for a repository on GitLab. The logins go to the registry that they are for and to no other; a user name and a password that
 * were given for all registries outrank the one for everything. `access` undefined: whatever docker's or podman's login has.
 * @throws UsageError for an unusable authorities or credentials file; NetworkError when the registry is not reached.
 */
export async function openGitlabRegistry(
  repository: RepositoryReference,
  access: GitlabRegistryAccess | undefined,
  options: OpenOptions,
): Promise<Registry> {
  const { settings, log, now, cacheDirectory, wantsProvenance = false, wantsCacheTimes = false } = options;
  const own = access?.host === repository.host ? access : undefined;
  const pace = repository.host === GITLAB_COM_HOST ? createSharedPace(GITLAB_COM_PACE) : undefined;
  const open = async (connection: ConnectionSettings): Promise<Transport> => {
    const { environment } = options;
    const { host, name } = repository;
    const transport = await openTransport({ host, repository: name, settings: connection, environment, log });
    return pace === undefined ? transport : pace.apply(transport);
  };
  const transport = await open(hasLogin(settings) ? settings : withLogin(settings, own?.login));
  const { deleteLogin } = own ?? {};
  const deleting = openOnce(() =>
    deleteLogin === undefined ? Promise.resolve(transport) : open(withLogin(settings, deleteLogin)),
  );
  const gitlab = chooseInterface(own, options);
  const path = cacheDirectory === undefined ? undefined : blobCachePath(cacheDirectory, repository);
  const cache = await openBlobCache({ path, log });
  const reached = gitlab === undefined ? {} : { gitlab };
  return createGitlabRegistry({
    repository,
    transport,
    deleting,
    ...reached,
    cache,
    now,
    log,
    wantsProvenance,
    wantsCacheTimes,
  });
}

/** A job's token may delete in its own project wherever it is sent; any other needs more rights at the registry than at the interface. */
function chooseInterface(
  access: GitlabRegistryAccess | undefined,
  { settings, environment, log }: OpenOptions,
): GitlabParts['gitlab'] {
  if (access?.api === undefined) return undefined;
  const { apiUrl, token: common, deleteToken: token = common } = access.api;
  const { caFile } = settings;
  const connection = openOnce(async () => {
    const { openGitlab } = await import('../gitlab/open-gitlab.ts');
    return openGitlab({ apiUrl, token, ...(caFile === undefined ? {} : { caFile }) }, { environment, log });
  });
  return { connection, mayDoMore: token.kind === 'private' };
}

function hasLogin({ username = '', password = '' }: ConnectionSettings): boolean {
  return username !== '' || password !== '';
}

function withLogin(settings: ConnectionSettings, login: RegistryLogin | undefined): ConnectionSettings {
  if (login === undefined) return settings;
  const { username, password, from } = login;
  return { ...settings, username, password, credentialsFrom: from };
}
