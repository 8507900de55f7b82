// What clusters use now, and on which platforms: read for a verify, and again after an apply.

import type { KubernetesSettings } from '../config/settings.ts';
import type { Usage } from '../model/usage.ts';
import type { RunContext } from './collect-evidence.ts';
import type { NodePlatforms } from './verify-platforms.ts';

/** What the clusters said. */
export interface UsedNow {
  readonly usage: Usage;
  readonly nodes: NodePlatforms;
  /** Where the platforms are not known, and why; for people, with untrusted names. */
  readonly notes: readonly string[];
}

/**
 * Reads everything that the clusters use, then the platforms of their nodes.
 * @throws UsageError, EvidenceError as reading usage does.
 */
export async function readUsedNow(settings: KubernetesSettings, context: RunContext): Promise<UsedNow> {
  const [{ readUsage }, { readPlatforms }] = await Promise.all([
    import('../kubernetes/read-usage.ts'),
    import('../kubernetes/read-platforms.ts'),
  ]);
  const { environment, log, logins } = context;
  const usage = await readUsage(settings, { environment, log, logins, now: context.now() });
  const read = await readPlatforms(settings, { environment, log, logins });
  const manifests = usage.sources.filter(({ kind }) => kind === 'manifests');
  const notes = read.flatMap(({ context: name, why }) =>
    why === undefined ? [] : [`the platforms of context ${name} are not known (${why}): images must be whole for all`],
  );
  if (manifests.length > 0) notes.push('manifests tell no platforms: images that they name must be whole for all');
  return {
    usage,
    nodes: new Map([
      ...read.map(({ context: name, platforms }) => [name, platforms] as const),
      ...manifests.map(({ name }) => [name, 'unknown'] as const),
    ]),
    notes,
  };
}
