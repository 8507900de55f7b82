// Fills the storage folder of a CNCF registry with images, without pushing them: thousands of times faster.
// Layout: https://github.com/distribution/distribution/blob/v2.8.2/registry/storage/paths.go

import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What to write. */
export interface Seed {
  /** The registry's `rootdirectory`. */
  readonly rootDirectory: string;
  readonly repository: string;
  /** So many tags, each on an image with a configuration of its own: `t0` … */
  readonly tags: number;
}

/** One image as it was written. */
export interface SeededImage {
  readonly tag: string;
  readonly configDigest: string;
}

const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';
const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar+gzip';
const LAYERS_EACH = 8;

/** Writes all images; every one is 30 days old and names a revision. */
export function seedRegistry(seed: Seed): readonly SeededImage[] {
  const write = createWriter(join(seed.rootDirectory, 'docker', 'registry', 'v2'));
  const created = new Date(Date.now() - 30 * 86_400_000).toISOString();
  const layers = Array.from({ length: LAYERS_EACH }, (_, index) => ({
    mediaType: LAYER_TYPE,
    digest: writeBlob(write, seed.repository, Buffer.from(`layer ${index}`)),
    size: 10_000_000 + index,
  }));
  return Array.from({ length: seed.tags }, (_, index) => writeImage(write, { ...seed, created, layers, index }));
}

type Write = (path: string, bytes: Uint8Array | string) => void;

interface ImageSeed extends Seed {
  readonly created: string;
  readonly layers: readonly object[];
  readonly index: number;
}

function writeImage(write: Write, seed: ImageSeed): SeededImage {
  const revision = createHash('sha1').update(String(seed.index)).digest('hex');
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      created: seed.created,
      config: {
        Env: ['PATH=/usr/local/bin:/usr/bin:/bin'],
        Labels: {
          'org.opencontainers.image.revision': revision,
          'org.opencontainers.image.source': 'https://example.com/team/app',
        },
      },
      rootfs: { type: 'layers', diff_ids: seed.layers.map((_, layer) => digestOf(Buffer.from(`diff ${layer}`))) },
      history: seed.layers.map((_, layer) => ({
        created: seed.created,
        created_by: `RUN step ${layer} ${'x'.repeat(150)}`,
      })),
    }),
  );
  const configDigest = writeBlob(write, seed.repository, config);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      config: { mediaType: CONFIG_TYPE, digest: configDigest, size: config.length },
      layers: seed.layers,
    }),
  );
  const tag = `t${seed.index}`;
  const digest = digestOf(manifest);
  const manifests = join('repositories', seed.repository, '_manifests');
  writeBlobData(write, manifest);
  write(join(manifests, 'revisions', 'sha256', hexOf(digest), 'link'), digest);
  write(join(manifests, 'tags', tag, 'current', 'link'), digest);
  write(join(manifests, 'tags', tag, 'index', 'sha256', hexOf(digest), 'link'), digest);
  return { tag, configDigest };
}

function writeBlob(write: Write, repository: string, bytes: Uint8Array): string {
  const digest = writeBlobData(write, bytes);
  write(join('repositories', repository, '_layers', 'sha256', hexOf(digest), 'link'), digest);
  return digest;
}

function writeBlobData(write: Write, bytes: Uint8Array): string {
  const digest = digestOf(bytes);
  write(join('blobs', 'sha256', hexOf(digest).slice(0, 2), hexOf(digest), 'data'), bytes);
  return digest;
}

/** Making a folder that is there costs as much as writing a file, so each is made once. */
function createWriter(folder: string): Write {
  const made = new Set<string>();
  return (path, bytes) => {
    const file = join(folder, path);
    if (!made.has(dirname(file))) mkdirSync(dirname(file), { recursive: true });
    made.add(dirname(file));
    writeFileSync(file, bytes);
  };
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function hexOf(digest: string): string {
  return digest.slice('sha256:'.length);
}
