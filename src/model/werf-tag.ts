// The tags of a repository that werf (1.2, 2, 3) made, by their shape alone. What a tag leads to is not known here: a tag of this shape
// may be somebody else's.

import { type CommitId, isCommitId } from './history.ts';
import { type Instant, instantFromMs } from './time.ts';
import { MANAGED_IMAGE_PREFIX, unslugImageName } from './werf-names.ts';

/** The id of a stage: `<56 hex>-<13 digits>`, or 56 hex digits for an index of several platforms. */
export type StageId = string;

/** What the shape of a tag says. */
export type WerfTag =
  /** `<56 hex>-<13 digits>`; `at`: the digits, milliseconds since 1970. */
  | { readonly kind: 'stage'; readonly stage: StageId; readonly at: Instant }
  /** `<56 hex>`: an index of several platforms. */
  | { readonly kind: 'index'; readonly stage: StageId }
  /** `<stage>-rejected`, for an index `<56 hex>-0-rejected`: the stage is broken. */
  | { readonly kind: 'rejected'; readonly stage: StageId }
  /** `meta-<id of the image's name>_<commit>_<stage>`: the image was published at the commit as this stage. */
  | {
      readonly kind: 'image-metadata';
      readonly nameId: string;
      readonly commit: CommitId;
      readonly stage: StageId;
    }
  /** `managed-image-<name>`. */
  | { readonly kind: 'managed-image'; readonly name: string }
  /** `import-metadata-<64 hex>` (2): its labels say which stage an import came from. */
  | { readonly kind: 'import-metadata'; readonly id: string }
  /** `custom-tag-meta-<slug>`: its labels say which tag was put on which stage. */
  | { readonly kind: 'custom-tag-metadata' }
  /** Records about the repository itself: when it was cleaned, who synchronizes, where version 3 keeps its metadata. */
  | { readonly kind: 'service'; readonly service: 'cleanup' | 'client-id' | 'sync-server' | 'meta-repo-marker' };

const STAGE = /^([0-9a-f]{56})-(\d{13})$/;
const INDEX = /^[0-9a-f]{56}$/;
/** werf numbers stages without digits 0: `pkg/storage/repo_stages_storage.go`. */
const REJECTED = /^([0-9a-f]{56})-(0|\d{13})-rejected$/;
const METADATA = /^meta-(0|[1-9a-f][0-9a-f]{0,7})_([0-9a-f]{40})_([0-9a-f]{56}(?:-\d{13})?)$/;
const IMPORT = /^import-metadata-([0-9a-f]{64})$/;
const CUSTOM = /^custom-tag-meta-./;
const CLIENT = /^client-id-./;
const MARKER = /^werf-meta-repo-marker-./;

/** What a tag is by its shape, or undefined when it has none of werf's. */
export function parseWerfTag(tag: string): WerfTag | undefined {
  const stage = STAGE.exec(tag);
  if (stage !== null) return { kind: 'stage', stage: tag, at: instantFromMs(Number(stage[2])) };
  if (INDEX.test(tag)) return { kind: 'index', stage: tag };
  const [, hex, digits] = REJECTED.exec(tag) ?? [];
  if (hex !== undefined) return { kind: 'rejected', stage: digits === '0' ? hex : `${hex}-${digits}` };
  const metadata = METADATA.exec(tag);
  const [, nameId, commit, published] = metadata ?? [];
  if (nameId !== undefined && published !== undefined && commit !== undefined && isCommitId(commit))
    return { kind: 'image-metadata', nameId, commit, stage: published };
  const imported = IMPORT.exec(tag)?.[1];
  if (imported !== undefined) return { kind: 'import-metadata', id: imported };
  return parseNamedRecord(tag);
}

function parseNamedRecord(tag: string): WerfTag | undefined {
  if (tag.startsWith(MANAGED_IMAGE_PREFIX) && tag.length > MANAGED_IMAGE_PREFIX.length)
    return { kind: 'managed-image', name: unslugImageName(tag.slice(MANAGED_IMAGE_PREFIX.length)) };
  if (CUSTOM.test(tag)) return { kind: 'custom-tag-metadata' };
  if (CLIENT.test(tag)) return { kind: 'service', service: 'client-id' };
  if (MARKER.test(tag)) return { kind: 'service', service: 'meta-repo-marker' };
  if (tag === 'sync-server') return { kind: 'service', service: 'sync-server' };
  if (tag === 'cleanup') return { kind: 'service', service: 'cleanup' };
  return undefined;
}
