// Images that containers have mounted as folders. No engine counts that as use: Podman deletes one below a container that runs.

import type { ContainerState, ImageId, LocalContainer } from '../model/local-store.ts';
import { mapConcurrently } from '../util/map-concurrently.ts';

/** How one engine tells what is mounted. */
export interface MountSource {
  /** What is mounted in a container, as it was asked for; empty when the container is gone. */
  read(container: LocalContainer): Promise<readonly Mount[]>;
  /** The image that the engine means by a name or an id now; undefined when it means none. */
  find(name: string): Promise<ImageId | undefined>;
}

/** One folder of a container. */
export interface Mount {
  readonly Type?: string | null | undefined;
  readonly Source?: string | null | undefined;
}

const PARALLEL_READS = 6;
const IMAGE = 'image';
const ENDED: ReadonlySet<ContainerState> = new Set(['created', 'exited', 'dead']);

/** Whether an image is mounted there. */
export function isImageMount({ Type }: Mount): boolean {
  return Type === IMAGE;
}

/** The containers with the images that are mounted in them. `hasMounts`: whether to look at one at all. */
export async function withMountedImages<Container extends LocalContainer>(
  containers: readonly Container[],
  hasMounts: (container: Container) => boolean,
  source: MountSource,
): Promise<readonly Container[]> {
  return await mapConcurrently(containers, PARALLEL_READS, async (container) => {
    if (!hasMounts(container)) return container;
    const names = (await source.read(container)).filter(isImageMount).map(({ Source }) => Source ?? '');
    if (names.length === 0) return container;
    const mounts = await Promise.all(names.map(async (name) => (await source.find(name)) ?? name));
    return { ...container, mounts };
  });
}

/**
 * Whether a container uses an image, or may: it was made from it or has it mounted; or nobody knows which image that is. `ids`: all that the
 * engine calls the image by.
 */
export function mayUse({ imageId, mounts = [], state }: LocalContainer, ids: readonly string[]): boolean {
  if (imageId === undefined || ids.includes(imageId)) return true;
  return mounts.some((mount) => ids.includes(mount) || (!mount.startsWith('sha256:') && !ENDED.has(state)));
}
