// Who uses one image: the first so many in a fixed order, and the number of the others. A sidecar is in every pod of a cluster.

import type { Workload } from '../../model/usage.ts';

/** Workloads that were kept, and how many were not. */
export interface ListedWorkloads {
  /** Without repetitions, sorted. */
  readonly workloads: readonly Workload[];
  /** Further ones, absent for none. */
  readonly unlisted?: number;
}

/** Takes workloads one by one. What one object says must come together, for then every workload counts once. */
export interface WorkloadList {
  add(workload: Workload): void;
  addAll(other: WorkloadList): void;
  list(): ListedWorkloads;
}

/** Enough to name whom an image serves; nobody reads more, and every one of them goes into the plan. */
export const MAX_LISTED = 1000;

/** A list with nobody in it. */
export function createWorkloadList(): WorkloadList {
  let kept: Workload[] = [];
  let unlisted = 0;
  /** The last that can be kept, once some could not. */
  let last: Workload | undefined;
  /** What the object that came last has said since then. */
  let ofObject: Workload[] = [];
  const tidy = (): void => {
    const distinct = distinctOf(kept);
    const newest = kept.at(-1);
    kept = distinct.slice(0, MAX_LISTED);
    if (distinct.length <= MAX_LISTED) return;
    unlisted += distinct.length - MAX_LISTED;
    last = kept.at(-1);
    ofObject = newest === undefined ? [] : distinct.filter((workload) => isSameObject(workload, newest));
  };
  return {
    add(workload) {
      if (last !== undefined) {
        const [known] = ofObject;
        if (known === undefined || !isSameObject(known, workload)) ofObject = [];
        else if (ofObject.some(({ container }) => container === workload.container)) return;
        ofObject.push(workload);
        if (compareWorkloads(workload, last) > 0) {
          unlisted++;
          return;
        }
      }
      kept.push(workload);
      if (kept.length >= 2 * MAX_LISTED) tidy();
    },
    addAll(other) {
      const { workloads, unlisted: more = 0 } = other.list();
      for (const workload of workloads) this.add(workload);
      unlisted += more;
    },
    list() {
      tidy();
      return { workloads: kept, ...(unlisted === 0 ? {} : { unlisted }) };
    },
  };
}

/** By context, namespace, kind, name and container; who has none of one comes first. */
function compareWorkloads(a: Workload, b: Workload): number {
  return (
    compareTexts(a.context, b.context) ||
    compareTexts(a.namespace ?? '', b.namespace ?? '') ||
    compareTexts(a.kind, b.kind) ||
    compareTexts(a.name, b.name) ||
    compareTexts(a.container ?? '', b.container ?? '')
  );
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function isSameObject(a: Workload, b: Workload): boolean {
  return a.name === b.name && a.namespace === b.namespace && a.kind === b.kind && a.context === b.context;
}

function distinctOf(workloads: readonly Workload[]): Workload[] {
  const sorted = workloads.toSorted(compareWorkloads);
  return sorted.filter((workload, at) => {
    const before = sorted[at - 1];
    return before === undefined || compareWorkloads(before, workload) !== 0;
  });
}
