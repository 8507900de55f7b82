// Pods as a busy cluster has them, 9 KB each: one to three containers, an init container, probes, managed fields, statuses.

import { createHash } from 'node:crypto';

/** Pods of one page, as the server's own. */
export const PODS_EACH = 500;

const SETTINGS = Array.from({ length: 6 }, (_, index) => `SETTING_${index}`);
const AT = '2026-11-20T10:00:00Z';

/** The text of one page of the list of pods, from 0. `next` is the token of the next one, empty on the last. */
export function renderPage(page: number, next: string): string {
  const items = Array.from({ length: PODS_EACH }, (_, index) => makePod(page * PODS_EACH + index));
  const metadata = { resourceVersion: '4711', ...(next === '' ? {} : { continue: next }) };
  return JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata, items });
}

function makePod(number: number): object {
  const service = `service-${number % 4_000}`;
  const names = Array.from({ length: 1 + (number % 3) }, (_, index) => `container-${index}`);
  const images = names.map((_, index) => makeImage(number + index * 13_331));
  const init = makeImage(number % 977);
  return {
    metadata: {
      name: `${service}-7d9f8b6c5-${number.toString(36)}`,
      generateName: `${service}-7d9f8b6c5-`,
      namespace: `team-${number % 50}`,
      uid: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
      resourceVersion: String(1_000_000 + number),
      creationTimestamp: AT,
      labels: { app: service, 'pod-template-hash': '7d9f8b6c5' },
      annotations: { 'prometheus.io/scrape': 'true', 'example.com/config': JSON.stringify({ image: 'not:this' }) },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: service, uid: service, controller: true }],
      managedFields: [managedFields(names)],
    },
    spec: {
      volumes: [{ name: 'kube-api-access', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }],
      initContainers: [makeContainer('init', init.name)],
      containers: names.map((name, index) => makeContainer(name, images[index]?.name ?? '')),
      restartPolicy: 'Always',
      nodeName: `node-${number % 300}`,
      tolerations: [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' }],
    },
    status: {
      phase: 'Running',
      conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
        type,
        status: 'True',
        lastProbeTime: null,
        lastTransitionTime: AT,
      })),
      podIP: '10.1.0.1',
      initContainerStatuses: [makeStatus('init', init)],
      containerStatuses: names.map((name, index) => makeStatus(name, images[index] ?? init)),
      qosClass: 'Burstable',
    },
  };
}

interface MadeImage {
  readonly name: string;
  readonly id: string;
}

function makeImage(number: number): MadeImage {
  const distinct = number % 40_000;
  const repository = `registry.example.com/team-${distinct % 50}/service-${distinct % 4_000}`;
  const digest = createHash('sha256').update(String(distinct)).digest('hex');
  return { name: `${repository}:v1.${distinct}`, id: `${repository}@sha256:${digest}` };
}

function makeContainer(name: string, image: string): object {
  const probe = { httpGet: { path: '/healthz', port: 8080, scheme: 'HTTP' }, timeoutSeconds: 1, periodSeconds: 10 };
  return {
    name,
    image,
    args: ['--port=8080', '--log-level=info'],
    ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
    env: SETTINGS.map((setting) => ({ name: setting, value: `the value of "${setting}"` })),
    resources: { limits: { cpu: '1', memory: '512Mi' }, requests: { cpu: '100m', memory: '128Mi' } },
    volumeMounts: [{ name: 'kube-api-access', readOnly: true, mountPath: '/var/run/secrets/kubernetes.io' }],
    livenessProbe: { ...probe, successThreshold: 1, failureThreshold: 3 },
    readinessProbe: { ...probe, successThreshold: 1, failureThreshold: 3 },
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
    securityContext: { capabilities: { drop: ['ALL'] }, runAsNonRoot: true, allowPrivilegeEscalation: false },
  };
}

function makeStatus(name: string, image: MadeImage): object {
  return {
    name,
    state: { running: { startedAt: AT } },
    lastState: {},
    ready: true,
    restartCount: 0,
    image: image.name,
    imageID: image.id,
    containerID: `containerd://${'ab'.repeat(32)}`,
    started: true,
  };
}

function managedFields(names: readonly string[]): object {
  const probe = { '.': {}, 'f:failureThreshold': {}, 'f:httpGet': { '.': {}, 'f:path': {}, 'f:port': {} } };
  const env = Object.fromEntries(
    SETTINGS.map((name) => [`k:{"name":"${name}"}`, { '.': {}, 'f:name': {}, 'f:value': {} }]),
  );
  const container = {
    '.': {},
    'f:args': {},
    'f:env': { '.': {}, ...env },
    'f:image': {},
    'f:imagePullPolicy': {},
    'f:livenessProbe': probe,
    'f:readinessProbe': probe,
    'f:name': {},
    'f:resources': { '.': {}, 'f:limits': { '.': {}, 'f:cpu': {}, 'f:memory': {} } },
    'f:securityContext': { '.': {}, 'f:allowPrivilegeEscalation': {}, 'f:runAsNonRoot': {} },
    'f:terminationMessagePath': {},
    'f:terminationMessagePolicy': {},
    'f:volumeMounts': { '.': {}, 'k:{"mountPath":"/var/run/secrets/kubernetes.io"}': { '.': {}, 'f:mountPath': {} } },
  };
  return {
    manager: 'kube-controller-manager',
    operation: 'Update',
    apiVersion: 'v1',
    time: AT,
    fieldsType: 'FieldsV1',
    fieldsV1: {
      'f:metadata': { 'f:labels': { '.': {}, 'f:app': {}, 'f:pod-template-hash': {} } },
      'f:spec': { 'f:containers': Object.fromEntries(names.map((name) => [`k:{"name":"${name}"}`, container])) },
    },
  };
}
