// Deletes an image of podman's by its own API: the Docker-compatible one takes a list for the image that it lists, and deletes ancestors
// with their descendant.

import * as z from 'zod';
import { quoteFirstLine } from '../http/redact-text.ts';
import type { ImageId } from '../model/local-store.ts';
import type { Instant } from '../model/time.ts';
import { decodeAnswer } from './ask-json.ts';
import type { EngineConnection } from './connection.ts';
import { askDeed } from './deed.ts';
import { mayUse } from './mounted-images.ts';
import { listPodmanContainers } from './podman-containers.ts';
import { isPodmanList, LIBPOD, type ListedPodmanImage, listPodmanImages } from './podman-images.ts';
import type { EngineOutcome } from './port.ts';

/** What podman says after it tried, with status 200 whatever came of it. */
const removalSchema = z.looseObject({
  ExitCode: z.number(),
  Errors: z
    .array(z.string())
    .nullish()
    .transform((list) => list ?? []),
});
/** https://docs.podman.io/en/stable/markdown/podman-rmi.1.html#exit-status */
const NO_SUCH_IMAGE = 1;
const USED_BY_CONTAINERS = 2;

/** One name, or an image that has one at most. */
export interface PodmanTarget {
  readonly name?: string;
  readonly id?: ImageId;
  readonly now: Instant;
}

/**
 * Deletes it. A list goes only by `lookupManifest`, without it podman deletes what it lists; and what is no list only without it. With
 * `noprune` ancestors stay. https://docs.podman.io/en/latest/_static/api.html#tag/images/operation/ImageDeleteAllLibpod
 * @throws EvidenceError EVIDENCE_ENGINE when the engine does not tell what the target is.
 */
export async function deletePodmanImage(connection: EngineConnection, target: PodmanTarget): Promise<EngineOutcome> {
  const found = await findImage(connection, target);
  if (found === undefined) return { kind: 'already-gone' };
  const purpose = 'delete an image';
  const lookupManifest = String(await isPodmanList(connection, found.id));
  const images = target.name ?? found.id.replace('sha256:', '');
  const query = { images, force: 'false', noprune: 'true', lookupManifest };
  const asked = await askDeed(connection, { method: 'DELETE', path: `${LIBPOD}/images/remove`, query, purpose });
  if (asked.kind === 'failed') return asked;
  const { status, text } = asked.answer;
  if (status !== 200) return { kind: 'failed', why: `the engine answered ${status} to the request to ${purpose}` };
  const { ExitCode, Errors } = decodeAnswer(connection, { purpose, text }, removalSchema);
  if (ExitCode === 0 && Errors.length === 0) return { kind: 'deleted' };
  if (ExitCode === NO_SUCH_IMAGE) return { kind: 'already-gone' };
  const why = `the engine refused: ${quoteFirstLine(Errors.join(' ')) ?? 'no text'}`;
  return { kind: ExitCode === USED_BY_CONTAINERS || (await isHeld(connection, target)) ? 'refused' : 'failed', why };
}

async function findImage(
  connection: EngineConnection,
  { name, id }: PodmanTarget,
): Promise<ListedPodmanImage | undefined> {
  const images = await listPodmanImages(connection);
  return images.find((one) => (name === undefined ? one.id === id : one.names.includes(name)));
}

/** Whether names or containers speak against deleting it. */
async function isHeld(connection: EngineConnection, target: PodmanTarget): Promise<boolean> {
  const image = await findImage(connection, target);
  if (image === undefined) return false;
  const containers = await listPodmanContainers(connection, target.now);
  return image.names.length > 1 || containers.some((container) => mayUse(container, [image.id]));
}
