// The port to a container engine of this machine: what is read there, and the few deeds. Docker and podman differ behind it.

import type { Log } from '../log.ts';
import type {
  BuildCache,
  ContainerId,
  ContainerState,
  DiskSpace,
  Engine,
  ImageId,
  LocalStore,
} from '../model/local-store.ts';
import type { Duration, Instant } from '../model/time.ts';

/**
 * What a deed came to. `refused`: the engine will not do it while something uses the thing (409), in the engine's words; untrusted text.
 * `already-gone` only after a 404 of the engine itself.
 */
export type EngineOutcome =
  | { readonly kind: 'deleted' }
  | { readonly kind: 'already-gone' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string };

/** What a prune of the build cache came to. */
export type PruneOutcome =
  | { readonly kind: 'deleted'; readonly entries: number; readonly freedBytes: number }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string };

/** What a container does right now, of those that use one image. */
export interface ImageUser {
  readonly id: ContainerId;
  readonly name: string;
  readonly state: ContainerState;
}

/** An image right now: in full, or it is not told. */
export interface ImageState {
  readonly id: ImageId;
  /** As in {@link LocalStore}: in full and sorted; empty for a dangling one. */
  readonly names: readonly string[];
  /** Every container that was made from it, also those that ended, and a builder's. */
  readonly users: readonly ImageUser[];
}

/** What the engine still knows of the past. It forgets early: what is missing here proves nothing. */
export interface EngineMemory {
  /** When a container was last made from, started from, or ended with an image that is in the store now. */
  readonly uses: ReadonlyMap<ImageId, Instant>;
  /**
   * Names under which the image was pulled or pushed, where the engine writes that down only after it was done: Podman does not. With
   * {@link Engine.digestsProvePush} false nothing else of the engine's proves that a registry had it.
   */
  readonly exchanged: ReadonlyMap<ImageId, readonly string[]>;
  /** When an image was last built (also when all of it was there already), named, pulled, loaded or pushed: somebody had it in his hands. */
  readonly handled?: ReadonlyMap<ImageId, Instant>;
}

/** What `openEngine(address, surroundings)` needs besides the address. */
export interface EngineSurroundings {
  /** DOCKER_HOST, DOCKER_CERT_PATH, DOCKER_TLS_VERIFY, DOCKER_CONFIG, DOCKER_CONTEXT, XDG_RUNTIME_DIR and HOME are read. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The present: times of the engine that lie in the future are not believed. */
  readonly now: () => Instant;
  readonly log: Log;
  /** Ends what is under way. */
  readonly signal?: AbortSignal;
  /** The folder of the engine's store as it is seen from here, when the user names it: then it is measured whatever else speaks against it. */
  readonly engineRoot?: string;
  /** For one answer; 2 minutes when absent. */
  readonly answerTimeoutMs?: number;
}

/** The file system of the store, or why nobody can measure it from here. */
export type DiskMeasure =
  | { readonly kind: 'known'; readonly disk: DiskSpace }
  | { readonly kind: 'unknown'; readonly why: string };

/**
 * One engine. Reading throws and never guesses: `EvidenceError` EVIDENCE_ENGINE when the engine does not answer, or not in full, or not as it
 * should; `AuthError` FORBIDDEN when the socket may not be opened. Deeds throw nothing but a lost engine; each tries once and never forces.
 */
export interface EngineGateway {
  readonly engine: Engine;
  /** Images with all that is below, containers of every state (the builders' as well), build cache and disk: whole. */
  readStore(): Promise<LocalStore>;
  /** What the engine's events since then tell of the images in `store`. Empty where it keeps none. */
  readMemory(store: LocalStore, since: Instant): Promise<EngineMemory>;
  /** The image as it is now; undefined when the engine has it no more. */
  readImage(id: ImageId): Promise<ImageState | undefined>;
  /** What the container does now; undefined when the engine has it no more. */
  readContainer(id: ContainerId): Promise<ContainerState | undefined>;
  /**
   * Takes one name off; with its last name the image goes, and nothing with it (an untagged ancestor stays). Never by force.
   * `name` is one of {@link LocalStore}'s, and stood on the image that is meant when it was last looked at.
   */
  deleteName(name: string): Promise<EngineOutcome>;
  /** Deletes an image that has no name, or exactly one. Never by force; ancestors stay. */
  deleteImage(id: ImageId): Promise<EngineOutcome>;
  /** Deletes a container that does not run; its volumes stay. Never by force. */
  deleteContainer(id: ContainerId): Promise<EngineOutcome>;
  /** The engine's own prune of build cache that nobody used for so long, without what it shares with images. */
  pruneBuildCache(olderThan: Duration): Promise<PruneOutcome>;
  /** The build cache anew; undefined where the engine has none. */
  readBuildCache(): Promise<BuildCache | undefined>;
  measureDisk(): Promise<DiskMeasure>;
  /** Lets go of the connections. */
  close(): void;
}
