// Puts one `host` together as a report, with its sums and its exit code.

import type { CleanupError } from '../errors.ts';
import { bytesAbove, usedPercentOf } from '../model/disk-usage.ts';
import type { HostOutcome, HostPlan, HostStep, ImageDecision } from '../model/host-plan.ts';
import type { DiskThreshold } from '../model/host-policy.ts';
import type { DiskSpace, Engine, LocalImage, LocalStore } from '../model/local-store.ts';
import { formatDuration, formatInstant, type Instant } from '../model/time.ts';
import { describeContainerReason, describeHostDrop, describeHostKeep } from './describe-host-reason.ts';
import type {
  HostReport,
  HostReportReason,
  HostResult,
  HostTotals,
  ReportedDisk,
  ReportedHostStep,
  ReportedLocalImage,
} from './host-report.ts';

/** Everything that is known about a `host` when it ends. */
export interface HostReportInput {
  readonly tool: string;
  readonly startedAt: Instant;
  readonly finishedAt: Instant;
  readonly result: HostResult;
  readonly isConfirmed: boolean;
  readonly engine?: Engine;
  readonly store?: LocalStore;
  readonly plan?: HostPlan;
  /** Of the first steps of the plan, in their order. */
  readonly outcomes: readonly HostOutcome[];
  readonly low?: DiskThreshold;
  /** Measured after the last step. */
  readonly diskAfter?: DiskSpace;
  /** Why a disk that has thresholds cannot be measured. */
  readonly diskUnknown?: string | undefined;
  /** What came up besides the plan. */
  readonly notes: readonly string[];
}

/** What became of the steps after one at which the run ended. */
const NOT_TRIED = 'the run stopped before it';

/** The report of a `host`. Times are RFC 3339 in UTC, to the second. */
export function buildHostReport(input: HostReportInput): HostReport {
  const { tool, startedAt, finishedAt, result, isConfirmed, engine, store, plan, outcomes, notes } = input;
  const isCutShort = result.kind === 'stopped' && isConfirmed;
  const steps = (plan?.steps ?? []).map((step, at) =>
    reportStep(step, outcomes[at] ?? (isCutShort ? { step, outcome: 'skipped', text: NOT_TRIED } : undefined)),
  );
  const disk = reportDisk(input);
  return {
    version: 1,
    tool,
    command: 'host',
    startedAt: formatInstant(startedAt),
    finishedAt: formatInstant(finishedAt),
    result,
    isConfirmed,
    ...(engine === undefined ? {} : { engine: { kind: engine.kind, title: engine.title, address: engine.address } }),
    images: (plan?.images ?? []).map((decision) => reportImage(decision, store?.images.get(decision.id))),
    steps,
    ...(disk === undefined ? {} : { disk }),
    ...(input.diskUnknown === undefined ? {} : { diskUnknown: input.diskUnknown }),
    guards: plan?.findings ?? [],
    notes: [...notes, ...(plan?.remarks ?? [])],
    totals: totalsOf(plan, steps),
  };
}

/** The report of a `host` that ended before it began: an option was wrong. */
export function buildStoppedHost(stopped: {
  readonly tool: string;
  readonly at: Instant;
  readonly error: CleanupError;
}): HostReport {
  const { name, code, message, hint, exitCode } = stopped.error;
  const error = { name, code, message, ...(hint === undefined ? {} : { hint }), exitCode };
  return buildHostReport({
    tool: stopped.tool,
    startedAt: stopped.at,
    finishedAt: stopped.at,
    result: { kind: 'stopped', error },
    isConfirmed: false,
    outcomes: [],
    notes: [],
  });
}

/** Nothing was deleted because a finding of the plan spoke against it. */
const REFUSED = 6;

/** 0 when all is done, or only shown; 1 when a step failed, or the run was cut short after the first, or the disk is still too full, or nobody can tell whether it is; 6 when the plan was refused; else the error's. */
export function hostExitCodeOf({ result, totals, disk, diskUnknown }: HostReport): number {
  switch (result.kind) {
    case 'stopped':
      // The error's own would say that nothing was deleted.
      return totals.deleted + totals.failed > 0 ? 1 : result.error.exitCode;
    case 'refused':
      return REFUSED;
    case 'planned':
      return 0;
    case 'applied':
      return totals.failed > 0 || isDiskGoalMissed(disk) || diskUnknown !== undefined ? 1 : 0;
  }
}

/** Whether the disk is still above its low threshold after a run that was to bring it there, or nobody can tell. */
export function isDiskGoalMissed(disk: ReportedDisk | undefined): boolean {
  return disk?.goal !== undefined && disk.goal.missingBytes !== 0;
}

function reportImage(decision: ImageDecision, image: LocalImage | undefined): ReportedLocalImage {
  const { id, names } = decision;
  const found = { id, names, digests: image?.digests ?? [], sizeBytes: image?.sizeBytes ?? 0 };
  if (decision.decision === 'keep')
    return { ...found, decision: 'keep', reasons: decision.reasons.map((one) => reasonOf(one, describeHostKeep)) };
  const reasons = decision.reasons.map((one) => reasonOf(one, describeHostDrop));
  if (decision.decision === 'delete') return { ...found, decision: 'delete', reasons };
  const keptFor = decision.keptFor.map((one) => reasonOf(one, describeHostKeep));
  return { ...found, decision: 'untag', remove: decision.remove, reasons, keptFor };
}

function reasonOf<Reason extends { readonly rule: string }>(
  reason: Reason,
  describe: (reason: Reason) => string,
): HostReportReason {
  return { rule: reason.rule, text: describe(reason) };
}

function reportStep(step: HostStep, outcome: HostOutcome | undefined): ReportedHostStep {
  const planned = { action: step.action, ...describeStep(step) };
  if (outcome === undefined) return planned;
  return {
    ...planned,
    freesBytes: outcome.freedBytes ?? planned.freesBytes,
    outcome: outcome.outcome,
    ...(outcome.text === undefined ? {} : { text: outcome.text }),
  };
}

function describeStep(step: HostStep): Omit<ReportedHostStep, 'action'> {
  switch (step.action) {
    case 'delete-container': {
      const reasons = step.reasons.map((one) => reasonOf(one, describeContainerReason));
      return { target: step.id, names: [step.name], reasons, freesBytes: 0 };
    }
    case 'untag-image':
    case 'delete-image': {
      const reasons = step.reasons.map((one) => reasonOf(one, describeHostDrop));
      return { target: step.id, names: step.names, reasons, freesBytes: 'freesBytes' in step ? step.freesBytes : 0 };
    }
    case 'prune-build-cache': {
      const text = `${step.entries} of its entries unused for ${formatDuration(step.olderThan)} or longer`;
      return { names: [], reasons: [{ rule: 'build-cache', text }], freesBytes: step.freesBytes };
    }
    case 'delete-folder': {
      const { path, unusedFor, freesBytes } = step;
      const text = unusedFor === undefined ? 'all of our own goes' : `unused for ${formatDuration(unusedFor)}`;
      return { target: path, names: [], reasons: [{ rule: 'own-cache', text }], freesBytes };
    }
  }
}

function reportDisk({ store, plan, low, diskAfter, result }: HostReportInput): ReportedDisk | undefined {
  const disk = plan?.disk?.before ?? store?.disk;
  if (disk === undefined) return undefined;
  // Folders of our own may lie on another file system.
  const onDisk = (plan?.steps ?? []).filter(({ action }) => action !== 'delete-folder');
  const freesBytes = onDisk.reduce((sum, step) => sum + ('freesBytes' in step ? step.freesBytes : 0), 0);
  const availableBytes = Math.min(disk.capacityBytes, disk.availableBytes + freesBytes);
  const after = diskAfter === undefined ? undefined : withPercent(diskAfter);
  const goal = plan?.disk;
  const isWanted = goal !== undefined && goal.wantedBytes > 0;
  const missing =
    result.kind === 'planned' || diskAfter === undefined || low === undefined
      ? {}
      : { missingBytes: bytesAbove(diskAfter, low) };
  return {
    before: withPercent(disk),
    expected: { usedPercent: usedPercentOf({ ...disk, availableBytes }) },
    ...(after === undefined ? {} : { after }),
    ...(isWanted ? { goal: { wantedBytes: goal.wantedBytes, eligibleBytes: goal.eligibleBytes, ...missing } } : {}),
  };
}

function withPercent(disk: DiskSpace): DiskSpace & { readonly usedPercent: number } {
  return { ...disk, usedPercent: usedPercentOf(disk) };
}

function totalsOf(plan: HostPlan | undefined, steps: readonly ReportedHostStep[]): HostTotals {
  const images = plan?.images ?? [];
  const decided = (wanted: ImageDecision['decision']): number =>
    images.filter(({ decision }) => decision === wanted).length;
  const ended = (wanted: HostOutcome['outcome']): number => steps.filter(({ outcome }) => outcome === wanted).length;
  const counted = steps.filter(({ outcome }) => outcome === undefined || outcome === 'deleted');
  return {
    imagesKept: decided('keep'),
    imagesDeleted: decided('delete'),
    imagesUntagged: decided('untag'),
    containersKept: plan?.containersKept ?? 0,
    freesBytes: counted.reduce((sum, { freesBytes }) => sum + freesBytes, 0),
    deleted: ended('deleted'),
    alreadyGone: ended('already-gone'),
    skipped: ended('skipped'),
    failed: ended('failed'),
  };
}
