// Manifests: bytes to what they list. Anything that does not decode exactly is opaque, with the reason; no array item is dropped.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md and image-index.md

import * as z from 'zod';
import { describeCause } from '../errors.ts';
import { type Digest, isDigest } from '../model/reference.ts';
import type { Annotations, Blob, Child, Content } from '../model/snapshot.ts';
import {
  bareMediaType,
  DOCKER_SCHEMA_1,
  familyOf,
  isCacheBlobType,
  isStatementType,
  OCI_IMAGE,
  OCI_INDEX,
  PROVENANCE_PREFIX,
} from './media-types.ts';

/** {@link Content} before the config was read. */
type DecodedContent =
  | { readonly kind: 'image'; readonly config: Blob; readonly layers: readonly Blob[] }
  | Exclude<Content, { kind: 'image' }>;

/** Everything a manifest's own bytes tell. */
export interface DecodedManifest {
  /** The declared type, else the manifest's own; empty when there is neither. */
  readonly mediaType: string;
  readonly content: DecodedContent;
  readonly artifactType?: string;
  readonly subject?: Digest;
  readonly annotations: Annotations;
  /** Layers of an image manifest that may hold a provenance; absent when there are none. */
  readonly statements?: readonly StatementLayer[];
}

/** An in-toto statement that lies among the layers of a manifest: where it is, and its size as the manifest claims. */
export type StatementLayer = Pick<Blob, 'digest' | 'sizeBytes'>;

type JsonObject = { readonly [key: string]: unknown };
type Common = Pick<DecodedManifest, 'artifactType' | 'subject' | 'annotations'>;

const annotationsSchema = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {});

const platformSchema = z
  .object({ os: z.string().default(''), architecture: z.string().default(''), variant: z.string().default('') })
  .nullish();

const descriptorSchema = z.object({
  mediaType: z.string(),
  digest: z.string().refine(isDigest, 'is no digest of a known algorithm'),
  size: z.int().nonnegative(),
  annotations: annotationsSchema,
  platform: platformSchema,
});

/** Go tools write an empty list as `null`; it lists nothing either way. */
const descriptorsSchema = z
  .array(descriptorSchema)
  .nullable()
  .transform((value) => value ?? []);

const imageSchema = z.object({ schemaVersion: z.literal(2), config: descriptorSchema, layers: descriptorsSchema });
const indexSchema = z.object({ schemaVersion: z.literal(2), manifests: descriptorsSchema });
const artifactSchema = z.object({ blobs: descriptorsSchema.optional().transform((value) => value ?? []) });
const subjectSchema = descriptorSchema.nullish();
const artifactTypeSchema = z.string().optional();

const ANY_DIGEST = /sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}/g;

/** What BuildKit says of a statement beside it: https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md */
const PREDICATE_TYPE = 'in-toto.io/predicate-type';

/** Keys that clients in Go would also take in another case; then two clients see two manifests. */
const GRAPH_KEYS = ['schemaVersion', 'mediaType', 'config', 'layers', 'manifests', 'blobs', 'subject'];

type Descriptor = z.infer<typeof descriptorSchema>;

/**
 * A manifest from its bytes. `declaredType` is the registry's `Content-Type` or the descriptor's media type, with or without
 * parameters. Never throws: corrupt, contradictory, ambiguous and unknown manifests come back `opaque`, with their subject and
 * annotations where those can be read. `mayListManifests` is false only when the bytes prove that it lists none.
 */
export function decodeManifest(bytes: Uint8Array, declaredType: string | undefined): DecodedManifest {
  const json = parseObject(bytes);
  const decoded = decodeJson(json, bareMediaType(declaredType));
  if (decoded.content.kind !== 'opaque') return decoded;
  // Written out again, because JSON may spell a digest with escapes.
  const text = typeof json === 'string' ? Buffer.from(bytes).toString('latin1') : JSON.stringify(json);
  const names = [...new Set(text.match(ANY_DIGEST) ?? [])].filter((found) => isDigest(found));
  return { ...decoded, content: { ...decoded.content, names } };
}

function decodeJson(json: JsonObject | string, declared: string | undefined): DecodedManifest {
  if (typeof json === 'string') return opaque({ mediaType: declared ?? '', why: json });
  const own = json['mediaType'];
  const mediaType = declared ?? (typeof own === 'string' ? own.toLowerCase() : '');
  const trouble = findContradiction(json, declared);
  if (trouble !== undefined) return opaque({ mediaType, why: trouble, json });
  switch (familyOf(mediaType)) {
    case 'image':
      return decodeImage(json, mediaType);
    case 'index':
      return decodeIndex(json, mediaType);
    case 'artifact':
      return decodeArtifact(json, mediaType);
    case 'schema-1':
      return decodeSchema1(json, mediaType);
    case 'unknown': {
      const why = mediaType === '' ? 'neither it nor the registry names its media type' : `unknown type ${mediaType}`;
      return opaque({ mediaType, why, json });
    }
  }
}

/** An opaque manifest of which not even the bytes are there to look at. */
export function opaqueManifest(declaredType: string | undefined, why: string): DecodedManifest {
  return opaque({ mediaType: bareMediaType(declaredType) ?? '', why });
}

/** Digests that a manifest lists as children or names as subject, each once; children first. Empty for a plain image. */
export function edgesOf(manifest: DecodedManifest): readonly Digest[] {
  const children = manifest.content.kind === 'index' ? manifest.content.children.map((child) => child.digest) : [];
  return [...new Set(manifest.subject === undefined ? children : [...children, manifest.subject])];
}

/**
 * The type of bytes of which nobody said that they are a manifest: the one that they give themselves, or the one whose shape they have.
 * Undefined for everything else that lies among blobs: configs, layers.
 */
export function guessManifestType(bytes: Uint8Array): string | undefined {
  const json = parseObject(bytes);
  if (typeof json === 'string') return undefined;
  if (typeof json['mediaType'] === 'string') return json['mediaType'];
  if ('manifests' in json) return OCI_INDEX;
  if ('fsLayers' in json) return DOCKER_SCHEMA_1;
  return 'config' in json && 'layers' in json ? OCI_IMAGE : undefined;
}

function parseObject(bytes: Uint8Array): JsonObject | string {
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return isObject(json) ? json : 'it is not a JSON object';
  } catch (error) {
    return `it is not JSON: ${describeCause(error)}`;
  }
}

function isObject(json: unknown): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function findContradiction(json: JsonObject, declared: string | undefined): string | undefined {
  const keys = Object.keys(json);
  const lookalike = keys.find((key) =>
    GRAPH_KEYS.some((known) => known !== key && known.toLowerCase() === key.toLowerCase()),
  );
  if (lookalike !== undefined) return `its key ${JSON.stringify(lookalike)} is read differently by different clients`;
  const own = json['mediaType'];
  if (own !== undefined && typeof own !== 'string') return 'its mediaType is not text';
  if (own !== undefined && declared !== undefined && own.toLowerCase() !== declared)
    return `it was served as ${declared} and says ${own} itself`;
  // CVE-2021-41190: what is both an image and an index means two things to two clients.
  if ('manifests' in json && ('layers' in json || 'config' in json)) return 'it is an image and an index at once';
  return undefined;
}

function decodeImage(json: JsonObject, mediaType: string): DecodedManifest {
  const common = readCommon(json);
  const image = imageSchema.safeParse(json);
  if (!image.success) return opaque({ mediaType, why: malformed(image.error), json });
  if (typeof common === 'string') return opaque({ mediaType, why: common, json });
  const content = { kind: 'image', config: blobOf(image.data.config), layers: image.data.layers.map(blobOf) } as const;
  const statements = image.data.layers.filter(mayHoldProvenance).map(blobOf);
  return { mediaType, content, ...common, ...(statements.length === 0 ? {} : { statements }) };
}

function decodeIndex(json: JsonObject, mediaType: string): DecodedManifest {
  const common = readCommon(json);
  const index = indexSchema.safeParse(json);
  if (!index.success) return opaque({ mediaType, why: malformed(index.error), json });
  if (typeof common === 'string') return opaque({ mediaType, why: common, json });
  const children: Child[] = [];
  const blobs: Blob[] = [];
  for (const entry of index.data.manifests) {
    if (isCacheBlobType(entry.mediaType.toLowerCase())) blobs.push(blobOf(entry));
    else children.push(childOf(entry));
  }
  return { mediaType, content: { kind: 'index', children, blobs }, ...common };
}

/** An artifact manifest is told as an index without children: it lives and dies with its subject and holds blobs only. */
function decodeArtifact(json: JsonObject, mediaType: string): DecodedManifest {
  const common = readCommon(json);
  const artifact = artifactSchema.safeParse(json);
  if (!artifact.success) return opaque({ mediaType, why: malformed(artifact.error), json });
  if (typeof common === 'string') return opaque({ mediaType, why: common, json });
  if ('manifests' in json) return opaque({ mediaType, why: 'it is an artifact and an index at once', json });
  return { mediaType, content: { kind: 'index', children: [], blobs: artifact.data.blobs.map(blobOf) }, ...common };
}

/** https://distribution.github.io/distribution/spec/deprecated-schema-v1/ */
function decodeSchema1(json: JsonObject, mediaType: string): DecodedManifest {
  if (json['schemaVersion'] === 1 && !('manifests' in json) && !('subject' in json)) {
    return { mediaType, content: { kind: 'opaque', why: 'Docker schema 1', mayListManifests: false }, annotations: {} };
  }
  return opaque({ mediaType, why: 'it was served as Docker schema 1 and is something else', json });
}

function opaque(manifest: { mediaType: string; why: string; json?: JsonObject }): DecodedManifest {
  const { mediaType, why, json } = manifest;
  const subject = subjectSchema.safeParse(json?.['subject']);
  const annotations = annotationsSchema.safeParse(json?.['annotations']);
  const artifactType = artifactTypeSchema.safeParse(json?.['artifactType']);
  const childless = json !== undefined && subject.success && isProvedChildless(json, mediaType);
  return {
    mediaType,
    content: { kind: 'opaque', why, mayListManifests: !childless },
    ...(subject.data ? { subject: subject.data.digest } : {}),
    ...(artifactType.data === undefined ? {} : { artifactType: artifactType.data }),
    annotations: annotations.data ?? {},
  };
}

/** By both its types an image, and without any key under which some client would find manifests or another subject. */
function isProvedChildless(json: JsonObject, mediaType: string): boolean {
  const own = json['mediaType'] ?? mediaType;
  if (familyOf(mediaType) !== 'image' || typeof own !== 'string' || familyOf(own.toLowerCase()) !== 'image')
    return false;
  return !Object.keys(json).some((key) => key !== 'subject' && /^(?:manifests|blobs|subject)$/i.test(key));
}

function readCommon(json: JsonObject): Common | string {
  const subject = subjectSchema.safeParse(json['subject']);
  if (!subject.success) return `its subject is malformed: ${malformed(subject.error)}`;
  const annotations = annotationsSchema.safeParse(json['annotations']);
  if (!annotations.success) return `its annotations are malformed: ${malformed(annotations.error)}`;
  const artifactType = artifactTypeSchema.safeParse(json['artifactType']);
  if (!artifactType.success) return 'its artifactType is not text';
  return {
    ...(subject.data ? { subject: subject.data.digest } : {}),
    ...(artifactType.data === undefined ? {} : { artifactType: artifactType.data }),
    annotations: annotations.data,
  };
}

/** A statement that does not say what it is about may be one too. */
function mayHoldProvenance({ mediaType, annotations }: Descriptor): boolean {
  const predicateType = annotations[PREDICATE_TYPE];
  return isStatementType(mediaType) && (predicateType === undefined || predicateType.startsWith(PROVENANCE_PREFIX));
}

function blobOf(descriptor: Descriptor): Blob {
  return { digest: descriptor.digest, sizeBytes: descriptor.size, mediaType: descriptor.mediaType };
}

function childOf(descriptor: Descriptor): Child {
  const platform = formatPlatform(descriptor);
  return { ...blobOf(descriptor), ...(platform === '' ? {} : { platform }), annotations: descriptor.annotations };
}

/** `linux/arm/v7`; empty when the index names no platform, or an empty one as containers/image does for artifacts. */
function formatPlatform(descriptor: Descriptor): string {
  const { os = '', architecture = '', variant = '' } = descriptor.platform ?? {};
  return [os, architecture, variant].filter((part) => part !== '').join('/');
}

function malformed(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue === undefined ? 'it is malformed' : `${issue.path.join('.') || 'it'} is malformed: ${issue.message}`;
}
