// Two clusters as files, the way `kubectl get -o yaml` or a GitOps repository holds them.

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Digest } from '../model/reference.ts';
import { REPOSITORY } from './fill-layout.ts';

/** What runs: tags and digests of images in the layout. */
export interface RunningImages {
  /** An old release that one workload never left. */
  readonly oldReleaseTag: string;
  readonly newReleaseTag: string;
  readonly newReleaseDigest: Digest;
  /** The build that the worker would go back to. */
  readonly rollbackTag: string;
  readonly workerTag: string;
  readonly stagingTag: string;
  /** A platform's image of a release whose tag has moved on since the pod was started. */
  readonly movedTag: string;
  readonly runningDigest: Digest;
}

/** Writes `production/*.yaml` and `staging/*.yaml` into the directory, which it makes. Errors are those of the file system. */
export async function writeClusterManifests(directory: string, images: RunningImages): Promise<void> {
  const files = {
    'production/web.yaml': renderWeb(images),
    'production/worker.yaml': renderWorker(images),
    'production/reports.yaml': renderReports(images),
    'production/invoices.yaml': renderInvoices(images),
    'staging/web.yaml': renderStaging(images),
    'staging/search-pod.yaml': renderPod(images),
  };
  for (const [name, text] of Object.entries(files)) {
    const path = join(directory, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}

function renderWeb(images: RunningImages): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      initContainers:
        - {name: migrate, image: "${REPOSITORY}:${images.newReleaseTag}", args: [migrate]}
      containers:
        - {name: app, image: "${REPOSITORY}:${images.newReleaseTag}"}
        - {name: proxy, image: "nginx:1.29"}
`;
}

function renderWorker(images: RunningImages): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: worker, namespace: shop, uid: 7a0c2f4e-0001-4000-8000-000000000001}
spec:
  replicas: 2
  revisionHistoryLimit: 2
  selector: {matchLabels: {app: worker}}
  template:
    metadata: {labels: {app: worker}}
    spec:
      containers:
        - {name: app, image: "${REPOSITORY}:${images.workerTag}"}
---
# What "kubectl rollout undo deployment/worker" would start again.
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: worker-6c9f7d5b4
  namespace: shop
  annotations: {deployment.kubernetes.io/revision: "4"}
  ownerReferences:
    - {apiVersion: apps/v1, kind: Deployment, name: worker, uid: 7a0c2f4e-0001-4000-8000-000000000001, controller: true}
spec:
  replicas: 0
  selector: {matchLabels: {app: worker, pod-template-hash: 6c9f7d5b4}}
  template:
    metadata: {labels: {app: worker, pod-template-hash: 6c9f7d5b4}}
    spec:
      containers:
        - {name: app, image: "${REPOSITORY}:${images.rollbackTag}"}
`;
}

function renderReports(images: RunningImages): string {
  return `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: reports, namespace: shop}
spec:
  replicas: 1
  serviceName: reports
  selector: {matchLabels: {app: reports}}
  template:
    metadata: {labels: {app: reports}}
    spec:
      containers:
        - {name: app, image: "${REPOSITORY}:${images.oldReleaseTag}"}
`;
}

function renderInvoices(images: RunningImages): string {
  return `apiVersion: batch/v1
kind: CronJob
metadata: {name: invoices, namespace: shop}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
            - {name: app, image: "${REPOSITORY}:${images.newReleaseTag}@${images.newReleaseDigest}", args: [invoices]}
`;
}

function renderStaging(images: RunningImages): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: app, image: "${REPOSITORY}:${images.stagingTag}"}
`;
}

function renderPod(images: RunningImages): string {
  return `# The tag has moved since this pod was started: only the digest tells what runs.
apiVersion: v1
kind: Pod
metadata: {name: search, namespace: shop}
spec:
  containers:
    - {name: app, image: "${REPOSITORY}:${images.movedTag}"}
status:
  phase: Running
  containerStatuses:
    - name: app
      image: "${REPOSITORY}:${images.movedTag}"
      imageID: "${REPOSITORY}@${images.runningDigest}"
      containerID: containerd://0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0
      ready: true
      restartCount: 0
      started: true
`;
}
