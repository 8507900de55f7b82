// 20,000 pods on a real API server: none is missed, and the list of those who use an image stays bounded.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { measureRun, tellPeak } from '../../bench/measure.ts';
import { formatImageReference } from '../../src/model/reference.ts';
import { addToLayout, buildImage, makeLayout } from '../builders/image.ts';
import { type KubeApiserver, startKubeApiserver } from '../support/kube-apiserver.ts';
import type { KubeObject } from '../support/kube-client.ts';
import { requireKubeApiserver, requireProgram } from '../support/real-parts.ts';
import { readRealUsage } from './read-real-cluster.ts';

const START = fileURLToPath(new URL('../cli/start-cli.ts', import.meta.url));
const PODS = 20_000;
/** Of those who use an image, so many are named. */
const NAMED = 1000;
const TIMEOUT_MS = 400_000;
/** An unknown age would protect. */
const CREATED = '2026-05-01T10:00:00Z';

const reportSchema = z.object({ totals: z.object({ kept: z.number(), deleted: z.number() }) });

function pod(index: number): KubeObject {
  const containers = [
    { name: 'main', image: `registry.test/team/app-${index % 100}:${index}` },
    { name: 'proxy', image: 'registry.test/team/app:proxy' },
  ];
  const namespace = `team-${index % 20}`;
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: `pod-${index}`, namespace }, spec: { containers } };
}

/** Told, and not held to anything: machines differ. */
function note(text: string): void {
  process.stdout.write(`${PODS} pods: ${text}\n`);
}

describe.runIf(requireKubeApiserver() && requireProgram('openssl'))(`a real cluster of ${PODS} pods`, () => {
  let server: KubeApiserver;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'many-pods-'));
    server = await startKubeApiserver();
    await server.create(...Array.from({ length: PODS }, (_, index) => pod(index)));
  }, TIMEOUT_MS);
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  it('is read to the last pod, however many use one image', { timeout: TIMEOUT_MS }, async () => {
    const start = performance.now();
    const usage = await readRealUsage(server);
    note(`read in ${Math.round(performance.now() - start)} ms`);
    expect(usage.sources).toEqual([expect.objectContaining({ pods: PODS })]);
    const found = new Map(usage.uses.map((use) => [formatImageReference(use.reference), use]));
    expect(found.size).toBe(PODS + 1);
    for (let index = 0; index < PODS; index++) {
      const use = found.get(`registry.test/team/app-${index % 100}:${index}`);
      if (use?.workloads[0]?.name !== `pod-${index}`) throw new Error(`pod-${index} is missing`);
    }
    const shared = found.get('registry.test/team/app:proxy');
    expect(shared?.workloads).toHaveLength(NAMED);
    expect(shared?.unlisted).toBe(PODS - NAMED);
  });

  it('is planned for on the command line', { timeout: TIMEOUT_MS }, async () => {
    const layout = join(folder, 'layout');
    await makeLayout(layout);
    await addToLayout(layout, buildImage({ seed: 'used', created: CREATED }), ['proxy']);
    await addToLayout(layout, buildImage({ seed: 'unused', created: CREATED }), ['old']);
    const words = [`--repository=oci-layout:${layout}=registry.test/team/app`, `--kube-config=${server.kubeConfig}`];
    const env = { ...tellPeak(), HOME: folder };
    const run = await measureRun(process.execPath, [START, 'plan', ...words, '--without-git', '--format=json'], {
      env,
    });
    note(`planned in ${Math.round(run.seconds * 1000)} ms, with ${Math.round(run.peakBytes / 1e6)} MB at most`);
    expect(reportSchema.parse(JSON.parse(run.stdout)).totals).toEqual({ kept: 1, deleted: 1 });
  });
});
