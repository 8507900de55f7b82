import { describe, expect, it } from 'vitest';
import type { EngineMemory } from '../../../src/host/port.ts';
import type { ImageId, LocalContainer, LocalImage } from '../../../src/model/local-store.ts';
import { type Instant, instantFromMs } from '../../../src/model/time.ts';
import type { HostMemory } from '../../../src/plan/host/host-memory.ts';
import { addRepositories, forgetImages, seeImages, withHandled } from '../../../src/run/host/see-images.ts';
import { createMemoryEngine, imageIdOf, knownTime, localContainer, localImage } from '../../builders/memory-engine.ts';

const NOW = at(12);
const APP = imageIdOf('app');
const NOTHING: EngineMemory = { uses: new Map(), exchanged: new Map() };

function at(hour: number): Instant {
  return instantFromMs(Date.UTC(2026, 10, 21, hour));
}

async function see(
  world: { readonly images?: readonly LocalImage[]; readonly containers?: readonly LocalContainer[] },
  known: { readonly told?: EngineMemory; readonly before?: HostMemory } = {},
): Promise<HostMemory> {
  const { gateway } = createMemoryEngine(world.images ?? [localImage('app')], world.containers);
  const store = await gateway.readStore();
  return seeImages({ store, told: known.told ?? NOTHING, before: known.before, now: NOW });
}

function remembered(id: ImageId, firstSeen: Instant, lastUsed?: Instant): HostMemory {
  const image = lastUsed === undefined ? { firstSeen } : { firstSeen, lastUsed };
  return { storeId: 'store-1', seenAt: at(10), images: new Map([[id, image]]) };
}

describe('what a run sees of images', () => {
  it('is that a new one was first seen now and never used', async () => {
    expect((await see({})).images).toEqual(new Map([[APP, { firstSeen: NOW }]]));
  });

  it('keeps what earlier runs saw', async () => {
    const { images } = await see({}, { before: remembered(APP, at(1), at(2)) });
    expect(images.get(APP)).toEqual({ firstSeen: at(1), lastUsed: at(2) });
  });

  it('drops images that are gone', async () => {
    const { images } = await see({}, { before: remembered(imageIdOf('gone'), at(1)) });
    expect([...images.keys()]).toEqual([APP]);
  });

  it.each(['running', 'paused', 'restarting', 'removing', 'unknown'] as const)(
    'is a use of now by a container that is %s',
    async (state) => {
      const containers = [localContainer('c', { imageId: APP, state, finished: knownTime(at(1)) })];
      expect((await see({ containers })).images.get(APP)?.lastUsed).toBe(NOW);
    },
  );

  it.each<[string, Partial<LocalContainer>, Instant]>([
    ['ended at a known time', { state: 'exited', finished: knownTime(at(3)) }, at(3)],
    ['ended, nobody knows when', { state: 'dead' }, NOW],
    ['ended in the future, by a clock that was wrong', { state: 'exited', finished: knownTime(at(20)) }, NOW],
    ['was made and never started', { state: 'created', created: knownTime(at(4)) }, at(4)],
    ['was made, nobody knows when', { state: 'created' }, NOW],
  ])('dates the use by a container that %s', async (_what, container, expected) => {
    const containers = [localContainer('c', { imageId: APP, ...container })];
    expect((await see({ containers })).images.get(APP)?.lastUsed).toBe(expected);
  });

  it('is a use of what a container has mounted, too', async () => {
    const containers = [localContainer('c', { imageId: imageIdOf('other'), state: 'running', mounts: [APP, 'gone'] })];
    expect((await see({ containers })).images.get(APP)?.lastUsed).toBe(NOW);
  });

  it('never makes a use earlier than it was known to be', async () => {
    const containers = [localContainer('c', { imageId: APP, finished: knownTime(at(3)) })];
    const { images } = await see({ containers }, { before: remembered(APP, at(1), at(9)) });
    expect(images.get(APP)?.lastUsed).toBe(at(9));
  });

  it('takes the word of the engine for containers that are gone', async () => {
    const told = { ...NOTHING, uses: new Map([[APP, at(7)]]) };
    expect((await see({}, { told })).images.get(APP)?.lastUsed).toBe(at(7));
  });

  it('knows from pulls and pushes which repository had an image', async () => {
    const names = [
      'localhost:5000/team/app:v1',
      'localhost:5000/team/app@sha256:0',
      'ghcr.io/other',
      'localhost:5000/x',
    ];
    const told = { ...NOTHING, exchanged: new Map([[APP, names]]) };
    expect((await see({}, { told })).images.get(APP)?.seenIn).toEqual([
      'ghcr.io/other',
      'localhost:5000/team/app',
      'localhost:5000/x',
    ]);
  });

  it('knows from answers of the registry which repository has one', async () => {
    const image = localImage('app', { names: ['r.example/app:v1', 'r.example/app:v2'] });
    const memory = await see({ images: [image] });
    const words = new Map([
      ['r.example/app:v1', 'absent'],
      ['r.example/app:v2', 'there'],
    ] as const);
    const store = { images: new Map([[APP, image]]) };
    const added = addRepositories(memory, store, [{ repository: 'r.example/app', state: 'read', words }]);
    expect(added.images.get(APP)?.seenIn).toEqual(['r.example/app']);
    const absent = new Map([['r.example/app:v1', 'absent']] as const);
    const none = addRepositories(memory, store, [{ repository: 'r.example/app', state: 'read', words: absent }]);
    expect(none.images.get(APP)?.seenIn).toBeUndefined();
  });

  it('is forgotten with the image', async () => {
    expect(forgetImages(await see({}), new Set([APP])).images.size).toBe(0);
  });
});

describe('an image that somebody had in his hands', () => {
  const handle = async (image: LocalImage, hour: number) => {
    const store = await createMemoryEngine([image]).gateway.readStore();
    return withHandled(store, { ...NOTHING, handled: new Map([[APP, at(hour)]]) }).images.get(APP)?.tagged;
  };

  it('is as young as that', async () => {
    expect(await handle(localImage('app', { tagged: knownTime(at(1)) }), 5)).toEqual(knownTime(at(5)));
  });

  it('is as young as that where the engine does not tell when it got its name', async () => {
    expect(await handle(localImage('app'), 5)).toEqual(knownTime(at(5)));
  });

  it('is never older than its name', async () => {
    expect(await handle(localImage('app', { tagged: knownTime(at(6)) }), 5)).toEqual(knownTime(at(6)));
  });

  it('stays as it was where no event tells of it', async () => {
    const store = await createMemoryEngine([localImage('app')]).gateway.readStore();
    expect(withHandled(store, NOTHING)).toEqual(store);
  });
});
