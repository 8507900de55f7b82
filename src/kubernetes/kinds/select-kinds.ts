// Which of the wanted kinds a cluster has. Absent is what the cluster says is absent; what it cannot say stops the run. Pure.

import { EvidenceError, UsageError } from '../../errors.ts';
import { nearestName } from '../../util/nearest-name.ts';
import type { Discovery, ServedKind } from './discover-kinds.ts';
import { type PresentKind, resourceName } from './resource-kind.ts';
import { RESOURCE_KINDS } from './resource-kinds.ts';
import type { WantedKind } from './wanted-kinds.ts';

/** What one cluster has. */
export interface ClusterKinds {
  readonly context: string;
  readonly discovery: Discovery;
}

/** The wanted kinds by what a cluster says about them. */
export interface SelectedKinds {
  readonly present: readonly PresentKind[];
  /** Kinds that the cluster does not have. */
  readonly absent: readonly WantedKind[];
}

/**
 * The wanted kinds that a cluster has, in their order, each in the version that the cluster prefers of those that have it.
 * @param exclude Names of kinds to leave out, for those whose plural only the cluster knows.
 * @throws EvidenceError EVIDENCE_KUBERNETES when the cluster cannot say whether it has one, or lacks one that every cluster has.
 */
export function selectKinds(
  { context, discovery }: ClusterKinds,
  wanted: readonly WantedKind[],
  exclude: readonly string[],
): SelectedKinds {
  const present: PresentKind[] = [];
  const absent: WantedKind[] = [];
  for (const one of wanted) {
    const served = discovery.served.find((candidate) => isWanted(candidate, one));
    if (served !== undefined && exclude.includes(resourceName(served))) continue;
    const unknown = discovery.unknown.get(one.group);
    if (unknown !== undefined) throw cannotSay(one, unknown);
    if (served !== undefined) present.push({ ...served, reading: one.reading });
    else if (one.mustBeIn === 'every') throw lacksKind(context, one);
    else absent.push(one);
  }
  return { present, absent };
}

/**
 * Refuses what the user wrote and no cluster has: kinds of his own that are not optional, and exclusions.
 * @throws UsageError USAGE with all of them, and the nearest names.
 */
export function refuseUnknownKinds(
  clusters: readonly (ClusterKinds & SelectedKinds)[],
  wanted: readonly WantedKind[],
  exclude: readonly string[],
): void {
  const served = clusters.flatMap(({ discovery }) => discovery.served);
  const missing = wanted.filter(
    (one) => one.mustBeIn === 'one' && clusters.every(({ absent }) => absent.includes(one)),
  );
  const kinds = served.map(kindName);
  const names = [...RESOURCE_KINDS, ...served].map(resourceName);
  // A group that does not answer may have the kind that is left out, perhaps for that very reason.
  const silent = new Set(clusters.flatMap(({ discovery }) => [...discovery.unknown.keys()]));
  const mistakes = [
    ...missing.map((one) => `kubernetes.resources: ${describeMissing(one, nearestName(kindName(one), kinds))}`),
    ...exclude
      .filter((name) => !names.includes(name) && !silent.has(groupOf(name)))
      .map((name) => `kubernetes.exclude: no cluster has ${JSON.stringify(name)}${meant(nearestName(name, names))}`),
  ];
  if (mistakes.length === 0) return;
  throw new UsageError(`The policy file names kinds that are not there:\n  ${mistakes.join('\n  ')}`, {
    code: 'USAGE',
    hint: 'Correct them (kubectl api-resources shows what there is), or set optional: true on a kind that need not be there.',
  });
}

function isWanted(served: ServedKind, { group, kind, resource, version }: WantedKind): boolean {
  if (served.group !== group || served.kind !== kind) return false;
  return (resource ?? served.resource) === served.resource && (version ?? served.version) === served.version;
}

function describeMissing(one: WantedKind, nearest: string | undefined): string {
  const version = one.version === undefined ? '' : ` in version ${one.version}`;
  const isNamed = nearest !== undefined && nearest !== kindName(one);
  return `no cluster has ${JSON.stringify(kindName(one))}${version}${meant(isNamed ? nearest : undefined)}`;
}

function meant(nearest: string | undefined): string {
  return nearest === undefined ? '' : `; did you mean ${JSON.stringify(nearest)}?`;
}

/** `Rollout.argoproj.io`. */
function kindName({ group, kind }: Pick<WantedKind, 'group' | 'kind'>): string {
  return group === '' ? kind : `${kind}.${group}`;
}

function groupOf(name: string): string {
  return name.includes('.') ? name.slice(name.indexOf('.') + 1) : '';
}

function cannotSay(one: WantedKind, cause: EvidenceError): EvidenceError {
  const name = one.resource === undefined ? kindName(one) : resourceName({ group: one.group, resource: one.resource });
  return new EvidenceError(`Whether the cluster has ${name} is not known. ${cause.message}`, {
    code: 'EVIDENCE_KUBERNETES',
    hint: `Repair what serves the group (kubectl get apiservices), or leave its kinds out on purpose with kubernetes.exclude in the policy file. ${cause.hint ?? ''}`,
    details: { ...cause.details, kind: one.kind, group: one.group },
    cause,
  });
}

function lacksKind(context: string, one: WantedKind): EvidenceError {
  return new EvidenceError(
    `Context ${JSON.stringify(context)} has no kind ${kindName(one)}, which every Kubernetes cluster has.`,
    {
      code: 'EVIDENCE_KUBERNETES',
      hint: "See what answers at the server's address. For a server that is no whole cluster, leave the kind out with kubernetes.exclude in the policy file.",
      details: { context, kind: one.kind, group: one.group },
    },
  );
}
