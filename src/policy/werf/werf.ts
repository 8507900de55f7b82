// What is known of a repository that werf made, as the rules see it. Who reads it: `read-werf.ts`.

import type { BuildRecord } from '../../model/build-record.ts';
import type { KeepReason } from '../../model/decision.ts';
import type { AttachedRecords } from '../../model/image-graph.ts';
import type { Digest, Tag } from '../../model/reference.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { Instant, KnownOrUnknown } from '../../model/time.ts';
import type { StageId, WerfTag } from '../../model/werf-tag.ts';

/** What other repositories of the same project say. */
export interface WerfEvidence {
  /** The meta repository of version 3: its records count as if they were in this one. */
  readonly meta?: Snapshot;
  /** Stages of this repository that are used from their copies in the final repository. */
  readonly usedCopies?: ReadonlyMap<StageId, readonly KeepReason[]>;
}

/** One of werf's records. */
export interface WerfRecord {
  readonly kind: WerfTag['kind'];
  /** The tag that says what it is. */
  readonly tag: Tag;
  /** The image that it is about, when it is in this repository. */
  readonly image?: Digest;
  /** The stage that it is about, of `image-metadata`, `custom-tag-metadata`, `import-metadata` and `rejected`. */
  readonly stage?: StageId;
  /** Of `image-metadata`. */
  readonly nameId?: string;
  /** When it was written. */
  readonly at: KnownOrUnknown;
}

/** A repository that werf made. Stages are proved by labels, never by the shape of a tag alone. */
export interface Werf {
  readonly stages: ReadonlyMap<StageId, Digest>;
  /** Everything that werf built: stages, indexes and their platforms, what only recorded custom tags lead to, untagged ones with werf's labels. */
  readonly built: ReadonlySet<Digest>;
  /** Images with a tag that is none of werf's (or of another project's), with the first such tag. */
  readonly foreign: ReadonlyMap<Digest, Tag>;
  /** Those of the foreign ones that werf made, for another project or for nobody knows which. */
  readonly ofOthers: ReadonlySet<Digest>;
  /** Stages that werf marked as broken, and that nothing but stage tags so marked and recorded custom tags lead to. */
  readonly rejected: ReadonlyMap<Digest, StageId>;
  /** Records in this repository, by digest; one node may have several record tags. */
  readonly records: ReadonlyMap<Digest, readonly WerfRecord[]>;
  /** For the graph: every record of {@link records} with its images. */
  readonly attached: AttachedRecords;
  /** What `meta-*` records of images that count say, also those of the meta repository. */
  readonly buildRecords: readonly BuildRecord[];
  /** Whether there is any `meta-*` record at all: where there is none, that a stage has none says nothing. */
  readonly hasBuildRecords: boolean;
  /** Names by the ids in `meta-*` records. */
  readonly names: ReadonlyMap<string, string>;
  /** Ids of names that count: managed, or in werf.yaml. Undefined: not known, so all do. */
  readonly managed: ReadonlySet<string> | undefined;
  /** The newest moment at which a stage's id or a record says that the image was published. */
  readonly publishedAt: ReadonlyMap<Digest, Instant>;
  /** By checksum, the stages that an import came from (`import-metadata-*` of version 2). */
  readonly importSources: ReadonlyMap<string, readonly StageId[]>;
  /** Recorded custom tags, with the stages they were put on. Whether one still leads there is not said. */
  readonly customTags: ReadonlyMap<string, ReadonlySet<StageId>>;
  /** Whose stages these are, by the user's word or by their labels; absent where nobody knows. */
  readonly project?: string;
  /** Stages of other projects, by project, when the repository is shared. */
  readonly otherProjects: readonly string[];
}
