// Docker behind the port.

import { join } from 'node:path';
import type { Engine, ImageId, LocalStore } from '../model/local-store.ts';
import type { Instant } from '../model/time.ts';
import { askFor } from './ask-json.ts';
import { pruneBuildCache, readBuildCache } from './build-cache.ts';
import type { EngineConnection } from './connection.ts';
import { askDelete } from './deed.ts';
import { listDockerContainers, readDockerContainer, readDockerContainers } from './docker-containers.ts';
import { inspectDockerImage, listDockerImages, readDockerImage } from './docker-images.ts';
import type { EnginePlace } from './engine-place.ts';
import { inPath, realNames, repositoryOf } from './image-names.ts';
import { measureDisk } from './measure-disk.ts';
import { mayUse } from './mounted-images.ts';
import { hasEngineId, holdsImage, untilProved } from './own-folder.ts';
import type { DiskMeasure, EngineGateway, EngineOutcome, EngineSurroundings, ImageState } from './port.ts';
import { readEvents } from './read-events.ts';
import { readImages } from './read-store.ts';
import { dockerInfoSchema } from './wire.ts';

/** What a gateway is made of. */
export interface GatewayParts {
  readonly connection: EngineConnection;
  readonly place: EnginePlace;
  readonly surroundings: EngineSurroundings;
  /** The engine's own. */
  readonly version: string;
}

/** How Docker names containerd's store among the words of its driver. */
const CONTAINERD_STORE = 'io.containerd.snapshotter.v1';
/** Where a containerd has its files that Docker did not start itself. */
const CONTAINERD_ROOT = '/var/lib/containerd';

/** Docker, asked who it is. */
export async function openDocker({ connection, place, surroundings, version }: GatewayParts): Promise<EngineGateway> {
  const info = await askFor(connection, { path: '/info', purpose: 'ask who it is' }, dockerInfoSchema);
  const isContainerd = info.DriverStatus.some(([key, value]) => key === 'driver-type' && value === CONTAINERD_STORE);
  const engine: Engine = {
    kind: 'docker',
    title: `Docker ${version}`,
    address: connection.address,
    storeId: `docker:${info.ID}`,
    hasBuildCache: true,
    digestsProvePush: !isContainerd,
  };
  const { now, log, engineRoot } = surroundings;
  const folders = isContainerd ? [info.DockerRootDir, CONTAINERD_ROOT] : [info.DockerRootDir];
  const isItsOwn = untilProved(async (folder) => {
    if (await hasEngineId(folder, info.ID)) return true;
    const images = await listDockerImages(connection);
    const place = (hex: string) => join(folder, 'image', info.Driver, 'imagedb', 'content', 'sha256', hex);
    return await holdsImage(
      images.map(({ id }) => id),
      place,
    );
  });
  const measure = async () => await measureDisk({ place, hostname: info.Name, folders, engineRoot, isItsOwn });
  return {
    engine,
    readStore: async () => await readStore(connection, { engine, measure, now: now() }),
    readMemory: async (store, since) =>
      await readEvents(connection, { request: eventsOf(since, now()), provesExchange: isContainerd }, { store, log }),
    readImage: async (id) => await readState(connection, id, now()),
    readContainer: async (id) => await readDockerContainer(connection, id),
    deleteName: async (name) => await deleteReference(connection, name),
    deleteImage: async (id) => await deleteImage(connection, id),
    deleteContainer: async (id) =>
      await askDelete(connection, {
        path: `/containers/${id}`,
        query: { v: 'false', force: 'false', link: 'false' },
        purpose: 'delete a container',
      }),
    pruneBuildCache: async (olderThan) => await pruneBuildCache(connection, olderThan),
    readBuildCache: async () => await readBuildCache(connection, now()),
    measureDisk: measure,
    close: () => undefined,
  };
}

interface StoreParts {
  readonly engine: Engine;
  readonly measure: () => Promise<DiskMeasure>;
  readonly now: Instant;
}

async function readStore(connection: EngineConnection, { engine, measure, now }: StoreParts): Promise<LocalStore> {
  const images = await readImages(connection, {
    list: async () => await listDockerImages(connection),
    read: async (listed) => await readDockerImage(connection, listed, now),
  });
  // After the images: a container that has come meanwhile holds its image already.
  const containers = await readDockerContainers(connection, { images: new Set(images.keys()), now });
  const buildCache = await readBuildCache(connection, now);
  const disk = await measure();
  const known = disk.kind === 'known' ? { disk: disk.disk } : { disk: undefined, whyNoDisk: disk.why };
  return { engine, complete: true, images, containers, buildCache, ...known };
}

async function readState(connection: EngineConnection, id: ImageId, now: Instant): Promise<ImageState | undefined> {
  const image = await inspectDockerImage(connection, id);
  if (image === undefined) return undefined;
  const containers = await listDockerContainers(connection, now);
  // Whose image is not known may use this one.
  const users = containers.filter((container) => mayUse(container, [id, image.Id]));
  return { id, names: realNames(image.RepoTags), users };
}

/**
 * By id. An image without a name that came by digest from several repositories is deleted only when all but one of these digests have been
 * taken off, as it is with names.
 */
async function deleteImage(connection: EngineConnection, id: ImageId): Promise<EngineOutcome> {
  const image = await inspectDockerImage(connection, id);
  if (image === undefined) return { kind: 'already-gone' };
  const named = new Set(realNames(image.RepoTags).map(repositoryOf));
  const others = realNames(image.RepoDigests).filter((digest) => !named.has(repositoryOf(digest)));
  for (const digest of named.size > 0 ? others : others.slice(1)) {
    const outcome = await deleteReference(connection, digest);
    if (outcome.kind === 'refused' || outcome.kind === 'failed') return outcome;
  }
  return await deleteReference(connection, id);
}

async function deleteReference(connection: EngineConnection, reference: string): Promise<EngineOutcome> {
  const query = { force: 'false', noprune: 'true' };
  return await askDelete(connection, { path: `/images/${inPath(reference)}`, query, purpose: 'delete an image' });
}

/** Docker answers at once only when the end lies in the past. */
function eventsOf(since: Instant, now: Instant) {
  const seconds = (at: Instant) => String(Math.floor(at / 1000));
  const filters = JSON.stringify({ type: ['container', 'image'] });
  return { path: '/events', query: { since: seconds(since), until: seconds(now), filters } };
}
