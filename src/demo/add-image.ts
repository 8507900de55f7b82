// Images and multi-platform indexes as `docker buildx` pushes them, with the labels of docker/metadata-action.

import type { Json } from '../errors.ts';
import { formatInstant, type Instant, instantFromMs } from '../model/time.ts';
import { makeLayer } from './tar-layer.ts';
import { addBlob, addJson, type Descriptor, describeAsJson, type LayoutDraft, MEDIA } from './write-layout.ts';

const BASE_LAYER_BYTES = 384 * 1024;
const APP_LAYER_BYTES = 64 * 1024;
/** The base image is renewed this often, so images of one time share their base layer. */
const BASE_RENEWAL_MS = 150 * 86_400_000;

/** The platforms that the demo builds for, as OCI names them. */
export type Architecture = 'amd64' | 'arm64';

/** One build of one platform. */
export interface ImageBuild {
  /** Decides the content of the topmost layer: another seed is another image. */
  readonly seed: string;
  readonly created: Instant;
  readonly labels: { readonly [key: string]: string };
}

/** Adds an image for one platform. The descriptor names the platform, as an index wants it. */
export function addImage(layout: LayoutDraft, build: ImageBuild, architecture: Architecture = 'amd64'): Descriptor {
  const renewal = Math.floor(build.created / BASE_RENEWAL_MS);
  const base = addLayer(layout, {
    path: 'bin/busybox',
    seed: `base ${renewal} ${architecture}`,
    bytes: BASE_LAYER_BYTES,
  });
  const app = addLayer(layout, { path: 'app/shop', seed: `app ${build.seed} ${architecture}`, bytes: APP_LAYER_BYTES });
  const config = addJson(layout, MEDIA.config, {
    architecture,
    os: 'linux',
    created: formatInstant(build.created),
    config: { Entrypoint: ['/app/shop'], Labels: build.labels },
    rootfs: { type: 'layers', diff_ids: [base.diffId, app.diffId] },
    history: [
      { created: formatInstant(instantFromMs(renewal * BASE_RENEWAL_MS)), created_by: 'ADD rootfs.tar.gz /' },
      { created: formatInstant(build.created), created_by: 'COPY shop /app/shop' },
    ],
  });
  const manifest = addManifest(layout, { config, layers: [base.descriptor, app.descriptor] });
  return { ...manifest, platform: { os: 'linux', architecture } };
}

/** A layer with one file; see {@link makeLayer}. */
export interface LayerContent {
  readonly path: string;
  readonly seed: string;
  readonly bytes: number;
}

/** Adds a layer, or finds it when it is there already. `diffId`: the digest of the archive inside. */
export function addLayer(
  layout: LayoutDraft,
  content: LayerContent,
): { readonly descriptor: Descriptor; readonly diffId: string } {
  const name = `${content.path} ${content.seed}`;
  const known = layout.layers.get(name);
  if (known !== undefined) return known;
  const { bytes, diffId } = makeLayer(content.path, content.seed, content.bytes);
  const layer = { descriptor: addBlob(layout, MEDIA.layer, bytes), diffId };
  layout.layers.set(name, layer);
  return layer;
}

/** Adds an image for linux/amd64 and linux/arm64 and the index of both, which also lists what `attest` makes of them. */
export function addMultiPlatform(
  layout: LayoutDraft,
  build: ImageBuild,
  attest: (image: Descriptor) => readonly Descriptor[] = () => [],
): { readonly index: Descriptor; readonly images: readonly Descriptor[] } {
  const images = [addImage(layout, build, 'amd64'), addImage(layout, build, 'arm64')];
  return { index: addIndex(layout, [...images, ...images.flatMap(attest)]), images };
}

/** Adds an index. */
export function addIndex(layout: LayoutDraft, manifests: readonly Descriptor[]): Descriptor {
  const index = { schemaVersion: 2, mediaType: MEDIA.index, manifests: manifests.map(describeAsJson) };
  return addJson(layout, MEDIA.index, index);
}

/** What an image manifest is made of, and what a referrer says besides. */
export interface ManifestParts {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly further?: { readonly [key: string]: Json };
}

/** Adds an image manifest. */
export function addManifest(layout: LayoutDraft, parts: ManifestParts): Descriptor {
  return addJson(layout, MEDIA.manifest, {
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    ...parts.further,
    config: describeAsJson(parts.config),
    layers: parts.layers.map(describeAsJson),
  });
}
