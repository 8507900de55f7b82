// A cluster that shows nothing: the wrong context, a proxy that filters, a cluster that was made anew. It proves nothing.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubernetesSettings } from '../../src/config/settings.ts';
import { verifyExitCodeOf } from '../../src/report/build-verify-report.ts';
import { renderVerify } from '../../src/report/render-verify.ts';
import type { VerifyReport } from '../../src/report/verify-report.ts';
import { buildImage } from '../builders/image.ts';
import { kubernetesSettings } from '../builders/kubernetes-settings.ts';
import { type KubernetesObject, kubeConfigText, startKubernetesServer } from '../fakes/kubernetes-server.ts';
import { pod, templated } from '../kubernetes/objects.ts';
import { containing } from '../support/typed-matchers.ts';
import { makeVerifyScene, NAME, type VerifyScene } from './verify-scene.ts';

let scene: VerifyScene;
const closers: (() => Promise<void>)[] = [];

beforeEach(async () => {
  scene = await makeVerifyScene();
  scene.memory.put(buildImage(), 'v1');
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await scene.remove();
});

/** Contexts `c0`, `c1`, … with these objects. */
async function clustersOf(...clusters: readonly (readonly KubernetesObject[])[]): Promise<KubernetesSettings> {
  const servers = await Promise.all(clusters.map(() => startKubernetesServer()));
  servers.forEach((server, at) => {
    closers.push(() => server.close());
    server.put(...(clusters[at] ?? []));
  });
  const text = kubeConfigText(servers.map((server, at) => ({ name: `c${at}`, server, user: { token: 'tok-admin' } })));
  return kubernetesSettings({ kubeConfig: { kind: 'inline', text } });
}

async function verify(kubernetes: KubernetesSettings): Promise<{ report: VerifyReport; metrics: string }> {
  const metrics = join(scene.folder, 'm.prom');
  await writeFile(metrics, 'old\n');
  const report = await scene.verify({ kubernetes, metrics });
  return { report, metrics: await readFile(metrics, 'utf8') };
}

describe('a verify', () => {
  it.each<[string, readonly KubernetesObject[]]>([
    ['shows nothing', []],
    ['shows objects and no pod', [templated('Deployment', 'web', `${NAME}:v1`)]],
  ])('of a cluster that %s ends with exit code 5, says so, and leaves the old metrics', async (_name, objects) => {
    const { report, metrics } = await verify(await clustersOf(objects));
    expect(verifyExitCodeOf(report)).toBe(5);
    expect(report.result).toMatchObject({
      kind: 'stopped',
      error: { name: 'EvidenceError', code: 'EVIDENCE_KUBERNETES', hint: containing('--kube-context') },
    });
    expect(renderVerify(report, { color: false, width: 200 })).toContain('context c0 runs no pod at all');
    expect(metrics).toBe('old\n');
    expect(report.metricsFile).toBeUndefined();
  });

  it('of an empty cluster beside others tells of what those use all the same', async () => {
    const { report, metrics } = await verify(await clustersOf([pod('web', `${NAME}:gone`)], []));
    expect(verifyExitCodeOf(report)).toBe(5);
    expect(report.images).toMatchObject([{ image: `${NAME}:gone`, availability: { kind: 'absent' } }]);
    const text = renderVerify(report, { color: false, width: 200 });
    expect(text).toContain('context c1 runs no pod at all');
    expect(text).toContain(`${NAME}:gone`);
    expect(metrics).toBe('old\n');
  });

  it('of a cluster with one pod, which uses nothing of ours, is a success', async () => {
    const { report, metrics } = await verify(await clustersOf([pod('web', 'elsewhere.example.com/other:1')]));
    expect(verifyExitCodeOf(report)).toBe(0);
    expect(metrics).toContain('registry_cleanup_verify_last_run_timestamp_seconds');
  });

  it('of manifests wants no pod', async () => {
    const path = join(scene.folder, 'deployment.json');
    await writeFile(path, JSON.stringify(templated('Deployment', 'web', `${NAME}:v1`)));
    const { report } = await verify(kubernetesSettings({ manifests: [path] }));
    expect(verifyExitCodeOf(report)).toBe(0);
    expect(report.images).toHaveLength(1);
  });

  it('of manifests without any object is none', async () => {
    const path = join(scene.folder, 'list.json');
    await writeFile(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [] }));
    expect(verifyExitCodeOf((await verify(kubernetesSettings({ manifests: [path] }))).report)).toBe(5);
  });
});
