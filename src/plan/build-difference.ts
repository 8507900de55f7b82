// The difference between two plans that were made from the same evidence by two policies. Pure.

import type { Digest } from '../model/reference.ts';
import type { ImageNode } from '../model/snapshot.ts';
import type { RepositoryPlan } from './plan.ts';
import type { DifferingImages, RepositoryDifference } from './plan-difference.ts';
import { reclaimableBytes } from './sizes.ts';

/** Two plans of one repository. */
export interface ComparedPlans {
  readonly changed: RepositoryPlan;
  readonly base: RepositoryPlan;
  /** Every node of the repository: what both plans decided on. */
  readonly nodes: ReadonlyMap<Digest, ImageNode>;
}

/** What the changed policy deletes and keeps beyond the base's. Tags that only come off images, and records, are no difference here. */
export function buildDifference({ changed, base, nodes }: ComparedPlans): RepositoryDifference {
  const before = deletedBy(base);
  const after = deletedBy(changed);
  const agreed = new Set([...after].filter((digest) => before.has(digest)));
  const bytesOfBoth = bytesFreedBy(agreed, nodes);
  const differing = (deletions: ReadonlySet<Digest>, others: ReadonlySet<Digest>): DifferingImages => {
    const decisions = changed.decisions.filter(
      ({ digest, isRecord }) => isRecord !== true && deletions.has(digest) && !others.has(digest),
    );
    return { count: decisions.length, bytes: bytesFreedBy(deletions, nodes) - bytesOfBoth, decisions };
  };
  return { name: changed.name, moreDeleted: differing(after, before), moreKept: differing(before, after) };
}

function deletedBy({ decisions }: RepositoryPlan): ReadonlySet<Digest> {
  return new Set(decisions.flatMap(({ decision, digest }) => (decision === 'delete' ? digest : [])));
}

/** As a plan with just these deletions would count it. */
function bytesFreedBy(deletions: ReadonlySet<Digest>, nodes: ReadonlyMap<Digest, ImageNode>): number {
  const all = [...nodes.values()];
  return reclaimableBytes(
    all.filter(({ digest }) => deletions.has(digest)),
    all.filter(({ digest }) => !deletions.has(digest)),
  );
}
