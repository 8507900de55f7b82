// A later reading that shows far less than an earlier one may be wrong: then what the earlier one saw counts too.

import { formatImageReference } from '../model/reference.ts';
import type { Usage, UsageSource, Workload } from '../model/usage.ts';
import type { ShrunkSource } from '../model/verification.ts';
import { isEmpty } from '../plan/empty-sources.ts';

/** A usage, and the sources for whose sake it is wider than what was read. */
export interface WidenedUsage {
  readonly usage: Usage;
  readonly shrunk: readonly ShrunkSource[];
}

/** The later usage, joined by the whole earlier one when any source of that shows nothing now, under half of its objects, or is missing. */
export function widenUsage(now: Usage, before: Usage | undefined): WidenedUsage {
  const shrunk = before === undefined ? [] : findShrunk(before.sources, now.sources);
  return before === undefined || shrunk.length === 0
    ? { usage: now, shrunk }
    : { usage: joinUsage(now, before), shrunk };
}

function findShrunk(before: readonly UsageSource[], now: readonly UsageSource[]): readonly ShrunkSource[] {
  return before.flatMap((was): ShrunkSource[] => {
    const { kind, name, pods, objects } = was;
    const is = now.find((source) => source.kind === kind && source.name === name) ?? { ...was, pods: 0, objects: 0 };
    const isShrunk = is.objects * 2 < objects || (isEmpty(is) && !isEmpty(was));
    return isShrunk ? [{ kind, name, before: { pods, objects }, now: { pods: is.pods, objects: is.objects } }] : [];
  });
}

function joinUsage(now: Usage, before: Usage): Usage {
  return {
    ...now,
    uses: joinBy(now.uses, before.uses, ({ reference }) => formatImageReference(reference)),
    bareDigests: joinBy(now.bareDigests, before.bareDigests, ({ digest }) => digest),
  };
}

interface Used {
  readonly workloads: readonly Workload[];
  readonly unlisted?: number;
}

/** In the order of the first, then what only the second has. */
function joinBy<Use extends Used>(
  first: readonly Use[],
  second: readonly Use[],
  nameOf: (use: Use) => string,
): readonly Use[] {
  const joined = new Map(first.map((use) => [nameOf(use), use]));
  for (const use of second) {
    const known = joined.get(nameOf(use));
    joined.set(nameOf(use), known === undefined ? use : { ...known, ...joinUsers(known, use) });
  }
  return [...joined.values()];
}

/** Who is only counted may be the same in both. */
function joinUsers(one: Used, other: Used): Used {
  const users = new Map([...one.workloads, ...other.workloads].map((workload) => [keyOf(workload), workload]));
  const unlisted = Math.max(one.unlisted ?? 0, other.unlisted ?? 0);
  return { workloads: [...users.values()], ...(unlisted === 0 ? {} : { unlisted }) };
}

function keyOf({ context, namespace, kind, name, container }: Workload): string {
  return JSON.stringify([context, namespace ?? null, kind, name, container ?? null]);
}
