// Everything a run needs to know, decided: the result of options, environment and policy file together.

import type { LogLevel } from '../log.ts';
import type { MissingEvidence } from '../model/missing-evidence.ts';
import type { Policy } from '../model/policy.ts';
import type { RegistryHost, RepositoryReference } from '../model/reference.ts';
import type { Duration, Instant } from '../model/time.ts';

/** What a run is to do. */
export type Command = 'plan' | 'apply' | 'explain' | 'demo';
/** What the result on standard output looks like. */
export type Format = 'text' | 'json' | 'markdown';

/**
 * How a registry is spoken to. `oci`: by the distribution protocol alone. `github`: by GitHub's packages interface, the protocol beside it.
 * `gitlab`: by the protocol and what GitLab's registry has beside it.
 */
export type Provider = 'oci' | 'github' | 'gitlab';

/**
 * What a repository is to another one of the same project of werf's, called by its full name. `final`: it has copies of the images that are
 * deployed. `meta`: it has the records. `cache`: it has copies of stages that only builds use.
 */
export interface RepositoryRole {
  readonly kind: 'final' | 'meta' | 'cache';
  readonly of: string;
}

/**
 * A repository; without a role it stands for itself. `isBuildCache`: it has nothing but what builds of the others that stand for themselves
 * left there for the next; those stand before it. Never with a role.
 */
export type RepositoryTarget = RepositoryPlace & { readonly role?: RepositoryRole; readonly isBuildCache?: true };

/** Where a repository lives. */
type RepositoryPlace =
  | {
      readonly kind: 'registry';
      readonly repository: RepositoryReference;
      readonly provider: Provider;
    }
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
  /** No certificate of a registry is checked. */
  readonly skipTlsVerify?: true;
  /** The folder of docker's `config.json`, which is looked at before every other place. */
  readonly dockerConfig?: string;
  /** Set when any repository has the provider `github`. */
  readonly github?: GithubAccess;
  /** Set when any repository has the provider `gitlab`; of a restore, when there is a login for its host. */
  readonly gitlab?: GitlabRegistryAccess;
}

/** A user name and a password for a registry, with the words for messages: `--gitlab-token`, `CI_JOB_TOKEN`. */
export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
  readonly from: string;
}

/** How to reach GitLab's registries. */
export interface GitlabRegistryAccess {
  /** The only registry that the logins below are for: `registry.gitlab.com`. */
  readonly host: RegistryHost;
  /** For everything, unless a user name and a password were given. Absent: as docker's or podman's login has it. */
  readonly login?: RegistryLogin;
  /** For deleting, and for nothing else. Absent: the same as for everything. */
  readonly deleteLogin?: RegistryLogin;
  /** GitLab's REST interface, where tags can be deleted too. `deleteToken`: for that; absent: `token`. Absent: there is no token for it. */
  readonly api?: {
    readonly apiUrl: string;
    readonly token: GitlabToken;
    readonly deleteToken?: GitlabToken;
  };
}

/** A token for GitLab's interface. `private`: personal, project or group access token. `job`: CI_JOB_TOKEN. */
export interface GitlabToken {
  readonly kind: 'private' | 'job';
  readonly value: string;
}

/** How to reach GitHub's interface. */
export interface GithubAccess {
  /** `https://api.github.com`, or an Enterprise Server's; without a slash at the end. */
  readonly apiUrl: string;
  readonly token: string;
  /** 0 to 1: writes stop when this share of the hourly quota is used. */
  readonly budgetShare: number;
}

/** The forge whose word protects images: its references are the history's. */
export type ForgeSettings = GithubForgeSettings | GitlabForgeSettings;

/** A project on GitLab. */
export interface GitlabForgeSettings {
  readonly kind: 'gitlab';
  /** `https://gitlab.com/api/v4`, without a slash at the end. */
  readonly apiUrl: string;
  /** `https://gitlab.com`: where its Git repositories are. */
  readonly serverUrl: string;
  /** Full path: `group/subgroup/name`. */
  readonly project: string;
  /** Absent: what everybody may read. */
  readonly token?: GitlabToken;
}

/** A repository on GitHub. */
export interface GithubForgeSettings {
  readonly kind: 'github';
  readonly apiUrl: string;
  /** `https://github.com`: where its Git repositories are. */
  readonly serverUrl: string;
  readonly owner: string;
  readonly name: string;
  readonly token: string;
}

/** Where the history comes from. */
export interface GitSettings {
  /** A clone (or any folder below it) whose `origin` is asked for the references; with a forge, one that may lend its commits. */
  readonly directory: string;
  /** Whether the user named the directory. */
  readonly isNamed: boolean;
  /** werf's `gitWorktree`: false means that a shallow clone is refused instead of completed elsewhere. */
  readonly allowUnshallow: boolean;
  /** werf's `allowFetchOriginBranchesAndTags`: false means that only what the clone holds is used. */
  readonly allowFetch: boolean;
}

/** A further Git repository that images were built from. */
export interface NamedGitRepository {
  /** What labels call it: `abc` of `dapp-git-abc-commit`. */
  readonly name: string;
  /** What git fetches from: an address, which may hold a password, or an absolute path. */
  readonly url: string;
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
  /** With no namespaces: of each context only the one that it names; all of one that names none. */
  readonly ownNamespacesOnly?: true;
  /** Finished pods, finished Jobs and image streams that are younger protect what they name; older ones do not. */
  readonly keepYoungerThan: Duration;
  /** The newest so many entries of each tag of an image stream protect; 1 or more. */
  readonly keepTagRevisions: number;
  /** The newest so many revisions of each Helm release protect, besides the one that is deployed; 0: releases are not read. */
  readonly helmHistory: number | 'all';
  /** Texts that are no references, or open ones, protect nothing instead of stopping the run; the report names them. */
  readonly ignoreInvalidRefs: boolean;
  /** Kinds that the user adds to the known ones, or knows better. */
  readonly resources: readonly CustomResource[];
  /** Kinds that are left out on purpose, as kubectl names them: `secrets`, `workflows.argoproj.io`. */
  readonly exclude: readonly string[];
}

/** A kind of the user's that names images. */
export interface CustomResource {
  /** Empty for the core group. */
  readonly group: string;
  /** Absent: the one that the cluster prefers. */
  readonly version?: string;
  readonly kind: string;
  /** JSONPaths (RFC 9535) that lead to texts, or lists of texts, which are images. What looks like an image elsewhere counts anyway. */
  readonly paths: readonly string[];
  /** No cluster need have it. Otherwise a kind that no context has is taken for a misspelt one. */
  readonly isOptional: boolean;
}

/** A kubeconfig's place. `ambient`: KUBECONFIG, then ~/.kube/config, then the in-cluster account; never in CI. */
export type KubeConfigSource =
  | { readonly kind: 'files'; readonly paths: readonly string[] }
  /** The text itself (a secret), already decoded from base64. */
  | { readonly kind: 'inline'; readonly text: string }
  | { readonly kind: 'ambient' };

/** Another policy to decide by, or why it cannot be. */
export type ComparedPolicy =
  | { readonly kind: 'policy'; readonly base: string; readonly policy: Policy }
  | { readonly kind: 'broken'; readonly base: string; readonly why: string };

/** The decided settings of one run. */
export interface Settings {
  readonly command: Command;
  /** At least one, without duplicates, in the user's order. */
  readonly repositories: readonly RepositoryTarget[];
  readonly policy: Policy;
  readonly registry: RegistrySettings;
  readonly git: GitSettings | 'off';
  /** Read whole, besides; only where the rule `improperGitCommit` is on, else absent. Names are distinct. */
  readonly furtherGit?: readonly NamedGitRepository[];
  /** Never set while Git is off. */
  readonly forge: ForgeSettings | 'off';
  readonly kubernetes: KubernetesSettings | 'off';
  /** What the user wants asked and this run cannot ask: a pull request of a fork has no secrets. Only on `plan`. */
  readonly missing: readonly MissingEvidence[];
  /** Folder for what later runs need not read again: manifests by digest, the commits of the forge's repository. */
  readonly cacheDirectory?: string;
  /** Only on `plan`: the policy of the branch that a pull request goes to, for the difference that the change makes. */
  readonly compareWith?: ComparedPolicy;
  readonly planFile?: string;
  readonly reportFile?: string;
  /** Where the report goes as Markdown. */
  readonly markdownFile?: string;
  /** Only on `plan`: where the report goes that GitLab shows beside a merge request. */
  readonly codeQualityFile?: string;
  readonly previousReport?: string;
  readonly journal: string;
  /** Only on `apply`: where the metrics of its last look go. */
  readonly metrics?: string;
  readonly format: Format;
  readonly logLevel: LogLevel;
  /** Only on `plan`: decide as if it were this time. */
  readonly asOf?: Instant;
  /** Only on `explain`: a tag or a digest. */
  readonly target?: string;
}

/** The decided settings of a `restore`: it reads a journal, and asks neither Git nor clusters. */
export interface RestoreSettings {
  /** The journal to read. */
  readonly journal: string;
  /** Only these, without duplicates; empty means every repository that the journal names. */
  readonly repositories: readonly RepositoryReference[];
  /** Hosts whose registry is GitHub's, as `ghcr.io`; `any` where the user says so of all. */
  readonly githubHosts: readonly RegistryHost[] | 'any';
  /** With `github` and `gitlab` wherever there is a token: what the journal names is not known yet. */
  readonly registry: RegistrySettings;
  readonly cacheDirectory?: string;
  readonly reportFile?: string;
  readonly format: Format;
  readonly logLevel: LogLevel;
}

/** The decided settings of `rbac`: what would be read, and which clusters say what there is to read. */
export interface RbacSettings
  extends Pick<KubernetesSettings, 'kubeConfig' | 'contexts' | 'namespaces' | 'helmHistory' | 'resources' | 'exclude'> {
  /** `text` is YAML. */
  readonly format: 'text' | 'json';
  readonly logLevel: LogLevel;
}

/** The beginning of repositories' names, `ghcr.io/team`, and how their registry is spoken to. */
export interface RegistryPrefix {
  /** A host, or a host and whole components of a path; as references write them. */
  readonly prefix: string;
  readonly provider: Provider;
}

/** The decided settings of a `verify`: it asks clusters and registries, and neither Git nor a forge. */
export interface VerifySettings {
  /** Without duplicates; empty only where there are prefixes. */
  readonly repositories: readonly RepositoryTarget[];
  /** Every repository under them that clusters use. */
  readonly registries: readonly RegistryPrefix[];
  /** Prefix that clusters pull through → what it stands for. */
  readonly mirrors: ReadonlyMap<string, string>;
  readonly kubernetes: KubernetesSettings;
  readonly registry: RegistrySettings;
  readonly cacheDirectory?: string;
  readonly reportFile?: string;
  /** Where the metrics go. */
  readonly metrics?: string;
  readonly format: Format;
  readonly logLevel: LogLevel;
}
