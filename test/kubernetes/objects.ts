// Kubernetes objects of every kind that is read, as small as the API allows them.

import { formatImageReference } from '../../src/model/reference.ts';
import { formatWorkload, type Usage } from '../../src/model/usage.ts';
import type { KubernetesObject } from '../fakes/kubernetes-server.ts';

export const DIGEST_A = `sha256:${'a'.repeat(64)}`;
export const DIGEST_B = `sha256:${'b'.repeat(64)}`;

/** A pod with one container `app`. */
export function pod(name: string, image: string, more: { namespace?: string; spec?: object; status?: object } = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: more.namespace ?? 'shop' },
    spec: { containers: [{ name: 'app', image }], ...more.spec },
    ...(more.status === undefined ? {} : { status: more.status }),
  };
}

/** An object of a kind with a pod template: one container `app`. */
export function templated(kind: string, name: string, image: string): KubernetesObject {
  const template = { metadata: {}, spec: { containers: [{ name: 'app', image }] } };
  const spec = kind === 'CronJob' ? { jobTemplate: { spec: { template } } } : { template };
  return { apiVersion: apiVersionOf(kind), kind, metadata: { name, namespace: 'shop' }, spec };
}

/** One object of each of the eight kinds, with the image `registry.test/<kind>:1`. */
export function oneOfEach(): KubernetesObject[] {
  const kinds = ['ReplicationController', 'Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob'];
  return [
    pod('pod', 'registry.test/pod:1'),
    ...kinds.map((kind) => templated(kind, kind.toLowerCase(), `registry.test/${kind.toLowerCase()}:1`)),
  ];
}

/** The references of a usage, one line each. */
export function referencesOf(usage: Usage): string[] {
  return usage.uses.map(({ reference }) => formatImageReference(reference));
}

/** The users of a usage, one line each: `reference < workload, workload`. */
export function linesOf(usage: Usage): string[] {
  return usage.uses.map(
    ({ reference, workloads }) => `${formatImageReference(reference)} < ${workloads.map(formatWorkload).join(', ')}`,
  );
}

function apiVersionOf(kind: string): string {
  if (kind === 'ReplicationController') return 'v1';
  return kind === 'Job' || kind === 'CronJob' ? 'batch/v1' : 'apps/v1';
}
