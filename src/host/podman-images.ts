// Podman's images, as its own API tells them: the Docker-compatible one leaves lists out, and opens one as the image that it lists.

import * as z from 'zod';
import type { ImageId, LocalImage } from '../model/local-store.ts';
import { believableCreated, type Instant, unknownTime } from '../model/time.ts';
import { askFor, askWhether } from './ask-json.ts';
import { buildLayers } from './build-layers.ts';
import type { EngineConnection } from './connection.ts';
import { imageIdOf, inPath, realNames } from './image-names.ts';
import { historySchema, imageSchema, listedImageSchema, listSchema } from './wire.ts';

/** The version of the API that Podman 4 and 5 both speak. */
export const LIBPOD = '/v4.0.0/libpod';

/** An image in podman's list. */
export interface ListedPodmanImage {
  readonly id: ImageId;
  readonly names: readonly string[];
  readonly digests: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly parent: ImageId | undefined;
  readonly sizeBytes: number;
  readonly isReadOnly: boolean;
}

/** Every image, with lists and with what builds left between. */
export async function listPodmanImages(connection: EngineConnection): Promise<readonly ListedPodmanImage[]> {
  const read = { path: `${LIBPOD}/images/json`, query: { all: 'true' }, purpose: 'list the images' };
  const listed = await askFor(connection, read, z.array(listedImageSchema));
  return listed.map((one) => ({
    id: (imageIdOf(one.Id) ?? one.Id) as ImageId,
    names: realNames(one.RepoTags),
    digests: realNames(one.RepoDigests),
    labels: one.Labels,
    parent: imageIdOf(one.ParentId),
    sizeBytes: one.Size,
    isReadOnly: one.ReadOnly ?? false,
  }));
}

/** One image of the list in full; undefined when it is gone. */
export async function readPodmanImage(
  connection: EngineConnection,
  listed: ListedPodmanImage,
  now: Instant,
): Promise<LocalImage | undefined> {
  const image = await inspect(connection, listed.id);
  if (image === undefined) return await readList(connection, listed);
  const path = `${pathOf(listed.id)}/history`;
  const history = await askWhether(connection, { path, purpose: "read an image's history" }, z.array(historySchema));
  if (history === undefined) return undefined;
  return {
    ...plain(listed),
    created: believableCreated(image.Created ?? undefined, now),
    layers: buildLayers(image.RootFS?.Layers ?? [], history),
    isList: false,
  };
}

/** The image that podman takes a name for, as it does when it mounts one; undefined when it knows none. */
export async function findPodmanImage(connection: EngineConnection, name: string): Promise<ImageId | undefined> {
  const read = { path: `${LIBPOD}/images/${inPath(name)}/json`, purpose: 'read an image' };
  return imageIdOf((await askWhether(connection, read, imageSchema))?.Id);
}

/** Whether what has this id is a list of images, and no image itself. */
export async function isPodmanList(connection: EngineConnection, id: ImageId): Promise<boolean> {
  return (await inspect(connection, id)) === undefined;
}

/**
 * Undefined when there is no image with this very id: podman follows a list to an image that it lists, or says that there is none where it
 * lists none of this platform.
 */
async function inspect(connection: EngineConnection, id: ImageId) {
  const read = { path: `${pathOf(id)}/json`, purpose: 'read an image' };
  const image = await askWhether(connection, read, imageSchema);
  return image !== undefined && imageIdOf(image.Id) === id ? image : undefined;
}

function pathOf(id: ImageId): string {
  return `${LIBPOD}/images/${id.replace('sha256:', '')}`;
}

function plain({ parent, isReadOnly, ...listed }: ListedPodmanImage) {
  const tagged = unknownTime('podman does not tell when an image got its name');
  return {
    ...listed,
    tagged,
    ...(isReadOnly ? { isReadOnly } : {}),
    ...(parent === undefined ? {} : { parent }),
  };
}

/** Undefined when there is neither an image nor a list. */
async function readList(connection: EngineConnection, listed: ListedPodmanImage): Promise<LocalImage | undefined> {
  const [name = listed.id.replace('sha256:', '')] = listed.names;
  const read = { path: `${LIBPOD}/manifests/${inPath(name)}/json`, purpose: 'read a list of images' };
  const list = await askWhether(connection, read, listSchema);
  if (list === undefined) return undefined;
  return {
    ...plain(listed),
    created: unknownTime('a list of images has no creation time'),
    layers: undefined,
    isList: true,
    lists: (list.manifests ?? []).map(({ digest }) => digest),
  };
}
