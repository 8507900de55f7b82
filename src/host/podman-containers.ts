// Podman's containers, with those that other programs (buildah) keep in the same store: they hold images as well.

import * as z from 'zod';
import type { ContainerId, LocalContainer } from '../model/local-store.ts';
import { believableCreated, type Instant } from '../model/time.ts';
import { askFor, askWhether } from './ask-json.ts';
import type { EngineConnection } from './connection.ts';
import { containerStateOf } from './container-states.ts';
import { timeFromSeconds } from './engine-times.ts';
import { imageIdOf } from './image-names.ts';
import { withMountedImages } from './mounted-images.ts';
import { findPodmanImage, LIBPOD } from './podman-images.ts';
import { podmanContainerSchema, podmanMountsSchema } from './wire.ts';

/** Every container, whatever it does. One that was made from no image is left out: it uses none. */
export async function listPodmanContainers(
  connection: EngineConnection,
  now: Instant,
): Promise<readonly LocalContainer[]> {
  const query = { all: 'true', external: 'true' };
  const read = { path: `${LIBPOD}/containers/json`, query, purpose: 'list the containers' };
  const listed = await askFor(connection, read, z.array(podmanContainerSchema));
  const mounting = new Set<string>(listed.filter(({ Mounts }) => Mounts.length > 0).map(({ Id }) => Id));
  const containers = listed
    .filter(({ Image, ImageID }) => (ImageID ?? '') !== '' || (Image ?? '') !== '')
    .map((one) => ({
      id: one.Id as ContainerId,
      name: one.Names[0] ?? '',
      imageId: imageIdOf(one.ImageID),
      image: one.Image ?? '',
      state: containerStateOf(one.State),
      created: believableCreated(one.Created, now),
      finished: timeFromSeconds(one.ExitedAt, 'when it ended', now),
      labels: one.Labels,
    }));
  return await withMountedImages(containers, ({ id }) => mounting.has(id), {
    read: async ({ id }) => (await readMounts(connection, id))?.Mounts ?? [],
    find: async (name) => await findPodmanImage(connection, name),
  });
}

async function readMounts(connection: EngineConnection, id: ContainerId) {
  const read = { path: `${LIBPOD}/containers/${id}/json`, purpose: 'read a container' };
  return await askWhether(connection, read, podmanMountsSchema);
}
