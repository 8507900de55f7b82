// Objects of Kubernetes' own kinds, as controllers and people make them, and the images that each must be found to name.

import { helmConfigMap, helmSecret, renderedDeployment } from '../../builders/helm-release.ts';
import type { KubernetesObject } from '../../fakes/kubernetes-server.ts';
import type { KubeObject } from '../../support/kube-client.ts';

/** An object, and the images that only it names. */
export interface NamingObject {
  readonly object: KubeObject | KubernetesObject;
  /** Normalised references. */
  readonly images: readonly string[];
  /** What its status says. It is set by its own request, as controllers do. */
  readonly status?: object;
  /** How the report names it. Default: its kind and name. */
  readonly reported?: { readonly kind: string; readonly name: string };
}

/** The namespace of all of them. */
export const NAMESPACE = 'shop';

/** The digest `sha256:…` of one repeated digit. */
export function digestOf(digit: string): string {
  return `sha256:${digit.repeat(64)}`;
}

/** A pod template of one container. */
export function templateOf(image: string): object {
  return { metadata: { labels: { app: 'x' } }, spec: podSpecOf(image) };
}

/** A pod spec of one container. */
export function podSpecOf(image: string): object {
  return { containers: [{ name: 'main', image }] };
}

const SELECTOR = { matchLabels: { app: 'x' } };

/** A pod with everything that a pod can name an image by, but ephemeral containers: these come later. */
export const POD: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'pod', namespace: NAMESPACE },
  spec: {
    initContainers: [{ name: 'init', image: 'registry.test/pod/init:1' }],
    containers: [{ name: 'main', image: 'registry.test/pod/main:1' }],
    volumes: [volumeOf('registry.test/pod/volume:1')],
  },
};

/** What a kubelet says about it: what runs has another digest and another host than what was asked for. */
const POD_STATUS = {
  phase: 'Running',
  containerStatuses: [containerStatus('main', 'registry.test/pod/main:1', `mirror.test/pod/main@${digestOf('1')}`)],
  initContainerStatuses: [
    containerStatus('init', 'registry.test/pod/init:1', `docker-pullable://mirror.test/pod/init@${digestOf('3')}`),
  ],
};

const MOUNT = { name: 'data', mountPath: '/data' };

/** A pod whose volume is an image that was pulled as another than was asked for. */
const MOUNTING_POD: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'mounting', namespace: NAMESPACE },
  spec: {
    containers: [{ name: 'main', image: 'registry.test/mounting/main:1', volumeMounts: [MOUNT] }],
    volumes: [volumeOf('registry.test/mounting/volume:1')],
  },
};
const MOUNTING_STATUS = {
  phase: 'Running',
  containerStatuses: [
    {
      ...containerStatus('main', 'registry.test/mounting/main:1', ''),
      volumeMounts: [
        { ...MOUNT, volumeStatus: { image: { imageRef: `mirror.test/mounting/volume@${digestOf('2')}` } } },
      ],
    },
  ],
};

/** One object of each kind, and more where one kind has several ways. */
export const CORE_OBJECTS: readonly NamingObject[] = [
  {
    object: POD,
    status: POD_STATUS,
    images: [
      'registry.test/pod/init:1',
      'registry.test/pod/main:1',
      'registry.test/pod/volume:1',
      `mirror.test/pod/main@${digestOf('1')}`,
      `mirror.test/pod/init@${digestOf('3')}`,
    ],
  },
  {
    object: MOUNTING_POD,
    status: MOUNTING_STATUS,
    images: [
      'registry.test/mounting/main:1',
      'registry.test/mounting/volume:1',
      `mirror.test/mounting/volume@${digestOf('2')}`,
    ],
  },
  templated('v1', 'ReplicationController', { selector: { app: 'x' } }),
  {
    object: {
      apiVersion: 'v1',
      kind: 'PodTemplate',
      metadata: { name: 'podtemplate', namespace: NAMESPACE },
      template: templateOf('registry.test/podtemplate:1'),
    },
    images: ['registry.test/podtemplate:1'],
  },
  templated('apps/v1', 'Deployment', { selector: SELECTOR }),
  // What `kubectl rollout undo` goes back to.
  templated('apps/v1', 'ReplicaSet', { selector: SELECTOR, replicas: 0 }),
  templated('apps/v1', 'StatefulSet', { selector: SELECTOR, serviceName: 'x' }),
  templated('apps/v1', 'DaemonSet', { selector: SELECTOR }),
  {
    object: {
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: { name: 'statefulset-7d', namespace: NAMESPACE },
      revision: 1,
      data: { spec: { template: { $patch: 'replace', ...templateOf('registry.test/controllerrevision:1') } } },
    },
    images: ['registry.test/controllerrevision:1'],
  },
  job('Job', 'batch/v1', (spec) => spec),
  job('CronJob', 'batch/v1', (spec) => ({ schedule: '@daily', suspend: true, jobTemplate: { spec } })),
  {
    object: helmSecret({
      name: 'web',
      revision: 2,
      manifest: renderedDeployment('web', 'registry.test/helm/web:2'),
      hooks: [renderedDeployment('web', 'registry.test/helm/hook:2')],
    }),
    images: ['registry.test/helm/web:2', 'registry.test/helm/hook:2'],
    reported: { kind: 'Helm release', name: 'web (revision 2)' },
  },
  {
    object: helmSecret({
      name: 'web',
      revision: 1,
      status: 'superseded',
      manifest: renderedDeployment('web', 'registry.test/helm/web:1'),
    }),
    images: ['registry.test/helm/web:1'],
    reported: { kind: 'Helm release', name: 'web (revision 1)' },
  },
  {
    object: helmConfigMap({ name: 'old', manifest: renderedDeployment('web', 'registry.test/helm/configmap:1') }),
    images: ['registry.test/helm/configmap:1'],
    reported: { kind: 'Helm release', name: 'old (revision 1)' },
  },
];

function templated(apiVersion: string, kind: string, spec: object): NamingObject {
  const name = kind.toLowerCase();
  const image = `registry.test/${name}:1`;
  const metadata = { name, namespace: NAMESPACE };
  return { object: { apiVersion, kind, metadata, spec: { ...spec, template: templateOf(image) } }, images: [image] };
}

function job(kind: string, apiVersion: string, wrap: (spec: object) => object): NamingObject {
  const name = kind.toLowerCase();
  const image = `registry.test/${name}:1`;
  const spec = wrap({ template: { spec: { ...podSpecOf(image), restartPolicy: 'Never' } } });
  return { object: { apiVersion, kind, metadata: { name, namespace: NAMESPACE }, spec }, images: [image] };
}

function volumeOf(reference: string): object {
  return { name: 'data', image: { reference, pullPolicy: 'IfNotPresent' } };
}

function containerStatus(name: string, image: string, imageID: string): object {
  return { name, image, imageID, ready: true, restartCount: 0, state: {} };
}
