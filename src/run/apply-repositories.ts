// Applying a plan: one journal, one repository after the other, each with its own steps.

import type { ApplyOptions } from '../apply/apply-options.ts';
import { applySteps } from '../apply/apply-steps.ts';
import { openJournal } from '../apply/journal.ts';
import type { Settings } from '../config/settings.ts';
import { RegistryError } from '../errors.ts';
import type { RegistryHost } from '../model/reference.ts';
import { formatInstant } from '../model/time.ts';
import type { ReviewedPlan } from '../plan/decode-plan.ts';
import { intersectSteps } from '../plan/intersect-steps.ts';
import type { RepositoryPlan } from '../plan/plan.ts';
import type { RepositoryOutcome, UsageReadAt } from '../report/report.ts';
import type { CollectedRepository, RunContext } from './collect-evidence.ts';
import type { Planned } from './make-plan.ts';
import { watchBuildCache } from './watch-build-cache.ts';
import { watchCopies, watchOriginals } from './watch-counterparts.ts';
import { watchForge } from './watch-forge.ts';
import { watchRecords } from './watch-records.ts';
import { type UsageObjection, type UsageWatch, watchUsage } from './watch-usage.ts';

/** What an apply goes by besides the plan. */
export interface ApplyRequest {
  readonly settings: Settings;
  readonly context: RunContext;
  /** Only steps that are in here too are carried out; undefined means all of the plan. */
  readonly reviewed: ReviewedPlan | undefined;
}

/** What an apply has done so far. */
export interface ApplySteps {
  readonly applied: readonly RepositoryOutcome[];
  /** Once it holds something. */
  readonly journal?: string;
  readonly usageReadAt?: UsageReadAt;
}

/** Milliseconds for which one reading of the clusters is good enough in a long apply. */
const USAGE_WINDOW_MS = 5 * 60_000;

/** Milliseconds for which one reading of the forge is: without a cache the whole history is fetched with each. */
const FORGE_WINDOW_MS = 10 * 60_000;

/** Milliseconds for which one look at all tags is good enough; see docs/adr/0006. */
const WATCH_WINDOW_MS = 5_000;

/**
 * Carries out the plan. `tell` hears of all that was done so far after each repository, so that a later failure loses nothing. The
 * clusters are read again before the first step.
 * @throws EvidenceError when they cannot be, and nothing has been deleted; RegistryError when the look after the last step failed.
 */
export async function applyRepositories(
  planned: Planned,
  request: ApplyRequest,
  tell: (done: ApplySteps) => void,
): Promise<void> {
  const outcomes: RepositoryOutcome[] = [];
  const work = planned.collected.repositories.flatMap((repository) => workOn(repository, planned, request.reviewed));
  if (work.every(({ steps }) => steps.length === 0)) {
    tell({ applied: work.map(({ plan, notApplied }) => ({ name: plan.name, outcomes: [], notApplied })) });
    return;
  }
  const journal = await openJournal(request.settings.journal);
  const { settings, context } = request;
  const spent = new Map<RegistryHost, string>();
  const doubts: string[] = [];
  const inUse = watchUsage({ ...planned, settings, context, clockMs, windowMs: USAGE_WINDOW_MS });
  const outcomesOf = (name: string) => outcomes.find((one) => one.name === name)?.outcomes;
  const stepsOf = (name: string) => work.find(({ plan }) => plan.name === name)?.steps ?? [];
  const objections: readonly UsageObjection[] = [
    inUse.objectionTo,
    watchCopies(planned, inUse.objectionTo),
    watchForge({ settings, context, planned, clockMs, windowMs: FORGE_WINDOW_MS }),
    watchOriginals({ ...planned, outcomesOf }),
    watchBuildCache({ planned, stepsOf, outcomesOf }),
    watchRecords({ ...planned, clockMs, windowMs: WATCH_WINDOW_MS }),
  ];
  try {
    // However young the plan's own reading is: what was deployed since, above all while a plan was reviewed, is not deleted.
    await inUse.lookNow();
    for (const { repository, plan, steps, notApplied } of work) {
      const { host } = repository.registry.repository;
      const notNow = spent.get(host);
      const applied = await applySteps(steps, {
        ...optionsFor(repository, context),
        journal,
        objectionTo: firstOf(objections.map((objection) => objection(plan.name))),
        ...(notNow === undefined ? {} : { notNow }),
      });
      if (applied.doubt !== undefined) doubts.push(`${plan.name}: ${applied.doubt}`);
      if (applied.notNow !== undefined) spent.set(host, applied.notNow);
      const { undo } = repository.registry.capabilities;
      outcomes.push({ name: plan.name, outcomes: applied.outcomes, notApplied, undo });
      tell({ applied: [...outcomes], journal: journal.path, ...readAtOf(inUse) });
    }
    if (doubts.length > 0) throw notLookedAfter(doubts, journal.path);
  } finally {
    await journal.close();
  }
}

/** The first reason that any of them has; those after it are not asked. */
function firstOf(objections: readonly ReturnType<UsageObjection>[]): ReturnType<UsageObjection> {
  return async (digest) => {
    for (const objectionTo of objections) {
      const why = await objectionTo(digest);
      if (why !== undefined) return why;
    }
    return undefined;
  };
}

function readAtOf({ readAt }: UsageWatch): Pick<ApplySteps, 'usageReadAt'> {
  const at = readAt();
  if (at === undefined) return {};
  return { usageReadAt: { beforeFirstStep: formatInstant(at.first), beforeLastStep: formatInstant(at.last) } };
}

/** What was deleted is in the report all the same; but a success that nobody can vouch for is none. */
function notLookedAfter(doubts: readonly string[], journal: string): RegistryError {
  const message = `Whether anything that came meanwhile needs what was deleted could not be told: ${doubts.join('; ')}`;
  return new RegistryError(message, {
    code: 'REGISTRY_REFUSED',
    hint: `Plan again: an image that lacks a part is named there, and restore --journal ${journal} brings the part back.`,
  });
}

function workOn(repository: CollectedRepository, planned: Planned, reviewed: ReviewedPlan | undefined) {
  const plan = planned.plan.repositories.find(({ name }) => name === repository.name);
  if (plan === undefined) return [];
  return [{ repository, plan, ...stepsOf(plan, reviewed) }];
}

function stepsOf(plan: RepositoryPlan, reviewed: ReviewedPlan | undefined): ReturnType<typeof intersectSteps> {
  if (reviewed === undefined) return { steps: plan.steps, notApplied: [] };
  const part = reviewed.repositories.find(({ name }) => name === plan.name);
  return intersectSteps(part ?? { steps: [] }, plan);
}

/** Milliseconds of a clock that never jumps. */
function clockMs(): number {
  return performance.now();
}

function optionsFor(repository: CollectedRepository, context: RunContext): Omit<ApplyOptions, 'journal'> {
  return {
    registry: repository.registry,
    snapshot: repository.snapshot,
    log: context.log,
    name: repository.name,
    now: context.now,
    clockMs,
    watchWindowMs: WATCH_WINDOW_MS,
    signal: context.signal,
  };
}
