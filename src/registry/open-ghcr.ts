// Opens the adapter for GitHub's container registry: both ways to it with one token, and the cache.

import type { GithubAccess } from '../config/settings.ts';
import { openGithub } from '../github/open-github.ts';
import type { RepositoryReference } from '../model/reference.ts';
import { blobCachePath, openBlobCache } from './blob-cache.ts';
import type { ConnectionSettings, OpenOptions } from './connection.ts';
import { createGhcrRegistry } from './ghcr.ts';
import { openTransport } from './open-transport.ts';
import { paceTransport, type RequestPace } from './pace-transport.ts';
import type { Registry } from './port.ts';

/** ghcr.io refuses more than 2,000 requests a minute of one user, as reports have it; others of the same user may be at work. */
const GHCR_PACE: RequestPace = { requests: 1800, intervalMs: 60_000 };

/** GitHub takes a token as the password of any user. */
const ANY_USER = 'x-access-token';

/**
 * The adapter for a package. The token goes to GitHub's interface, and to the registry unless a user name and a password were given for it.
 * @throws UsageError for a repository without an owner, or unusable addresses and authorities; NetworkError when the registry is not reached.
 */
export async function openGhcr(
  repository: RepositoryReference,
  access: GithubAccess,
  options: OpenOptions,
): Promise<Registry> {
  const { settings, environment, log, now, cacheDirectory, wantsProvenance = false, wantsCacheTimes = false } = options;
  const { apiUrl, token, budgetShare } = access;
  const { caFile } = settings;
  const github = await openGithub(
    { apiUrl, token, ...(caFile === undefined ? {} : { caFile }) },
    { environment, log, budgetShare },
  );
  try {
    const transport = await openTransport({
      host: repository.host,
      repository: repository.name,
      settings: withToken(settings, token),
      environment,
      log,
    });
    const paced = repository.host === 'ghcr.io' ? paceTransport(transport, GHCR_PACE) : transport;
    const path = cacheDirectory === undefined ? undefined : blobCachePath(cacheDirectory, repository);
    const cache = await openBlobCache({ path, log });
    return createGhcrRegistry({
      repository,
      github,
      token,
      transport: paced,
      cache,
      now,
      log,
      wantsProvenance,
      wantsCacheTimes,
    });
  } catch (error) {
    await github.close();
    throw error;
  }
}

function withToken(settings: ConnectionSettings, token: string): ConnectionSettings {
  const isGiven = (settings.username ?? '') !== '' || (settings.password ?? '') !== '';
  return isGiven ? settings : { ...settings, username: ANY_USER, password: token, credentialsFrom: '--github-token' };
}
