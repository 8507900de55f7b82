// Nodes of a repository that werf made, from a few words each: for `snapshotOf`, beside nodes of any other kind.

import { createHash } from 'node:crypto';
import type { Digest } from '../../src/model/reference.ts';
import type { Annotations } from '../../src/model/snapshot.ts';
import { imageNameId, limitSlug, managedImageId, recordedName } from '../../src/model/werf-names.ts';
import type { StageId } from '../../src/model/werf-tag.ts';
import { at, commitIdOf } from './history.ts';
import { digestOf, LONG_AGO, type NodeSpec } from './snapshot.ts';

/** The `project` of all nodes here that name no other. */
const PROJECT = 'shop';

/** A stage or an index of several platforms. */
export interface StageSpec {
  /** Short name of the node; the stage's id is made of it. */
  readonly name: string;
  /** RFC 3339; of the id's digits and of the config. */
  readonly created?: string;
  /** Custom tags, or any others. */
  readonly tags?: readonly string[];
  /** Label `werf`; `null`: it has none. */
  readonly project?: string | null;
  readonly labels?: Annotations;
  /** False: no tag with its id leads to it. */
  readonly isTagged?: boolean;
}

/** The id of the stage of this short name: `<56 hex>-<13 digits>`, the digits being the moment of `created`. */
export function stageIdOf(name: string, created: string = LONG_AGO): StageId {
  return `${hexOf(name)}-${at(created)}`;
}

/** The id of an index of several platforms of this short name: 56 hex digits. */
export function indexIdOf(name: string): StageId {
  return hexOf(name);
}

/** The digest of the config that a node of this short name has; werf's `werf.io/base-image-id` says it. */
export function configDigestOf(name: string): Digest {
  return digestOf(`config of ${name}`);
}

/** A stage with werf's labels, under its id. */
export function stage(spec: StageSpec): NodeSpec {
  const created = spec.created ?? LONG_AGO;
  return {
    name: spec.name,
    tags: [...(spec.isTagged === false ? [] : [stageIdOf(spec.name, created)]), ...(spec.tags ?? [])],
    created,
    labels: { ...werfLabel(spec.project), 'werf-stage-content-digest': hexOf(spec.name), ...spec.labels },
  };
}

/** An index of several platforms, under its id; `platforms` are the names of its children. It has no labels: indexes cannot. */
export function stageIndex(spec: {
  readonly name: string;
  readonly platforms: readonly string[];
  readonly tags?: readonly string[];
}): NodeSpec {
  return { name: spec.name, tags: [indexIdOf(spec.name), ...(spec.tags ?? [])], lists: spec.platforms };
}

/** What any record of werf's may say besides what it is for. */
export interface RecordSpec {
  /** RFC 3339; when it was written. `null`: it does not say. */
  readonly created?: string | null;
  /** Label `werf`; `null`: it has none, as old records do. */
  readonly project?: string | null;
  /** Its config cannot be read. */
  readonly unread?: boolean;
}

/** `meta-<id of the image's name>_<commit>_<stage>`. `commit` is a short name of `historyOf`. */
export function imageMetadata(
  spec: RecordSpec & { readonly image: string; readonly commit: string; readonly stage: StageId },
): NodeSpec {
  return record(
    `meta-${imageNameId(recordedName(spec.image) ?? spec.image)}_${commitIdOf(spec.commit)}_${spec.stage}`,
    spec,
  );
}

/** `managed-image-<name>`. */
export function managedImage(image: string, spec: RecordSpec = {}): NodeSpec {
  return record(`managed-image-${managedImageId(image)}`, spec);
}

/** `import-metadata-<64 hex>`: an import with this checksum came from the stage. */
export function importMetadata(spec: RecordSpec & { readonly checksum: string; readonly stage: StageId }): NodeSpec {
  const id = createHash('sha256').update(`${spec.checksum} ${spec.stage}`).digest('hex');
  return record(`import-metadata-${id}`, spec, {
    'import-source-id': id,
    'source-stage-id': spec.stage,
    checksum: spec.checksum,
  });
}

/** `custom-tag-meta-<slug>`: the tag was put on the stage. */
export function customTagMetadata(spec: RecordSpec & { readonly tag: string; readonly stage: StageId }): NodeSpec {
  return record(`custom-tag-meta-${limitSlug(spec.tag, 48)}`, spec, { tag: spec.tag, 'stage-id': spec.stage });
}

/** `<stage>-rejected`: the marker of a broken stage. */
export function rejectedMarker(stageId: StageId, spec: RecordSpec = {}): NodeSpec {
  return record(`${stageId}-rejected`, spec);
}

/** Records about the repository itself: `cleanup`, `sync-server`, `client-id-…`, `werf-meta-repo-marker-…`. */
export function serviceRecord(tag: string, labels: Annotations = {}): NodeSpec {
  return record(tag, {}, labels);
}

function record(tag: string, spec: RecordSpec, labels: Annotations = {}): NodeSpec {
  return {
    name: tag,
    tags: [tag],
    created: spec.created === undefined ? LONG_AGO : spec.created,
    labels: { ...werfLabel(spec.project), ...labels },
    layers: ['empty'],
    ...(spec.unread === true ? { unread: true } : {}),
  };
}

function werfLabel(project: string | null | undefined): Annotations {
  return project === null ? {} : { werf: project ?? PROJECT };
}

function hexOf(name: string): string {
  return createHash('sha224').update(name).digest('hex');
}
