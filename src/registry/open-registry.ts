// Opens the adapter for a place. Each adapter and what it needs is loaded only when it is used.

import type { Provider } from '../config/settings.ts';
import { InternalError } from '../errors.ts';
import type { RepositoryReference } from '../model/reference.ts';
import type { OpenOptions } from './connection.ts';
import type { Registry } from './port.ts';

/** Where a repository lives. */
export type RegistryTarget =
  | {
      readonly kind: 'registry';
      readonly repository: RepositoryReference;
      /** Default: `oci`. */
      readonly provider?: Provider;
    }
  | { readonly kind: 'oci-layout'; readonly directory: string; readonly repository: RepositoryReference };

/**
 * The adapter for a repository. The caller closes it.
 * @throws UsageError for a directory that is no layout, or an unusable authorities or credentials file.
 * @throws AuthError, NetworkError when the registry cannot be reached (a registry is asked once, a layout is looked at).
 */
export async function openRegistry(target: RegistryTarget, options: OpenOptions): Promise<Registry> {
  const { settings, environment, now, log, wantsProvenance = false, wantsCacheTimes = false } = options;
  const { repository } = target;
  if (target.kind === 'oci-layout') {
    const { openOciLayout } = await import('./oci-layout.ts');
    return openOciLayout({ directory: target.directory, repository, now, log, wantsProvenance, wantsCacheTimes });
  }
  if (target.provider === 'github') {
    if (settings.github === undefined)
      throw new InternalError('A repository on GitHub was to be opened without access to it.', { code: 'INTERNAL' });
    const { openGhcr } = await import('./open-ghcr.ts');
    return openGhcr(repository, settings.github, options);
  }
  if (target.provider === 'gitlab') {
    const { openGitlabRegistry } = await import('./open-gitlab-registry.ts');
    return openGitlabRegistry(repository, settings.gitlab, options);
  }
  const [{ openTransport }, { createOciRegistry }, { blobCachePath, openBlobCache }] = await Promise.all([
    import('./open-transport.ts'),
    import('./oci.ts'),
    import('./blob-cache.ts'),
  ]);
  const transport = await openTransport({
    host: repository.host,
    repository: repository.name,
    settings,
    environment,
    log,
  });
  const path = options.cacheDirectory === undefined ? undefined : blobCachePath(options.cacheDirectory, repository);
  const cache = await openBlobCache({ path, log });
  return createOciRegistry({ repository, transport, cache, now, log, wantsProvenance, wantsCacheTimes });
}
