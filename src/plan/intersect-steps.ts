// What of a reviewed plan may still be done: the steps that a fresh plan, made from fresh evidence, holds too.

import type { Digest } from '../model/reference.ts';
import type { ReviewedRepository } from './decode-plan.ts';
import type { Outcome } from './outcome.ts';
import type { RepositoryPlan, ShownDecision, Step } from './plan.ts';

/** The common steps in the fresh plan's order, and every reviewed step that is not among them, with the reason. */
export interface CommonSteps {
  readonly steps: readonly Step[];
  readonly notApplied: readonly Outcome[];
}

/**
 * Steps are the same when action, digest, tag and the complete set of tags are the same and no owner is new; none is where whole manifests
 * would be deleted now and only tags were to go.
 */
export function intersectSteps(
  { steps: reviewed, collectsUntagged }: Pick<ReviewedRepository, 'steps' | 'collectsUntagged'>,
  fresh: RepositoryPlan,
): CommonSteps {
  if (collectsUntagged === true && fresh.totals.collected === undefined)
    return { steps: [], notApplied: reviewed.map((step) => ({ step, outcome: 'skipped', why: ONLY_TAGS })) };
  const freshByKey = new Map(fresh.steps.map((step) => [keyOf(step), step]));
  const decisions = new Map(fresh.decisions.map((decision) => [decision.digest, decision]));
  const agreed = new Set<string>();
  const notApplied: Outcome[] = [];
  for (const step of reviewed) {
    const now = freshByKey.get(keyOf(step));
    const why = now === undefined ? whyNotPlanned(step, decisions.get(step.digest)) : whyChanged(step, now);
    if (why === undefined) agreed.add(keyOf(step));
    else if (isGone(step, decisions.get(step.digest))) notApplied.push({ step, outcome: 'already-gone', why });
    else notApplied.push({ step, outcome: 'skipped', why });
  }
  return { steps: fresh.steps.filter((step) => agreed.has(keyOf(step))), notApplied };
}

const ONLY_TAGS =
  'the plan only deletes its tags and leaves the rest to the registry; this run, which speaks to the registry in another way, would delete the manifest';

function keyOf(step: Step): string {
  return `${step.action} ${step.digest} ${step.tag ?? ''}`;
}

/** Not there any more; or, on a registry that collects what is untagged, without any tag that a step could delete. */
function isGone({ action }: Step, decision: ShownDecision | undefined): boolean {
  return decision === undefined || (action === 'delete' && decision.collectedWith !== undefined);
}

function whyNotPlanned(step: Step, decision: ShownDecision | undefined): string {
  if (decision === undefined) return 'it is not in the registry any more';
  if (isGone(step, decision)) return 'it has no tag any more: the registry collects it';
  if (step.action === 'untag' && step.tag !== undefined && !decision.tags.includes(step.tag)) {
    return `tag ${step.tag} is not on it any more`;
  }
  if (decision.decision === 'delete') return 'the whole manifest would go now; the plan only took a tag off it';
  const [reason] = decision.reasons;
  return `it stays now: ${reason?.text ?? 'kept'}`;
}

function whyChanged(step: Step, now: Step): string | undefined {
  const before = step.precondition;
  const after = now.precondition;
  const newTag = after.tags.find((tag) => !before.tags.includes(tag));
  if (newTag !== undefined) return `tag ${newTag} is on it since the plan was made`;
  const movedTag = before.tags.find((tag) => !after.tags.includes(tag));
  if (movedTag !== undefined) return `tag ${movedTag} has left it since the plan was made`;
  const newOwner = firstMissing(after.owners, before.owners);
  if (newOwner !== undefined) return `${newOwner} lists it since the plan was made`;
  // An owner that has gone since is what the plan wanted: an interrupted apply can go on.
  return undefined;
}

function firstMissing(digests: readonly Digest[], from: readonly Digest[]): Digest | undefined {
  return digests.find((digest) => !from.includes(digest));
}
