// A build that finds all of its steps made already, with a real Podman: the image stays as old as it was, and only an event tells of it.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../src/host/open-engine.ts';
import type { EngineGateway } from '../../src/host/port.ts';
import { silentLog } from '../../src/log.ts';
import type { ImageId } from '../../src/model/local-store.ts';
import { instantFromMs } from '../../src/model/time.ts';
import { withHandled } from '../../src/run/host/see-images.ts';
import { type PodmanEngine, startPodmanEngine } from '../support/podman-engine.ts';
import { requireProgram } from '../support/real-parts.ts';

describe.runIf(requireProgram('podman'))('an image that Podman has built again', () => {
  let podman: PodmanEngine;
  let gateway: EngineGateway;

  const build = async (name: string) => {
    const words = ['--layers', '--timestamp', '1700000000', '--tag', name];
    const dockerfile = 'FROM scratch\nCOPY text /text\n';
    return (await podman.build({ dockerfile, files: { text: 'same' }, words })) as ImageId;
  };

  beforeAll(async () => {
    podman = await startPodmanEngine();
    const now = () => instantFromMs(Date.now());
    gateway = await openEngine({ kind: 'unix', path: podman.socket }, { environment: {}, now, log: silentLog });
  });
  afterAll(() => podman?.stop());

  it.each<[string, () => Promise<unknown>]>([
    ['by a build', () => build('localhost/app:2')],
    ['by a further name', () => podman.podman('tag', 'localhost/app:1', 'localhost/app:3')],
  ])('is as young as that, %s', async (_how, act) => {
    const id = await build('localhost/app:1');
    const began = Date.now();
    await act();
    const store = await gateway.readStore();
    const told = withHandled(store, await gateway.readMemory(store, instantFromMs(0)));
    const { created, tagged } = told.images.get(id) ?? {};
    expect(created).toEqual({ kind: 'known', at: 1_700_000_000_000 });
    expect(tagged?.kind === 'known' && tagged.at >= began).toBe(true);
  });
});
