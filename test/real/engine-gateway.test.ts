// The port to engines against real ones: what holds for every engine, then what each has of its own.

import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../src/host/open-engine.ts';
import type { EngineGateway, EngineOutcome } from '../../src/host/port.ts';
import { silentLog } from '../../src/log.ts';
import type { ContainerId, ImageId, LocalImage, LocalStore } from '../../src/model/local-store.ts';
import { durationFromMs, hours, instantFromMs } from '../../src/model/time.ts';
import { type DockerEngine, startDockerEngine } from '../support/docker-engine.ts';
import { startPodmanEngine } from '../support/podman-engine.ts';
import { type DockerPart, requireDockerEngine, requireProgram } from '../support/real-parts.ts';
import { type RegistryServer, startRegistry } from '../support/registry-server.ts';
import { containing } from '../support/typed-matchers.ts';

/** An engine with its command line. */
interface Bench {
  readonly socket: string;
  readonly root: string;
  /** Runs `docker` or `podman`. */
  run(...words: readonly string[]): Promise<string>;
  /** Builds an image that holds a busybox and whatever text; returns its id. */
  build(text: string, ...words: readonly string[]): Promise<ImageId>;
  stop(): Promise<void>;
}

const NAME = '127.0.0.1:1/team/app';
const NOW = () => instantFromMs(Date.now());
const MISSING = `sha256:${'0'.repeat(64)}` as ImageId;
const CONTAINER = 'c'.repeat(64) as ContainerId;

/** It ends at once when it is told to, though it is the first process. */
function describeImage(copy: string): string {
  const lines = [`${copy} /bin/busybox`, 'COPY text /text', 'LABEL project=tests', 'STOPSIGNAL SIGKILL'];
  return ['FROM scratch', ...lines, 'CMD ["/bin/busybox","sleep","1000"]', ''].join('\n');
}

async function startDocker(part: DockerPart, containerdStore: boolean): Promise<Bench> {
  const engine = await startDockerEngine(part, { containerdStore });
  return {
    socket: engine.socket,
    root: engine.dataRoot,
    run: engine.docker,
    build: builder(engine),
    stop: engine.stop,
  };
}

function builder(engine: DockerEngine, variables: Readonly<Record<string, string>> = {}) {
  return async (text: string, ...words: readonly string[]) => {
    const dockerfile = describeImage('COPY busybox');
    return (await engine.build({ dockerfile, files: { text }, words, variables })) as ImageId;
  };
}

async function startPodman(busybox: string): Promise<Bench> {
  const engine = await startPodmanEngine();
  const dockerfile = describeImage('COPY --chmod=755 busybox');
  return {
    socket: engine.socket,
    root: engine.graphRoot,
    run: engine.podman,
    build: async (text, ...words) =>
      (await engine.build({ dockerfile, files: { text, busybox: readFileSync(busybox) }, words })) as ImageId,
    stop: engine.stop,
  };
}

async function open(bench: Bench): Promise<EngineGateway> {
  return await openEngine({ kind: 'unix', path: bench.socket }, { environment: {}, now: NOW, log: silentLog });
}

function named(store: LocalStore, name: string): LocalImage {
  const found = [...store.images.values()].filter(({ names }) => names.includes(name));
  expect(found).toHaveLength(1);
  return found[0] as LocalImage;
}

interface Place {
  readonly title: string;
  readonly isHere: boolean;
  readonly kind: 'docker' | 'podman';
  readonly digestsProvePush: boolean;
  readonly start: () => Promise<Bench>;
}

const old = requireDockerEngine('docker-20.10');
const newer = requireDockerEngine('docker-26') !== undefined && old !== undefined;
const podman = requireProgram('podman') && old !== undefined;

const places: readonly Place[] = [
  {
    title: 'Docker 20.10',
    isHere: old !== undefined,
    kind: 'docker',
    digestsProvePush: true,
    start: () => startDocker('docker-20.10', false),
  },
  {
    title: 'Docker 26',
    isHere: newer,
    kind: 'docker',
    digestsProvePush: true,
    start: () => startDocker('docker-26', false),
  },
  {
    title: "Docker 26 with containerd's store",
    isHere: newer,
    kind: 'docker',
    digestsProvePush: false,
    start: () => startDocker('docker-26', true),
  },
  {
    title: 'Podman',
    isHere: podman,
    kind: 'podman',
    digestsProvePush: false,
    start: () => startPodman(`${old}/bin/busybox`),
  },
];

for (const place of places) describe.runIf(place.isHere)(place.title, () => describeEngine(place));

function describeEngine(place: Place): void {
  let bench: Bench;
  let gateway: EngineGateway;

  beforeAll(async () => {
    bench = await place.start();
    gateway = await open(bench);
  });
  afterAll(() => bench?.stop());
  afterEach(async () => {
    for (const id of (await bench.run('ps', '--all', '--quiet')).split('\n').filter((one) => one !== ''))
      await bench.run('rm', '--force', id);
    for (const id of new Set((await bench.run('images', '--all', '--quiet')).split('\n').filter((one) => one !== '')))
      await bench.run('rmi', '--force', id).catch(() => undefined);
  });

  /** Runs a container to its end. An engine may call it running for a moment longer. */
  async function runToEnd(image: string): Promise<void> {
    await bench.run('run', '--network', 'none', '--name', 'ended', image, '/bin/busybox', 'true');
    for (let tries = 0; tries < 50; tries++) {
      if ((await bench.run('ps', '--all', '--quiet', '--filter', 'status=exited')) !== '') return;
      await setTimeout(100);
    }
    throw new Error('the container does not end');
  }

  it('says who it is, the same each time', async () => {
    const again = await open(bench);
    expect(again.engine).toEqual(gateway.engine);
    const { kind, digestsProvePush } = place;
    expect(gateway.engine).toMatchObject({ kind, digestsProvePush, address: `unix://${bench.socket}` });
    expect(gateway.engine.title).toMatch(/^(Docker|Podman) \d+\.\d+/);
    expect(gateway.engine.storeId.length).toBeGreaterThan(20);
  });

  it('tells an image with all its names, labels and layers, and of two that share a layer that they do', async () => {
    const a = await bench.build('a', '--tag', `${NAME}:a`, '--tag', `${NAME}:also-a`);
    await bench.build('b', '--tag', `${NAME}:b`);
    const store = await gateway.readStore();
    const image = named(store, `${NAME}:a`);
    expect(image).toMatchObject({ id: a, names: [`${NAME}:a`, `${NAME}:also-a`], isList: false });
    expect(image.labels['project']).toBe('tests');
    expect(image.created.kind).toBe('known');
    expect(image.layers).toBeDefined();
    const total = image.layers?.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) ?? 0;
    expect(total).toBeGreaterThan(1_900_000);
    expect(image.sizeBytes).toBeGreaterThanOrEqual(total);
    const other = named(store, `${NAME}:b`);
    expect(other.layers?.at(-1)?.chain).not.toBe(image.layers?.at(-1)?.chain);
  });

  it('tells a tagged image that was built on another one of more layers than that one', async () => {
    await bench.build('base', '--tag', `${NAME}:base`);
    const base = named(await gateway.readStore(), `${NAME}:base`);
    await bench.run('create', '--name', 'maker', '--network', 'none', `${NAME}:base`);
    await bench.run('commit', '--pause=false', 'maker', `${NAME}:made`);
    const made = named(await gateway.readStore(), `${NAME}:made`);
    const chains = made.layers?.map(({ chain }) => chain) ?? [];
    expect(chains.slice(0, base.layers?.length)).toEqual(base.layers?.map(({ chain }) => chain));
  });

  it('tells containers in every state, with the image that each uses', async () => {
    const id = await bench.build('states', '--tag', `${NAME}:states`);
    const run = async (...words: readonly string[]) => await bench.run('run', '--network', 'none', ...words);
    await bench.run('create', '--network', 'none', '--name', 'made', `${NAME}:states`);
    await run('--detach', '--name', 'runs', '--label', 'x=y', `${NAME}:states`);
    await run('--detach', '--name', 'waits', `${NAME}:states`);
    await bench.run('pause', 'waits');
    await runToEnd(`${NAME}:states`);
    const { containers } = await gateway.readStore();
    const told = new Map(containers.map((one) => [one.name, one]));
    const states = [...told].map(([name, { state }]) => `${name} ${state}`).sort();
    expect(states).toEqual(['ended exited', 'made created', 'runs running', 'waits paused']);
    expect(containers.map(({ imageId }) => imageId)).toEqual([id, id, id, id]);
    expect(told.get('ended')?.finished.kind).toBe('known');
    expect(told.get('runs')?.finished.kind).toBe('unknown');
    expect(told.get('runs')?.labels['x']).toBe('y');
    expect(containers.every(({ created }) => created.kind === 'known')).toBe(true);
    for (const { id: container, state } of containers) expect(await gateway.readContainer(container)).toBe(state);
    await bench.run('unpause', 'waits');
  });

  it('deletes no image that a container uses, not even one that ended, neither by name nor by id', async () => {
    const id = await bench.build('used', '--tag', `${NAME}:used`);
    await runToEnd(`${NAME}:used`);
    const state = await gateway.readImage(id);
    expect(state).toMatchObject({ id, names: [`${NAME}:used`], users: [{ name: 'ended', state: 'exited' }] });
    expect((await gateway.deleteName(`${NAME}:used`)).kind).toBe('refused');
    expect((await gateway.deleteImage(id)).kind).toBe('refused');
    expect((await gateway.readImage(id))?.names).toEqual([`${NAME}:used`]);
    const [user] = state?.users ?? [];
    expect(await gateway.deleteContainer(user?.id ?? CONTAINER)).toEqual({ kind: 'deleted' });
    expect(await gateway.deleteImage(id)).toEqual({ kind: 'deleted' });
    expect(await gateway.readImage(id)).toBeUndefined();
  });

  it('deletes no container that does anything', async () => {
    await bench.build('running', '--tag', `${NAME}:running`);
    await bench.run('run', '--detach', '--network', 'none', '--name', 'runs', `${NAME}:running`);
    const [running] = (await gateway.readStore()).containers;
    const id = running?.id ?? CONTAINER;
    expect(await gateway.deleteContainer(id)).toMatchObject({
      kind: 'refused',
      why: containing('the engine answered'),
    });
    await bench.run('pause', 'runs');
    expect((await gateway.deleteContainer(id)).kind).toBe('refused');
    expect(await gateway.readContainer(id)).toBe('paused');
    await bench.run('unpause', 'runs');
  });

  it('takes off one name of two, and deletes the image with the last', async () => {
    const id = await bench.build('names', '--tag', `${NAME}:one`, '--tag', `${NAME}:two`);
    expect((await gateway.deleteImage(id)).kind).toBe('refused');
    expect(await gateway.deleteName(`${NAME}:one`)).toEqual({ kind: 'deleted' });
    expect((await gateway.readImage(id))?.names).toEqual([`${NAME}:two`]);
    expect(await gateway.deleteImage(id)).toEqual({ kind: 'deleted' });
    expect(await gateway.readImage(id)).toBeUndefined();
  });

  it('deletes an image without a name, and nothing that it was built on', async () => {
    const base = await bench.build('base', '--tag', `${NAME}:moves`);
    await bench.run('create', '--name', 'maker', '--network', 'none', `${NAME}:moves`);
    const middle = imageId(await bench.run('commit', '--pause=false', 'maker'));
    await bench.run('rm', 'maker');
    await bench.run('create', '--name', 'maker', '--network', 'none', middle);
    const last = imageId(await bench.run('commit', '--pause=false', 'maker'));
    await bench.run('rm', 'maker');
    const before = await gateway.readStore();
    expect(before.images.get(last)).toMatchObject({ names: [] });
    expect(await gateway.deleteImage(last)).toEqual({ kind: 'deleted' });
    const after = await gateway.readStore();
    expect([...before.images.keys()].filter((id) => !after.images.has(id))).toEqual([last]);
    expect([after.images.has(middle), after.images.has(base)]).toEqual([true, true]);
  });

  it('says of what is not there that it is gone', async () => {
    await bench.build('something', '--tag', `${NAME}:something`);
    const gone: readonly EngineOutcome[] = [
      await gateway.deleteName(`${NAME}:nothing`),
      await gateway.deleteImage(MISSING),
      await gateway.deleteContainer(CONTAINER),
    ];
    expect(gone.map(({ kind }) => kind)).toEqual(['already-gone', 'already-gone', 'already-gone']);
    expect([await gateway.readImage(MISSING), await gateway.readContainer(CONTAINER)]).toEqual([undefined, undefined]);
    named(await gateway.readStore(), `${NAME}:something`);
  });

  it('remembers the use by a container that is gone', async () => {
    const begin = Date.now() - 2000;
    const id = await bench.build('short', '--tag', `${NAME}:short`);
    await bench.run('run', '--rm', '--network', 'none', `${NAME}:short`, '/bin/busybox', 'true');
    // Docker gives the events of whole seconds that have passed.
    await setTimeout(1100);
    const { uses } = await gateway.readMemory(await gateway.readStore(), instantFromMs(begin));
    expect(uses.get(id) ?? 0).toBeGreaterThanOrEqual(begin);
  });

  it('measures the disk below its store', async () => {
    // Where names of machines prove nothing an image in the folder does.
    await bench.build('disk', '--tag', `${NAME}:disk`);
    const { disk } = await gateway.readStore();
    expect(disk?.path).toBe(bench.root);
    expect(disk?.capacityBytes).toBeGreaterThan(0);
  });

  it('prunes only build cache that is old enough, and says where it has none', async () => {
    await bench.build('cached', '--tag', `${NAME}:cached`);
    const before = await gateway.readBuildCache();
    expect(before === undefined).toBe(!gateway.engine.hasBuildCache);
    const young = await gateway.pruneBuildCache(hours(1));
    if (before === undefined) {
      expect(young.kind).toBe('failed');
      return;
    }
    expect(young).toEqual({ kind: 'deleted', entries: 0, freedBytes: 0 });
    expect(await gateway.readBuildCache()).toEqual(before);
    // Docker reckons in whole seconds.
    await setTimeout(1100);
    await gateway.pruneBuildCache(durationFromMs(0));
    expect((await gateway.readBuildCache())?.prunable).toEqual([]);
    named(await gateway.readStore(), `${NAME}:cached`);
  });

  describe('with a registry', () => {
    let registry: RegistryServer | undefined;
    beforeAll(async () => {
      registry = requireProgram('docker-registry') ? await startRegistry() : undefined;
    });
    afterAll(() => registry?.stop());

    it('has a digest for what was pushed, and for nothing else where that proves it', async () => {
      if (registry === undefined) throw new Error('docker-registry is missing');
      const name = `${registry.host}/team/app:1`;
      await bench.build('pushed', '--tag', name);
      const built = named(await gateway.readStore(), name);
      expect(built.digests.length > 0).toBe(!place.digestsProvePush);
      await bench.run('push', name);
      expect(named(await gateway.readStore(), name).digests).not.toEqual([]);
      // What came from a registry goes by id, with the digests that it came by.
      await bench.run('rmi', '--force', name);
      await bench.run('pull', name);
      const pulled = named(await gateway.readStore(), name);
      expect(pulled.digests.length).toBeGreaterThan(0);
      expect(await gateway.deleteImage(pulled.id)).toEqual({ kind: 'deleted' });
    });
  });
}

function imageId(text: string): ImageId {
  const line = text.split('\n').at(-1) ?? '';
  return (line.startsWith('sha256:') ? line : `sha256:${line}`) as ImageId;
}

describe.runIf(podman)('a list of images of podman', () => {
  let bench: Bench;
  let gateway: EngineGateway;
  beforeAll(async () => {
    bench = await startPodman(`${old}/bin/busybox`);
    gateway = await open(bench);
  });
  afterAll(() => bench?.stop());

  it('is told as one, with what it lists, and is deleted without that', async () => {
    for (const way of ['name', 'id']) {
      const id = await bench.build('listed', '--tag', `${NAME}:listed`);
      await bench.run('manifest', 'create', 'localhost/list:1', `containers-storage:${NAME}:listed`);
      const store = await gateway.readStore();
      const list = named(store, 'localhost/list:1');
      expect(list).toMatchObject({ isList: true, layers: undefined });
      expect(list.id).not.toBe(id);
      const image = named(store, `${NAME}:listed`);
      expect(image.digests.map((digest) => digest.split('@')[1])).toEqual(
        expect.arrayContaining([...(list.lists ?? [])]),
      );
      expect(list.lists).toHaveLength(1);
      const outcome = await (way === 'name' ? gateway.deleteName('localhost/list:1') : gateway.deleteImage(list.id));
      expect(outcome).toEqual({ kind: 'deleted' });
      expect((await gateway.readImage(id))?.names).toEqual([`${NAME}:listed`]);
      expect(await gateway.readImage(list.id)).toBeUndefined();
    }
  });
});

describe.runIf(old !== undefined)("the classic builder's images of Docker 20.10", () => {
  it('are told with their ancestors, and an ancestor outlives its descendant', async () => {
    const engine = await startDockerEngine('docker-20.10');
    try {
      const bench = {
        socket: engine.socket,
        root: engine.dataRoot,
        run: engine.docker,
        build: builder(engine),
        stop: engine.stop,
      };
      const gateway = await open(bench);
      const id = await builder(engine, { DOCKER_BUILDKIT: '0' })('classic', '--tag', `${NAME}:classic`);
      const before = await gateway.readStore();
      const { parent } = named(before, `${NAME}:classic`);
      expect(parent === undefined ? undefined : before.images.get(parent)).toMatchObject({ names: [], digests: [] });
      expect(await gateway.deleteImage(id)).toEqual({ kind: 'deleted' });
      const after = await gateway.readStore();
      expect([...before.images.keys()].filter((one) => !after.images.has(one))).toEqual([id]);
    } finally {
      await engine.stop();
    }
  });
});
