// How what a journal names comes back, repository by repository, and what is refused before anything is sent. Sends nothing.

import type { RestoreSettings } from '../config/settings.ts';
import { UsageError } from '../errors.ts';
import { parseRepository } from '../model/reference.ts';
import type { RepositoryLosses } from '../plan/list-losses.ts';

/** `github`: by the undo of GitHub's registry. `oci`: by putting the manifests that the journal has; `gitlab`: likewise, with GitLab's login. */
export type RestoreWay = 'github' | 'gitlab' | 'oci';

/**
 * The way of each repository, in their order.
 * @throws UsageError USAGE that names every repository whose deletions cannot be taken back, or for want of a token.
 */
export function chooseWays(
  losses: readonly RepositoryLosses[],
  settings: RestoreSettings,
): readonly (readonly [RepositoryLosses, RestoreWay])[] {
  const ways: [RepositoryLosses, RestoreWay][] = [];
  const others: string[] = [];
  for (const one of losses) {
    const way = wayOf(one, settings);
    if (typeof way === 'string') ways.push([one, way]);
    else others.push(way.why);
  }
  if (others.length > 0) {
    throw new UsageError(others.join('\n'), {
      code: 'USAGE',
      hint:
        ways.length > 0
          ? `Name the repositories that can be restored with --repository: ${ways.map(([{ name }]) => name).join(', ')}.`
          : 'The README says under "When something went wrong" what can be brought back.',
    });
  }
  const onGithub = ways.filter(([, way]) => way === 'github').map(([{ name }]) => name);
  if (onGithub.length > 0 && settings.registry.github === undefined) {
    throw new UsageError(`There is no token to restore ${onGithub.join(', ')} with.`, {
      code: 'USAGE',
      hint: 'Give one in GITHUB_TOKEN; it needs the right to write packages.',
    });
  }
  return ways;
}

/** Lines of versions that did not write down the undo: then the host tells. */
function wayOf({ name, undo }: RepositoryLosses, settings: RestoreSettings): RestoreWay | { readonly why: string } {
  switch (undo) {
    case 'none':
      return {
        why: `${name} was cleaned as an OCI layout: its blobs went with the images, so these cannot be brought back.`,
      };
    case 'put-manifest':
      return putWay(name, settings);
    case 'restore':
      if (isOnGithub(name, settings)) return 'github';
      return {
        why: `${name} is not on the GitHub of this run: say which one with GITHUB_API_URL, or that it is with --provider github.`,
      };
    case undefined:
      return isOnGithub(name, settings) ? 'github' : putWay(name, settings);
  }
}

function putWay(name: string, { registry }: RestoreSettings): RestoreWay {
  return registry.gitlab?.host === parseRepository(name).host ? 'gitlab' : 'oci';
}

function isOnGithub(name: string, { githubHosts }: RestoreSettings): boolean {
  return githubHosts === 'any' || githubHosts.includes(parseRepository(name).host);
}

/**
 * A user name and its password are for one registry. Which one, nobody said, where the journal names several: also those count of which
 * all is back.
 * @throws UsageError USAGE for them.
 */
export function refuseManyRegistries(losses: readonly RepositoryLosses[], settings: RestoreSettings): void {
  if (settings.registry.password === undefined) return;
  const hosts = new Set(losses.filter(({ undo }) => undo !== 'none').map(({ name }) => parseRepository(name).host));
  if (hosts.size <= 1) return;
  throw new UsageError(
    `One user name is for one registry, and ${settings.journal} names repositories on ${hosts.size}: ${[...hosts].join(', ')}.`,
    {
      code: 'USAGE',
      hint: 'Name those of one registry with --repository, or log in with docker in place of --username.',
    },
  );
}
