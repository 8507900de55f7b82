// An image that a container has mounted, with a real Podman: that deletes it below a container that runs, so we have to know.

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../src/host/open-engine.ts';
import type { EngineGateway } from '../../src/host/port.ts';
import { silentLog } from '../../src/log.ts';
import type { ImageId } from '../../src/model/local-store.ts';
import { instantFromMs } from '../../src/model/time.ts';
import { type PodmanEngine, startPodmanEngine } from '../support/podman-engine.ts';
import { requireDockerEngine, requireProgram } from '../support/real-parts.ts';

const parts = requireDockerEngine('docker-20.10');
const isHere = requireProgram('podman') && parts !== undefined;
const DOCKERFILE = `FROM scratch
COPY --chmod=755 busybox /bin/busybox
COPY text /text
STOPSIGNAL SIGKILL
CMD ["/bin/busybox","sleep","1000"]
`;

describe.runIf(isHere)('an image that a container of Podman has mounted', () => {
  let podman: PodmanEngine;
  let gateway: EngineGateway;
  let tools: ImageId;

  const build = async (text: string) => {
    const files = { text, busybox: readFileSync(`${parts}/bin/busybox`) };
    const words = ['--tag', `localhost/${text}:1`];
    return (await podman.build({ dockerfile: DOCKERFILE, files, words })) as ImageId;
  };

  beforeAll(async () => {
    podman = await startPodmanEngine();
    await build('app');
    tools = await build('tools');
    const now = () => instantFromMs(Date.now());
    gateway = await openEngine({ kind: 'unix', path: podman.socket }, { environment: {}, now, log: silentLog });
  });
  afterAll(() => podman?.stop());

  it.each(['localhost/tools:1', 'tools:1', 'tools'])('is told, also by a short name: %s', async (source) => {
    await podman.podman('tag', 'localhost/tools:1', 'localhost/tools:latest');
    const mount = `type=image,source=${source},destination=/tools`;
    const id = await podman.podman('run', '--detach', '--mount', mount, 'localhost/app:1');
    try {
      const { containers } = await gateway.readStore();
      expect(containers.map(({ mounts }) => mounts)).toEqual([[tools]]);
      expect((await gateway.readImage(tools))?.users.map(({ state }) => state)).toEqual(['running']);
    } finally {
      await podman.podman('rm', '--force', id);
    }
  });

  it('is told of what was made and never started', async () => {
    const mount = 'type=image,source=localhost/tools:1,destination=/tools';
    const id = await podman.podman('create', '--mount', mount, 'localhost/app:1');
    try {
      expect((await gateway.readImage(tools))?.users.map(({ state }) => state)).toEqual(['created']);
    } finally {
      await podman.podman('rm', id);
    }
  });

  it('is not told of a folder of this machine', async () => {
    const id = await podman.podman('create', '--volume', '/tmp:/data', 'localhost/app:1');
    try {
      expect((await gateway.readStore()).containers.map(({ mounts }) => mounts)).toEqual([undefined]);
      expect((await gateway.readImage(tools))?.users).toEqual([]);
    } finally {
      await podman.podman('rm', id);
    }
  });
});
