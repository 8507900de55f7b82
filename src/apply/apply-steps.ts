// Carries out the steps of one repository, each only if its precondition still holds. Decides nothing.

import { AuthError, CleanupError, describeCause, NetworkError, ProtocolError, RegistryError } from '../errors.ts';
import type { Digest } from '../model/reference.ts';
import { formatInstant } from '../model/time.ts';
import type { Outcome } from '../plan/outcome.ts';
import type { Step } from '../plan/plan.ts';
import type { ApplyOptions } from './apply-options.ts';
import { beginInOrder } from './begin-in-order.ts';
import { objectionTo } from './check-step.ts';
import { lookAfter } from './look-after.ts';
import { carryOutStep } from './step.ts';
import { type TagWatch, watchTags } from './tag-watch.ts';

/** Failures in a row after which nothing more is tried: the registry is not well. */
const MAX_FAILURES_IN_A_ROW = 3;

/** What came of the steps of one repository. */
export interface AppliedSteps {
  /** What became of every step, in their order. */
  readonly outcomes: readonly Outcome[];
  /** Why the registry's quota lets nothing more be tried, when that is so: here, and in other repositories of it. */
  readonly notNow?: string;
  /** Why nobody knows whether something that came meanwhile needs what was deleted. */
  readonly doubt?: string;
}

/**
 * What became of every step, in their order. Never throws: whatever goes wrong is an outcome. After a refused right, a used up quota,
 * a fault of our own, a tag delete that took a manifest along, or a journal that cannot be written, nothing more is tried; save that
 * a used up quota does not part what was begun: what hangs on a deleted manifest is deleted too, as long as the registry lets us.
 * Steps begin in their order, each after all that must be gone before it have ended. They go one by one until a first delete has
 * shown that deleting is allowed, then as many at once as the registry takes: what has begun is always a prefix of the plan. At the end
 * what has come meanwhile is looked at once more, where the registry can take deletions back.
 */
export async function applySteps(steps: readonly Step[], options: ApplyOptions): Promise<AppliedSteps> {
  const watch = watchTags({
    registry: options.registry,
    snapshot: options.snapshot,
    clockMs: options.clockMs,
    windowMs: options.watchWindowMs,
  });
  const run: Run = {
    options,
    watch,
    notDone: new Set(),
    deleted: new Set(),
    failuresInARow: 0,
    stopped: options.notNow === undefined ? undefined : { why: options.notNow, left: true },
    journalFailed: false,
  };
  let ended = 0;
  const work = async (step: Step): Promise<Outcome> => {
    const outcome = await applyStep(step, run);
    if (outcome.outcome === 'skipped' || outcome.outcome === 'failed') run.notDone.add(step.digest);
    if (outcome.outcome === 'deleted' && step.action === 'delete') run.deleted.add(step.digest);
    ended += 1;
    options.log.progress(`apply ${options.name}`, ended, steps.length);
    return outcome;
  };
  const done = await beginInOrder(steps, work, {
    limit: () => (run.deleted.size > 0 ? options.registry.capabilities.deletesInFlight : 1),
    mustWait: (step, underWay) => [...underWay].some((other) => hangsTogether(step, other)),
  });
  return { ...(await lookAfter(done, options)), ...(run.stopped?.left === true ? { notNow: run.stopped.why } : {}) };
}

/** Why no further step is tried, and whether a later run goes on with them. */
interface Stop {
  readonly why: string;
  readonly left: boolean;
  /** Not even what belongs to something deleted is tried any more. */
  readonly isSpent?: boolean;
}

interface Run {
  readonly options: ApplyOptions;
  readonly watch: TagWatch;
  readonly notDone: Set<Digest>;
  /** Manifests that this run deleted; not empty: the right is there. */
  readonly deleted: Set<Digest>;
  failuresInARow: number;
  stopped: Stop | undefined;
  journalFailed: boolean;
}

/** A step waits for those that it depends on, and taking a tag off changes what is known of that digest. */
function hangsTogether(step: Step, other: Step): boolean {
  const isUntag = step.action === 'untag' || other.action === 'untag';
  return isUntag || other.digest === step.digest || step.precondition.owners.includes(other.digest);
}

async function applyStep(step: Step, run: Run): Promise<Outcome> {
  const untried = whenStopped(step, run);
  // The journal is for what was deleted: thousands of lines about a quota help nobody.
  if (untried?.left === true) return untried;
  const outcome = untried ?? (await tryStep(step, run));
  await journalOutcome(outcome, run);
  return outcome;
}

/** What becomes of a step when nothing may be tried any more; undefined while all is well. */
function whenStopped(step: Step, run: Run): Outcome | undefined {
  if (run.options.signal?.aborted === true) run.stopped ??= { why: 'the run was interrupted', left: false };
  if (run.stopped === undefined) return undefined;
  const { why, left, isSpent } = run.stopped;
  if (left && isSpent !== true && isRemainder(step, run)) return undefined;
  return { step, outcome: 'skipped', why: `not tried: ${why}`, ...(left ? { left } : {}) };
}

/** Part of something that this run deleted: alone, it would look like anybody's image to the next run, and stay for ever. */
function isRemainder(step: Step, { deleted }: Run): boolean {
  return step.action === 'delete' && step.precondition.owners.some((owner) => deleted.has(owner));
}

async function tryStep(step: Step, run: Run): Promise<Outcome> {
  const { log } = run.options;
  try {
    const objection = await objectionTo(step, run);
    if (objection !== undefined) return { step, ...objection };
    // A step beside it may have stopped the run meanwhile.
    const untried = whenStopped(step, run);
    if (untried !== undefined) return untried;
    const { outcome, stop } = await carryOutStep(step, run.options, { isRemainder: isRemainder(step, run) });
    if (outcome.outcome !== 'failed') run.watch.forget(step.digest, step.tag);
    if (stop !== undefined) {
      const left = outcome.left === true;
      log[left ? 'warn' : 'error'](`${step.action} ${step.digest}: ${outcome.why}`);
      stopAt(step, run, { why: stop, left });
    }
    run.failuresInARow = 0;
    return outcome;
  } catch (error) {
    log.warn(`${step.action} ${step.digest}: ${describeCause(error)}`);
    return isSpent(error) ? leftOutcome(step, error, run) : failedOutcome(step, error, run);
  }
}

/** Waiting was of no use: the registry wants less of us for now. */
function isSpent(error: unknown): error is RegistryError {
  return error instanceof RegistryError && (error.code === 'RATE_LIMITED' || error.code === 'QUOTA');
}

/** What is refused although it may go beyond our share shows that there is nothing left at all. */
function stopAt(step: Step, run: Run, stop: Stop): void {
  run.stopped ??= stop;
  if (stop.left && isRemainder(step, run)) run.stopped = { ...run.stopped, isSpent: true };
}

function leftOutcome(step: Step, error: RegistryError, run: Run): Outcome {
  stopAt(step, run, { why: error.message, left: true });
  return { step, outcome: 'skipped', why: withHint(error), left: true };
}

function failedOutcome(step: Step, error: unknown, run: Run): Outcome {
  run.failuresInARow += 1;
  const forbidden = error instanceof AuthError;
  const isKnown = error instanceof RegistryError || error instanceof NetworkError || error instanceof ProtocolError;
  const stop = (why: string): void => {
    run.stopped ??= { why, left: false };
  };
  if (forbidden) stop('the registry does not allow it');
  else if (!isKnown) stop(describeCause(error));
  else if (run.failuresInARow >= MAX_FAILURES_IN_A_ROW) stop(`${MAX_FAILURES_IN_A_ROW} steps failed in a row`);
  return { step, outcome: 'failed', why: withHint(error), ...(forbidden ? { forbidden } : {}) };
}

function withHint(error: unknown): string {
  const message = describeCause(error);
  return error instanceof CleanupError && error.hint !== undefined ? `${message} ${error.hint}` : message;
}

/** A journal that cannot be written stops the run, but what was done is still reported. */
async function journalOutcome(outcome: Outcome, run: Run): Promise<void> {
  const { step, why } = outcome;
  const { journal, log, name, now } = run.options;
  if (run.journalFailed) return;
  try {
    await journal.write({
      kind: 'outcome',
      at: formatInstant(now()),
      repository: name,
      digest: step.digest,
      ...(step.tag === undefined ? {} : { tag: step.tag }),
      outcome: outcome.outcome,
      ...(why === undefined ? {} : { why }),
      ...(outcome.left === true ? { left: true } : {}),
    });
  } catch (cause) {
    // Of several lines under way all fail; one message is enough.
    if (run.journalFailed) return;
    run.journalFailed = true;
    const text = `the journal cannot be written: ${describeCause(cause)}`;
    run.stopped ??= { why: text, left: false };
    log.error(text);
  }
}
