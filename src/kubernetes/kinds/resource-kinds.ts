// The kinds of Kubernetes objects that are read for images, and where each keeps its pod spec. A further kind is one more row.

/** One kind of object that names images. */
export interface ResourceKind {
  /** `CronJob`. */
  readonly kind: string;
  /** Plural name in paths and in RBAC rules: `cronjobs`. */
  readonly resource: string;
  /** API group; empty for the core group. */
  readonly group: string;
  /** Versions in the order of preference; the next one is tried only when a server answers 404. */
  readonly versions: readonly string[];
  /** Keys that lead from the object to its pod spec. */
  readonly podSpec: readonly string[];
  /** A cluster may lack the kind in every version (404), which is then logged; false makes that an error. */
  readonly mayBeAbsent: boolean;
}

const TEMPLATE = ['spec', 'template', 'spec'];

/** The kinds of every werf version. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/ */
export const RESOURCE_KINDS: readonly ResourceKind[] = [
  { kind: 'Pod', resource: 'pods', group: '', versions: ['v1'], podSpec: ['spec'], mayBeAbsent: false },
  {
    kind: 'ReplicationController',
    resource: 'replicationcontrollers',
    group: '',
    versions: ['v1'],
    podSpec: TEMPLATE,
    mayBeAbsent: false,
  },
  appsKind('Deployment', 'deployments'),
  appsKind('ReplicaSet', 'replicasets'),
  appsKind('StatefulSet', 'statefulsets'),
  appsKind('DaemonSet', 'daemonsets'),
  { kind: 'Job', resource: 'jobs', group: 'batch', versions: ['v1'], podSpec: TEMPLATE, mayBeAbsent: false },
  {
    kind: 'CronJob',
    resource: 'cronjobs',
    group: 'batch',
    // Clusters before 1.21 have only v1beta1: https://kubernetes.io/docs/reference/using-api/deprecation-guide/#cronjob-v125
    versions: ['v1', 'v1beta1'],
    podSpec: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
    mayBeAbsent: true,
  },
];

/** The path of a kind's list on the server: `/apis/apps/v1/namespaces/shop/deployments`; all namespaces without one. */
export function listPath(kind: ResourceKind, version: string, namespace: string | undefined): string {
  const group = kind.group === '' ? `/api/${version}` : `/apis/${kind.group}/${version}`;
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${group}${scope}/${kind.resource}`;
}

/** The RBAC rule that allows to list a kind, as YAML on one line. */
export function formatRule(kind: ResourceKind): string {
  return `{apiGroups: ["${kind.group}"], resources: ["${kind.resource}"], verbs: ["list"]}`;
}

function appsKind(kind: string, resource: string): ResourceKind {
  return { kind, resource, group: 'apps', versions: ['v1'], podSpec: TEMPLATE, mayBeAbsent: false };
}
