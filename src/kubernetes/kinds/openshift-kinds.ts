// The kinds of OpenShift. Image is not among them: it lists what there is, whether somebody needs it or not.
// https://docs.redhat.com/en/documentation/openshift_container_platform/latest/html/workloads_apis/

import { specialKind, walkKind } from './define-kinds.ts';
import type { ResourceKind } from './resource-kind.ts';

const BUILD = 'build.openshift.io';

/** The groups `apps`, `build` and `image` of openshift.io. References to image streams are understood by the walk. */
export const OPENSHIFT_KINDS: readonly ResourceKind[] = [
  walkKind('apps.openshift.io', {
    kind: 'DeploymentConfig',
    resource: 'deploymentconfigs',
    paths: ['$.spec.triggers[*].imageChangeParams.lastTriggeredImage'],
  }),
  walkKind(BUILD, {
    kind: 'BuildConfig',
    resource: 'buildconfigs',
    paths: [
      '$.spec.triggers[*].imageChange.lastTriggeredImageID',
      '$.status.imageChangeTriggers[*].lastTriggeredImageID',
    ],
  }),
  walkKind(BUILD, {
    kind: 'Build',
    resource: 'builds',
    paths: ['$.status.outputDockerImageReference', '$.status.output.to.imageDigest'],
  }),
  specialKind('image.openshift.io', { kind: 'ImageStream', resource: 'imagestreams' }, 'image-stream'),
];
