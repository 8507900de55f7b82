// Carries out the steps of one repository, one after the other, each only if its precondition still holds. Decides nothing.

import { AuthError, CleanupError, describeCause, NetworkError, ProtocolError, RegistryError } from '../errors.ts';
import type { Digest, Tag } from '../model/reference.ts';
import { formatInstant } from '../model/time.ts';
import type { Outcome } from '../plan/outcome.ts';
import type { Step } from '../plan/plan.ts';
import type { ApplyOptions } from './apply-options.ts';
import { carryOutStep } from './step.ts';
import { type TagWatch, watchTags } from './tag-watch.ts';

/** Failures in a row after which nothing more is tried: the registry is not well. */
const MAX_FAILURES_IN_A_ROW = 3;

/**
 * What became of every step, in their order. Never throws: whatever goes wrong is an outcome. After a refused right, a fault
 * of our own, a tag delete that took a manifest along, or a journal that cannot be written, nothing more is tried.
 */
export async function applySteps(steps: readonly Step[], options: ApplyOptions): Promise<readonly Outcome[]> {
  const watch = watchTags({
    registry: options.registry,
    snapshot: options.snapshot,
    clockMs: options.clockMs,
    windowMs: options.watchWindowMs,
  });
  const run: Run = {
    options,
    watch,
    outcomes: [],
    left: new Set(),
    failuresInARow: 0,
    stopped: undefined,
    journalFailed: false,
  };
  for (const step of steps) {
    const outcome = await applyStep(step, run);
    run.outcomes.push(outcome);
    if (outcome.outcome === 'skipped' || outcome.outcome === 'failed') run.left.add(step.digest);
    await journalOutcome(outcome, run);
    options.log.progress(`apply ${options.name}`, run.outcomes.length, steps.length);
  }
  return run.outcomes;
}

interface Run {
  readonly options: ApplyOptions;
  readonly watch: TagWatch;
  readonly outcomes: Outcome[];
  /** Digests that we left: no answer of the registry makes them gone for what they own. */
  readonly left: Set<Digest>;
  failuresInARow: number;
  /** Why no further step is tried. */
  stopped: string | undefined;
  journalFailed: boolean;
}

async function applyStep(step: Step, run: Run): Promise<Outcome> {
  if (run.options.signal?.aborted === true) run.stopped ??= 'the run was interrupted';
  if (run.stopped !== undefined) return { step, outcome: 'skipped', why: `not tried: ${run.stopped}` };
  try {
    const objection = await objectionTo(step, run);
    if (objection !== undefined) return { step, outcome: 'skipped', why: objection };
    const { outcome, stop } = await carryOutStep(step, run.options);
    if (outcome.outcome !== 'failed') run.watch.forget(step.digest, step.tag);
    if (stop !== undefined) run.options.log.error(`${step.action} ${step.digest}: ${outcome.why}`);
    run.stopped = stop;
    run.failuresInARow = 0;
    return outcome;
  } catch (error) {
    return failedOutcome(step, error, run);
  }
}

/** Why the step must not be done, or undefined when its precondition holds now. */
async function objectionTo(step: Step, run: Run): Promise<string | undefined> {
  const { watch } = run;
  await watch.refresh();
  const use = await run.options.objectionTo?.(step.digest);
  if (use !== undefined) return use;
  // Every one, every time: a delete may be accepted and not done, and what we deleted may have been pushed again.
  for (const owner of step.precondition.owners) {
    if ((await run.options.registry.readEdges(owner)) !== 'absent')
      return `${owner}, which it belongs to, is still there`;
  }
  const left = step.precondition.owners.find((owner) => run.left.has(owner));
  if (left !== undefined) return `${left}, which it belongs to, was not deleted`;
  const newOwner = watch.newOwnerOf(step.digest);
  if (newOwner !== undefined) return `${newOwner} has come since the plan was made and needs it`;
  if (watch.doubt !== undefined && step.precondition.tags.length === 0) {
    return `${watch.doubt} has come since the plan was made, cannot be understood, and might list it`;
  }
  return objectionToTags(step, run);
}

async function objectionToTags(step: Step, run: Run): Promise<string | undefined> {
  const expected = step.precondition.tags;
  const seen = run.watch.tagsOf(step.digest);
  const added = seen.find((tag) => !expected.includes(tag));
  if (added !== undefined) return `tag ${added} has been put on it since the plan was made`;
  for (const tag of expected) {
    const target = await run.options.registry.resolveTag(tag);
    if (target !== step.digest) return describeMove(tag, target);
  }
  return undefined;
}

function describeMove(tag: Tag, target: Digest | 'absent'): string {
  return target === 'absent'
    ? `tag ${tag} has gone since the plan was made`
    : `tag ${tag} has moved to ${target} since the plan was made`;
}

function failedOutcome(step: Step, error: unknown, run: Run): Outcome {
  run.failuresInARow += 1;
  const message = describeCause(error);
  run.options.log.warn(`${step.action} ${step.digest}: ${message}`);
  const forbidden = error instanceof AuthError;
  const isKnown = error instanceof RegistryError || error instanceof NetworkError || error instanceof ProtocolError;
  if (forbidden) run.stopped = 'the registry does not allow it';
  else if (!isKnown) run.stopped = message;
  else if (run.failuresInARow >= MAX_FAILURES_IN_A_ROW) run.stopped = `${MAX_FAILURES_IN_A_ROW} steps failed in a row`;
  const hint = error instanceof CleanupError ? error.hint : undefined;
  const why = hint === undefined ? message : `${message} ${hint}`;
  return { step, outcome: 'failed', why, ...(forbidden ? { forbidden } : {}) };
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
    });
  } catch (cause) {
    run.journalFailed = true;
    run.stopped ??= `the journal cannot be written: ${describeCause(cause)}`;
    log.error(run.stopped);
  }
}
