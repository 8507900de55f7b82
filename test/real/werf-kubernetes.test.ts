// Stages of werf's that run in a real cluster, in all places where a workload may name them: Kubernetes' own API server, a real registry.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXPECTED } from '../e2e/werf/expected.ts';
import { decisionsOf, makePlace, type Place, type PlaceRun, told } from '../e2e/werf/place.ts';
import { makeScene, type Scene } from '../e2e/werf/scene.ts';
import { clusterObjects } from '../e2e/werf/scene-clusters.ts';
import { type KubeApiserver, startKubeApiserver } from '../support/kube-apiserver.ts';
import { requireKubeApiserver, requireProgram } from '../support/real-parts.ts';
import { type RegistryServer, startRegistry } from '../support/registry-server.ts';

const hasPrograms = (['docker-registry', 'openssl', 'git'] as const).every(requireProgram);
const hasAll = requireKubeApiserver() && hasPrograms;

describe.runIf(hasAll)('stages that a real cluster runs', () => {
  let server: RegistryServer;
  let cluster: KubeApiserver;
  let place: Place;
  let scene: Scene;
  let planned: PlaceRun;
  beforeAll(async () => {
    const now = Date.now();
    [server, cluster] = await Promise.all([startRegistry(), startKubeApiserver()]);
    place = await makePlace(server, { now });
    scene = await makeScene(place, now);
    await fillCluster();
    planned = await run('plan', cluster.kubeConfig);
  });
  afterAll(async () => {
    await place.remove();
    await Promise.all([server.stop(), cluster.stop()]);
  });

  /** As people and kubelets do: a debug container is added to a running pod, and what runs is reported afterwards. */
  async function fillCluster(): Promise<void> {
    for (const object of clusterObjects(place.repository, scene.shelf)) {
      const { ephemeralContainers, ...spec } = object.spec as { readonly ephemeralContainers?: readonly object[] };
      const { status, ...bare } = object;
      await cluster.create({ ...bare, spec });
      if (ephemeralContainers !== undefined) await cluster.addEphemeralContainers(object, ...ephemeralContainers);
      if (status !== undefined) await cluster.putStatus(object, status);
    }
  }

  const run = (command: string, kubeConfig: string): Promise<PlaceRun> =>
    place.runAlone(
      command,
      '--repository',
      place.repository,
      '--git-dir',
      place.history.clone,
      '--kube-config',
      kubeConfig,
      '--keep-list',
      'keep-list',
      '--report-file',
      'report.json',
      '--max-delete-share',
      '1',
    );

  it('are planned for without a request that changes anything', () => {
    expect(planned.code, told(planned)).toBe(0);
    expect(planned.writes).toEqual([]);
  });

  it.each(EXPECTED)('$fate, the stage "$stage": $because', ({ stage, fate, rule }) => {
    const found = decisionsOf(planned).get(scene.shelf.find(stage).id);
    expect({ fate: found?.decision, rules: found?.reasons.map((reason) => reason.rule) }).toEqual({
      fate: fate === 'stays' ? 'keep' : 'delete',
      rules: expect.arrayContaining([rule]) as unknown,
    });
  });

  it('are not touched when the cluster stops answering', async () => {
    const before = await place.tags();
    await cluster.stop();
    const stopped = await run('apply', cluster.kubeConfig);
    expect(stopped.code, told(stopped)).not.toBe(0);
    expect(stopped.writes).toEqual([]);
    expect(await place.tags()).toEqual(before);
  });
});
