// What clusters protect, and where.

import type { ShownDecision } from '../plan/plan.ts';

/** One namespace of one context (or folder of manifests) and what it holds on to. All names are untrusted text. */
export interface ClusterUseRow {
  readonly context: string;
  /** Absent for objects without one. */
  readonly namespace?: string;
  /** Images of this repository that are used there. */
  readonly images: number;
  /** Distinct workloads that use them, as `Deployment/web`; at least one, in order of appearance. */
  readonly workloads: readonly string[];
}

interface Use {
  readonly context: string;
  readonly namespace: string | undefined;
  readonly images: Set<string>;
  readonly workloads: Set<string>;
}

/** Groups what the `kubernetes` rule keeps by context and namespace; most images first, then by name. */
export function summarizeClusterUse(decisions: readonly ShownDecision[]): readonly ClusterUseRow[] {
  const uses = new Map<string, Use>();
  for (const { digest, reasons } of decisions)
    for (const reason of reasons)
      for (const { context, namespace, kind, name } of reason.rule === 'kubernetes' ? reason.workloads : []) {
        const key = JSON.stringify([context, namespace]);
        const use = uses.get(key) ?? { context, namespace, images: new Set(), workloads: new Set() };
        uses.set(key, use);
        use.images.add(digest);
        use.workloads.add(`${kind}/${name}`);
      }
  return [...uses.values()].map(rowOf).sort(byImagesThenName);
}

/** Users that {@link summarizeClusterUse} cannot name, because there are too many of them. */
export interface UnlistedUse {
  /** Images of this repository that have such users. */
  readonly images: number;
  /** Who uses several of them counts for each. */
  readonly users: number;
}

/** How much the rows of {@link summarizeClusterUse} leave out; undefined for nothing. */
export function countUnlistedUse(decisions: readonly ShownDecision[]): UnlistedUse | undefined {
  const counts = decisions
    // The same workloads may name an image by its tag and, running, by its digest.
    .map(({ reasons }) => Math.max(0, ...reasons.map((one) => (one.rule === 'kubernetes' ? (one.unlisted ?? 0) : 0))))
    .filter((count) => count > 0);
  return counts.length === 0 ? undefined : { images: counts.length, users: counts.reduce((sum, one) => sum + one, 0) };
}

function rowOf({ context, namespace, images, workloads }: Use): ClusterUseRow {
  return {
    context,
    ...(namespace === undefined ? {} : { namespace }),
    images: images.size,
    workloads: [...workloads],
  };
}

function byImagesThenName(a: ClusterUseRow, b: ClusterUseRow): number {
  if (a.images !== b.images) return b.images - a.images;
  const [nameA, nameB] = [`${a.context}/${a.namespace ?? ''}`, `${b.context}/${b.namespace ?? ''}`];
  if (nameA === nameB) return 0;
  return nameA < nameB ? -1 : 1;
}
