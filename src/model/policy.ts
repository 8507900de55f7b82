// The user's wishes as plain values: what `config/` reads and `policy/` obeys.

import type { Digest, Tag } from './reference.ts';
import type { Duration } from './time.ts';

/** `And`: both limits must hold. `Or`: one suffices; a missing limit then counts as "all" (werf's meaning). */
export type LimitOperator = 'And' | 'Or';

/** A limit on references. Absent fields do not limit. */
export interface ReferenceLimit {
  /** Newest so many; 0 is none, negative is all. */
  readonly last?: number;
  /** Not older than. */
  readonly in?: Duration;
  readonly operator: LimitOperator;
}

/** A literal name, or werf's `/REGEX/` (RE2, anchored as `^` + body + `$` without a group, as werf does). */
export type NamePattern =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'regex'; readonly source: string };

/** One werf keep policy. */
export interface KeepPolicy {
  readonly references: {
    readonly kind: 'branch' | 'tag';
    readonly pattern: NamePattern;
    readonly limit?: ReferenceLimit;
  };
  readonly imagesPerReference: {
    /** Newest so many commits with images; negative is all, 0 is none. Default 1. */
    readonly last: number;
    readonly in?: Duration;
    readonly operator: LimitOperator;
  };
  /** Where it stands, for reasons: `keepPolicies[1]` or `default policy 3`. */
  readonly name: string;
  /** True for the built-in policy that also covers the forge's default branch. */
  readonly coversDefaultBranch?: boolean;
}

/** How images of several products in one repository are told apart. Absent: the repository is one image. */
export type GroupBy =
  | { readonly kind: 'label'; readonly label: string }
  /** RE2 expression on a tag; the first capture group is the product's name. */
  | { readonly kind: 'tag'; readonly expression: string };

/** Everything `decide` needs to know about the user's wishes. */
export interface Policy {
  readonly kubernetes: {
    readonly enabled: boolean;
    /** `mirror.example.com/hub` → `docker.io`: a prefix that clusters pull through, and what it stands for. */
    readonly mirrors: ReadonlyMap<string, string>;
  };
  readonly git: { readonly enabled: boolean; readonly keepPolicies: readonly KeepPolicy[] };
  /** Younger than this is kept. Zero switches the rule off. */
  readonly recent: { readonly within: Duration };
  readonly pins: {
    /** Globs on tags: `*` any run of characters, `?` one, everything else literal. */
    readonly tags: readonly string[];
    /** RE2 expressions that must match the whole tag. */
    readonly expressions: readonly string[];
    /** From the keep-list file. */
    readonly list: readonly (Tag | Digest)[];
  };
  readonly images: {
    /** `any`: every image here is ours. Otherwise addresses of repositories whose `source` label proves it. */
    readonly source: 'any' | readonly string[];
    /** `{branch}`, `v{tag}`, `{branch}-{commit}`, `pr-{number}`: declared by the user, so a gone ref condemns. */
    readonly tagPatterns: readonly string[];
    readonly groupBy?: GroupBy;
    readonly unlinked: 'keep' | 'delete';
  };
  /** What the forge's word protects. `off`: not asked for. */
  readonly forge: {
    /** Images of the newest so many commits with images of each open pull request; negative: all. */
    readonly pullRequests: { readonly last: number } | 'off';
    /** Images of the newest so many published releases, and of every draft; negative: all. */
    readonly releases: { readonly last: number } | 'off';
    /**
     * Images of the newest so many deployments that are or were active, in each environment whose name matches one of the globs (`*`, `?`);
     * no glob means every environment. Deployments under way are always kept.
     */
    readonly deployments: { readonly environments: readonly string[]; readonly last: number } | 'off';
  };
  readonly guards: {
    /** 0 to 1: more than this share of a repository's nodes is never deleted in one run. */
    readonly maxDeleteShare: number;
    readonly allowDeleteAll: boolean;
  };
  /** Take tags that no rule keeps off nodes that stay. */
  readonly untag: boolean;
  /** Records in the registry of what images were published for, ours and werf's. */
  readonly records: {
    /** A record that nobody needs stays so long after it was written, as long as its image stays. */
    readonly grace: Duration;
  };
  /** What counts in a repository that werf made. */
  readonly werf: WerfPolicy;
  /** dapp's tag schemes; `off`: not asked for. While they are on, images of no scheme stay. */
  readonly schemes: TagSchemes | 'off';
  /** What becomes of build cache. */
  readonly cache: CachePolicy;
  /** The user's word that everything werf made is to go; only what clusters, pins and the registry hold stays. */
  readonly purge: boolean;
}

/** What counts in a repository that werf made. */
export interface WerfPolicy {
  /** A stage without a record of what it was built for stays so long. */
  readonly unrecordedGrace: Duration;
  /** `keep`: images whose tags are none of werf's stay, whatever the other rules say. `decide`: the other rules decide. */
  readonly foreign: 'keep' | 'decide';
  /** The `project` of werf.yaml. Absent: not known; then no stage is another project's as long as all are of one. */
  readonly project?: string;
  /** The images of werf.yaml; records of images that are neither here nor managed protect nothing. */
  readonly imageNames: readonly string[];
  /** False where werf.yaml has names that only a template tells: then no image can be called unknown. */
  readonly areNamesComplete: boolean;
  /** `cleanup.disable`: nothing is deleted, save, where the user says so, werf's records of images and of what they were built for. */
  readonly disabled: 'no' | 'keep-records' | 'delete-records';
}

/** Images by what their tags were made of. A scheme that is absent is off: its images are of none. */
export interface TagSchemes {
  /** Kept while the branch exists. */
  readonly branch?: TagScheme;
  /** Kept while Git has the commit, and within the limits. */
  readonly commit?: TagScheme;
  /** Kept while Git has the tag, and within the limits. */
  readonly tag?: TagScheme;
}

/** One scheme. Images are of it by dapp's and werf 1's labels, or by a tag that one of the patterns matches. */
export interface TagScheme {
  /** The newest so many of each product stay; 0: none, negative: all. */
  readonly last: number;
  /** Older ones go. Absent: none is too old. */
  readonly in?: Duration;
  /** `{branch}`, `v{tag}`, `{commit}`: each holds the word of the scheme, and no other than `{build}` besides it. */
  readonly tags: readonly string[];
}

/** What is wanted of build cache: dapp's and werf 1's stages, BuildKit's registry caches, Kaniko's layers. */
export interface CachePolicy {
  /** Cache goes that no image needs which stays. */
  readonly improperRepoCache: boolean;
  /** Cache goes whose label, or the group of whose tag, has another value. */
  readonly improperCacheVersion?: {
    readonly current: string;
    readonly labels: readonly string[];
    /** RE2 expressions on a tag; the first capture group is the version. */
    readonly tags: readonly string[];
  };
  /** Cache goes whose commit, branch or tag is not in Git any more. */
  readonly improperGitCommit: boolean;
  /** All cache goes. */
  readonly flush: boolean;
  /** What is younger stays: a build that runs may just have made it. */
  readonly grace: Duration;
  /** Cache that no image here was made with, as far as anybody can tell, stays so long: an intermediate stage's layers are in no image. */
  readonly unattributedGrace: Duration;
  /** `false`: cache of dapp's development mode is never touched. `true`: no other is. */
  readonly isDev: boolean;
  /** Nothing but cache is decided about: all else stays. */
  readonly isAlone: boolean;
}
