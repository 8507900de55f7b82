// Writes one record into a repository, unless a fresh one is there already: as a referrer of its image where the registry finds it so, else under a
// tag of its own.

import { RegistryError } from '../errors.ts';
import type { Log } from '../log.ts';
import { RECORD_KEYS } from '../model/build-record.ts';
import { type Digest, formatRepository, type Tag } from '../model/reference.ts';
import { type Instant, parseRfc3339 } from '../model/time.ts';
import { decodeManifest } from '../registry/decode-manifest.ts';
import type { ManifestBytes, Registry } from '../registry/port.ts';
import {
  type BuiltRecord,
  buildRecord,
  isStatement,
  type RecordForm,
  type RecordFrame,
  recordTagOf,
  type Statement,
} from './record-manifest.ts';

/**
 * A record that says the same is as good as a new one for so long, in milliseconds: enough for a step that is tried again. Later the image
 * is published anew, as by a job that goes back to it, and only a new record keeps it until clusters run it.
 */
const FRESH_MS = 15 * 60_000;

/** Where a record is, and whether it has only just come there. */
export interface WrittenRecord {
  readonly record: Digest;
  /** Absent for one that the registry finds by its subject. */
  readonly tag?: Tag;
  readonly outcome: 'written' | 'already-there';
}

/** What all records about one image share. */
export interface RecordPlace {
  readonly registry: Registry;
  readonly subject: ManifestBytes;
  /** What refers to the image already, by digest, with annotations; empty where records have tags. */
  readonly referrers: ReadonlyMap<Digest, Readonly<Record<string, string>>>;
  /** Whether a record needs no tag. */
  readonly isIndexed: boolean;
  readonly now: Instant;
  readonly source?: string | undefined;
  readonly log: Log;
}

/**
 * Looks at the image that records are to be about, and at the registry.
 * @throws RegistryError REGISTRY_REFUSED when the image is not there, or nothing can be written; AuthError and the like as the registry says.
 */
export async function openPlace(
  registry: Registry,
  image: Digest,
  rest: Pick<RecordPlace, 'now' | 'source' | 'log'>,
): Promise<RecordPlace> {
  const place = formatRepository(registry.repository);
  const subject = await registry.readManifest(image);
  if (subject === 'absent')
    throw new RegistryError(`${place}@${image} is not in the registry: there is nothing to record about it.`, {
      code: 'REGISTRY_REFUSED',
      hint: 'Push the image first, and give the digest that the push reported; of an image for several platforms the digest of its index.',
    });
  const found = await findReferrers(registry, image);
  return { registry, subject, isIndexed: found !== undefined, referrers: found ?? new Map(), ...rest };
}

/**
 * What refers to the image by the registry's own index; undefined where there is none, or where what has no tag is collected. Where untagged
 * manifests are listed one by one, others delete them by that: a tag is safer.
 */
async function findReferrers(registry: Registry, image: Digest): Promise<RecordPlace['referrers'] | undefined> {
  if (registry.capabilities.collectsUntagged || registry.capabilities.referrers === 'native') return undefined;
  const { nodes } = await registry.readDigests([image]);
  if (registry.capabilities.referrers !== 'api') return undefined;
  const referring = [...nodes.values()].filter(({ subject }) => subject === image);
  return new Map(referring.map(({ digest, annotations }) => [digest, annotations]));
}

/** Writes a record that states this, or finds one that has done so only just. @throws what the registry throws; nothing is left half written. */
export async function writeRecord(place: RecordPlace, statement: Statement): Promise<WrittenRecord> {
  const tag = recordTagOf(statement);
  const known = await findRecord(place, statement, tag);
  if (known !== undefined) return known;
  try {
    return await putRecord(place, { statement, tag, form: 'artifact' });
  } catch (error) {
    if (!isRefused(error)) throw error;
    place.log.debug(`the registry takes no artifact of this type, an image it may: ${error.message}`);
    return await putRecord(place, { statement, tag, form: 'image' });
  }
}

async function findRecord(
  { registry, referrers, now }: RecordPlace,
  statement: Statement,
  tag: Tag,
): Promise<WrittenRecord | undefined> {
  const outcome = 'already-there';
  for (const [record, annotations] of referrers)
    if (isStatement(annotations, statement) && isFresh(annotations, now)) return { record, outcome };
  const record = await registry.resolveTag(tag);
  if (record === 'absent') return undefined;
  const manifest = await registry.readManifest(record);
  if (manifest === 'absent') return undefined;
  const { subject, annotations } = decodeManifest(manifest.bytes, manifest.mediaType);
  if (subject === statement.image && isStatement(annotations, statement))
    return isFresh(annotations, now) ? { record, tag, outcome } : undefined;
  throw new RegistryError(
    `The tag ${tag} in ${formatRepository(registry.repository)} is on something else than the record it is for.`,
    {
      code: 'REGISTRY_REFUSED',
      hint: `Delete the tag ${tag} if nobody needs it, and record again.`,
    },
  );
}

function isFresh(annotations: Readonly<Record<string, string>>, now: Instant): boolean {
  const at = parseRfc3339(annotations[RECORD_KEYS.created] ?? '');
  return at !== undefined && Math.abs(now - at) < FRESH_MS;
}

interface Writing {
  readonly statement: Statement;
  readonly tag: Tag;
  readonly form: RecordForm;
}

async function putRecord(place: RecordPlace, { statement, tag, form }: Writing): Promise<WrittenRecord> {
  const { registry } = place;
  const record = buildRecord(statement, frameOf(place), form);
  await putBlobs(registry, record);
  const outcome = 'written';
  if (place.isIndexed) {
    const { isIndexed } = await registry.putManifest(record.manifest, record.digest);
    if (isIndexed) return { record: record.digest, outcome };
  }
  await registry.putManifest(record.manifest, tag);
  return { record: record.digest, tag, outcome };
}

function frameOf({ subject, now: at, source }: RecordPlace): RecordFrame {
  return { subject, at, ...(source === undefined ? {} : { source }) };
}

async function putBlobs(registry: Registry, { blobs }: BuiltRecord): Promise<void> {
  if (registry.putBlob === undefined)
    throw new RegistryError(`Nothing can be written to ${formatRepository(registry.repository)}.`, {
      code: 'REGISTRY_UNSUPPORTED',
    });
  for (const blob of blobs) await registry.putBlob(blob);
}

/** The registry has understood, and does not want this. */
function isRefused(error: unknown): error is RegistryError {
  if (!(error instanceof RegistryError)) return false;
  return error.code === 'REGISTRY_REFUSED' || error.code === 'REGISTRY_UNSUPPORTED';
}
