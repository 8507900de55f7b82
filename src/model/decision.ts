// What is to happen to a node, and why. Every decision has at least one reason that a person can read.

import { type DeploymentState, nameOfRequest } from './forge.ts';
import type { CommitId } from './history.ts';
import { type Digest, shortDigest, type Tag } from './reference.ts';
import { type Duration, formatDuration } from './time.ts';
import { formatWorkload, type Workload } from './usage.ts';
import { parseWerfTag } from './werf-tag.ts';

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
  | { readonly rule: 'record'; readonly why: string };

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
  | { readonly rule: 'unused' };

/** Why a node stays or goes. */
export type Reason = KeepReason | DeleteReason;

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
    | 'unread-record';
  readonly text: string;
}

/** A reason as one line without a full stop. Holds untrusted names: escape it for the place it is shown in. */
export function describeReason(reason: Reason): string {
  switch (reason.rule) {
    case 'kubernetes':
      return `used by ${describeUsers(reason)} (${reason.by === 'digest' ? 'by digest' : describeUsedTag(reason)})`;
    case 'git':
      return `${reason.policy}: ${reason.reference.kind} ${reason.reference.name}, commit ${reason.commit.slice(0, 10)} (${describeLinkSource(reason.found)})`;
    case 'unlinked':
      return `no link to a commit: ${reason.why}`;
    case 'pull-request':
      return describePullRequest(reason);
    case 'release':
      return `release ${reason.tag}${reason.commit === undefined ? '' : `, commit ${reason.commit.slice(0, 10)}`} (${describeLinkSource(reason.found)})`;
    case 'deployment':
      return `${describeDeploymentState(reason.state)} ${reason.environment}, commit ${reason.commit.slice(0, 10)} (${describeLinkSource(reason.found)})`;
    case 'recent':
      return `${reason.by} ${formatDuration(reason.age)} ago, younger than ${formatDuration(reason.within)}`;
    case 'age-unknown':
      return `age unknown: ${reason.why}`;
    case 'pin':
      return reason.tag === undefined ? `pinned by ${reason.pin}` : `tag ${reason.tag} pinned by ${reason.pin}`;
    case 'registry-protected':
      return `tag ${reason.tag} is protected on the registry: ${reason.why}`;
    case 'unreadable':
      return `cannot be understood: ${reason.why}`;
    case 'in-doubt':
      return reason.why;
    case 'child':
      return `listed by ${shortDigest(reason.of)}, which stays`;
    case 'parent':
      return `lists ${shortDigest(reason.of)}, which stays`;
    case 'referrer':
      return `belongs to ${shortDigest(reason.of)}, which stays`;
    case 'subject':
      return `${shortDigest(reason.of)} refers to it and stays`;
    case 'orphan-referrer':
      return `refers to ${reason.subject.slice(0, 19)}, which is not in this repository`;
    case 'relative':
      return `${reason.how} of ${shortDigest(reason.of)}, which stays`;
    case 'foreign':
      return describeForeign(reason.tag);
    case 'unrecorded-young':
      return `no record that counts says what it was built for; ${reason.age === undefined ? 'its age is unknown' : `${formatDuration(reason.age)} old, such stages stay for ${formatDuration(reason.within)}`}`;
    case 'counterpart':
      return `stage ${reason.stage} is needed in ${reason.repository}`;
    case 'record':
      return reason.why;
    case 'git-superseded':
    case 'git-gone':
    case 'unlinked-unwanted':
    case 'older':
    case 'owner-goes':
    case 'rejected':
    case 'unrecorded':
    case 'counterpart-goes':
    case 'record-needless':
    case 'purge':
    case 'unused':
      return describeDeleteReason(reason);
  }
}

/** Where a link was found, in words: `label org.opencontainers.image.revision`. */
export function describeLinkSource(found: LinkSource): string {
  if (found.kind === 'tag-pattern') return `tag ${found.tag} by ${found.name}`;
  if (found.kind === 'werf-record') return `werf's record ${found.name}`;
  return `${found.kind} ${found.name}`;
}

function describeDeleteReason(reason: DeleteReason): string {
  switch (reason.rule) {
    case 'git-superseded':
      return `commit ${reason.commit.slice(0, 10)} (${describeLinkSource(reason.found)}) is not among those a keep policy keeps${reason.proof === undefined ? '' : `, nor a newest one of its ${nameOfRequest(reason)} (ours by ${reason.proof})`}`;
    case 'git-gone':
      return `${reason.what} is gone (${describeLinkSource(reason.found)}; ours by ${reason.proof})`;
    case 'unlinked-unwanted':
      return 'no link to a commit, and the policy says unlinked: delete';
    case 'older':
      return `${formatDuration(reason.age)} old, older than ${formatDuration(reason.within)}`;
    case 'owner-goes':
      return `belongs to ${reason.owners.map(shortDigest).join(', ')}, which ${reason.owners.length === 1 ? 'goes' : 'go'}`;
    case 'rejected':
      return `werf marked stage ${reason.stage} as broken`;
    case 'unrecorded':
      return `no record that counts says what it was built for, no stage that stays was made from it, and it is ${formatDuration(reason.age)} old (such stages stay for ${formatDuration(reason.within)})`;
    case 'counterpart-goes':
      return `stage ${reason.stage} does not stay in ${reason.repository}`;
    case 'record-needless':
      return reason.why;
    case 'purge':
      return 'everything that werf made is to go';
    case 'unused':
      return 'no rule keeps it';
  }
}

function describePullRequest(reason: Extract<KeepReason, { rule: 'pull-request' }>): string {
  const { number, by } = reason;
  const open = `open ${nameOfRequest(reason)} ${number}`;
  if (by.kind === 'tag') return `${open} (${describeLinkSource(by.found)})`;
  const what = by.kind === 'commit' ? 'commit' : 'test merge';
  return `${open}, ${what} ${by.commit.slice(0, 10)} (${describeLinkSource(by.found)})`;
}

/** A tag of a stage's shape may be another project's, or anybody's. */
function describeForeign(tag: Tag | undefined): string {
  if (tag === undefined) return 'nothing proves that werf made it';
  const kind = parseWerfTag(tag)?.kind;
  return kind === 'stage' || kind === 'index'
    ? `tag ${tag} looks like a stage, but nothing proves that it is one of this project`
    : `tag ${tag} is none of werf's`;
}

function describeDeploymentState(state: DeploymentState): string {
  switch (state) {
    case 'active':
      return 'deployed to';
    case 'inactive':
      return 'was deployed to';
    case 'pending':
      return 'on its way to';
    case 'failed':
      return 'deployment failed to';
    case 'unknown':
      return 'may be deployed to';
  }
}

function describeUsedTag({ tag, through }: Extract<KeepReason, { rule: 'kubernetes' }>): string {
  return through === undefined ? `tag ${tag}` : `tag ${tag} of ${through}, from which images of this repository run`;
}

function describeUsers({ workloads, unlisted = 0 }: Extract<KeepReason, { rule: 'kubernetes' }>): string {
  const [first] = workloads;
  if (first === undefined) return 'a cluster';
  const others = workloads.length - 1 + unlisted;
  return others === 0 ? formatWorkload(first) : `${formatWorkload(first)} and ${others} more`;
}
