// Docker's images, as its Engine API tells them.

import * as z from 'zod';
import type { ImageId, LocalImage } from '../model/local-store.ts';
import { believableCreated, type Instant } from '../model/time.ts';
import { askFor, askWhether } from './ask-json.ts';
import { buildLayers, type HistoryStep } from './build-layers.ts';
import type { EngineConnection } from './connection.ts';
import { timeFromText } from './engine-times.ts';
import { imageIdOf, inPath, realNames } from './image-names.ts';
import { historySchema, imageSchema, listedImageSchema } from './wire.ts';

type Inspected = z.infer<typeof imageSchema>;

/** An image in Docker's list. */
export interface ListedDockerImage {
  readonly id: ImageId;
  readonly sizeBytes: number;
}

/** Every image, the intermediate ones of the classic builder too. */
export async function listDockerImages(connection: EngineConnection): Promise<readonly ListedDockerImage[]> {
  const read = { path: '/images/json', query: { all: 'true' }, purpose: 'list the images' };
  const listed = await askFor(connection, read, z.array(listedImageSchema));
  return listed.map(({ Id, Size }) => ({ id: Id as ImageId, sizeBytes: Size }));
}

/** An image as it is called now; undefined when it is gone. */
export async function inspectDockerImage(connection: EngineConnection, id: string): Promise<Inspected | undefined> {
  return await askWhether(connection, { path: `/images/${inPath(id)}/json`, purpose: 'read an image' }, imageSchema);
}

/** One image of the list in full; undefined when it is gone. */
export async function readDockerImage(
  connection: EngineConnection,
  { id, sizeBytes }: ListedDockerImage,
  now: Instant,
): Promise<LocalImage | undefined> {
  const inspected = await inspectDockerImage(connection, id);
  if (inspected === undefined) return undefined;
  const history = await askWhether(
    connection,
    { path: `/images/${inPath(id)}/history`, purpose: "read an image's history" },
    z.array(historySchema),
  );
  return history === undefined ? undefined : describeImage(inspected, { id, sizeBytes, history, now });
}

interface Known extends ListedDockerImage {
  readonly history: readonly HistoryStep[];
  readonly now: Instant;
}

function describeImage(inspected: Inspected, { id, sizeBytes, history, now }: Known): LocalImage {
  const parent = imageIdOf(inspected.Parent);
  const diffIds = inspected.RootFS?.Layers;
  return {
    id,
    names: realNames(inspected.RepoTags),
    digests: realNames(inspected.RepoDigests),
    labels: inspected.Config?.Labels ?? {},
    created: believableCreated(inspected.Created ?? undefined, now),
    tagged: timeFromText(inspected.Metadata?.LastTagTime, 'when it got its name', now),
    // Containerd's store counts what it unpacked in the list, and what it packed here.
    sizeBytes: Math.max(sizeBytes, inspected.Size ?? 0),
    layers: diffIds === undefined ? undefined : buildLayers(diffIds, history),
    ...(parent === undefined ? {} : { parent }),
    // An index whose image for this platform is not here has no layers to tell.
    isList: diffIds === undefined,
    ...(diffIds === undefined ? { lists: [] } : {}),
  };
}
