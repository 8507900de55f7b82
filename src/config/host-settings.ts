// The decided settings of `host`: it asks an engine, where wanted registries and Git, and neither clusters nor a forge.

import type { LogLevel } from '../log.ts';
import type { HostPolicy } from '../model/host-policy.ts';
import type { Duration } from '../model/time.ts';
import type { Format, GitSettings, NamedGitRepository, RegistrySettings, RepositoryTarget } from './settings.ts';

/** Where the engine is. `ambient`: DOCKER_HOST, else Docker's socket, else Podman's. */
export type EngineAddress =
  | { readonly kind: 'ambient' }
  | { readonly kind: 'unix'; readonly path: string }
  /** With the folder of `ca.pem`, `cert.pem` and `key.pem`; absent: without TLS, on loopback only. */
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly certificates?: string };

/** Git for `improperGitCommit`. `own`: the clone of the project. `further`: a repository that labels call by this name. */
export type HostGit =
  | { readonly kind: 'own'; readonly source: GitSettings }
  | { readonly kind: 'further'; readonly repository: NamedGitRepository };

/** The decided settings of a `host`. */
export interface HostSettings {
  /** `false`: it is only shown what would go. */
  readonly confirm: boolean;
  readonly engine: EngineAddress;
  /** The folder of the engine's store as this process sees it, whose file system is measured; absent: as the engine tells. */
  readonly engineRoot?: string;
  readonly policy: HostPolicy;
  /** Whose images the registry is asked for; empty where nothing is asked of it. */
  readonly repositories: readonly RepositoryTarget[];
  readonly registry: RegistrySettings;
  /** Empty unless `improperGitCommit` is asked for; at most one is the project's own. */
  readonly git: readonly HostGit[];
  /** Where it is remembered what was seen on this machine; absent: nowhere, and nothing is known of earlier uses. */
  readonly cacheDirectory?: string;
  /** Our own folders in it that no run used for so long go; absent: none do. */
  readonly ownCacheOlderThan?: Duration;
  /** More than this share (0 to 1) of the project's images never goes at once because the registry has them no more. */
  readonly maxDeleteShare: number;
  readonly reportFile?: string;
  readonly format: Format;
  readonly logLevel: LogLevel;
}
