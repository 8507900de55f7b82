// Releases in Helm's own format: the Secrets and ConfigMaps that `helm install`, `upgrade` and `rollback` leave behind.
// https://github.com/helm/helm/blob/v3.19.0/pkg/storage/driver/util.go

import { gzipSync } from 'node:zlib';
import type { KubernetesObject } from '../fakes/kubernetes-server.ts';

/** One revision of a release. */
export interface HelmRevision {
  readonly name: string;
  readonly namespace?: string;
  /** Default: 1. */
  readonly revision?: number;
  /** Default: `deployed`. */
  readonly status?: string;
  /** What was rendered, sub-charts included. */
  readonly manifest?: string;
  /** The manifests of its hooks. */
  readonly hooks?: readonly string[];
  /** `config`: what the user gave. */
  readonly values?: object;
  /** Default: true, as every Helm 3 does. */
  readonly gzip?: boolean;
}

/** The JSON of a release. */
export function helmReleaseJson(given: HelmRevision): object {
  const { name, namespace = 'shop', revision = 1, status = 'deployed', manifest, hooks, values } = given;
  return {
    name,
    info: {
      first_deployed: '2026-10-01T08:00:00.123456789Z',
      last_deployed: '2026-11-01T08:00:00.123456789Z',
      deleted: '',
      description: 'Upgrade complete',
      status,
    },
    chart: {
      metadata: { name, version: '1.2.3', apiVersion: 'v2', appVersion: '7' },
      lock: null,
      templates: [{ name: 'templates/web.yaml', data: Buffer.from('image: {{ .Values.image }}').toString('base64') }],
      values: { image: { repository: 'registry.test/default-value', tag: 'never-rendered' } },
      schema: null,
      files: [],
    },
    ...(values === undefined ? {} : { config: values }),
    ...(manifest === undefined ? {} : { manifest }),
    ...(hooks === undefined
      ? {}
      : {
          hooks: hooks.map((text, index) => ({
            name: `${name}-hook-${index}`,
            kind: 'Job',
            path: `${name}/templates/hook-${index}.yaml`,
            manifest: text,
            events: ['pre-upgrade'],
            last_run: { started_at: '', completed_at: '', phase: '' },
          })),
        }),
    version: revision,
    namespace,
  };
}

/** The text that Helm stores: base64 of gzip of JSON. */
export function helmReleaseText(json: object, gzip = true): string {
  const text = JSON.stringify(json);
  return (gzip ? gzipSync(text) : Buffer.from(text)).toString('base64');
}

/** The Secret of a revision, as the API server gives it. */
export function helmSecret(given: HelmRevision): KubernetesObject {
  const text = helmReleaseText(helmReleaseJson(given), given.gzip);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: helmMetadata(given),
    data: { release: Buffer.from(text).toString('base64') },
    type: 'helm.sh/release.v1',
  };
}

/** The ConfigMap of a revision, for clusters where `HELM_DRIVER=configmap`. */
export function helmConfigMap(given: HelmRevision): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: helmMetadata(given),
    data: { release: helmReleaseText(helmReleaseJson(given), given.gzip) },
  };
}

/** A Deployment as `helm template` prints it, with one container `app`. */
export function renderedDeployment(name: string, image: string): string {
  return `---
# Source: ${name}/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  labels:
    app.kubernetes.io/name: ${name}
spec:
  selector:
    matchLabels:
      app.kubernetes.io/name: ${name}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: ${name}
    spec:
      containers:
        - name: app
          image: "${image}"
          args: ["--listen", ":8080"]
`;
}

function helmMetadata({ name, namespace = 'shop', revision = 1, status = 'deployed' }: HelmRevision) {
  return {
    name: `sh.helm.release.v1.${name}.v${revision}`,
    namespace,
    creationTimestamp: '2026-11-01T08:00:00Z',
    labels: { createdAt: '1793520000', name, owner: 'helm', status, version: String(revision) },
  };
}
