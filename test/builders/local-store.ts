// Local stores from a few lines: a valid world with short names, in which each test changes one thing.

import { createHash } from 'node:crypto';
import type { HostDecisions, HostStep, ImageDecision } from '../../src/model/host-plan.ts';
import type { HostPolicy } from '../../src/model/host-policy.ts';
import type {
  BuildCache,
  ContainerId,
  ContainerState,
  DiskSpace,
  Engine,
  ImageId,
  ImageUse,
  LocalContainer,
  LocalImage,
  LocalStore,
} from '../../src/model/local-store.ts';
import type { Annotations } from '../../src/model/snapshot.ts';
import { hours, type Instant, instantFromMs, type KnownOrUnknown, unknownTime } from '../../src/model/time.ts';
import { decideHost } from '../../src/policy/host/decide-host.ts';
import type { HostEvidence } from '../../src/policy/host/host-evidence.ts';
import { NOW } from './snapshot.ts';

/** The label that makes an image the project's. */
export const OURS: Annotations = { 'com.example.project': 'shop' };

/** An image in short. Names stand for ids: `localId(name)`. */
export interface LocalImageSpec {
  readonly name: string;
  /** Default: none. */
  readonly names?: readonly string[];
  readonly digests?: readonly string[];
  readonly labels?: Annotations;
  /** Hours ago; default 100. `null`: unknown. */
  readonly created?: number | null;
  /** Hours ago; default 100. `null`: unknown. */
  readonly tagged?: number | null;
  /** From the lowest, 100 bytes each, or `name:bytes`; default: one of its own. `null`: the engine does not tell. */
  readonly layers?: readonly string[] | null;
  /** The name of the image that it was built on. */
  readonly parent?: string;
  /** Digests of what it lists; `null`: the engine does not tell. Either makes it a list. */
  readonly lists?: readonly string[] | null;
  readonly isReadOnly?: boolean;
}

/** A container in short. */
export interface LocalContainerSpec {
  readonly name: string;
  /** The name of its image; `null`: the engine does not tell. */
  readonly of: string | null;
  /** What the engine shows as its image; default: nothing that is an image's name. */
  readonly image?: string;
  /** Default `exited`. */
  readonly state?: ContainerState;
  /** Hours ago; default 50. `null`: unknown. */
  readonly created?: number | null;
  /** Hours ago; default: unknown. */
  readonly finished?: number;
  readonly labels?: Annotations;
  /** What it has mounted, as a name or an id. */
  readonly mounts?: readonly string[];
}

/** A world in short. */
export interface HostWorld {
  readonly images: readonly LocalImageSpec[];
  readonly containers?: readonly LocalContainerSpec[];
  /** Bytes. */
  readonly disk?: { readonly capacity: number; readonly available: number };
  readonly buildCache?: BuildCache;
  readonly engine?: Partial<Engine>;
  /** By the name of an image: hours ago. */
  readonly uses?: Readonly<Record<string, { readonly firstSeen: number; readonly lastUsed?: number }>>;
  readonly evidence?: Partial<Omit<HostEvidence, 'store' | 'uses'>>;
  readonly policy?: Partial<HostPolicy>;
}

/** The id that a short name stands for. */
export function localId(name: string): ImageId {
  return `sha256:${createHash('sha256').update(name).digest('hex')}` as ImageId;
}

/** The moment so many hours before {@link NOW}. */
export function hoursAgo(count: number): Instant {
  return instantFromMs(NOW - count * 3_600_000);
}

/** An image from its short form. */
function localImage(spec: LocalImageSpec): LocalImage {
  const { name, names = [], digests = [], labels = {}, created = 100, tagged = 100 } = spec;
  const { parent, lists, isReadOnly } = spec;
  const layers = spec.layers === null ? undefined : chainOf(spec.layers ?? [name]);
  return {
    id: localId(name),
    names: [...names].sort(),
    digests: [...digests].sort(),
    labels,
    created: timeOf(created),
    tagged: timeOf(tagged),
    sizeBytes: (layers ?? []).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    layers,
    ...(parent === undefined ? {} : { parent: localId(parent) }),
    isList: lists !== undefined,
    ...(isReadOnly === undefined ? {} : { isReadOnly }),
    ...(lists === undefined || lists === null ? {} : { lists }),
  };
}

/** A container from its short form. */
function localContainer(spec: LocalContainerSpec): LocalContainer {
  const { name, of, image = 'sha256:0', state = 'exited', created = 50, finished, labels = {}, mounts } = spec;
  return {
    id: createHash('sha256').update(`container ${name}`).digest('hex') as ContainerId,
    name,
    imageId: of === null ? undefined : localId(of),
    image,
    state,
    created: timeOf(created),
    finished: timeOf(finished ?? null),
    labels,
    ...(mounts === undefined ? {} : { mounts }),
  };
}

/** The policy under which nothing is asked for: each test asks for one thing. */
function hostPolicy(changes: Partial<HostPolicy> = {}): HostPolicy {
  return {
    project: [{ label: 'com.example.project', value: 'shop' }],
    grace: hours(2),
    absentFromRegistry: false,
    dangling: false,
    improperRepoCache: false,
    improperGitCommit: false,
    flush: false,
    isDev: false,
    devLabels: [{ label: 'dapp-dev-mode', value: 'true' }],
    minAge: hours(2),
    containers: { minAge: hours(2), maxPerPodContainer: -1, maxContainers: -1 },
    keep: { labels: [], names: [] },
    ...changes,
  };
}

/** The evidence of a world. */
export function hostEvidence(world: HostWorld): HostEvidence {
  const { images, containers = [], disk, buildCache, engine = {}, uses = {}, evidence = {} } = world;
  const store: LocalStore = {
    engine: { ...ENGINE, ...engine },
    complete: true,
    images: new Map(images.map((spec) => [localId(spec.name), localImage(spec)])),
    containers: containers.map(localContainer),
    disk: disk === undefined ? undefined : diskOf(disk),
    buildCache,
  };
  const seen = Object.entries(uses).map(([name, { firstSeen, lastUsed }]): [ImageId, ImageUse] => [
    localId(name),
    { firstSeen: hoursAgo(firstSeen), ...(lastUsed === undefined ? {} : { lastUsed: hoursAgo(lastUsed) }) },
  ]);
  return { store, uses: new Map(seen), repositories: [], git: { byName: new Map() }, ...evidence };
}

/** What is decided in a world, with short names. */
export interface DecidedWorld {
  readonly decisions: HostDecisions;
  /** Short names of the images that go, in the order of the steps. */
  readonly going: readonly string[];
  /** Names of the containers that go. */
  readonly containers: readonly string[];
  /** By short name, the rules behind the decision. */
  readonly rulesOf: (name: string) => readonly string[];
  readonly decisionOf: (name: string) => ImageDecision;
  readonly steps: readonly HostStep[];
}

/** Decides in a world. */
export function decideWorld(world: HostWorld): DecidedWorld {
  const decisions = decideHost(hostEvidence(world), hostPolicy(world.policy), NOW);
  const titles = new Map(world.images.map(({ name }) => [localId(name), name]));
  const decisionOf = (name: string): ImageDecision => {
    const found = decisions.images.find(({ id }) => id === localId(name));
    if (found === undefined) throw new Error(`there is no decision about ${name}`);
    return found;
  };
  return {
    decisions,
    steps: decisions.steps,
    going: decisions.steps.flatMap((step) => (step.action === 'delete-image' ? [titles.get(step.id) ?? step.id] : [])),
    containers: decisions.steps.flatMap((step) => (step.action === 'delete-container' ? [step.name] : [])),
    decisionOf,
    rulesOf: (name) => decisionOf(name).reasons.map(({ rule }) => rule),
  };
}

const ENGINE: Engine = {
  kind: 'docker',
  title: 'Docker 28.5.2',
  address: 'unix:///var/run/docker.sock',
  storeId: 'test',
  hasBuildCache: true,
  digestsProvePush: true,
};

function timeOf(ago: number | null): KnownOrUnknown {
  return ago === null ? unknownTime('the engine does not tell') : { kind: 'known', at: hoursAgo(ago) };
}

function diskOf({ capacity, available }: { readonly capacity: number; readonly available: number }): DiskSpace {
  return { path: '/var/lib/docker', capacityBytes: capacity, availableBytes: available };
}

function chainOf(layers: readonly string[]): LocalImage['layers'] {
  return layers.map((layer, at) => ({
    chain: layers.slice(0, at + 1).join('/'),
    sizeBytes: Number(layer.split(':')[1] ?? 100),
  }));
}
