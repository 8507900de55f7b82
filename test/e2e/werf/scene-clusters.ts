// Manifests of what runs on the scene's images, in all places of a workload where an image may stand.

import type { Place } from './place.ts';
import type { Shelf } from './shelf.ts';

/** Writes them into the folder of clusters. */
export async function writeClusters(place: Place, shelf: Shelf): Promise<void> {
  const { repository } = place;
  const byTag = (stage: string): string => `${repository}:${shelf.find(stage).id}`;
  const byDigest = (stage: string): string => `${repository}@${shelf.find(stage).manifest.digest}`;
  const objects = [
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
                initContainers: [container(byTag('used by init'))],
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
      ephemeralContainers: [container(byTag('used by debugger'))],
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
  await place.write('clusters/all.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
}

function container(image: string): object {
  return { name: 'main', image };
}

function named(apiVersion: string, kind: string, name: string): object {
  return { apiVersion, kind, metadata: { name, namespace: 'shop', uid: `uid-of-${name}` } };
}

function workload(kind: string, name: string, spec: object, more: object = {}): object {
  const labels = { app: name };
  return {
    ...named('apps/v1', kind, name),
    spec: { ...more, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

function pod(name: string, spec: object): object {
  return { ...named('v1', 'Pod', name), spec, status: { phase: 'Running' } };
}
