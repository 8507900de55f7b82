// A further store that Podman only reads, as machines share it: its images are shown, and cannot be deleted.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../src/host/open-engine.ts';
import { silentLog } from '../../src/log.ts';
import { instantFromMs } from '../../src/model/time.ts';
import { type PodmanEngine, startPodmanEngine } from '../support/podman-engine.ts';
import { requireProgram } from '../support/real-parts.ts';

const DOCKERFILE = 'FROM scratch\nCOPY text /text\n';

describe.runIf(requireProgram('podman'))("images of Podman's", () => {
  let shared: PodmanEngine;
  let own: PodmanEngine;

  beforeAll(async () => {
    shared = await startPodmanEngine();
    const words = ['--tag', 'localhost/shared:1'];
    await shared.build({ dockerfile: DOCKERFILE, files: { text: 'shared' }, words });
    own = await startPodmanEngine({ furtherStore: shared.graphRoot });
    await own.build({ dockerfile: DOCKERFILE, files: { text: 'own' }, words: ['--tag', 'localhost/own:1'] });
  });
  afterAll(async () => {
    await own?.stop();
    await shared?.stop();
  });

  it('tell which of them lie in a store that it only reads', async () => {
    const now = () => instantFromMs(Date.now());
    const gateway = await openEngine({ kind: 'unix', path: own.socket }, { environment: {}, now, log: silentLog });
    const { images } = await gateway.readStore();
    const named = [...images.values()].filter(({ names }) => names.length > 0);
    expect(Object.fromEntries(named.map(({ names, isReadOnly }) => [names[0], isReadOnly]))).toEqual({
      'localhost/own:1': undefined,
      'localhost/shared:1': true,
    });
  });
});
