// Attestations with provenance, as BuildKit puts them beside an image, and the recorded shapes of their statements.

import { readFileSync } from 'node:fs';
import type { Digest } from '../../src/model/reference.ts';
import { type BuiltBlob, type BuiltManifest, buildImage, buildIndex, sha256, TYPES } from './image.ts';

const FOLDER = new URL('../fixtures/provenance/', import.meta.url);

/** What the predicate type of every provenance begins with. */
export const PROVENANCE = 'https://slsa.dev/provenance/';

/** The commit in the fixtures that were built from a git address, and the one of a working copy. */
export const BUILT_COMMITS = {
  git: '4b220de5058abfd01ff619c9d2ff6b09a049bea0',
  local: '9f2f3c1d0e4b5a69788796a5b4c3d2e1f0a1b2c3',
} as const;

/** What a statement of the tests has; the predicate may be anything. */
export interface Statement {
  readonly _type: string;
  readonly predicateType: string;
  readonly subject?: readonly { readonly name: string; readonly digest: { readonly [algorithm: string]: string } }[];
  readonly predicate: object;
}

/** A fixture by its file name without `.json`, about the manifest with this digest; about the fixture's own when there is none. */
export function readProvenance(name: string, subject?: Digest): Statement {
  const statement = JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8')) as Statement;
  if (subject === undefined) return statement;
  const [algorithm = '', hex = ''] = subject.split(':');
  return { ...statement, subject: [{ name: 'pkg:docker/app', digest: { [algorithm]: hex } }] };
}

/** One layer of an attestation. */
export interface AttestedStatement {
  readonly content: object | Uint8Array;
  /** What is said of it; `undefined`: nothing. */
  readonly predicateType?: string | undefined;
  /** The size that is claimed; default the real one. */
  readonly size?: number;
}

/** An attestation manifest with these statements as its layers. */
export function buildAttestation(statements: readonly AttestedStatement[]): BuiltManifest {
  const blobs = statements.map(({ content }) => blobOf('application/vnd.in-toto+json', content));
  const config = blobOf(TYPES.config, {
    architecture: 'unknown',
    os: 'unknown',
    config: {},
    rootfs: { type: 'layers' },
  });
  const manifest = blobOf(TYPES.image, {
    schemaVersion: 2,
    mediaType: TYPES.image,
    config: describe(config),
    layers: blobs.map((blob, at) => ({
      ...describe(blob),
      ...(statements[at]?.size === undefined ? {} : { size: statements[at].size }),
      ...(statements[at]?.predicateType === undefined
        ? {}
        : { annotations: { 'in-toto.io/predicate-type': statements[at].predicateType } }),
    })),
  });
  return { ...manifest, blobs: [config, ...blobs], children: [] };
}

/** An index of one image and an attestation that lies beside it. */
export function buildIndexWith(
  image: BuiltManifest,
  attestation: BuiltManifest,
  parts: Parameters<typeof buildIndex>[1] & { readonly about?: string } = {},
): BuiltManifest {
  const { about = image.digest, ...index } = parts;
  const annotations = { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': about };
  const platform = { os: 'unknown', architecture: 'unknown' };
  return buildIndex(
    [
      { manifest: image, platform: { os: 'linux', architecture: 'amd64' } },
      { manifest: attestation, platform, annotations },
    ],
    index,
  );
}

/** What `docker buildx build --push` makes of a build from git. */
export function buildFromGit(seed: string): { index: BuiltManifest; image: BuiltManifest; attestation: BuiltManifest } {
  const image = buildImage({ seed, created: '2026-05-01T10:00:00Z' });
  const content = readProvenance('v1-min-git', image.digest);
  const attestation = buildAttestation([{ content, predicateType: content.predicateType }]);
  return { index: buildIndexWith(image, attestation), image, attestation };
}

function blobOf(mediaType: string, content: object | Uint8Array): BuiltBlob {
  const bytes = content instanceof Uint8Array ? content : Buffer.from(JSON.stringify(content));
  return { mediaType, bytes, digest: sha256(bytes) };
}

function describe(blob: BuiltBlob): { mediaType: string; digest: Digest; size: number } {
  return { mediaType: blob.mediaType, digest: blob.digest, size: blob.bytes.byteLength };
}
