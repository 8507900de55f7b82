// Who uses one image: the first so many in a fixed order, and the number of the others. A sidecar is in every pod of a cluster.

import type { Workload } from '../../model/usage.ts';

/** The users of one image. Plain data, as there is one for every image of every cluster. */
export interface WorkloadList {
  /** In any order, and with repetitions, until they are listed. */
  kept: Workload[];
  /** Those that were not kept. */
  unlisted: number;
  /** The last in order that can be kept; undefined as long as all can. */
  last: Workload | undefined;
  /** What the newest object has said since some could not be kept, so that it counts each of them once. */
  ofObject: Workload[];
}

/** Workloads that were kept, and how many were not. */
export interface ListedWorkloads {
  /** Without repetitions, sorted. */
  readonly workloads: readonly Workload[];
  /** Further ones, absent for none. */
  readonly unlisted?: number;
}

/** Enough to name whom an image serves; nobody reads more, and every one of them goes into the plan. */
const MAX_LISTED = 1000;

/** Shared and never added to: most images have one user, and an empty array that grows takes room for many. */
const NONE: Workload[] = [];

/** Nobody. */
export function createWorkloadList(): WorkloadList {
  return { kept: NONE, unlisted: 0, last: undefined, ofObject: NONE };
}

/** Adds a user. What one object says must come together, for then each of them counts once. */
export function addWorkload(list: WorkloadList, workload: Workload): void {
  if (list.last !== undefined) {
    const [known] = list.ofObject;
    if (known === undefined || !isSameObject(known, workload)) list.ofObject = [];
    else if (list.ofObject.some(({ container }) => container === workload.container)) return;
    list.ofObject.push(workload);
    if (compareWorkloads(workload, list.last) > 0) {
      list.unlisted++;
      return;
    }
  }
  // Most containers run what they were told to run, and say so twice.
  if (list.kept.at(-1) === workload) return;
  if (list.kept.length === 0) list.kept = [workload];
  else list.kept.push(workload);
  if (list.kept.length >= 2 * MAX_LISTED) tidy(list);
}

/** Adds the users of another list, which is the same image's in other objects. */
export function addWorkloads(list: WorkloadList, other: WorkloadList): void {
  tidy(other);
  for (const workload of other.kept) addWorkload(list, workload);
  list.unlisted += other.unlisted;
}

/** What it came to. */
export function listWorkloads(list: WorkloadList): ListedWorkloads {
  tidy(list);
  return { workloads: list.kept, ...(list.unlisted === 0 ? {} : { unlisted: list.unlisted }) };
}

function tidy(list: WorkloadList): void {
  const newest = list.kept.at(-1);
  if (newest === undefined || list.kept.length === 1) return;
  const distinct = distinctOf(list.kept);
  list.kept = distinct.slice(0, MAX_LISTED);
  if (distinct.length <= MAX_LISTED) return;
  list.unlisted += distinct.length - MAX_LISTED;
  list.last = list.kept.at(-1);
  list.ofObject = distinct.filter((workload) => isSameObject(workload, newest));
}

/** By context, namespace, kind, name and container; who has none of one comes first. */
function compareWorkloads(a: Workload, b: Workload): number {
  return (
    compareTexts(a.context, b.context) ||
    compareOptional(a.namespace, b.namespace) ||
    compareTexts(a.kind, b.kind) ||
    compareTexts(a.name, b.name) ||
    compareOptional(a.container, b.container)
  );
}

function compareOptional(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return compareTexts(a, b);
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
