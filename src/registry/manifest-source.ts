// What the graph reader needs from a place that holds manifests. Each method has one meaning for "not there".

import type { Digest, RepositoryReference, Tag } from '../model/reference.ts';
import type { Capabilities, ImageNode } from '../model/snapshot.ts';

/** A manifest that is there. Its bytes were checked against its digest. */
export type FoundManifest =
  | {
      readonly kind: 'whole';
      readonly digest: Digest;
      /** The `Content-Type` or the descriptor's media type; undefined when there is none. */
      readonly declaredType: string | undefined;
      readonly bytes: Uint8Array;
    }
  /** There, but larger than a client has to take; nobody read it. `sizeBytes` as far as it was told, else the limit. */
  | {
      readonly kind: 'oversized';
      readonly digest: Digest;
      readonly declaredType: string | undefined;
      readonly sizeBytes: number;
    };

/** A manifest that is there as far as its registry's list says, and that nobody can read: it is opaque, and may list anything. */
export interface HiddenManifest {
  readonly kind: 'hidden';
  readonly digest: Digest;
  readonly why: string;
}

/** A digest that something names, with the media type under which it names it. */
export interface NamedDigest {
  readonly digest: Digest;
  readonly mediaType?: string;
}

/** One repository as a source of manifests. `absent` is always proved; no answer is always an error. */
export interface ManifestSource {
  readonly repository: RepositoryReference;
  /** All tags; order and duplicates do not matter. */
  listTags(): Promise<readonly Tag[]>;
  /** Manifests that the source lists though they have no tag; empty where it cannot. */
  listUntagged(): Promise<readonly NamedDigest[]>;
  getByTag(tag: Tag): Promise<FoundManifest | HiddenManifest | 'absent'>;
  /** A manifest that a tag, another manifest or a list names. */
  getByDigest(named: NamedDigest): Promise<FoundManifest | HiddenManifest | 'absent'>;
  /** A digest from elsewhere, of which nobody knows whether it is a manifest's: clusters name configs too. Those are `absent`. */
  getByBareDigest(digest: Digest): Promise<FoundManifest | HiddenManifest | 'absent'>;
  /** A blob's bytes, not yet checked against the digest. */
  getBlob(digest: Digest, maxBytes: number): Promise<Uint8Array | 'absent' | 'too-large'>;
  /**
   * What refers to the digest, by the source's own index of referrers. `unsupported` (there is no such index) is the first answer or
   * none: a source that has answered once never turns unsupported.
   */
  listReferrers(digest: Digest): Promise<readonly NamedDigest[] | 'unsupported'>;
  /** What the source's list says about a manifest's times; absent where it has no such list. */
  timesOf?(digest: Digest): ImageNode['times'];
  /** As known by now: asked again when the reading is over. */
  capabilities(): Capabilities;
}
