// Applying a plan: one journal, one repository after the other, each with its own steps.

import type { ApplyOptions } from '../apply/apply-options.ts';
import { applySteps } from '../apply/apply-steps.ts';
import { openJournal } from '../apply/journal.ts';
import type { Settings } from '../config/settings.ts';
import type { ReviewedPlan } from '../plan/decode-plan.ts';
import { intersectSteps } from '../plan/intersect-steps.ts';
import type { RepositoryPlan } from '../plan/plan.ts';
import type { RepositoryOutcome } from '../report/report.ts';
import type { CollectedRepository, RunContext } from './collect-evidence.ts';
import type { Planned } from './make-plan.ts';

/** What an apply goes by besides the plan. */
export interface ApplyRequest {
  readonly settings: Settings;
  readonly context: RunContext;
  /** Only steps that are in here too are carried out; undefined means all of the plan. */
  readonly reviewed: ReviewedPlan | undefined;
}

/** Milliseconds for which one look at all tags is good enough; see docs/adr/0006. */
const WATCH_WINDOW_MS = 5_000;

/**
 * Carries out the plan. `tell` hears of all outcomes so far after each repository, so that a later failure loses none, and of
 * the journal's path once it holds something.
 */
export async function applyRepositories(
  planned: Planned,
  request: ApplyRequest,
  tell: (outcomes: readonly RepositoryOutcome[], journal: string | undefined) => void,
): Promise<void> {
  const outcomes: RepositoryOutcome[] = [];
  const work = planned.collected.repositories.flatMap((repository) => workOn(repository, planned, request.reviewed));
  if (work.every(({ steps }) => steps.length === 0)) {
    tell(
      work.map(({ plan, notApplied }) => ({ name: plan.name, outcomes: [], notApplied })),
      undefined,
    );
    return;
  }
  const journal = await openJournal(request.settings.journal);
  try {
    for (const { repository, plan, steps, notApplied } of work) {
      const done = await applySteps(steps, { ...optionsFor(repository, request), journal });
      outcomes.push({ name: plan.name, outcomes: done, notApplied });
      tell([...outcomes], journal.path);
    }
  } finally {
    await journal.close();
  }
}

function workOn(repository: CollectedRepository, planned: Planned, reviewed: ReviewedPlan | undefined) {
  const plan = planned.plan.repositories.find(({ name }) => name === repository.name);
  if (plan === undefined) return [];
  return [{ repository, plan, ...stepsOf(plan, reviewed) }];
}

function stepsOf(plan: RepositoryPlan, reviewed: ReviewedPlan | undefined): ReturnType<typeof intersectSteps> {
  if (reviewed === undefined) return { steps: plan.steps, notApplied: [] };
  const part = reviewed.repositories.find(({ name }) => name === plan.name);
  return intersectSteps(part?.steps ?? [], plan);
}

function optionsFor(repository: CollectedRepository, { context }: ApplyRequest): Omit<ApplyOptions, 'journal'> {
  return {
    registry: repository.registry,
    snapshot: repository.snapshot,
    log: context.log,
    name: repository.name,
    now: context.now,
    clockMs: () => performance.now(),
    watchWindowMs: WATCH_WINDOW_MS,
    signal: context.signal,
  };
}
