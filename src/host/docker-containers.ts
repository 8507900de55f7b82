// Docker's containers, as its Engine API tells them.

import * as z from 'zod';
import type { ContainerId, ContainerState, ImageId, LocalContainer } from '../model/local-store.ts';
import { type Instant, type KnownOrUnknown, unknownTime } from '../model/time.ts';
import { mapConcurrently } from '../util/map-concurrently.ts';
import { askFor, askWhether } from './ask-json.ts';
import type { EngineConnection } from './connection.ts';
import { containerStateOf } from './container-states.ts';
import { inspectDockerImage } from './docker-images.ts';
import { timeFromSeconds, timeFromText } from './engine-times.ts';
import { imageIdOf } from './image-names.ts';
import { isImageMount, withMountedImages } from './mounted-images.ts';
import { dockerContainerSchema, dockerContainerStateSchema, dockerMountsSchema } from './wire.ts';

const PARALLEL_READS = 6;
const ENDED: ReadonlySet<ContainerState> = new Set(['exited', 'dead']);

/** Every container, whatever it does; when it ended is not looked up. */
export async function listDockerContainers(
  connection: EngineConnection,
  now: Instant,
): Promise<readonly LocalContainer[]> {
  const read = { path: '/containers/json', query: { all: 'true' }, purpose: 'list the containers' };
  const listed = await askFor(connection, read, z.array(dockerContainerSchema));
  const mounting = new Set<string>(listed.filter(({ Mounts }) => Mounts.some(isImageMount)).map(({ Id }) => Id));
  const containers = listed.map((one) => ({
    id: one.Id as ContainerId,
    name: (one.Names[0] ?? '').replace(/^\//, ''),
    imageId: imageIdOf(one.ImageID),
    image: one.Image ?? '',
    state: containerStateOf(one.State),
    created: timeFromSeconds(one.Created, 'when it was made', now),
    finished: unknownTime('it has not ended'),
    labels: one.Labels,
  }));
  return await withMountedImages(containers, ({ id }) => mounting.has(id), {
    read: async ({ id }) => (await inspect(connection, id, dockerMountsSchema))?.HostConfig?.Mounts ?? [],
    find: async (name) => imageIdOf((await inspectDockerImage(connection, name))?.Id),
  });
}

/** The same, with the end of those that ended, and each with an image of the store where the engine knows it by another id. */
export async function readDockerContainers(
  connection: EngineConnection,
  { images, now }: { readonly images: ReadonlySet<ImageId>; readonly now: Instant },
): Promise<readonly LocalContainer[]> {
  const listed = await listDockerContainers(connection, now);
  const read = await mapConcurrently(listed, PARALLEL_READS, async (one) => {
    const finished = ENDED.has(one.state) ? await readEnd(connection, one.id, now) : one.finished;
    if (finished === undefined) return [];
    const isKnown = one.imageId === undefined || images.has(one.imageId);
    return [{ ...one, finished, ...(isKnown ? {} : { imageId: await resolveImage(connection, one) }) }];
  });
  return read.flat();
}

/** What it does now; undefined when it is gone. */
export async function readDockerContainer(
  connection: EngineConnection,
  id: ContainerId,
): Promise<ContainerState | undefined> {
  const inspected = await inspect(connection, id, dockerContainerStateSchema);
  return inspected === undefined ? undefined : containerStateOf(inspected.State.Status);
}

/** Undefined when the container is gone. */
async function readEnd(
  connection: EngineConnection,
  id: ContainerId,
  now: Instant,
): Promise<KnownOrUnknown | undefined> {
  const inspected = await inspect(connection, id, dockerContainerStateSchema);
  return inspected === undefined ? undefined : timeFromText(inspected.State.FinishedAt, 'when it ended', now);
}

/** Containerd's store may call the image of a container by the manifest of its platform, and the list by the index. */
async function resolveImage(
  connection: EngineConnection,
  { imageId = '' as ImageId }: LocalContainer,
): Promise<ImageId> {
  const image = await inspectDockerImage(connection, imageId);
  return (image?.Id as ImageId | undefined) ?? imageId;
}

async function inspect<Schema extends z.ZodType>(
  connection: EngineConnection,
  id: ContainerId,
  schema: Schema,
): Promise<z.infer<Schema> | undefined> {
  return await askWhether(connection, { path: `/containers/${id}/json`, purpose: 'read a container' }, schema);
}
