// Which kinds a cluster has, in which versions. A group that does not tell is neither there nor absent.
// https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api

import * as z from 'zod';
import { EvidenceError } from '../../errors.ts';
import { badDiscovery, type DiscoveryJob, getDiscovery } from './get-discovery.ts';
import type { ResourceKind } from './resource-kind.ts';

/** A kind that a cluster has, in one version. */
export interface ServedKind extends Pick<ResourceKind, 'kind' | 'resource' | 'group' | 'scope'> {
  readonly version: string;
  /** Whether it has the verb `list`: without it, what there is of the kind cannot be known. */
  readonly canList: boolean;
}

/** What a cluster says about its kinds. */
export interface Discovery {
  /** Of every group the preferred version first. Groups that nobody asked for may be missing. */
  readonly served: readonly ServedKind[];
  /** Groups of which a version cannot be known now, and why; of those that were asked for, and maybe others. */
  readonly unknown: ReadonlyMap<string, EvidenceError>;
}

const V2 = 'g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
/** Aggregated since 1.26 (v2beta1) and 1.30 (v2); older servers take the last one. */
const AGGREGATED = `application/json;${V2},application/json;${V2.replace('v=v2', 'v=v2beta1')},application/json`;
const PLAIN = 'application/json';

const aggregatedSchema = z.object({
  kind: z.literal('APIGroupDiscoveryList'),
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string().nullish() }).nullish(),
      versions: z.array(
        z.object({
          version: z.string(),
          freshness: z.string().nullish(),
          resources: z
            .array(
              z.object({
                resource: z.string(),
                // Missing where only subresources are served.
                responseKind: z.object({ kind: z.string() }).nullish(),
                scope: z.enum(['Namespaced', 'Cluster']),
                verbs: z.array(z.string()),
              }),
            )
            .nullish(),
        }),
      ),
    }),
  ),
});
const versionsSchema = z.object({ kind: z.literal('APIVersions'), versions: z.array(z.string()) });
const groupsSchema = z.object({
  kind: z.literal('APIGroupList'),
  groups: z.array(
    z.object({
      name: z.string(),
      versions: z.array(z.object({ version: z.string() })),
      preferredVersion: z.object({ version: z.string() }).nullish(),
    }),
  ),
});
const resourcesSchema = z.object({
  kind: z.literal('APIResourceList'),
  resources: z.array(
    z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean(), verbs: z.array(z.string()) }),
  ),
});

type AggregatedGroup = z.infer<typeof aggregatedSchema>['items'][number];
/** One version of a group; `''` is the core group. */
interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

/**
 * Asks a cluster for its kinds, by two requests where it knows aggregated discovery, else by one more for each version of the given groups.
 * @throws EvidenceError EVIDENCE_KUBERNETES when it does not even say which groups it has.
 */
export async function discoverKinds(job: DiscoveryJob, groups: ReadonlySet<string>): Promise<Discovery> {
  const served: ServedKind[] = [];
  const unknown = new Map<string, EvidenceError>();
  const old: GroupVersion[] = [];
  for (const path of ['/api', '/apis'] as const) {
    const answer = await getDiscovery(job, path, AGGREGATED);
    const aggregated = aggregatedSchema.safeParse(answer);
    if (aggregated.success) for (const group of aggregated.data.items) takeGroup(group, { job, path, served, unknown });
    else old.push(...oldVersions(answer, path, job).filter(({ group }) => groups.has(group)));
  }
  for (const one of await Promise.all(old.map((version) => resourcesOf(version, job)))) {
    if (one.found instanceof EvidenceError) unknown.set(one.group, one.found);
    else served.push(...one.found);
  }
  return { served, unknown };
}

interface Taking extends Pick<Discovery, 'unknown'> {
  readonly job: DiscoveryJob;
  readonly path: string;
  readonly served: ServedKind[];
  readonly unknown: Map<string, EvidenceError>;
}

function takeGroup({ metadata, versions }: AggregatedGroup, { job, path, served, unknown }: Taking): void {
  const group = metadata?.name ?? '';
  for (const { version, freshness, resources } of versions) {
    // The part of the server that has it is not there just now: what it tells is old, or nothing.
    if ((freshness ?? 'Current') !== 'Current')
      unknown.set(group, badDiscovery(job, path, `what it says about ${group}/${version} is ${String(freshness)}`));
    for (const { resource, responseKind, scope, verbs } of resources ?? [])
      if (responseKind)
        served.push({
          group,
          version,
          resource,
          kind: responseKind.kind,
          scope: scopeOf(scope === 'Namespaced'),
          canList: verbs.includes('list'),
        });
  }
}

/** The versions of all groups, each group's preferred one first. */
function oldVersions(answer: unknown, path: '/api' | '/apis', job: DiscoveryJob): readonly GroupVersion[] {
  if (path === '/api') {
    const core = versionsSchema.safeParse(answer);
    if (core.success) return core.data.versions.map((version) => ({ group: '', version }));
  } else {
    const named = groupsSchema.safeParse(answer);
    if (named.success)
      return named.data.groups.flatMap(({ name, versions, preferredVersion }) =>
        versions
          .map(({ version }) => ({ group: name, version }))
          .toSorted((a, b) => rankOf(a, preferredVersion?.version) - rankOf(b, preferredVersion?.version)),
      );
  }
  throw badDiscovery(job, path, 'the answer is no list of API groups');
}

function rankOf({ version }: GroupVersion, preferred: string | undefined): number {
  return version === preferred ? 0 : 1;
}

async function resourcesOf(
  { group, version }: GroupVersion,
  job: DiscoveryJob,
): Promise<{ readonly group: string; readonly found: readonly ServedKind[] | EvidenceError }> {
  const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  try {
    const list = resourcesSchema.safeParse(await getDiscovery(job, path, PLAIN));
    if (!list.success) return { group, found: badDiscovery(job, path, 'the answer is no list of resources') };
    const found = list.data.resources
      // `deployments/scale` is a part of something.
      .filter(({ name }) => !name.includes('/'))
      .map(({ name, kind, namespaced, verbs }) => ({
        group,
        version,
        kind,
        resource: name,
        scope: scopeOf(namespaced),
        canList: verbs.includes('list'),
      }));
    return { group, found };
  } catch (error) {
    if (error instanceof EvidenceError) return { group, found: error };
    throw error;
  }
}

function scopeOf(isNamespaced: boolean): ResourceKind['scope'] {
  return isNamespaced ? 'namespace' : 'cluster';
}
