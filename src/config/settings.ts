// Everything a run needs to know, decided: the result of options, environment and policy file together.

import type { LogLevel } from '../log.ts';
import type { Policy } from '../model/policy.ts';
import type { RepositoryReference } from '../model/reference.ts';
import type { Instant } from '../model/time.ts';

/** What a run is to do. */
export type Command = 'plan' | 'apply' | 'explain' | 'demo';
/** What the result on standard output looks like. */
export type Format = 'text' | 'json' | 'markdown';

/** Where a repository lives. */
export type RepositoryTarget =
  | { readonly kind: 'registry'; readonly repository: RepositoryReference }
  /** A directory in OCI image-layout form that stands for the repository. */
  | { readonly kind: 'oci-layout'; readonly directory: string; readonly repository: RepositoryReference };

/** How to reach registries. */
export interface RegistrySettings {
  readonly username?: string;
  readonly password?: string;
  /** PEM file with further certificate authorities. */
  readonly caFile?: string;
  /** Speak plain HTTP also to hosts other than loopback. */
  readonly plainHttp: boolean;
}

/** Where the history comes from. */
export interface GitSettings {
  /** A clone (or any folder below it) whose `origin` is asked for the references. */
  readonly directory: string;
  /** werf's `gitWorktree`: false means that a shallow clone is refused instead of completed elsewhere. */
  readonly allowUnshallow: boolean;
  /** werf's `allowFetchOriginBranchesAndTags`: false means that only what the clone holds is used. */
  readonly allowFetch: boolean;
}

/** Where cluster usage comes from; at least one of the first two is set. */
export interface KubernetesSettings {
  readonly kubeConfig?: KubeConfigSource;
  /** Folders (or files) with manifests: dumps of clusters, GitOps repositories. */
  readonly manifests: readonly string[];
  /** Context names; empty means all of them. */
  readonly contexts: readonly string[];
  /** Namespaces; empty means all of them. */
  readonly namespaces: readonly string[];
}

/** A kubeconfig's place. `ambient`: KUBECONFIG, then ~/.kube/config, then the in-cluster account; never in CI. */
export type KubeConfigSource =
  | { readonly kind: 'files'; readonly paths: readonly string[] }
  /** The text itself (a secret), already decoded from base64. */
  | { readonly kind: 'inline'; readonly text: string }
  | { readonly kind: 'ambient' };

/** The decided settings of one run. */
export interface Settings {
  readonly command: Command;
  /** At least one, without duplicates, in the user's order. */
  readonly repositories: readonly RepositoryTarget[];
  readonly policy: Policy;
  readonly registry: RegistrySettings;
  readonly git: GitSettings | 'off';
  readonly kubernetes: KubernetesSettings | 'off';
  readonly planFile?: string;
  readonly reportFile?: string;
  readonly previousReport?: string;
  readonly journal: string;
  readonly format: Format;
  readonly logLevel: LogLevel;
  /** Only on `plan`: decide as if it were this time. */
  readonly asOf?: Instant;
  /** Only on `explain`: a tag or a digest. */
  readonly target?: string;
}
