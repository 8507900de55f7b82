// A record of werf's: a tiny image whose labels and tag say something. Built and pushed as werf does it, so that werf reads it.

import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { RegistryError } from '../errors.ts';
import { type Digest, formatRepository, parseDigest, type Tag } from '../model/reference.ts';
import type { Annotations, ImageNode } from '../model/snapshot.ts';
import { formatInstant, type Instant } from '../model/time.ts';
import { labelsOf, PROJECT_LABEL, STAGE_LABEL } from '../policy/werf/origins.ts';
import type { ManifestBytes, Registry } from '../registry/port.ts';

/** What a record says. */
export interface RecordWords {
  readonly labels: Annotations;
  readonly createdAt: Instant;
}

/** A record's manifest, and the blobs that have to be there before it. */
export interface RecordImage {
  readonly manifest: ManifestBytes;
  readonly blobs: readonly Uint8Array[];
}

/** https://distribution.github.io/distribution/spec/manifest-v2-2/ */
const TYPES = {
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  config: 'application/vnd.docker.container.image.v1+json',
  layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
} as const;

/** The end of an archive, and nothing before it. */
const EMPTY_TAR = new Uint8Array(1024);

/** The record as bytes: the same words always make the same ones. */
export function buildWerfRecord({ labels, createdAt }: RecordWords): RecordImage {
  const layer = gzipSync(EMPTY_TAR);
  const created = formatInstant(createdAt);
  const config = bytesOf({
    architecture: 'amd64',
    os: 'linux',
    created,
    config: { Labels: labels },
    rootfs: { type: 'layers', diff_ids: [digestOf(EMPTY_TAR)] },
    history: [{ created, created_by: 'registry-cleanup' }],
  });
  const manifest = bytesOf({
    schemaVersion: 2,
    mediaType: TYPES.manifest,
    config: describe(TYPES.config, config),
    layers: [describe(TYPES.layer, layer)],
  });
  return { manifest: { mediaType: TYPES.manifest, bytes: manifest }, blobs: [layer, config] };
}

/**
 * Pushes a record under its tag, which moves there.
 * @throws RegistryError REGISTRY_UNSUPPORTED where nothing can be written; else what the registry throws.
 */
export async function putWerfRecord(registry: Registry, tag: Tag, words: RecordWords): Promise<void> {
  if (registry.putBlob === undefined) {
    throw new RegistryError(`Nothing can be written to ${formatRepository(registry.repository)}.`, {
      code: 'REGISTRY_UNSUPPORTED',
    });
  }
  const { manifest, blobs } = buildWerfRecord(words);
  for (const blob of blobs) await registry.putBlob(blob);
  await registry.putManifest(manifest, tag);
}

/**
 * The labels of what may be a record; undefined for an index, for what cannot be read, and for a stage: a tag with the name of a record
 * may be anybody's. werf asks no more of a record, since old ones lack its label.
 */
export function labelsOfRecord(node: ImageNode | undefined): Annotations | undefined {
  const labels = node === undefined ? undefined : labelsOf(node);
  return labels?.[STAGE_LABEL] === undefined ? labels : undefined;
}

/** The project that the label of a stage or a record names; undefined where there is none. */
export function projectOf(node: ImageNode): string | undefined {
  return labelsOf(node)?.[PROJECT_LABEL];
}

/** The labels of a record of a project, or of one that nobody can name: old records of werf's have no label either. */
export function projectLabel(project: string | undefined): Annotations {
  return project === undefined ? {} : { [PROJECT_LABEL]: project };
}

/** Whether the node carries a label that only werf sets. */
export function isProvedWerf(node: ImageNode): boolean {
  const labels = labelsOf(node);
  return labels?.[PROJECT_LABEL] !== undefined || labels?.[STAGE_LABEL] !== undefined;
}

function bytesOf(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function digestOf(bytes: Uint8Array): Digest {
  return parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
}

function describe(mediaType: string, bytes: Uint8Array): object {
  return { mediaType, size: bytes.byteLength, digest: digestOf(bytes) };
}
