// What a changed policy does beyond the one it replaces, on the same evidence. Nothing is asked again for it.

import type { ComparedPolicy } from '../config/settings.ts';
import type { Policy } from '../model/policy.ts';
import { buildDifference } from '../plan/build-difference.ts';
import type { Plan } from '../plan/plan.ts';
import type { PlanDifference } from '../plan/plan-difference.ts';
import type { Collected } from './collect-evidence.ts';

/** The plan of the changed policy, and how to make another's. */
export interface ComparedPlan {
  readonly collected: Collected;
  readonly plan: Plan;
  readonly planBy: (policy: Policy) => Plan;
}

/** The difference; undefined where there is nothing to compare with. */
export function comparePlans(
  other: ComparedPolicy | undefined,
  { collected, plan, planBy }: ComparedPlan,
): PlanDifference | undefined {
  if (other === undefined) return undefined;
  const { base } = other;
  if (other.kind === 'broken') return { kind: 'untold', base, why: other.why };
  const before = new Map(planBy(other.policy).repositories.map((one) => [one.name, one]));
  const nodes = new Map(collected.repositories.map(({ name, snapshot }) => [name, snapshot.nodes]));
  const repositories = plan.repositories.flatMap((changed) => {
    const unchanged = before.get(changed.name);
    const all = nodes.get(changed.name);
    return unchanged && all ? [buildDifference({ changed, base: unchanged, nodes: all })] : [];
  });
  return { kind: 'told', base, repositories };
}
