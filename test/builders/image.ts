// Builds images, indexes, attestations, signatures and odd manifests, and puts them into registries (plain PUTs) and layouts.

import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { type Digest, parseDigest } from '../../src/model/reference.ts';

export const TYPES = {
  image: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  dockerImage: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  schema1: 'application/vnd.docker.distribution.manifest.v1+json',
  artifact: 'application/vnd.oci.artifact.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  empty: 'application/vnd.oci.empty.v1+json',
  cacheConfig: 'application/vnd.buildkit.cacheconfig.v0',
} as const;

type Annotations = { readonly [key: string]: string };

/** Content with its address. */
export interface BuiltBlob {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly digest: Digest;
}

/** A manifest with everything that has to be there before it. */
export interface BuiltManifest extends BuiltBlob {
  readonly blobs: readonly BuiltBlob[];
  readonly children: readonly BuiltManifest[];
}

/** What an image is made of; everything has a default. Different `seed`s make different digests. */
export interface ImageParts {
  readonly seed?: string;
  readonly labels?: Annotations;
  readonly created?: string;
  readonly annotations?: Annotations;
  readonly artifactType?: string;
  readonly subject?: BuiltBlob;
  readonly configType?: string;
  /** Contents of the layers, by seed; default one that nobody else has. */
  readonly layers?: readonly string[];
  readonly mediaType?: string;
}

/** One entry of an index. */
export interface IndexEntry {
  readonly manifest: BuiltManifest;
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string };
  readonly annotations?: Annotations;
}

export interface IndexParts {
  readonly annotations?: Annotations;
  readonly artifactType?: string;
  readonly subject?: BuiltBlob;
  readonly mediaType?: string;
}

export function sha256(bytes: Uint8Array): Digest {
  return parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
}

function buildBlob(mediaType: string, content: Uint8Array | object): BuiltBlob {
  const bytes = content instanceof Uint8Array ? content : Buffer.from(JSON.stringify(content));
  return { mediaType, bytes, digest: sha256(bytes) };
}

function describeBlob(blob: BuiltBlob): { mediaType: string; digest: Digest; size: number } {
  return { mediaType: blob.mediaType, digest: blob.digest, size: blob.bytes.byteLength };
}

export function buildImage(parts: ImageParts = {}): BuiltManifest {
  const { seed = 'image', labels, created, configType = TYPES.config, layers = [`layer of ${seed}`] } = parts;
  const layerBlobs = layers.map((text) => buildBlob(TYPES.layer, Buffer.from(text)));
  const config = buildBlob(configType, {
    architecture: 'amd64',
    os: 'linux',
    ...(created === undefined ? {} : { created }),
    config: { Env: [`SEED=${seed}`], ...(labels === undefined ? {} : { Labels: labels }) },
    rootfs: { type: 'layers', diff_ids: layerBlobs.map((blob) => blob.digest) },
    history: [],
  });
  const manifest = buildBlob(parts.mediaType ?? TYPES.image, {
    schemaVersion: 2,
    mediaType: parts.mediaType ?? TYPES.image,
    ...optionalFields(parts),
    config: describeBlob(config),
    layers: layerBlobs.map(describeBlob),
  });
  return { ...manifest, blobs: [config, ...layerBlobs], children: [] };
}

export function buildIndex(entries: readonly IndexEntry[], parts: IndexParts = {}): BuiltManifest {
  const mediaType = parts.mediaType ?? TYPES.index;
  const manifest = buildBlob(mediaType, {
    schemaVersion: 2,
    mediaType,
    ...optionalFields(parts),
    manifests: entries.map(({ manifest: child, platform, annotations }) => ({
      ...describeBlob(child),
      ...(platform === undefined ? {} : { platform }),
      ...(annotations === undefined ? {} : { annotations }),
    })),
  });
  return { ...manifest, blobs: [], children: entries.map((entry) => entry.manifest) };
}

/** An index of one image for amd64 and one for arm64. */
export function buildMultiArch(seed: string, parts: IndexParts = {}): BuiltManifest {
  return buildIndex(
    [
      { manifest: buildImage({ seed: `${seed} amd64` }), platform: { os: 'linux', architecture: 'amd64' } },
      {
        manifest: buildImage({ seed: `${seed} arm64` }),
        platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
      },
    ],
    parts,
  );
}

/** What buildx pushes by default: an index of an image and its provenance. */
export function buildAttested(seed: string): {
  index: BuiltManifest;
  image: BuiltManifest;
  attestation: BuiltManifest;
} {
  const image = buildImage({ seed, labels: { seed }, created: '2026-05-01T10:00:00Z' });
  const attestation = buildImage({ seed: `attestation of ${seed}` });
  const annotations = {
    'vnd.docker.reference.type': 'attestation-manifest',
    'vnd.docker.reference.digest': image.digest,
  };
  const index = buildIndex([
    { manifest: image, platform: { os: 'linux', architecture: 'amd64' } },
    { manifest: attestation, platform: { os: 'unknown', architecture: 'unknown' }, annotations },
  ]);
  return { index, image, attestation };
}

/** An artifact with the empty config, as `oras push` makes it; with `subject` a referrer. */
export function buildArtifact(seed: string, subject?: BuiltBlob, annotations: Annotations = {}): BuiltManifest {
  const config = buildBlob(TYPES.empty, {});
  const layer = buildBlob('text/plain', Buffer.from(`artifact ${seed}`));
  const manifest = buildBlob(TYPES.image, {
    schemaVersion: 2,
    mediaType: TYPES.image,
    ...optionalFields({
      annotations,
      artifactType: 'application/x.test',
      ...(subject === undefined ? {} : { subject }),
    }),
    config: describeBlob(config),
    layers: [describeBlob(layer)],
  });
  return { ...manifest, blobs: [config, layer], children: [] };
}

export function buildOldArtifact(seed: string, subject: BuiltBlob): BuiltManifest {
  const blob = buildBlob('text/plain', Buffer.from(`old artifact ${seed}`));
  const manifest = buildBlob(TYPES.artifact, {
    mediaType: TYPES.artifact,
    artifactType: 'application/x.old',
    blobs: [describeBlob(blob)],
    subject: describeBlob(subject),
  });
  return { ...manifest, blobs: [blob], children: [] };
}

/** BuildKit's registry cache in index form: layers and a cache config among `manifests[]`. `config`: in place of one without a time. */
export function buildCacheIndex(seed: string, config: Uint8Array | object = emptyCache(seed)): BuiltManifest {
  const blobs = [buildBlob(TYPES.layer, Buffer.from(`cached layer of ${seed}`)), buildBlob(TYPES.cacheConfig, config)];
  const manifest = buildBlob(TYPES.index, {
    schemaVersion: 2,
    mediaType: TYPES.index,
    manifests: blobs.map(describeBlob),
  });
  return { ...manifest, blobs, children: [] };
}

/** BuildKit's registry cache in the form of an image, as `image-manifest=true` makes it. */
export function buildCacheImage(seed: string, config: Uint8Array | object = emptyCache(seed)): BuiltManifest {
  const layer = buildBlob(TYPES.layer, Buffer.from(`cached layer of ${seed}`));
  const cacheConfig = buildBlob(TYPES.cacheConfig, config);
  const manifest = buildBlob(TYPES.image, {
    schemaVersion: 2,
    mediaType: TYPES.image,
    config: describeBlob(cacheConfig),
    layers: [describeBlob(layer)],
  });
  return { ...manifest, blobs: [cacheConfig, layer], children: [] };
}

function emptyCache(seed: string): object {
  return { layers: [], records: [{ digest: seed }] };
}

export function buildSchema1(seed: string): BuiltManifest {
  const layer = buildBlob('application/octet-stream', Buffer.from(`schema 1 layer of ${seed}`));
  const manifest = buildBlob(TYPES.schema1, {
    schemaVersion: 1,
    name: 'team/app',
    tag: seed,
    architecture: 'amd64',
    fsLayers: [{ blobSum: layer.digest }],
    history: [{ v1Compatibility: JSON.stringify({ id: seed, created: '2015-01-01T00:00:00Z' }) }],
  });
  return { ...manifest, blobs: [layer], children: [] };
}

/** A manifest of any bytes under any type. */
export function buildOdd(mediaType: string, content: Uint8Array | object): BuiltManifest {
  return { ...buildBlob(mediaType, content), blobs: [], children: [] };
}

/** cosign's tag for what belongs to a manifest. */
export function cosignTag(subject: BuiltBlob, suffix: 'sig' | 'att' | 'sbom'): string {
  return `${fallbackTag(subject)}.${suffix}`;
}

/** The tag under which a registry without a referrers API lists what refers to a manifest. */
export function fallbackTag(subject: BuiltBlob): string {
  return subject.digest.replace(':', '-');
}

/**
 * Pushes a manifest with everything it needs by plain requests, under each tag, or by digest when there is none.
 * `origin` is `http://127.0.0.1:5000`.
 */
export async function pushImage(
  origin: string,
  repository: string,
  pushed: { readonly manifest: BuiltManifest; readonly tags?: readonly string[] },
): Promise<void> {
  const { manifest, tags = [] } = pushed;
  for (const child of manifest.children) await pushImage(origin, repository, { manifest: child });
  for (const blob of manifest.blobs) await pushBlob(origin, repository, blob);
  for (const reference of tags.length === 0 ? [manifest.digest] : tags) {
    await send(`${origin}/v2/${repository}/manifests/${reference}`, {
      method: 'PUT',
      headers: { 'content-type': manifest.mediaType },
      body: manifest.bytes,
    });
  }
}

/** Deletes a manifest by digest with a plain request. */
export async function eraseManifest(origin: string, repository: string, digest: Digest): Promise<void> {
  await send(`${origin}/v2/${repository}/manifests/${digest}`, { method: 'DELETE' });
}

/** Adds a manifest with everything it needs to a layout, which comes into being with the first one. */
export async function addToLayout(
  directory: string,
  manifest: BuiltManifest,
  tags: readonly string[] = [],
): Promise<void> {
  await writeLayoutFiles(directory, manifest);
  const { manifests, ...rest } = await readIndex(directory);
  const entry = describeBlob(manifest);
  const kept = manifests.filter(({ annotations }) => !tags.includes(annotations?.[REF_NAME] ?? ''));
  const added = tags.length === 0 ? [entry] : tags.map((tag) => ({ ...entry, annotations: { [REF_NAME]: tag } }));
  await writeFile(join(directory, 'index.json'), JSON.stringify({ ...rest, manifests: [...kept, ...added] }));
}

/** An empty layout. */
export async function makeLayout(directory: string): Promise<void> {
  await mkdir(join(directory, 'blobs', 'sha256'), { recursive: true });
  await writeFile(join(directory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  await writeFile(
    join(directory, 'index.json'),
    JSON.stringify({ schemaVersion: 2, mediaType: TYPES.index, manifests: [] }),
  );
}

/** Where a layout keeps a blob. */
export function layoutBlobPath(directory: string, digest: Digest): string {
  return join(directory, 'blobs', ...digest.split(':'));
}

const REF_NAME = 'org.opencontainers.image.ref.name';

const layoutIndexSchema = z.looseObject({
  manifests: z.array(z.looseObject({ annotations: z.record(z.string(), z.string()).optional() })),
});

async function readIndex(directory: string): Promise<z.infer<typeof layoutIndexSchema>> {
  return layoutIndexSchema.parse(JSON.parse(await readFile(join(directory, 'index.json'), 'utf8')));
}

async function writeLayoutFiles(directory: string, manifest: BuiltManifest): Promise<void> {
  for (const child of manifest.children) await writeLayoutFiles(directory, child);
  for (const blob of [...manifest.blobs, manifest]) await writeFile(layoutBlobPath(directory, blob.digest), blob.bytes);
}

async function pushBlob(origin: string, repository: string, blob: BuiltBlob): Promise<void> {
  const begun = await send(`${origin}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  const location = new URL(begun.headers.get('location') ?? '', origin);
  location.searchParams.set('digest', blob.digest);
  await send(location.href, {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream' },
    body: blob.bytes,
  });
}

async function send(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  const body = await response.text();
  if (response.ok) return response;
  throw new Error(`${init.method} ${url}: ${response.status} ${body}`);
}

function optionalFields(parts: IndexParts): object {
  return {
    ...(parts.artifactType === undefined ? {} : { artifactType: parts.artifactType }),
    ...(parts.subject === undefined ? {} : { subject: describeBlob(parts.subject) }),
    ...(parts.annotations === undefined ? {} : { annotations: parts.annotations }),
  };
}
