// Carries out the plan of a `host`, one step after another. Each is looked at again just before: what changed meanwhile stays. Nothing is
// forced, and an engine has no undo.

import type { EngineGateway } from '../../host/port.ts';
import type { Log } from '../../log.ts';
import { bytesAbove, usedPercentOf } from '../../model/disk-usage.ts';
import type { HostOutcome, HostPlan, HostStep } from '../../model/host-plan.ts';
import type { DiskThreshold } from '../../model/host-policy.ts';
import { formatDuration } from '../../model/time.ts';
import { deleteContainer, deleteImage, type Result, untagImage } from './apply-image.ts';

/** What a plan is carried out with. */
export interface HostApply {
  readonly plan: HostPlan;
  readonly gateway: EngineGateway;
  /** Absent where no image goes for the disk's sake. */
  readonly low?: DiskThreshold;
  readonly deleteFolder: (step: Extract<HostStep, { action: 'delete-folder' }>) => Promise<Result>;
  readonly log: Log;
  readonly signal?: AbortSignal;
  /** Called with each outcome, in order. */
  readonly onOutcome: (outcome: HostOutcome) => void;
}

/**
 * Goes through all steps, also after one that failed.
 * @throws EvidenceError EVIDENCE_ENGINE when the engine is lost: what comes after is not tried. What was done was told by then.
 */
export async function applyHost(apply: HostApply): Promise<void> {
  const { plan, log, onOutcome, signal } = apply;
  let stop: string | undefined;
  for (const [at, step] of plan.steps.entries()) {
    log.progress('deleting', at, plan.steps.length);
    if (signal?.aborted === true) stop = 'a signal ended the run before it';
    const why = stop ?? (isForDisk(step) ? await whyDiskNeedsNoMore(apply) : undefined);
    const result = why === undefined ? await attempt(step, apply) : { outcome: 'skipped' as const, text: why };
    onOutcome({ step, ...result });
  }
  log.progress('deleting', plan.steps.length, plan.steps.length);
}

function isForDisk(step: HostStep): boolean {
  return step.action === 'delete-image' && step.onlyFor === 'disk';
}

/** Why no more images go for the disk; undefined while it is too full. Measured anew each time: sizes are guesses. */
async function whyDiskNeedsNoMore({ gateway, low }: HostApply): Promise<string | undefined> {
  if (low === undefined) return 'nobody asked for room';
  const measured = await gateway.measureDisk();
  if (measured.kind === 'unknown') return `the disk cannot be measured any more: ${measured.why}`;
  return bytesAbove(measured.disk, low) > 0 ? undefined : `the disk is at ${usedPercentOf(measured.disk)} %`;
}

async function attempt(step: HostStep, apply: HostApply): Promise<Result> {
  const { gateway, plan } = apply;
  switch (step.action) {
    case 'delete-container':
      return await deleteContainer(step, gateway);
    case 'untag-image':
      return await untagImage(step, { gateway, images: plan.images });
    case 'delete-image':
      return await deleteImage(step, gateway);
    case 'prune-build-cache':
      return await pruneBuildCache(step, gateway);
    case 'delete-folder':
      return await apply.deleteFolder(step);
  }
}

async function pruneBuildCache(
  { olderThan }: Extract<HostStep, { action: 'prune-build-cache' }>,
  gateway: EngineGateway,
): Promise<Result> {
  const pruned = await gateway.pruneBuildCache(olderThan);
  if (pruned.kind !== 'deleted') return { outcome: 'failed', text: pruned.why };
  if (pruned.entries === 0)
    return { outcome: 'already-gone', text: `no entry is unused for ${formatDuration(olderThan)} any more` };
  return { outcome: 'deleted', freedBytes: pruned.freedBytes };
}
