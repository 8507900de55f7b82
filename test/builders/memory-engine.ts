// A container engine in memory that obeys the port as Docker does: it refuses what is in use or has several names, and never forces.

import type { EngineGateway, EngineOutcome, PruneOutcome } from '../../src/host/port.ts';
import type {
  BuildCache,
  ContainerId,
  ContainerState,
  DiskSpace,
  Engine,
  ImageId,
  LocalContainer,
  LocalImage,
} from '../../src/model/local-store.ts';
import { type Instant, type KnownOrUnknown, unknownTime } from '../../src/model/time.ts';
import { sha256 } from './image.ts';

/** The engine, and what lies in it: change it as somebody else would. */
export interface MemoryEngine {
  readonly gateway: EngineGateway;
  readonly images: Map<ImageId, LocalImage>;
  readonly containers: Map<ContainerId, LocalContainer>;
  readonly uses: Map<ImageId, Instant>;
  readonly exchanged: Map<ImageId, readonly string[]>;
  /** What was asked: `deleteName registry/app:v1`. Reading is `readStore`. */
  readonly log: string[];
  /** Called before each call; may change the engine, or throw as a lost one. */
  before: (call: string) => void;
  disk: DiskSpace | undefined;
  buildCache: BuildCache | undefined;
}

/** The id of an image by a name of one's own. */
export function imageIdOf(seed: string): ImageId {
  return sha256(Buffer.from(seed)) as string as ImageId;
}

/** The id of a container by a name of one's own. */
export function containerIdOf(seed: string): ContainerId {
  return sha256(Buffer.from(seed)).slice('sha256:'.length) as ContainerId;
}

/** An image of 10 MB that nobody knows the age of. */
export function localImage(seed: string, more: Partial<LocalImage> = {}): LocalImage {
  return {
    id: imageIdOf(seed),
    names: [],
    digests: [],
    labels: {},
    created: unknownTime('a test'),
    tagged: unknownTime('a test'),
    sizeBytes: 10_000_000,
    layers: [{ chain: sha256(Buffer.from(`layer of ${seed}`)), sizeBytes: 10_000_000 }],
    isList: false,
    ...more,
  };
}

/** A container that exited at a time nobody knows. */
export function localContainer(seed: string, more: Partial<LocalContainer> = {}): LocalContainer {
  return {
    id: containerIdOf(seed),
    name: seed,
    imageId: undefined,
    image: '',
    state: 'exited',
    created: unknownTime('a test'),
    finished: unknownTime('a test'),
    labels: {},
    ...more,
  };
}

/** A known time. */
export function knownTime(at: Instant): KnownOrUnknown {
  return { kind: 'known', at };
}

const ENGINE: Engine = {
  kind: 'docker',
  title: 'Docker 28.5.2',
  address: 'unix:///var/run/docker.sock',
  storeId: 'store-1',
  hasBuildCache: true,
  digestsProvePush: true,
};

const AT_WORK: ReadonlySet<ContainerState> = new Set(['running', 'paused', 'restarting', 'removing', 'unknown']);

/** An engine with these images and containers. */
export function createMemoryEngine(
  images: readonly LocalImage[],
  containers: readonly LocalContainer[] = [],
  more: Partial<Engine> = {},
): MemoryEngine {
  const engine = { ...ENGINE, ...more };
  const state: MemoryEngine = {
    gateway: undefined as unknown as EngineGateway,
    images: new Map(images.map((image) => [image.id, image])),
    containers: new Map(containers.map((container) => [container.id, container])),
    uses: new Map(),
    exchanged: new Map(),
    log: [],
    before: () => undefined,
    disk: undefined,
    buildCache: undefined,
  };
  return Object.assign(state, { gateway: gatewayOf(state, engine) });
}

function gatewayOf(state: MemoryEngine, engine: Engine): EngineGateway {
  const told = async <Answer>(call: string, answer: () => Answer): Promise<Answer> => {
    state.before(call);
    state.log.push(call);
    return await Promise.resolve(answer());
  };
  return {
    engine,
    readStore: () =>
      told('readStore', () => ({
        engine,
        complete: true,
        images: new Map(state.images),
        containers: [...state.containers.values()],
        disk: state.disk,
        buildCache: state.buildCache,
      })),
    readMemory: (_store, since) =>
      told(`readMemory ${since}`, () => ({ uses: state.uses, exchanged: state.exchanged })),
    readImage: (id) =>
      told('readImage', () => {
        const image = state.images.get(id);
        return image === undefined ? undefined : { id, names: image.names, users: usersOf(state, id) };
      }),
    readContainer: (id) => told('readContainer', () => state.containers.get(id)?.state),
    deleteName: (name) => told(`deleteName ${name}`, () => deleteName(state, name)),
    deleteImage: (id) => told(`deleteImage ${id}`, () => deleteImage(state, id)),
    deleteContainer: (id) => told(`deleteContainer ${id}`, () => deleteContainer(state, id)),
    pruneBuildCache: (olderThan) => told(`pruneBuildCache ${olderThan}`, () => pruneBuildCache(state)),
    readBuildCache: () => told('readBuildCache', () => state.buildCache),
    measureDisk: () =>
      told('measureDisk', () =>
        state.disk === undefined ? { kind: 'unknown', why: 'a test' } : { kind: 'known', disk: state.disk },
      ),
    close: () => state.log.push('close'),
  };
}

function usersOf({ containers }: MemoryEngine, id: ImageId): readonly LocalContainer[] {
  return [...containers.values()].filter(({ imageId }) => imageId === id);
}

function deleteName(state: MemoryEngine, name: string): EngineOutcome {
  const image = [...state.images.values()].find(({ names }) => names.includes(name));
  if (image === undefined) return { kind: 'already-gone' };
  if (image.names.length === 1) return deleteImage(state, image.id);
  state.images.set(image.id, { ...image, names: image.names.filter((one) => one !== name) });
  return { kind: 'deleted' };
}

function deleteImage(state: MemoryEngine, id: ImageId): EngineOutcome {
  const image = state.images.get(id);
  if (image === undefined) return { kind: 'already-gone' };
  if (image.names.length > 1) return { kind: 'refused', why: 'image is referenced in multiple repositories' };
  const [user] = usersOf(state, id);
  if (user !== undefined) return { kind: 'refused', why: `container ${user.id} is using it` };
  if ([...state.images.values()].some(({ parent }) => parent === id))
    return { kind: 'refused', why: 'image has dependent child images' };
  state.images.delete(id);
  if (state.disk !== undefined)
    state.disk = { ...state.disk, availableBytes: state.disk.availableBytes + image.sizeBytes };
  return { kind: 'deleted' };
}

function deleteContainer(state: MemoryEngine, id: ContainerId): EngineOutcome {
  const container = state.containers.get(id);
  if (container === undefined) return { kind: 'already-gone' };
  if (AT_WORK.has(container.state)) return { kind: 'refused', why: `it is ${container.state}` };
  state.containers.delete(id);
  return { kind: 'deleted' };
}

function pruneBuildCache(state: MemoryEngine): PruneOutcome {
  const prunable = state.buildCache?.prunable ?? [];
  state.buildCache = undefined;
  return {
    kind: 'deleted',
    entries: prunable.length,
    freedBytes: prunable.reduce((sum, one) => sum + one.sizeBytes, 0),
  };
}
