// The media types of manifests, configs and layers that this tool understands. Everything else is unknown, and said so.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/media-types.md
// https://distribution.github.io/distribution/spec/manifest-v2-2/

/** An image, or an artifact in the form of one. */
export const OCI_IMAGE = 'application/vnd.oci.image.manifest.v1+json';
/** An index of manifests; also the answer of the referrers API. */
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const DOCKER_IMAGE = 'application/vnd.docker.distribution.manifest.v2+json';
const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
/** Docker schema 1 without signatures. */
export const DOCKER_SCHEMA_1 = 'application/vnd.docker.distribution.manifest.v1+json';
const DOCKER_SCHEMA_1_SIGNED = 'application/vnd.docker.distribution.manifest.v1+prettyjws';

/** Larger manifests are never read: clients need not take more (distribution-spec v1.1.1, "Pushing Manifests"). Bytes. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

const IMAGES: ReadonlySet<string> = new Set([OCI_IMAGE, DOCKER_IMAGE]);
const INDEXES: ReadonlySet<string> = new Set([OCI_INDEX, DOCKER_LIST]);
const SCHEMA_1: ReadonlySet<string> = new Set([DOCKER_SCHEMA_1, DOCKER_SCHEMA_1_SIGNED]);

/** Never released, but ACR and zot took them: https://github.com/opencontainers/image-spec/blob/v1.1.0-rc2/artifact.md */
const ARTIFACTS: ReadonlySet<string> = new Set([
  'application/vnd.oci.artifact.manifest.v1+json',
  'application/vnd.cncf.oras.artifact.manifest.v1+json',
]);

/** Configs that are an image's: only these hold `created` and labels. */
const IMAGE_CONFIGS: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]);

/**
 * The `Accept` header of every manifest request, HEAD too. Asked for fewer types, registries rewrite a list to one platform's image or
 * answer 404 for what is there (distribution 2.8 does both). The last one, as containerd sends it, is for types that nobody knows yet.
 */
export const MANIFEST_ACCEPT = [...INDEXES, ...IMAGES, ...SCHEMA_1, ...ARTIFACTS, '*/*'].join(', ');

const BUILDKIT_CACHE_CONFIG = 'application/vnd.buildkit.cacheconfig.v0';
const LAYER_PREFIXES = ['application/vnd.oci.image.layer.', 'application/vnd.docker.image.rootfs.'];

/** What a media type says a manifest is. `unknown` for every other text. */
export type ManifestFamily = 'image' | 'index' | 'artifact' | 'schema-1' | 'unknown';

/** The family of a manifest's media type, which is already in lower case and without parameters. */
export function familyOf(mediaType: string): ManifestFamily {
  if (IMAGES.has(mediaType)) return 'image';
  if (INDEXES.has(mediaType)) return 'index';
  if (ARTIFACTS.has(mediaType)) return 'artifact';
  return SCHEMA_1.has(mediaType) ? 'schema-1' : 'unknown';
}

/** Whether a blob of this type is an image's config. */
export function isImageConfigType(mediaType: string): boolean {
  return IMAGE_CONFIGS.has(mediaType);
}

/** Whether a blob of this type tells what lies in a cache of BuildKit's. */
export function isCacheConfigType(mediaType: string): boolean {
  return mediaType.toLowerCase() === BUILDKIT_CACHE_CONFIG;
}

/**
 * Whether an index entry of this type is a blob and no manifest: BuildKit's registry cache lists its layers and its cache config
 * in `manifests[]`. https://github.com/moby/buildkit/blob/v0.16.0/cache/remotecache/v1/spec.go
 */
export function isCacheBlobType(mediaType: string): boolean {
  return mediaType === BUILDKIT_CACHE_CONFIG || LAYER_PREFIXES.some((prefix) => mediaType.startsWith(prefix));
}

/** What every predicate type of a provenance begins with; the version follows. https://slsa.dev/spec/v1.1/provenance */
export const PROVENANCE_PREFIX = 'https://slsa.dev/provenance/';

/** Whether a layer of this type is an in-toto statement, as BuildKit's attestations hold them. */
export function isStatementType(mediaType: string): boolean {
  return mediaType.toLowerCase() === 'application/vnd.in-toto+json';
}

/** `Content-Type` without parameters and in lower case; undefined when there is none. */
export function bareMediaType(header: string | undefined): string | undefined {
  const bare = header?.split(';')[0]?.trim().toLowerCase();
  return bare === '' ? undefined : bare;
}
