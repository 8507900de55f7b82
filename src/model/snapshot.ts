// What a registry said about one repository: every node it can show, every tag, and what was proved absent.

import type { Digest, RepositoryReference, Tag } from './reference.ts';
import type { Instant, KnownOrUnknown } from './time.ts';

/** Annotations or labels; keys and values as written by the builder, untrusted text. */
export type Annotations = { readonly [key: string]: string };

/** Content that is stored beside manifests: a config, a layer, a cache entry. */
export interface Blob {
  readonly digest: Digest;
  /** As the manifest claims; not checked. */
  readonly sizeBytes: number;
  readonly mediaType: string;
}

/** One manifest that an index lists. */
export interface Child {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** `linux/amd64`, `linux/arm/v7`, `unknown/unknown`; absent when the index names none. */
  readonly platform?: string;
  readonly annotations: Annotations;
}

/** What a config blob told, or why it could not be read. An unread config is never an empty one. */
export type ConfigFacts =
  | {
      readonly kind: 'read';
      readonly labels: Annotations;
      readonly created?: string;
      /** `config.Image`, as older builders wrote it: the config's digest of the image that this one was made from. Untrusted text. */
      readonly madeFrom?: string;
      /** Kaniko signed every step of it, at least one, and it names no system to run on: images do, also those that Kaniko builds. */
      readonly isKanikoStep?: true;
    }
  | { readonly kind: 'unread'; readonly why: string };

/** What a manifest is, as far as we understand it. */
export type Content =
  | { readonly kind: 'image'; readonly config: Blob; readonly facts: ConfigFacts; readonly layers: readonly Blob[] }
  /** `blobs`: entries of a build-cache index that are no manifests. */
  | { readonly kind: 'index'; readonly children: readonly Child[]; readonly blobs: readonly Blob[] }
  /** There, but not understood (corrupt, oversized, unknown type, Docker schema 1): always kept, and named. */
  | {
      readonly kind: 'opaque';
      readonly why: string;
      readonly mayListManifests: boolean;
      /** Every digest that stands anywhere in its bytes; absent when nobody could look. */
      readonly names?: readonly Digest[];
    };

/**
 * What the provenance in an attestation says about the sources, or why it could not be read. An unread provenance is never an empty one.
 * `revisions` is empty when it names no commit.
 */
export type ProvenanceFacts =
  | { readonly kind: 'read'; readonly predicateType: string; readonly revisions: readonly ProvenanceRevision[] }
  | { readonly kind: 'unread'; readonly why: string };

/** A commit that a provenance names, as written there: untrusted text. */
export interface ProvenanceRevision {
  /** Hex digits; what a builder appends for uncommitted changes (`-dirty`) is taken off. */
  readonly commit: string;
  /** The address of the repository, when it tells. */
  readonly source?: string;
}

/** A manifest by digest, with everything the registry told about it. */
export interface ImageNode {
  readonly digest: Digest;
  /** As the registry's Content-Type or the manifest says; may be any text for an opaque node. */
  readonly mediaType: string;
  /** Bytes of the manifest itself. */
  readonly sizeBytes: number;
  /** All tags that point here, sorted by code unit. Empty for an untagged node. */
  readonly tags: readonly Tag[];
  readonly content: Content;
  readonly artifactType?: string;
  /** The manifest's own OCI 1.1 `subject`. */
  readonly subject?: Digest;
  readonly annotations: Annotations;
  /** Only of a BuildKit attestation whose provenance was wanted. */
  readonly provenance?: ProvenanceFacts;
  /** The image's own word (config or `org.opencontainers.image.created`), already checked for belief. */
  readonly created: KnownOrUnknown;
  /** The registry's word, where its API tells: absent means that it does not tell, never "long ago". */
  readonly times: { readonly pushed?: Instant; readonly updated?: Instant; readonly tagged?: Instant };
}

/** How one provider differs from another. Code outside an adapter reads these, never a provider's name. */
export interface Capabilities {
  /** A human name for messages: `OCI registry`, `OCI layout`. */
  readonly title: string;
  /** Whether untagged nodes that nothing lists are in the snapshot too. */
  readonly listUntagged: boolean;
  /** Which times the registry itself tells. */
  readonly listTimes: boolean;
  /** Whether one tag can be deleted alone. `untried`: only a try will tell. */
  readonly deleteTagOnly: 'yes' | 'no' | 'untried';
  /** Whether deleting a digest takes its tags with it. `untried`: check after each delete. */
  readonly digestDeleteRemovesTags: 'yes' | 'no' | 'untried';
  /** Whether the registry itself refuses to delete what an index lists. */
  readonly childProtected: boolean;
  /** Where referrers were found. */
  readonly referrers: 'api' | 'fallback-tags' | 'native';
  /** How a deletion can be taken back while the blobs are there. */
  readonly undo: 'put-manifest' | 'restore' | 'none';
  /**
   * Whether the registry itself collects what no tag leads to any more, a while later. Then only tags are deleted: what is tagged again
   * meanwhile stays whole, so no order and no owner matters.
   */
  readonly collectsUntagged: boolean;
  /** Deletions that may be under way at once, 1 or more. */
  readonly deletesInFlight: number;
}

/** What a registry shows, before any delete, about the right to delete. */
export type DeleteRight =
  | { readonly kind: 'granted' }
  /** The token surely lacks it: what it needs, in words. */
  | { readonly kind: 'missing'; readonly permission: string }
  /** Only a delete will tell: why, in words. */
  | { readonly kind: 'unproved'; readonly why: string };

/**
 * A whole repository. `complete: true` exists only after the last page was read and every listed tag, every child, every
 * subject was either read or proved absent (404); anything less is an error, not a snapshot.
 */
export interface Snapshot {
  readonly repository: RepositoryReference;
  readonly capabilities: Capabilities;
  readonly complete: true;
  /** Every manifest that exists, in no particular order. */
  readonly nodes: ReadonlyMap<Digest, ImageNode>;
  readonly tags: ReadonlyMap<Tag, Digest>;
  /** Digests that the registry proved absent, with the nodes that name them as child or subject. */
  readonly absent: ReadonlyMap<Digest, readonly Digest[]>;
  /** Tags that were listed and then answered 404, twice. Nobody knows what they pointed at. */
  readonly vanishedTags: readonly Tag[];
  /** Tags that a rule of the registry lets nobody with these credentials delete, and in words which. Absent: nobody can tell before a try. */
  readonly protectedTags?: ReadonlyMap<Tag, string>;
  /** What is known about the right to delete here. Absent: nothing can be known before the first delete. */
  readonly deleteRight?: DeleteRight;
}
