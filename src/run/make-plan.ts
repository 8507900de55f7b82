// From settings to a plan: collect, decide, plan. Connections are open while the plan is used, and closed after it.

import type { Settings } from '../config/settings.ts';
import type { Policy } from '../model/policy.ts';
import type { Digest } from '../model/reference.ts';
import type { Instant } from '../model/time.ts';
import { buildPlan } from '../plan/build-plan.ts';
import type { Plan } from '../plan/plan.ts';
import type { PlanDifference } from '../plan/plan-difference.ts';
import type { Decisions } from '../policy/decisions.ts';
import { TOOL } from '../version.ts';
import { type AlsoDigests, type Collected, closeAll, collectEvidence, type RunContext } from './collect-evidence.ts';
import { comparePlans } from './compare-plans.ts';
import { decideRepositories } from './decide-repositories.ts';
import type { PreviousRun } from './run-files.ts';

/** Evidence, the decisions on it, and the plan: all that a run knows before it does anything. */
export interface Planned {
  readonly collected: Collected;
  readonly decided: ReadonlyMap<string, Decisions>;
  readonly plan: Plan;
  /** What another policy would do to the same evidence, where the settings name one. */
  readonly difference: PlanDifference | undefined;
  /** What is decided on the same images, by the same policy and times, when this is what Git and the forge say. */
  readonly decideAgain: (known: Pick<Collected, 'history' | 'forge'>) => ReadonlyMap<string, Decisions>;
  /** What is decided on the same evidence when these, besides, stay. */
  readonly decideKeeping: (digests: readonly Digest[]) => ReadonlyMap<string, Decisions>;
}

/** What a plan is made from. */
export interface PlanRequest {
  readonly settings: Settings;
  readonly context: RunContext;
  readonly previous: PreviousRun | undefined;
  readonly also: AlsoDigests;
}

/** Collects, decides, plans, hands the plan over, and closes the connections whatever happens. */
export async function withPlan<Result>(
  request: PlanRequest,
  use: (planned: Planned) => Promise<Result>,
): Promise<Result> {
  const { settings, context, previous } = request;
  const collected = await collectEvidence(settings, context, request.also);
  try {
    const now = settings.asOf ?? context.now();
    const createdAt = context.now();
    const made = { collected, previous, now, createdAt, asOf: settings.asOf };
    const planBy = (policy: Policy) => planEvidence({ ...made, policy });
    const { policy: own } = settings;
    const decideAgain: Planned['decideAgain'] = (known) =>
      planEvidence({ ...made, policy: own, collected: { ...collected, ...known } }).decided;
    const decideKeeping: Planned['decideKeeping'] = (digests) =>
      planBy({ ...own, pins: { ...own.pins, list: [...own.pins.list, ...digests] } }).decided;
    const { decided, plan } = planBy(settings.policy);
    const difference = comparePlans(settings.compareWith, { collected, plan, planBy: (policy) => planBy(policy).plan });
    return await use({ collected, decided, plan, difference, decideAgain, decideKeeping });
  } finally {
    await closeAll(
      collected.repositories.map(({ registry }) => registry),
      context.log,
    );
  }
}

interface EvidencePlan {
  readonly collected: Collected;
  readonly policy: Policy;
  readonly previous: PreviousRun | undefined;
  readonly now: Instant;
  readonly createdAt: Instant;
  readonly asOf: Instant | undefined;
}

/** Decides and plans. The same evidence, policy and times always give the same plan. */
function planEvidence(made: EvidencePlan): Pick<Planned, 'decided' | 'plan'> {
  const { collected, policy, previous, now, createdAt, asOf } = made;
  const decided = decideRepositories({ collected, policy, previous, now });
  const plan = buildPlan({
    tool: TOOL,
    createdAt,
    asOf,
    evidence: collected.summary,
    previous: previous?.evidence,
    guards: policy.guards,
    repositories: [...decided].map(([name, decisions]) => ({
      name,
      ...decisions,
      deleteRight: collected.repositories.find((repository) => repository.name === name)?.snapshot.deleteRight,
    })),
  });
  return { decided, plan };
}
