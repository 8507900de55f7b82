// The kinds of Kubernetes objects that are read for images, and where each keeps its pod spec. A further kind is one more row.

import type { ResourceKind } from './resource-kind.ts';

const TEMPLATE = ['spec', 'template', 'spec'];

/** The kinds of every werf version. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/ */
export const RESOURCE_KINDS: readonly ResourceKind[] = [
  podSpecKind({ kind: 'Pod', resource: 'pods', group: '' }, ['spec']),
  podSpecKind({ kind: 'ReplicationController', resource: 'replicationcontrollers', group: '' }, TEMPLATE),
  podSpecKind({ kind: 'Deployment', resource: 'deployments', group: 'apps' }, TEMPLATE),
  podSpecKind({ kind: 'ReplicaSet', resource: 'replicasets', group: 'apps' }, TEMPLATE),
  podSpecKind({ kind: 'StatefulSet', resource: 'statefulsets', group: 'apps' }, TEMPLATE),
  podSpecKind({ kind: 'DaemonSet', resource: 'daemonsets', group: 'apps' }, TEMPLATE),
  podSpecKind({ kind: 'Job', resource: 'jobs', group: 'batch' }, TEMPLATE),
  podSpecKind({ kind: 'CronJob', resource: 'cronjobs', group: 'batch' }, ['spec', 'jobTemplate', ...TEMPLATE]),
];

function podSpecKind(
  names: Pick<ResourceKind, 'kind' | 'resource' | 'group'>,
  podSpec: readonly string[],
): ResourceKind {
  return { ...names, scope: 'namespace', reading: { by: 'pod-spec', podSpec } };
}
