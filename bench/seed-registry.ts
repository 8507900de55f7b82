// Fills the storage folder of a CNCF registry with images that name a revision.

import { createHash } from 'node:crypto';
import { openStorage, type RegistryStorage } from '../test/support/registry-storage.ts';

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
  const storage = openStorage(seed.rootDirectory, seed.repository);
  const created = new Date(Date.now() - 30 * 86_400_000).toISOString();
  const layers = Array.from({ length: LAYERS_EACH }, (_, index) => ({
    mediaType: LAYER_TYPE,
    digest: storage.writeBlob(Buffer.from(`layer ${index}`)),
    size: 10_000_000 + index,
  }));
  return Array.from({ length: seed.tags }, (_, index) => writeImage(storage, { ...seed, created, layers, index }));
}

interface ImageSeed extends Seed {
  readonly created: string;
  readonly layers: readonly object[];
  readonly index: number;
}

function writeImage(storage: RegistryStorage, seed: ImageSeed): SeededImage {
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
  const configDigest = storage.writeBlob(config);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      config: { mediaType: CONFIG_TYPE, digest: configDigest, size: config.length },
      layers: seed.layers,
    }),
  );
  const tag = `t${seed.index}`;
  storage.writeManifest(manifest, tag);
  return { tag, configDigest };
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
