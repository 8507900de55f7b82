// Kubernetes' own controllers beside an API server: Deployments make ReplicaSets and keep their history, StatefulSets and DaemonSets
// make revisions. There is no scheduler and no kubelet: `runPods` says what a kubelet would.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import * as z from 'zod';
import type { KubeApiserver } from './kube-apiserver.ts';
import { findKubernetesParts } from './real-parts.ts';

/** Running controllers. */
export interface KubeControllers {
  /** Ends the process. Safe to call twice. */
  stop(): Promise<void>;
}

/** Starts the controllers of workloads as admin of the server; they are at work when the first ReplicaSet shows. */
export function startKubeControllers(server: KubeApiserver): KubeControllers {
  const child = spawn(
    findKubernetesParts().controllers,
    [
      `--kubeconfig=${server.kubeConfig}`,
      '--controllers=deployment-controller,replicaset-controller,statefulset-controller,daemonset-controller',
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      // No port of its own.
      '--secure-port=0',
    ],
    { env: {}, stdio: 'ignore' },
  );
  const ended = once(child, 'close');
  return {
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

const podsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), deletionTimestamp: z.string().optional() }),
      spec: z.object({ containers: z.array(z.object({ name: z.string(), image: z.string() })) }),
      status: z.object({ phase: z.string() }),
    }),
  ),
});

/** Says of every pending pod of a namespace, as a kubelet does, that it runs and is ready. `idOf`: what its image is by digest. */
export async function runPods(
  server: KubeApiserver,
  { namespace, idOf }: { readonly namespace: string; readonly idOf: (image: string) => string },
): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const { items } = podsSchema.parse(await server.must('GET', path));
  for (const { metadata, spec, status } of items) {
    if (status.phase !== 'Pending' || metadata.deletionTimestamp !== undefined) continue;
    const containerStatuses = spec.containers.map(({ name, image }) => ({
      name,
      image,
      imageID: idOf(image),
      ready: true,
      restartCount: 0,
      state: { running: { startedAt: '2026-11-01T00:00:00Z' } },
    }));
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-11-01T00:00:00Z' }];
    const running = { status: { phase: 'Running', conditions, containerStatuses } };
    const place = `${path}/${metadata.name}/status`;
    const { status: answer } = await server.send('PATCH', place, running, 'application/strategic-merge-patch+json');
    // A controller may have taken the pod away meanwhile.
    if (answer !== 200 && answer !== 404) throw new Error(`PATCH ${place}: ${answer}`);
  }
}

/** Waits for something to become true, a minute at most. */
export async function waitUntil(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error(`it did not come about: ${what}`);
    await setTimeout(100);
  }
}
