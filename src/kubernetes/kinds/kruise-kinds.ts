// The kinds of OpenKruise. NodeImage is not among them: it lists what nodes hold, and what others asked them to pull.
// https://openkruise.io/docs/

import { walkKind } from './define-kinds.ts';
import type { ResourceKind } from './resource-kind.ts';

const GROUP = 'apps.kruise.io';

/** The group `apps.kruise.io`, with kinds that are called like Kubernetes' own. */
export const KRUISE_KINDS: readonly ResourceKind[] = [
  walkKind(GROUP, { kind: 'CloneSet', resource: 'clonesets' }),
  walkKind(GROUP, { kind: 'StatefulSet', resource: 'statefulsets' }),
  walkKind(GROUP, { kind: 'DaemonSet', resource: 'daemonsets' }),
  walkKind(GROUP, { kind: 'BroadcastJob', resource: 'broadcastjobs' }),
  walkKind(GROUP, {
    kind: 'AdvancedCronJob',
    resource: 'advancedcronjobs',
    paths: ['$.spec.template.imageListPullJobTemplate.spec.images'],
  }),
  walkKind(GROUP, { kind: 'SidecarSet', resource: 'sidecarsets', scope: 'cluster' }),
  walkKind(GROUP, { kind: 'UnitedDeployment', resource: 'uniteddeployments' }),
  walkKind(GROUP, { kind: 'WorkloadSpread', resource: 'workloadspreads' }),
  walkKind(GROUP, { kind: 'EphemeralJob', resource: 'ephemeraljobs' }),
  walkKind(GROUP, { kind: 'ImagePullJob', resource: 'imagepulljobs' }),
  walkKind(GROUP, { kind: 'ImageListPullJob', resource: 'imagelistpulljobs', paths: ['$.spec.images'] }),
];
