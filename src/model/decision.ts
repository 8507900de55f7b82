// What is to happen to a node, and why. Every decision has at least one reason; `describe-reason.ts` puts them into words.

import type { DeploymentState } from './forge.ts';
import type { CommitId } from './history.ts';
import type { Digest, Tag } from './reference.ts';
import type { Duration } from './time.ts';
import type { Workload } from './usage.ts';

/** Where a link from an image to a commit was found. */
export interface LinkSource {
  readonly kind: 'label' | 'annotation' | 'tag-pattern' | 'provenance' | 'record' | 'werf-record';
  /** The label's or annotation's key, the pattern, the type of the provenance, or what the record is called. */
  readonly name: string;
  /** The tag that matched, for a tag pattern. */
  readonly tag?: Tag;
}

/** Why a node (or one tag of it) is kept. */
export type KeepReason =
  | {
      readonly rule: 'kubernetes';
      readonly by: 'tag' | 'digest';
      readonly tag?: Tag;
      /** The repository whose tag it is, when only what clusters run proves that it holds images of this one. */
      readonly through?: string;
      readonly workloads: readonly Workload[];
      /** Further users whose names were not kept, because they are too many. */
      readonly unlisted?: number;
    }
  | {
      readonly rule: 'git';
      readonly policy: string;
      readonly reference: { readonly kind: 'branch' | 'tag'; readonly name: string };
      readonly commit: CommitId;
      readonly found: LinkSource;
    }
  /** Of an open pull request, by one of its newest commits, a test merge of one, or a tag that names it. */
  | {
      readonly rule: 'pull-request';
      readonly number: number;
      /** Only where the forge calls it otherwise. */
      readonly requestName?: 'merge request';
      readonly by:
        | { readonly kind: 'commit'; readonly commit: CommitId; readonly found: LinkSource }
        | { readonly kind: 'test-merge'; readonly commit: CommitId; readonly found: LinkSource }
        | { readonly kind: 'tag'; readonly found: LinkSource };
    }
  /** `commit` is absent when the release has none and the image only names its tag. */
  | { readonly rule: 'release'; readonly tag: string; readonly commit?: CommitId; readonly found: LinkSource }
  | {
      readonly rule: 'deployment';
      readonly environment: string;
      readonly state: DeploymentState;
      readonly commit: CommitId;
      readonly found: LinkSource;
    }
  | { readonly rule: 'unlinked'; readonly why: string }
  | { readonly rule: 'recent'; readonly age: Duration; readonly within: Duration; readonly by: string }
  | { readonly rule: 'age-unknown'; readonly why: string }
  | { readonly rule: 'pin'; readonly pin: string; readonly tag?: Tag }
  /** A rule of the registry lets nobody with these credentials delete the tag; `why` says which. */
  | { readonly rule: 'registry-protected'; readonly tag: Tag; readonly why: string }
  | { readonly rule: 'unreadable'; readonly why: string }
  /** Untagged, and one of these unreadable manifests might list it. */
  | { readonly rule: 'in-doubt'; readonly because: readonly Digest[]; readonly why: string }
  | { readonly rule: 'child'; readonly of: Digest }
  | { readonly rule: 'parent'; readonly of: Digest }
  | { readonly rule: 'referrer'; readonly of: Digest }
  | { readonly rule: 'subject'; readonly of: Digest }
  | { readonly rule: 'orphan-referrer'; readonly subject: string }
  /** A stage that one that stays was built on or took files from. */
  | {
      readonly rule: 'relative';
      readonly of: Digest;
      readonly how: 'ancestor' | 'base image' | 'import source' | 'dependency';
    }
  /** In a repository that werf made, a tag that is none of werf's; without a tag, something that nothing proves to be. */
  | { readonly rule: 'foreign'; readonly tag?: Tag }
  /** A stage of werf's without any record of what it was built for. `age` is absent when it is unknown. */
  | { readonly rule: 'unrecorded-young'; readonly age?: Duration; readonly within: Duration }
  /** The same stage stays in, or is used from, another repository. */
  | { readonly rule: 'counterpart'; readonly stage: string; readonly repository: string }
  /** A record, of ours or of werf's; `why` is what it is for or waits for. */
  | { readonly rule: 'record'; readonly why: string }
  /** Of a tag scheme, and what it was tagged for is there and within the limits. `name`: the branch, tag or commit. */
  | {
      readonly rule: 'scheme';
      readonly scheme: SchemeKind;
      readonly tag: Tag;
      readonly name: string;
      readonly within?: string;
    }
  /** Of a tag scheme, but something about it cannot be told. */
  | { readonly rule: 'scheme-unknown'; readonly scheme: SchemeKind; readonly why: string; readonly tag?: Tag }
  /** While tag schemes are on: an image, or a tag of it, that is of none. */
  | { readonly rule: 'no-scheme'; readonly tag?: Tag }
  /** Build cache that an image which stays was or may have been made with. `repository` is absent for this one. */
  | { readonly rule: 'cache-needed'; readonly by: Digest; readonly repository?: string; readonly how: string }
  /** Build cache that may be gone when it is older. `age` is absent when it is unknown. */
  | { readonly rule: 'cache-young'; readonly age?: Duration; readonly within: Duration; readonly why?: string }
  /** Build cache that none of the rules that are on speaks against; `why` is what they found. */
  | { readonly rule: 'cache-proper'; readonly why: string }
  /** Something in a repository of build cache that is none. */
  | { readonly rule: 'no-cache'; readonly tag?: Tag };

/** What a tag of a scheme is made of. */
export type SchemeKind = 'branch' | 'commit' | 'tag';

/** Why nothing keeps a node. */
export type DeleteReason =
  /** Linked to commits, but no rule keeps those. `proof`: only a pull request leads to this one, and the image is ours all the same. */
  | {
      readonly rule: 'git-superseded';
      readonly commit: CommitId;
      readonly found: LinkSource;
      readonly proof?: string;
      /** Only where the forge does not call it a pull request. */
      readonly requestName?: 'merge request';
    }
  /** Linked to commits or references that are gone, and proved to be ours. */
  | { readonly rule: 'git-gone'; readonly what: string; readonly found: LinkSource; readonly proof: string }
  | { readonly rule: 'unlinked-unwanted' }
  | { readonly rule: 'older'; readonly age: Duration; readonly within: Duration }
  /** All indexes and subjects it belonged to go. */
  | { readonly rule: 'owner-goes'; readonly owners: readonly Digest[] }
  /** werf marked the stage as broken. */
  | { readonly rule: 'rejected'; readonly stage: string }
  | { readonly rule: 'unrecorded'; readonly age: Duration; readonly within: Duration }
  | { readonly rule: 'counterpart-goes'; readonly stage: string; readonly repository: string }
  /** A record that nobody needs any more; `why` says why. */
  | { readonly rule: 'record-needless'; readonly why: string }
  /** The user wants all that werf made to go. */
  | { readonly rule: 'purge' }
  /** Of a tag scheme, and what it was tagged for is gone. `proof`: why the image is of the scheme. */
  | { readonly rule: 'scheme-gone'; readonly scheme: SchemeKind; readonly what: string; readonly proof: string }
  | { readonly rule: 'scheme-expired'; readonly scheme: SchemeKind; readonly age: Duration; readonly within: Duration }
  /** More than `limit` younger ones of the scheme stay. */
  | { readonly rule: 'scheme-over-limit'; readonly scheme: SchemeKind; readonly limit: number }
  /** Of a tag scheme, and no tag leads there any more. */
  | { readonly rule: 'scheme-superseded'; readonly proof: string }
  /** Build cache that no image needs which stays. */
  | { readonly rule: 'cache-unneeded'; readonly why: string }
  /** Build cache of another version. `where` it says so: `label dapp-cache-version`. */
  | { readonly rule: 'cache-version'; readonly where: string; readonly value: string; readonly current: string }
  /** Build cache of a commit, branch or tag that is not in Git any more. */
  | { readonly rule: 'cache-gone'; readonly what: string; readonly where: string }
  /** The user wants all build cache to go. */
  | { readonly rule: 'cache-flush' }
  | { readonly rule: 'unused' };

/** Why a node stays or goes. */
export type Reason = KeepReason | DeleteReason;

const DELETES: Readonly<Record<DeleteReason['rule'], true>> = {
  'git-superseded': true,
  'git-gone': true,
  'unlinked-unwanted': true,
  older: true,
  'owner-goes': true,
  rejected: true,
  unrecorded: true,
  'counterpart-goes': true,
  'record-needless': true,
  purge: true,
  'scheme-gone': true,
  'scheme-expired': true,
  'scheme-over-limit': true,
  'scheme-superseded': true,
  'cache-unneeded': true,
  'cache-version': true,
  'cache-gone': true,
  'cache-flush': true,
  unused: true,
};

/** Whether it is a reason to delete. */
export function isDeleteReason(reason: Reason): reason is DeleteReason {
  return Object.hasOwn(DELETES, reason.rule);
}

/** The decision on one node. `untag`: tags of a kept node that no rule keeps (only when untagging is asked for). */
export type Decision =
  | {
      readonly decision: 'keep';
      readonly digest: Digest;
      readonly tags: readonly Tag[];
      readonly reasons: readonly KeepReason[];
      readonly untag: readonly Tag[];
    }
  | {
      readonly decision: 'delete';
      readonly digest: Digest;
      readonly tags: readonly Tag[];
      readonly reasons: readonly DeleteReason[];
    };

/** Something a user should know that is no decision: `code` is stable, `text` is for people. */
export interface Remark {
  readonly code:
    | 'absent-child'
    | 'unreadable-manifest'
    | 'vanished-tag'
    | 'unparsable-reference'
    | 'many-unlinked'
    | 'age-unknown'
    | 'orphan-referrer'
    | 'used-but-absent'
    | 'undeclared-mirror'
    | 'unproved-right'
    | 'left-to-registry'
    | 'needed-without-tag'
    | 'release-without-tag'
    | 'no-such-environment'
    | 'pattern-needs-forge'
    | 'unrecorded-stages'
    | 'foreign-tags'
    | 'foreign-project'
    | 'no-records'
    | 'unread-record'
    | 'no-scheme'
    | 'unattributed-cache'
    | 'no-cache'
    | 'undeclared-git-repository';
  readonly text: string;
}
