// Manifests of what runs on the scene's images, in all places of a workload where an image may stand.

import type { Place } from './place.ts';
import type { Shelf } from './shelf.ts';

interface Named {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
}

/** An object of a cluster. */
interface ClusterObject extends Named {
  readonly spec: object;
  readonly status?: object;
  readonly [key: string]: unknown;
}

/** Writes them into the folder of clusters. */
export async function writeClusters(place: Place, shelf: Shelf): Promise<void> {
  const items = clusterObjects(place.repository, shelf);
  await place.write('clusters/all.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}

/** All of them; the pod `debugged` has its image in an ephemeral container, and `reporting` in its status. */
export function clusterObjects(repository: string, shelf: Shelf): readonly ClusterObject[] {
  const byTag = (stage: string): string => `${repository}:${shelf.find(stage).id}`;
  const byDigest = (stage: string): string => `${repository}@${shelf.find(stage).manifest.digest}`;
  return [
    workload('Deployment', 'web', { containers: [container(byTag('used by tag'))] }),
    workload('Deployment', 'shop', { containers: [container(`${repository}:in-production`)] }),
    workload('ReplicaSet', 'web-before', { containers: [container(byTag('used for rollback'))] }, { replicas: 0 }),
    workload('Deployment', 'broken', { containers: [container(byTag('broken in use'))] }),
    {
      ...named('batch/v1', 'CronJob', 'nightly'),
      spec: {
        schedule: '0 3 * * *',
        jobTemplate: {
          spec: {
            template: {
              spec: {
                restartPolicy: 'Never',
                initContainers: [container(byTag('used by init'), 'first')],
                containers: [container('docker.io/library/busybox:1')],
              },
            },
          },
        },
      },
    },
    pod('by-digest', { containers: [container(byDigest('used by digest'))] }),
    pod('debugged', {
      containers: [container('docker.io/library/busybox:1')],
      ephemeralContainers: [container(byTag('used by debugger'), 'debugger')],
    }),
    {
      ...pod('reporting', { containers: [container('registry.example.com/elsewhere:1')] }),
      status: {
        phase: 'Running',
        containerStatuses: [
          {
            name: 'main',
            image: 'registry.example.com/elsewhere:1',
            imageID: byDigest('used platform amd64'),
            ready: true,
            restartCount: 0,
          },
        ],
      },
    },
  ];
}

function container(image: string, name = 'main'): object {
  return { name, image };
}

function named(apiVersion: string, kind: string, name: string): Named {
  return { apiVersion, kind, metadata: { name, namespace: 'shop' } };
}

function workload(kind: string, name: string, spec: object, more: object = {}): ClusterObject {
  const labels = { app: name };
  return {
    ...named('apps/v1', kind, name),
    spec: { ...more, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

function pod(name: string, spec: object): ClusterObject {
  return { ...named('v1', 'Pod', name), spec, status: { phase: 'Running' } };
}
