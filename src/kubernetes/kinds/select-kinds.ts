// Which of the wanted kinds a cluster has. Absent is what the cluster says is absent; what it cannot say stops the run. Pure.

import { EvidenceError, UsageError } from '../../errors.ts';
import { nearestName } from '../../util/nearest-name.ts';
import type { Discovery, ServedKind } from './discover-kinds.ts';
import { type PresentKind, resourceName } from './resource-kind.ts';
import { RESOURCE_KINDS } from './resource-kinds.ts';
import { isSameKind, type WantedKind } from './wanted-kinds.ts';

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
 * The wanted kinds that a cluster has, in their order, each in the version that the user wishes, else in the one that the cluster prefers
 * of those that have it.
 * @param exclude Names of kinds to leave out, for those whose plural only the cluster knows.
 * @throws EvidenceError EVIDENCE_KUBERNETES when the cluster cannot say whether it has one, or cannot list one that it has, or lacks one
 * that every cluster has, or has a kind of the user's own in other versions only.
 */
export function selectKinds(
  { context, discovery }: ClusterKinds,
  wanted: readonly WantedKind[],
  exclude: readonly string[],
): SelectedKinds {
  const present: PresentKind[] = [];
  const absent: WantedKind[] = [];
  for (const one of wanted) {
    const all = discovery.served.filter((candidate) => isServedAs(candidate, one));
    const served = all.filter((candidate) => !exclude.includes(resourceName(candidate)));
    if (all.length > 0 && served.length === 0) continue;
    const unknown = discovery.unknown.get(one.group);
    if (unknown !== undefined) throw cannotSay(one, unknown);
    const chosen = chooseVersion(served, one, { context, wanted });
    if (chosen !== undefined) present.push({ ...namesOf(chosen), reading: one.reading });
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

function isServedAs(served: ServedKind, one: WantedKind): boolean {
  return isSameKind(served, one) && (one.resource ?? served.resource) === served.resource;
}

/** What to read of a kind that is served like this; undefined where it is absent, or where another row reads it. */
function chooseVersion(
  served: readonly ServedKind[],
  one: WantedKind,
  { context, wanted }: { readonly context: string; readonly wanted: readonly WantedKind[] },
): ServedKind | undefined {
  const [first] = served;
  if (first === undefined) return undefined;
  const listable = served.filter(({ canList }) => canList);
  const [preferred] = listable;
  if (preferred === undefined) throw cannotList(context, first);
  const isIn = ({ version }: WantedKind) => version === undefined || listable.some((each) => each.version === version);
  if (isIn(one)) return one.version === undefined ? preferred : listable.find(({ version }) => version === one.version);
  // What is known of a kind of the table holds in any version, and the user's paths are tried there, too.
  if (one.resource !== undefined) return preferred;
  if (wanted.some((other) => isSameKind(other, one) && isIn(other))) return undefined;
  throw lacksVersion(context, one, listable);
}

function namesOf({ group, version, kind, resource, scope }: ServedKind): Omit<PresentKind, 'reading'> {
  return { group, version, kind, resource, scope };
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

function cannotList(context: string, served: ServedKind): EvidenceError {
  const name = resourceName(served);
  return new EvidenceError(
    `Context ${JSON.stringify(context)} has ${name}, and no way to list them: the images that they name cannot be known.`,
    {
      code: 'EVIDENCE_KUBERNETES',
      hint: `See what serves the group (kubectl api-resources -o wide shows the verbs), or leave the kind out on purpose with kubernetes.exclude: [${name}] in the policy file.`,
      details: { context, kind: served.kind, group: served.group },
    },
  );
}

function lacksVersion(context: string, one: WantedKind, served: readonly ServedKind[]): EvidenceError {
  const versions = [...new Set(served.map(({ version }) => version))].join(', ');
  const name = resourceName(served[0] ?? { resource: one.kind, group: one.group });
  return new EvidenceError(
    `Context ${JSON.stringify(context)} has ${kindName(one)} in version ${versions}, and not in version ${one.version ?? '(any)'}, so that what it names would go unread.`,
    {
      code: 'EVIDENCE_KUBERNETES',
      hint: `In kubernetes.resources of the policy file leave out the version, correct it, or add a row for the version that is served; or leave the kind out on purpose with kubernetes.exclude: [${name}].`,
      details: { context, kind: one.kind, group: one.group },
    },
  );
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
