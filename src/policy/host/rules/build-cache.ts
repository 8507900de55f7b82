// What the engine's own prune of its build cache would take.

import type { HostStep } from '../../../model/host-plan.ts';
import { ageAt, type HostContext } from '../host-context.ts';

/**
 * The step that prunes what nobody used for so long; undefined when there is no such entry. With it BuildKit takes entries of which it knows
 * no use at all, so these count as soon as there is a step: https://github.com/moby/buildkit/blob/v0.16.0/cache/manager.go
 */
export function selectBuildCache({
  evidence,
  policy,
  now,
}: HostContext): Extract<HostStep, { action: 'prune-build-cache' }> | undefined {
  const olderThan = policy.buildCacheOlderThan;
  if (olderThan === undefined) return undefined;
  const goes = (evidence.store.buildCache?.prunable ?? []).filter(
    ({ lastUsed }) => lastUsed.kind === 'unknown' || ageAt(lastUsed.at, now) >= olderThan,
  );
  if (!goes.some(({ lastUsed }) => lastUsed.kind === 'known')) return undefined;
  const freesBytes = goes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return { action: 'prune-build-cache', olderThan, entries: goes.length, freesBytes };
}
