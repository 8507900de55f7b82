// What no step deletes because the registry collects it: untagged manifests, once nothing with a tag leads to them any more.

import type { Digest } from '../model/reference.ts';
import type { Outcome } from '../plan/outcome.ts';
import type { RepositoryPlan, ShownDecision } from '../plan/plan.ts';

/** Whether a manifest is gone by its step: deleted by this run, or before its turn came. */
export function isGoneByStep({ step, outcome }: Outcome): boolean {
  return step.action === 'delete' && (outcome === 'deleted' || outcome === 'already-gone');
}

/** The digests of one repository whose deletion was done. */
export function goneBySteps(outcomes: readonly Outcome[]): ReadonlySet<Digest> {
  return new Set(outcomes.filter(isGoneByStep).map(({ step }) => step.digest));
}

/** Whether the registry collects it now that these are gone. False for whatever a step deletes, and for what stays. */
export function isLeftToCollect({ collectedWith }: ShownDecision, gone: ReadonlySet<Digest>): boolean {
  return collectedWith?.every((digest) => gone.has(digest)) ?? false;
}

/** How many images of the repository the registry collects after these outcomes; 0 on a registry that collects nothing. */
export function countLeftToCollect({ decisions }: RepositoryPlan, outcomes: readonly Outcome[]): number {
  const gone = goneBySteps(outcomes);
  return decisions.filter((one) => one.isRecord !== true && isLeftToCollect(one, gone)).length;
}
