// Kubernetes' own kinds. Node is not among them: `status.images` tells what nodes happen to hold, at most 50 each, not what they need.
// https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/

import { podSpecKind, specialKind, walkKind } from './define-kinds.ts';
import type { ResourceKind } from './resource-kind.ts';

const TEMPLATE = ['spec', 'template', 'spec'];

/** The groups core, `apps` and `batch`. Every cluster has all of them. */
export const CORE_KINDS: readonly ResourceKind[] = [
  podSpecKind('', { kind: 'Pod', resource: 'pods' }, ['spec']),
  podSpecKind('', { kind: 'ReplicationController', resource: 'replicationcontrollers' }, TEMPLATE),
  podSpecKind('', { kind: 'PodTemplate', resource: 'podtemplates' }, ['template', 'spec']),
  podSpecKind('apps', { kind: 'Deployment', resource: 'deployments' }, TEMPLATE),
  // Also those with 0 replicas: `kubectl rollout undo` goes back to them.
  podSpecKind('apps', { kind: 'ReplicaSet', resource: 'replicasets' }, TEMPLATE),
  podSpecKind('apps', { kind: 'StatefulSet', resource: 'statefulsets' }, TEMPLATE),
  podSpecKind('apps', { kind: 'DaemonSet', resource: 'daemonsets' }, TEMPLATE),
  podSpecKind('batch', { kind: 'Job', resource: 'jobs' }, TEMPLATE),
  podSpecKind('batch', { kind: 'CronJob', resource: 'cronjobs' }, ['spec', 'jobTemplate', ...TEMPLATE]),
  // What StatefulSets and DaemonSets go back to, as a patch in `data`; other controllers keep other things there.
  walkKind('apps', { kind: 'ControllerRevision', resource: 'controllerrevisions' }),
  // https://helm.sh/docs/topics/advanced/#storage-backends
  specialKind('', { kind: 'Secret', resource: 'secrets' }, 'helm-release'),
  specialKind('', { kind: 'ConfigMap', resource: 'configmaps' }, 'helm-release'),
];

/** What answers without one of these is no Kubernetes. Only CronJobs may be missing: they are younger than the rest. */
export const REQUIRED_KINDS: ReadonlySet<ResourceKind> = new Set(CORE_KINDS.filter(({ kind }) => kind !== 'CronJob'));
