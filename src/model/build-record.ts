// A record in the registry that says which commit an image was published for: our own, or werf's.

import type { LinkSource } from './decision.ts';
import type { Digest } from './reference.ts';
import type { KnownOrUnknown } from './time.ts';

/**
 * The type of the manifests that `record` writes: https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidelines-for-artifact-usage
 * It stands in `artifactType` where the registry takes that, and always under {@link RECORD_KEYS}.type.
 */
export const RECORD_TYPE = 'application/vnd.registry-cleanup.build.v1+json';

/** The keys of a record's annotations. The commit, its address and the time stand under the image specification's own keys. */
export const RECORD_KEYS = {
  /** {@link RECORD_TYPE}: GitLab's registry takes no manifest with an `artifactType` that it does not know. */
  type: 'vnd.registry-cleanup.type',
  commit: 'org.opencontainers.image.revision',
  source: 'org.opencontainers.image.source',
  created: 'org.opencontainers.image.created',
  /** `refs/heads/main`, `refs/tags/v1`; for people. */
  reference: 'vnd.registry-cleanup.reference',
  /** Which of several images in one repository. */
  imageName: 'vnd.registry-cleanup.image-name',
} as const;

/** One statement "this image was published for this commit". */
export interface BuildRecord {
  /** The record's own manifest; in another repository for one of werf's meta repository. */
  readonly record: Digest;
  /** The image that was published: an existing node of the snapshot. */
  readonly image: Digest;
  /** 40 or 64 hex digits. */
  readonly commit: string;
  /** Which image it is, where one repository holds several: policies count for each by itself. */
  readonly product?: string;
  /** The address of the repository with the sources, when it tells: untrusted text. */
  readonly source?: string;
  /** When it was written. */
  readonly at: KnownOrUnknown;
  readonly found: LinkSource;
}

/** `record-` and 40 hex digits: the tag of a record that has one. */
const RECORD_TAG = /^record-[0-9a-f]{40}$/;

/** Whether a tag has the shape of those that `record` gives its records: what it leads to need be none. */
export function isRecordTag(tag: string): boolean {
  return RECORD_TAG.test(tag);
}
