// How the fake API server tells which kinds it has: aggregated (1.26 and later), or group by group.

/** A kind that a server has. */
export interface ServedResource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
  /** Default true. */
  readonly namespaced?: boolean;
  /** Defined by a CustomResourceDefinition, whose lists look different. */
  readonly isCustom?: boolean;
  /** Default: all of a usual kind. */
  readonly verbs?: readonly string[];
}

/** What discovery goes by. */
export interface DiscoveryState {
  readonly resources: readonly ServedResource[];
  /** `metrics.k8s.io/v1beta1`: parts of the server that do not answer. */
  readonly stale: ReadonlySet<string>;
  /** Group by group only. */
  readonly isOld: boolean;
}

/** An answer of discovery. */
export interface DiscoveryAnswer {
  readonly status: number;
  readonly body: object;
}

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** The answer for a path of discovery; undefined for any other path. */
export function discoveryAnswer(state: DiscoveryState, path: string, accept: string): DiscoveryAnswer | undefined {
  if (path === '/api' || path === '/apis') {
    if (!state.isOld && accept.includes('as=APIGroupDiscoveryList')) return ok(aggregated(state, path));
    return ok(
      path === '/api' ? { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] } : groups(state),
    );
  }
  const [, core, group = '', version = core ?? ''] =
    /^\/(?:api\/(v1)|apis\/([a-z0-9.-]+)\/(v[a-z0-9]+))$/.exec(path) ?? [];
  if (version === '') return undefined;
  if (state.stale.has(`${group}/${version}`)) return { status: 503, body: { message: 'service unavailable' } };
  const resources = state.resources.filter((one) => one.group === group && one.version === version);
  if (resources.length === 0) return undefined;
  return ok({
    kind: 'APIResourceList',
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources: resources.flatMap(({ resource, kind, namespaced = true, verbs = VERBS }) => [
      { name: resource, singularName: '', namespaced, kind, verbs },
      { name: `${resource}/status`, singularName: '', namespaced, kind, verbs: ['get', 'patch', 'update'] },
    ]),
  });
}

function ok(body: object): DiscoveryAnswer {
  return { status: 200, body };
}

/** Groups with their versions, in the order in which they are served: the preferred one first. */
function versionsByGroup({ resources, stale }: DiscoveryState): Map<string, string[]> {
  const all = new Map<string, string[]>();
  const pairs = [
    ...resources.map(({ group, version }) => [group, version]),
    ...[...stale].map((groupVersion) => groupVersion.split('/')),
  ];
  for (const [group = '', version = ''] of pairs) {
    const versions = all.get(group) ?? [];
    all.set(group, versions);
    if (!versions.includes(version)) versions.push(version);
  }
  return all;
}

function aggregated(state: DiscoveryState, path: '/api' | '/apis'): object {
  const items = [...versionsByGroup(state)]
    .filter(([group]) => (group === '') === (path === '/api'))
    .map(([group, versions]) => ({
      metadata: { ...(group === '' ? {} : { name: group }), creationTimestamp: null },
      versions: versions.map((version) => ({
        version,
        resources: state.resources
          .filter((one) => one.group === group && one.version === version)
          .map(({ resource, kind, namespaced = true, verbs = VERBS }) => ({
            resource,
            responseKind: { group, version, kind },
            scope: namespaced ? 'Namespaced' : 'Cluster',
            singularResource: '',
            verbs,
            subresources: [{ subresource: 'status', responseKind: { group, version, kind }, verbs: ['get'] }],
          })),
        freshness: state.stale.has(`${group}/${version}`) ? 'Stale' : 'Current',
      })),
    }));
  return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
}

function groups(state: DiscoveryState): object {
  const named = [...versionsByGroup(state)].filter(([group]) => group !== '');
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: named.map(([name, versions]) => {
      const listed = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
      // In no order that says which is preferred.
      return { name, versions: listed.toReversed(), preferredVersion: listed[0] };
    }),
  };
}
