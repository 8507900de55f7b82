// The registry port: what every adapter can do for one repository. Adapters differ by capability, not by caller.

import type { Digest, RepositoryReference, Tag } from '../model/reference.ts';
import type { Capabilities, Snapshot } from '../model/snapshot.ts';

/** A manifest's exact bytes, whose digest was checked, with the media type to put it back under. */
export interface ManifestBytes {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** What a delete came to. `already-gone` only after a re-read proved it; refusals carry the registry's words. */
export type DeleteAnswer =
  | { readonly kind: 'deleted' }
  | { readonly kind: 'already-gone' }
  /** The registry cannot or will not do this one (unsupported, protected, locked): others may still work. */
  | { readonly kind: 'refused'; readonly why: string }
  /** A rule of the registry keeps it, whatever the credentials (the last tagged version, too many downloads): no fault of the run. */
  | { readonly kind: 'protected'; readonly why: string }
  /** The quota that this run may use is spent: nothing was done, nothing more is to be tried, a later run goes on. */
  | { readonly kind: 'not-now'; readonly why: string };

/** What a run knows of a repository from its snapshot. */
export interface KnownContent {
  readonly tags: ReadonlyMap<Tag, Digest>;
  readonly digests: ReadonlySet<Digest>;
}

/** What a look at a repository found. */
export interface Surroundings {
  /** Tags with what they point at: all of them, or at least all whose digest is not among the known ones. */
  readonly tags: ReadonlyMap<Tag, Digest>;
  /** Listed, and leading nowhere. */
  readonly unresolved: readonly Tag[];
  /** Untagged digests that are not among the known ones; empty where untagged ones cannot be listed. */
  readonly untagged: readonly Digest[];
}

/** How urgent a delete is. */
export interface DeleteWay {
  /**
   * What owned it was deleted a moment ago, and without an owner nothing tells later runs that it may go: the share of a quota that is kept
   * for others may be used.
   */
  readonly isRemainder: boolean;
}

/** What putting a manifest came to. */
export interface PutAnswer {
  /**
   * Whether who asks for the referrers of its subject finds it from now on, without a tag. A registry says so by `OCI-Subject` with the
   * subject's digest. False for a manifest without a subject.
   * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests-with-subject
   */
  readonly isIndexed: boolean;
}

/** What bringing back one deleted manifest came to. */
export type RestoreAnswer =
  | { readonly kind: 'restored'; readonly tags: readonly Tag[] }
  | { readonly kind: 'already-there'; readonly tags: readonly Tag[] }
  /** The registry does not have it any more, or does not give it back. */
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'not-now'; readonly why: string };

/**
 * One repository of one registry. Every method throws `AuthError`, `RegistryError`, `NetworkError` or `ProtocolError` when
 * it has no answer; only a 404 of the registry itself ever becomes "absent".
 */
export interface Registry {
  readonly repository: RepositoryReference;
  readonly capabilities: Capabilities;

  /**
   * Reads the whole repository: all tags, every manifest they reach, children at any depth, subjects, referrers.
   * `alsoDigests` are read as well where they exist (digests that a cluster or a pin names); those that do not are
   * no error and appear in `absent` with an empty list.
   * @throws AuthError REPOSITORY_UNKNOWN when the registry does not know or hides the repository.
   */
  readSnapshot(alsoDigests: readonly Digest[]): Promise<Snapshot>;

  /**
   * Reads these digests where they exist, with everything they list and name, at any depth; no tags. For digests that a
   * cluster names and the snapshot does not hold: an untagged index in use protects its children only if it is known.
   */
  readDigests(digests: readonly Digest[]): Promise<Pick<Snapshot, 'nodes' | 'absent'>>;

  /** All tag names now, from the last page to the first. */
  listTags(): Promise<readonly Tag[]>;

  /**
   * What has changed since the snapshot, as far as the registry can show it at a bearable price. `everyTag`: what every tag points at now is
   * asked for one by one, also where a list tells it, because lists lag behind.
   */
  lookAround(known: KnownContent, how?: { readonly everyTag: boolean }): Promise<Surroundings>;

  /**
   * The complete set of tags on a digest now, sorted. `unsupported` where only a look at every tag would tell; then `lookAround` has looked
   * at every tag.
   */
  listTagsOf(digest: Digest): Promise<readonly Tag[] | 'absent' | 'unsupported'>;

  /** What a tag points at now. */
  resolveTag(tag: Tag): Promise<Digest | 'absent'>;

  /** The bytes of a manifest now. */
  readManifest(digest: Digest): Promise<ManifestBytes | 'absent'>;

  /**
   * Whether a manifest is there now, without reading it: what a registry counts as a pull, and hands out only so many times, is not used up.
   * Absent where that saves nothing: then `readManifest` tells.
   */
  hasManifest?(digest: Digest): Promise<boolean>;

  /**
   * Digests that the manifest with this digest lists as children or names as subject (empty for a plain image).
   * `opaque` when it is there but cannot be understood.
   */
  readEdges(digest: Digest): Promise<readonly Digest[] | 'opaque' | 'absent'>;

  /**
   * What the registry's own index says refers to the digest now; empty when nothing does. Present where `capabilities.referrers` is `api`,
   * which the first snapshot finds out: look at it after that.
   */
  readonly listReferrers?: ((digest: Digest) => Promise<readonly Digest[]>) | undefined;

  /** Deletes a manifest and all tags on it. Idempotent. `tags`: the tags it is known to have. */
  deleteManifest(digest: Digest, tags: readonly Tag[], how?: DeleteWay): Promise<DeleteAnswer>;

  /** Deletes one tag and nothing else. Registries have been seen to take the manifest too, so the caller looks after it. */
  deleteTag(tag: Tag, digest: Digest): Promise<DeleteAnswer>;

  /**
   * Puts a manifest there, byte for byte, optionally under a tag: undo, repair after a tag delete went too far, and what is recorded.
   * @throws ProtocolError DIGEST_MISMATCH for a digest that is not the bytes' own; RegistryError when something it lists is not there.
   */
  putManifest(manifest: ManifestBytes, at: Digest | Tag): Promise<PutAnswer>;

  /**
   * Puts a blob there, under its SHA-256 digest, unless it is there already. Whoever puts a manifest puts its blobs before it: what no
   * manifest holds may be collected at any time. Absent where nothing can be written.
   * @throws AuthError FORBIDDEN when the right to push is missing.
   */
  putBlob?(bytes: Uint8Array): Promise<void>;

  /**
   * Brings deleted manifests back by the registry's own undo, in the given order (children before what lists them). Absent where
   * `capabilities.undo` is not `restore`. `isUrgent`: beyond the share of the quota that this run may use.
   */
  restore?(
    digests: readonly Digest[],
    onAnswer: (digest: Digest, answer: RestoreAnswer) => Promise<void>,
    how?: { readonly isUrgent: boolean },
  ): Promise<void>;

  /**
   * Whether a blob can still be pulled, by trying. What a manifest needs before it is put back: not every registry looks itself. Absent
   * where `capabilities.undo` is not `put-manifest`.
   */
  hasBlob?(digest: Digest): Promise<boolean>;

  /** Closes connections. Safe to call twice. */
  close(): Promise<void>;
}
