// Everything that `managed-images` needs to know, decided.

import type { LogLevel } from '../log.ts';
import type { RegistrySettings, RepositoryTarget } from './settings.ts';

/** What `managed-images` is to do. A name is an image's of werf.yaml; the empty one is that of the image without a name. */
export type ManagedImagesWish = { readonly action: 'ls' } | { readonly action: 'add' | 'rm'; readonly name: string };

/** The decided settings of `managed-images`: it looks at werf's records, and asks neither Git nor clusters. */
export interface ManagedImagesSettings {
  readonly wish: ManagedImagesWish;
  /** The repository that werf made; absent where only the one with its records is named. At least one of the two is there. */
  readonly repository?: RepositoryTarget;
  readonly metaRepository?: RepositoryTarget;
  readonly registry: RegistrySettings;
  readonly cacheDirectory?: string;
  readonly journal: string;
  readonly format: 'text' | 'json';
  readonly logLevel: LogLevel;
}
