// Podman behind the port.

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Engine, ImageId, LocalContainer } from '../model/local-store.ts';
import type { Instant } from '../model/time.ts';
import { askFor } from './ask-json.ts';
import type { EngineConnection } from './connection.ts';
import { askDelete } from './deed.ts';
import type { GatewayParts } from './docker-gateway.ts';
import { measureDisk } from './measure-disk.ts';
import { mayUse } from './mounted-images.ts';
import { holdsImage, untilProved } from './own-folder.ts';
import { listPodmanContainers } from './podman-containers.ts';
import { deletePodmanImage } from './podman-delete.ts';
import { LIBPOD, listPodmanImages, readPodmanImage } from './podman-images.ts';
import type { EngineGateway, ImageState } from './port.ts';
import { readEvents } from './read-events.ts';
import { readImages } from './read-store.ts';
import { podmanInfoSchema } from './wire.ts';

/** Podman, asked who it is. */
export async function openPodman({ connection, place, surroundings, version }: GatewayParts): Promise<EngineGateway> {
  const info = await askFor(connection, { path: `${LIBPOD}/info`, purpose: 'ask who it is' }, podmanInfoSchema);
  const { graphRoot, graphDriverName } = info.store;
  const identity = JSON.stringify([info.host.hostname, graphRoot, graphDriverName]);
  const engine: Engine = {
    kind: 'podman',
    title: `Podman ${version}`,
    address: connection.address,
    storeId: `podman:${createHash('sha256').update(identity).digest('hex')}`,
    hasBuildCache: false,
    digestsProvePush: false,
  };
  const { now, log, engineRoot } = surroundings;
  const isItsOwn = untilProved(async (folder) => {
    const images = await listPodmanImages(connection);
    return await holdsImage(
      images.map(({ id }) => id),
      (hex) => join(folder, `${graphDriverName}-images`, hex),
    );
  });
  const measure = async () =>
    await measureDisk({ place, hostname: info.host.hostname, folders: [graphRoot], engineRoot, isItsOwn });
  return {
    engine,
    readStore: async () => {
      const images = await readImages(connection, {
        list: async () => await listPodmanImages(connection),
        read: async (listed) => await readPodmanImage(connection, listed, now()),
      });
      // After the images: a container that has come meanwhile holds its image already.
      const containers = await listPodmanContainers(connection, now());
      const disk = await measure();
      const known = disk.kind === 'known' ? { disk: disk.disk } : { disk: undefined, whyNoDisk: disk.why };
      return { engine, complete: true, images, containers, buildCache: undefined, ...known };
    },
    readMemory: async (store, since) =>
      // `pull` is written down for an image that was there already, `push` for one that failed.
      await readEvents(connection, { request: eventsOf(since), provesExchange: false }, { store, log }),
    readImage: async (id) => await readState(connection, id, now()),
    readContainer: async (id) => (await findContainer(connection, id, now()))?.state,
    deleteName: async (name) => await deletePodmanImage(connection, { name, now: now() }),
    deleteImage: async (id) => await deletePodmanImage(connection, { id, now: now() }),
    deleteContainer: async (id) =>
      await askDelete(
        connection,
        { path: `/containers/${id}`, query: { v: 'false', force: 'false' }, purpose: 'delete a container' },
        async () => (await findContainer(connection, id, now())) !== undefined,
      ),
    pruneBuildCache: () => Promise.resolve({ kind: 'failed', why: 'Podman has no build cache of its own' }),
    readBuildCache: () => Promise.resolve(undefined),
    measureDisk: measure,
    close: () => undefined,
  };
}

async function readState(connection: EngineConnection, id: ImageId, now: Instant): Promise<ImageState | undefined> {
  // Podman opens a list as the image that it lists, so each look is a look at the list of all.
  const image = (await listPodmanImages(connection)).find((one) => one.id === id);
  if (image === undefined) return undefined;
  const containers = await listPodmanContainers(connection, now);
  // Whose image is not known may use this one.
  return { id, names: image.names, users: containers.filter((container) => mayUse(container, [id])) };
}

async function findContainer(
  connection: EngineConnection,
  id: string,
  now: Instant,
): Promise<LocalContainer | undefined> {
  return (await listPodmanContainers(connection, now)).find((one) => one.id === id);
}

/** Without an end: podman takes one that lies in the past for the end of everything. */
function eventsOf(since: Instant) {
  return { path: `${LIBPOD}/events`, query: { stream: 'false', since: String(Math.floor(since / 1000)) } };
}
