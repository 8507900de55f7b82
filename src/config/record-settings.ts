// What a `record` needs to know, decided: which images, for which commits, and how their registry is reached.

import type { LogLevel } from '../log.ts';
import type { CommitId } from '../model/history.ts';
import type { Digest } from '../model/reference.ts';
import type { Format, RegistrySettings, RepositoryTarget } from './settings.ts';

/** An image to record something about. */
export interface RecordedImage {
  readonly target: RepositoryTarget;
  readonly digest: Digest;
}

/** A commit that an image was published for. */
export interface BuiltCommit {
  readonly commit: CommitId;
  /** `refs/heads/main`; for people. */
  readonly reference?: string;
}

/** Which commits an image was published for. */
export type BuiltFrom =
  /** The user says so. */
  | { readonly kind: 'given'; readonly commits: readonly BuiltCommit[] }
  /**
   * The variables of a job say so. The first is the one that the job is for; a clone in the working directory must be at one of them, and
   * only what it is at, or the first, was built. `needsClone`: without one nobody knows.
   */
  | {
      readonly kind: 'job';
      readonly commits: readonly BuiltCommit[];
      /** The variable that names the first. */
      readonly variable: string;
      readonly needsClone: boolean;
      /** The job has no checkout of its own: what lies in the working directory says nothing. */
      readonly hasNoClone: boolean;
    }
  /** The one that is checked out in the working directory. */
  | { readonly kind: 'clone'; readonly reference?: string };

/** The decided settings of a `record`: it asks a registry, and neither clusters nor Git servers. */
export interface RecordSettings {
  /** At least one, without duplicates. */
  readonly images: readonly RecordedImage[];
  readonly built: BuiltFrom;
  readonly imageName?: string;
  /** The address of the repository with the sources, where the job tells. */
  readonly source?: string;
  /** Where a clone may be. */
  readonly directory: string;
  readonly registry: RegistrySettings;
  readonly format: Format;
  readonly logLevel: LogLevel;
}
