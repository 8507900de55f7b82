// What a run sees of the images of a store, on top of what earlier runs remember. Pure: the clock is a parameter.

import type { EngineMemory } from '../../host/port.ts';
import type {
  ContainerState,
  ImageId,
  ImageUses,
  LocalContainer,
  LocalImage,
  LocalStore,
} from '../../model/local-store.ts';
import { type Instant, instantFromMs } from '../../model/time.ts';
import { type HostMemory, mergeImages, type RememberedImage } from '../../plan/host/host-memory.ts';
import type { RepositoryWords } from '../../policy/host/host-evidence.ts';
import { appendTo } from '../../util/append-to.ts';

/** What a run looked at. */
export interface Sight {
  readonly store: Pick<LocalStore, 'engine' | 'images' | 'containers'>;
  /** What the engine itself still tells. */
  readonly told: EngineMemory;
  readonly before: HostMemory | undefined;
  readonly now: Instant;
}

/** Containers that do something, or may, use their image at this moment. */
const AT_WORK: ReadonlySet<ContainerState> = new Set(['running', 'paused', 'restarting', 'removing', 'unknown']);

/** Everything that is known now of the images that are in the store now; of others nothing. */
export function seeImages({ store, told, before, now }: Sight): HostMemory {
  const uses = new Map<ImageId, Instant[]>();
  for (const container of store.containers)
    for (const id of [container.imageId, ...(container.mounts ?? [])])
      if (id !== undefined) appendTo(uses, id as ImageId, lastUseBy(container, now));
  for (const [id, at] of told.uses) appendTo(uses, id, at);
  const images = [...store.images.keys()].map((id): readonly [ImageId, RememberedImage] => {
    const known = before?.images.get(id);
    const seen = seenNow({ uses: uses.get(id) ?? [], exchanged: told.exchanged.get(id) ?? [], now });
    return [id, known === undefined ? seen : mergeImages(known, seen)];
  });
  return { storeId: store.engine.storeId, seenAt: now, images: new Map(images) };
}

/**
 * The store with what the engine's events tell of its images: one that was built, named, pulled or pushed a moment ago is as young as if it
 * had its name since then. A build that finds all of its steps made already makes nothing that is new.
 */
export function withHandled(store: LocalStore, { handled = new Map() }: EngineMemory): LocalStore {
  const images = [...store.images].map(([id, image]): readonly [ImageId, LocalImage] => {
    const at = handled.get(id);
    const isNews = at !== undefined && (image.tagged.kind === 'unknown' || image.tagged.at < at);
    return [id, isNews ? { ...image, tagged: { kind: 'known', at } } : image];
  });
  return { ...store, images: new Map(images) };
}

/** The same with the repositories that were found to have an image now: a later run may learn there that they have it no more. */
export function addRepositories(
  memory: HostMemory,
  { images }: Pick<LocalStore, 'images'>,
  repositories: readonly RepositoryWords[],
): HostMemory {
  const seen = [...memory.images].map(([id, known]): readonly [ImageId, RememberedImage] => {
    const names = images.get(id)?.names ?? [];
    const seenIn = repositories
      .filter(({ words }) => names.some((name) => words.get(name) === 'there'))
      .map(({ repository }) => repository);
    return [id, mergeImages(known, { firstSeen: known.firstSeen, seenIn })];
  });
  return { ...memory, images: new Map(seen) };
}

/** The memory without images that have gone. */
export function forgetImages(memory: HostMemory, gone: ReadonlySet<ImageId>): HostMemory {
  return { ...memory, images: new Map([...memory.images].filter(([id]) => !gone.has(id))) };
}

/** What decisions need of it. */
export function usesOf({ images }: HostMemory): ImageUses {
  return images;
}

function seenNow(seen: {
  readonly uses: readonly Instant[];
  readonly exchanged: readonly string[];
  readonly now: Instant;
}): RememberedImage {
  const { uses, exchanged, now } = seen;
  const seenIn = [...new Set(exchanged.map(repositoryOf))].sort();
  return {
    firstSeen: now,
    // A clock that was wrong makes nothing look used in the future: then it would never become old.
    ...(uses.length === 0 ? {} : { lastUsed: instantFromMs(Math.min(now, Math.max(...uses))) }),
    ...(seenIn.length === 0 ? {} : { seenIn }),
  };
}

/** When a container last used its image, as late as it may have been. */
function lastUseBy({ state, finished, created }: LocalContainer, now: Instant): Instant {
  if (AT_WORK.has(state)) return now;
  if (finished.kind === 'known') return finished.at;
  return state === 'created' && created.kind === 'known' ? created.at : now;
}

/** `registry.example.com:5000/app:v1@sha256:…` → `registry.example.com:5000/app`. */
function repositoryOf(name: string): string {
  const [path = ''] = name.split('@');
  const colon = path.indexOf(':', path.lastIndexOf('/') + 1);
  return colon === -1 ? path : path.slice(0, colon);
}
