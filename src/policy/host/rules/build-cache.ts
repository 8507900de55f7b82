// What the engine's own prune of its build cache would take.

import type { HostStep } from '../../../model/host-plan.ts';
import { ageAt, type HostContext } from '../host-context.ts';

/** The step that prunes what nobody used for so long; undefined when there is none. Entries of unknown use are not counted. */
export function selectBuildCache({
  evidence,
  policy,
  now,
}: HostContext): Extract<HostStep, { action: 'prune-build-cache' }> | undefined {
  const olderThan = policy.buildCacheOlderThan;
  if (olderThan === undefined) return undefined;
  const old = (evidence.store.buildCache?.prunable ?? []).filter(
    ({ lastUsed }) => lastUsed.kind === 'known' && ageAt(lastUsed.at, now) >= olderThan,
  );
  if (old.length === 0) return undefined;
  const freesBytes = old.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return { action: 'prune-build-cache', olderThan, entries: old.length, freesBytes };
}
