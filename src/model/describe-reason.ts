// Reasons in words, as reports, `explain` and remarks show them.

import { type DeleteReason, isDeleteReason, type KeepReason, type LinkSource, type Reason } from './decision.ts';
import { type DeploymentState, nameOfRequest } from './forge.ts';
import { shortDigest, type Tag } from './reference.ts';
import { formatDuration } from './time.ts';
import { formatWorkload } from './usage.ts';
import { parseWerfTag } from './werf-tag.ts';

/** A reason as one line without a full stop. Holds untrusted names: escape it for the place it is shown in. */
export function describeReason(reason: Reason): string {
  if (isDeleteReason(reason)) return describeDeleteReason(reason);
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
    case 'scheme':
    case 'scheme-unknown':
    case 'no-scheme':
    case 'cache-needed':
    case 'cache-young':
    case 'cache-proper':
    case 'no-cache':
      return describeKeptByFamily(reason);
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
    case 'scheme-gone':
      return `${reason.what} is gone (scheme ${reason.scheme}; ${reason.proof})`;
    case 'scheme-expired':
      return `${formatDuration(reason.age)} old, scheme ${reason.scheme} keeps ${formatDuration(reason.within)}`;
    case 'scheme-over-limit':
      return `scheme ${reason.scheme} keeps the newest ${reason.limit}, and there are as many newer ones`;
    case 'scheme-superseded':
      return `no tag leads to it any more (${reason.proof})`;
    case 'cache-unneeded':
      return `build cache: ${reason.why}`;
    case 'cache-version':
      return `build cache of version ${reason.value} (${reason.where}), the current one is ${reason.current}`;
    case 'cache-gone':
      return `build cache of ${reason.what}, which is gone (${reason.where})`;
    case 'cache-flush':
      return 'all build cache is to go';
    case 'unused':
      return 'no rule keeps it';
  }
}

function describeKeptByFamily(
  reason: Extract<
    KeepReason,
    { rule: 'scheme' | 'scheme-unknown' | 'no-scheme' | 'cache-needed' | 'cache-young' | 'cache-proper' | 'no-cache' }
  >,
): string {
  switch (reason.rule) {
    case 'scheme':
      return `scheme ${reason.scheme}: ${reason.scheme} ${reason.name} is there${reason.within === undefined ? '' : `, ${reason.within}`} (tag ${reason.tag})`;
    case 'scheme-unknown':
      return `scheme ${reason.scheme}: ${reason.why}`;
    case 'no-scheme':
      return reason.tag === undefined ? 'it is of no tag scheme' : `tag ${reason.tag} is of no tag scheme`;
    case 'cache-needed':
      return `build cache of ${shortDigest(reason.by)}${reason.repository === undefined ? '' : ` in ${reason.repository}`}, which stays (${reason.how})`;
    case 'cache-young':
      return `build cache${reason.why === undefined ? '' : ` (${reason.why})`}: ${reason.age === undefined ? 'its age is unknown' : `${formatDuration(reason.age)} old`}, it stays for ${formatDuration(reason.within)}`;
    case 'cache-proper':
      return `build cache: ${reason.why}`;
    case 'no-cache':
      return reason.tag === undefined ? 'it is no build cache' : `tag ${reason.tag} is none of build cache`;
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
