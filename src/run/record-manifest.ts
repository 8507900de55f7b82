// The bytes of a record: an artifact that has an image as its subject and says everything in annotations.

import { createHash } from 'node:crypto';
import { RECORD_KEYS, RECORD_TYPE } from '../model/build-record.ts';
import { type Digest, parseTag, type Tag } from '../model/reference.ts';
import { formatInstant, type Instant } from '../model/time.ts';
import { digestOf } from '../registry/check-digest.ts';
import type { ManifestBytes } from '../registry/port.ts';

/** What a record states. */
export interface Statement {
  readonly image: Digest;
  readonly commit: string;
  /** `refs/heads/main`. */
  readonly reference?: string;
  readonly imageName?: string;
}

/** What goes into a record beside its statement. */
export interface RecordFrame {
  /** The image's own manifest. */
  readonly subject: ManifestBytes;
  readonly at: Instant;
  readonly source?: string;
}

/** A manifest, and the blobs that it holds: they are put first. */
export interface BuiltRecord {
  readonly manifest: ManifestBytes;
  readonly digest: Digest;
  readonly blobs: readonly Uint8Array[];
}

/**
 * `artifact`: by the image specification's guidelines. `image`: an image with an empty layer, for registries that take no manifest with a
 * type that they do not know; GitLab's answers 400 to both `artifactType` and the config's `mediaType` then:
 * https://gitlab.com/gitlab-org/container-registry/-/issues/1679
 */
export type RecordForm = 'artifact' | 'image';

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
/** https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidance-for-an-empty-descriptor */
const EMPTY = { type: 'application/vnd.oci.empty.v1+json', bytes: Buffer.from('{}') };
/** The end of a tar archive: two blocks of zeros. */
const NO_FILES = { type: 'application/vnd.oci.image.layer.v1.tar', bytes: new Uint8Array(1024) };
/** https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md */
const NO_IMAGE = {
  type: 'application/vnd.oci.image.config.v1+json',
  bytes: Buffer.from(
    JSON.stringify({
      architecture: 'unknown',
      os: 'unknown',
      config: {},
      rootfs: { type: 'layers', diff_ids: [digestOf(NO_FILES.bytes)] },
    }),
  ),
};

/** The tag of the record that states this: two that state the same have the same one, whenever they were written. */
export function recordTagOf({ image, commit, reference = '', imageName = '' }: Statement): Tag {
  // None of the four can hold a line break.
  const hash = createHash('sha256').update([image, commit, reference, imageName].join('\n'));
  return parseTag(`record-${hash.digest('hex').slice(0, 40)}`);
}

/** The record that states this. The order of its keys, and so its digest, follows from what goes in alone. */
export function buildRecord(statement: Statement, frame: RecordFrame, form: RecordForm): BuiltRecord {
  const [config, layer] = form === 'artifact' ? [EMPTY, EMPTY] : [NO_IMAGE, NO_FILES];
  const { subject } = frame;
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    ...(form === 'artifact' ? { artifactType: RECORD_TYPE } : {}),
    config: describe(config.type, config.bytes),
    layers: [describe(layer.type, layer.bytes)],
    subject: { mediaType: subject.mediaType, digest: statement.image, size: subject.bytes.byteLength },
    annotations: { ...annotate(statement), ...annotateFrame(frame) },
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  const blobs = config === layer ? [config.bytes] : [config.bytes, layer.bytes];
  return { manifest: { mediaType: OCI_MANIFEST, bytes }, digest: digestOf(bytes), blobs };
}

/** Whether a manifest's annotations state this, whenever they did. */
export function isStatement(annotations: Readonly<Record<string, string>>, statement: Statement): boolean {
  const expected = annotate(statement);
  const keys = [RECORD_KEYS.type, RECORD_KEYS.commit, RECORD_KEYS.reference, RECORD_KEYS.imageName];
  return keys.every((key) => annotations[key] === expected[key]);
}

function annotate({ commit, reference, imageName }: Statement): Readonly<Record<string, string>> {
  return {
    [RECORD_KEYS.type]: RECORD_TYPE,
    [RECORD_KEYS.commit]: commit,
    ...(reference === undefined ? {} : { [RECORD_KEYS.reference]: reference }),
    ...(imageName === undefined ? {} : { [RECORD_KEYS.imageName]: imageName }),
  };
}

function annotateFrame({ at, source }: RecordFrame): Readonly<Record<string, string>> {
  return {
    [RECORD_KEYS.created]: formatInstant(at),
    ...(source === undefined ? {} : { [RECORD_KEYS.source]: source }),
  };
}

function describe(mediaType: string, bytes: Uint8Array) {
  return { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
}
