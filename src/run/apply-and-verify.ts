// An apply to its end: the steps, then the proof that what clusters use is still there.

import { describeCause, VerifyAlarm } from '../errors.ts';
import { formatInstant } from '../model/time.ts';
import type { ApplyVerification, NoAnswer, VerifiedImage } from '../model/verification.ts';
import { describeAlarm } from '../report/describe-alarm.ts';
import type { RunResult } from '../report/report.ts';
import { type ApplyRequest, type ApplySteps, applyRepositories } from './apply-repositories.ts';
import type { Planned } from './make-plan.ts';
import { reportedError } from './result-of.ts';
import { type OpenRepository, repositoryOpener } from './verify.ts';
import { type LookedAfterApply, mayHaveDeleted, verifyAfterApply } from './verify-after-apply.ts';
import { writeMetrics } from './verify-metrics.ts';

/** What an apply has found out so far. */
export interface ApplyProgress extends ApplySteps {
  readonly verification?: ApplyVerification;
}

/**
 * Carries out the plan; then, when anything may have been deleted, reads the clusters again and looks for all that they use. `tell` hears
 * of everything that is known, so that a later failure loses none. The look is taken however the steps ended, also after an interrupt.
 * `open`: how a repository is reached for that; default by what the settings say.
 * @throws what stopped the steps, unless the look raises the alarm: that is worse.
 */
export async function applyAndVerify(
  planned: Planned,
  request: ApplyRequest & { readonly open?: OpenRepository },
  tell: (progress: ApplyProgress) => void,
): Promise<RunResult> {
  const { settings, context, open = freshOpener(request) } = request;
  let progress: ApplyProgress = { applied: [] };
  const [ended] = await Promise.allSettled([
    applyRepositories(planned, request, (done) => {
      progress = done;
      tell(progress);
    }),
  ]);
  const { applied, journal } = progress;
  const wasStopped = ended.status === 'rejected';
  if (!mayHaveDeleted(applied) && (wasStopped || settings.metrics === undefined)) {
    if (wasStopped) throw ended.reason;
    return { kind: 'applied' };
  }
  const { repositories, usage } = planned.collected;
  const after = { settings, context, repositories, usage, applied, open };
  const [looked] = await Promise.allSettled([verifyAfterApply(after)]);
  const found = looked.status === 'fulfilled' ? looked.value : undefined;
  if (found !== undefined) tell(withLook(progress, found));
  const [kept] = await Promise.allSettled([keepMetrics(found, request)]);
  const failures = [ended, looked, kept].flatMap((one): unknown[] => (one.status === 'rejected' ? [one.reason] : []));
  const [failure, ...others] = failures;
  const alarm = alarmOf(found, journal);
  // One end of a run is told; the others must not be lost.
  for (const other of alarm === undefined ? others : failures) context.log.error(describeCause(other));
  if (alarm !== undefined) return alarm;
  if (failures.length > 0) throw failure;
  return found === undefined ? { kind: 'applied' } : resultOfLook(found);
}

function withLook(progress: ApplyProgress, { verification, usageReadAt }: LookedAfterApply): ApplyProgress {
  const readAt = { ...progress.usageReadAt, afterLastStep: formatInstant(usageReadAt) };
  return { ...progress, verification, usageReadAt: readAt };
}

/** @throws UsageError when the file cannot be written */
async function keepMetrics(
  found: LookedAfterApply | undefined,
  { settings: { metrics } }: ApplyRequest,
): Promise<void> {
  if (found === undefined || metrics === undefined) return;
  await writeMetrics(metrics, { images: found.images, finishedAt: found.verification.at });
}

function alarmOf(found: LookedAfterApply | undefined, journal: string | undefined): RunResult | undefined {
  const lost = found?.verification.lost ?? [];
  if (lost.length === 0) return undefined;
  const { message, hint } = describeAlarm(lost, journal);
  return { kind: 'alarm', error: reportedError(new VerifyAlarm(message, { code: 'VERIFY_ALARM', hint })) };
}

/** A success that nobody can vouch for is none. */
function resultOfLook({ verification, doubts }: LookedAfterApply): RunResult {
  const [image] = verification.unknown;
  const [doubt] = doubts;
  const error = image === undefined ? doubt : errorOf(image);
  if (error === undefined) return { kind: 'applied' };
  const { why: _why, message, ...rest } = error;
  const subject = image === undefined ? '' : `${image.image}: `;
  const text = `Whether everything that clusters use is still there could not be told after the last step: ${subject}${message}`;
  return { kind: 'stopped', error: { ...rest, message: text } };
}

function errorOf({ availability }: VerifiedImage): NoAnswer | undefined {
  return availability.kind === 'unknown' ? availability.error : undefined;
}

/** New connections, and no cache: a manifest that this run has read is no proof that it is still there. */
function freshOpener({ settings, context }: ApplyRequest): OpenRepository {
  return repositoryOpener({ registry: settings.registry }, context);
}
