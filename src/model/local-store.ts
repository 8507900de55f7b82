// What a container engine on this machine holds, as it says itself: images, containers, build cache, and the disk below them.

import type { Annotations } from './snapshot.ts';
import type { Instant, KnownOrUnknown } from './time.ts';

declare const imageIdBrand: unique symbol;
declare const containerIdBrand: unique symbol;

/** What an engine calls an image: `sha256:…`, a config's digest or (containerd's store) a manifest's. Never shortened. */
export type ImageId = string & { readonly [imageIdBrand]: true };
/** What an engine calls a container: 64 hex digits. Never shortened. */
export type ContainerId = string & { readonly [containerIdBrand]: true };

/** A layer as it lies in the store. */
export interface LocalLayer {
  /** The same for two images only where the store has it once: what lies below it counts too. */
  readonly chain: string;
  readonly sizeBytes: number;
}

/** One image of the local store. */
export interface LocalImage {
  readonly id: ImageId;
  /** `registry.example.com/team/app:1.0`, in full and sorted; empty for a dangling one. What an engine writes for "none" is no name. */
  readonly names: readonly string[];
  /** `registry.example.com/team/app@sha256:…` sorted. Empty: the engine knows of no registry that had it. What one proves: {@link Engine.digestsProvePush}. */
  readonly digests: readonly string[];
  readonly labels: Annotations;
  /** When it was built, by its own word. */
  readonly created: KnownOrUnknown;
  /** When a name was last put on it here: by then at the latest it had come. Podman does not tell. */
  readonly tagged: KnownOrUnknown;
  /** With everything that it shares. */
  readonly sizeBytes: number;
  /** The lowest first. Undefined where the engine does not tell their sizes. */
  readonly layers: readonly LocalLayer[] | undefined;
  /** The image that this one was built on in the same store, by an older builder. */
  readonly parent?: ImageId;
  /** It lies in a further store that the engine only reads. Absent: no. */
  readonly isReadOnly?: boolean;
  /** An index of several platforms, or anything else that is no plain image. */
  readonly isList: boolean;
  /**
   * Of a list: the digests of what it lists and what lies in this store, as the list writes them. Absent where the engine does not tell; then
   * the list stays, and with it what it may list.
   */
  readonly lists?: readonly string[];
}

/** What a container is doing. `unknown`: a word that nobody here knows. */
export type ContainerState =
  | 'created'
  | 'running'
  | 'paused'
  | 'restarting'
  | 'removing'
  | 'exited'
  | 'dead'
  | 'unknown';

/** One container, whatever it does. */
export interface LocalContainer {
  readonly id: ContainerId;
  /** Without the slash that Docker puts before it. */
  readonly name: string;
  /** The image that it was made from; undefined when the engine does not tell, and then nobody knows what it uses. */
  readonly imageId: ImageId | undefined;
  /** How the image was called when it was made; untrusted text. */
  readonly image: string;
  /**
   * Images that it has mounted as folders, each by its id; by its name, untrusted text, where the engine knows none of that name any more.
   * Absent: none.
   */
  readonly mounts?: readonly string[];
  readonly state: ContainerState;
  readonly created: KnownOrUnknown;
  /** When it ended; unknown while it runs, and where the engine does not tell. */
  readonly finished: KnownOrUnknown;
  readonly labels: Annotations;
}

/** The file system on which the store lies. */
export interface DiskSpace {
  /** The folder whose file system was measured: `/var/lib/docker`. */
  readonly path: string;
  readonly capacityBytes: number;
  /** What programs without special rights may still take; never more than the capacity. */
  readonly availableBytes: number;
}

/** The engine that holds the store. */
export interface Engine {
  readonly kind: 'docker' | 'podman';
  /** `Docker 28.5.2`, for messages. */
  readonly title: string;
  /** Where it is spoken to: `unix:///var/run/docker.sock`. Never with a password. */
  readonly address: string;
  /** The same for the same store, as far as the engine tells; for remembering what was seen there. */
  readonly storeId: string;
  /** Whether it has a build cache of BuildKit's of its own, and can prune it. */
  readonly hasBuildCache: boolean;
  /**
   * Whether an image has {@link LocalImage.digests} only when a registry had it. Podman and containerd's store make them up for images that
   * were built here: there they tell where to look, never that the image was pushed.
   */
  readonly digestsProvePush: boolean;
}

/** What BuildKit keeps in the engine. */
export interface BuildCache {
  readonly entries: number;
  readonly sizeBytes: number;
  /** Entries that nobody uses just now. */
  readonly prunable: readonly { readonly id: string; readonly sizeBytes: number; readonly lastUsed: KnownOrUnknown }[];
}

/** A whole store. `complete: true` exists only after every list was read to its end. */
export interface LocalStore {
  readonly engine: Engine;
  readonly complete: true;
  readonly images: ReadonlyMap<ImageId, LocalImage>;
  readonly containers: readonly LocalContainer[];
  /** Undefined where it cannot be measured: the engine runs elsewhere. `whyNoDisk` says so. */
  readonly disk: DiskSpace | undefined;
  readonly whyNoDisk?: string;
  /** Undefined where the engine has none. */
  readonly buildCache: BuildCache | undefined;
}

/** What earlier runs saw of an image, since engines do not remember. */
export interface ImageUse {
  /** When a run first saw it here. */
  readonly firstSeen: Instant;
  /** When a container was last seen to use it; absent: never seen. */
  readonly lastUsed?: Instant;
}

/** By image; an image that is not among them was seen by no run before this one. */
export type ImageUses = ReadonlyMap<ImageId, ImageUse>;
