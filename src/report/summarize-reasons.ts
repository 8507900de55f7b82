// The small table of reasons: every decision counted once, under the first thing that was decisive for it.

import { type DeleteReason, isDeleteReason, type KeepReason, type Reason } from '../model/decision.ts';
import { formatRequest, nameOfRequest } from '../model/forge.ts';
import { formatDuration } from '../model/time.ts';
import type { ShownDecision, ShownReason } from '../plan/plan.ts';

/** One row of the table. */
export interface ReasonRow {
  readonly count: number;
  /** In words: `used by a cluster`. May hold untrusted text. */
  readonly text: string;
  /** Who or what it was, distinct, in order of appearance: contexts, branches, tags. Untrusted text; may be empty. */
  readonly names: readonly string[];
}

/** Smallest is strongest: it explains more than the others, whatever order they were found in. */
const RANK: Readonly<Record<Reason['rule'], number>> = {
  kubernetes: 0,
  deployment: 0.5,
  git: 1,
  scheme: 1.1,
  'cache-needed': 1.2,
  release: 1.3,
  'pull-request': 1.6,
  pin: 2,
  recent: 3,
  'registry-protected': 3.5,
  counterpart: 3.6,
  foreign: 3.7,
  'no-scheme': 3.72,
  'no-cache': 3.74,
  'cache-young': 3.76,
  'cache-proper': 3.77,
  'scheme-unknown': 3.78,
  relative: 3.8,
  child: 4,
  parent: 5,
  referrer: 6,
  subject: 7,
  'orphan-referrer': 8,
  unlinked: 9,
  'age-unknown': 10,
  unreadable: 11,
  'in-doubt': 12,
  'unrecorded-young': 12.3,
  record: 12.6,
  purge: 12.7,
  rejected: 12.8,
  'cache-flush': 12.82,
  'cache-version': 12.84,
  'scheme-gone': 12.9,
  'scheme-expired': 12.92,
  'scheme-over-limit': 12.94,
  'scheme-superseded': 12.96,
  'cache-gone': 12.97,
  'cache-unneeded': 12.98,
  'git-gone': 13,
  'git-superseded': 14,
  unrecorded: 14.3,
  'counterpart-goes': 14.6,
  older: 15,
  'owner-goes': 16,
  'record-needless': 16.6,
  'unlinked-unwanted': 17,
  unused: 18,
};

/**
 * Counts decisions by their strongest reason, the largest number first; the counts add up to the number of decisions.
 * Empty for no decisions.
 */
export function summarizeReasons(decisions: readonly ShownDecision[]): readonly ReasonRow[] {
  const rows = new Map<string, { count: number; names: Set<string> }>();
  for (const decision of decisions) {
    const reason = strongestReason(decision.reasons);
    const text = reason === undefined ? 'no reason recorded' : kindOf(reason);
    const row = rows.get(text) ?? { count: 0, names: new Set<string>() };
    rows.set(text, row);
    row.count += 1;
    for (const name of reason === undefined ? [] : namesIn(reason)) row.names.add(name);
  }
  return [...rows]
    .map(([text, { count, names }]) => ({ count, text, names: [...names] }))
    .sort((a, b) => b.count - a.count);
}

/** The reason that explains most; undefined only for an empty list. */
export function strongestReason(reasons: readonly ShownReason[]): ShownReason | undefined {
  return reasons.toSorted((a, b) => RANK[a.rule] - RANK[b.rule])[0];
}

function kindOf(reason: Reason): string {
  if (isDeleteReason(reason)) return kindOfDeletion(reason);
  switch (reason.rule) {
    case 'kubernetes':
      return 'used by a cluster';
    case 'git':
      return `Git, ${reason.policy}`;
    case 'pull-request':
      return `of an open ${nameOfRequest(reason)}`;
    case 'release':
      return 'of a release';
    case 'deployment':
      return 'of a deployment';
    case 'pin':
      return `pinned by ${reason.pin}`;
    case 'registry-protected':
      return 'a tag is protected on the registry';
    case 'recent':
      return `younger than ${formatDuration(reason.within)}`;
    case 'child':
      return 'part of an image that stays';
    case 'parent':
      return 'lists an image that stays';
    case 'referrer':
      return 'signature, attestation or other attachment of an image that stays';
    case 'subject':
      return 'something that stays is attached to it';
    case 'orphan-referrer':
      return 'attached to an image that is not in this repository';
    case 'unlinked':
      return 'no link to a commit, so not judged';
    case 'age-unknown':
      return 'age unknown';
    case 'unreadable':
      return 'cannot be understood';
    case 'in-doubt':
      return 'untagged, and a manifest that cannot be understood might list it';
    case 'relative':
      return 'a stage that stays was made from it';
    case 'foreign':
      return 'not made by werf for this project';
    case 'unrecorded-young':
      return 'no record that counts of what it was built for, and not old enough to go';
    case 'counterpart':
      return `needed in ${reason.repository}`;
    case 'record':
      return 'record of what stays';
    case 'scheme':
    case 'scheme-unknown':
    case 'no-scheme':
    case 'cache-needed':
    case 'cache-young':
    case 'cache-proper':
    case 'no-cache':
      return kindOfSchemeOrCache(reason);
  }
}

function kindOfSchemeOrCache(
  reason: Extract<
    KeepReason,
    { rule: 'scheme' | 'scheme-unknown' | 'no-scheme' | 'cache-needed' | 'cache-young' | 'cache-proper' | 'no-cache' }
  >,
): string {
  switch (reason.rule) {
    case 'scheme':
      return `tag scheme ${reason.scheme}`;
    case 'scheme-unknown':
      return `tag scheme ${reason.scheme}, and something cannot be told`;
    case 'no-scheme':
      return 'of no tag scheme';
    case 'cache-needed':
      return 'build cache of an image that stays';
    case 'cache-young':
      return 'build cache that is not old enough to go';
    case 'cache-proper':
      return 'build cache that no rule speaks against';
    case 'no-cache':
      return 'not build cache';
  }
}

function kindOfDeletion(reason: DeleteReason): string {
  switch (reason.rule) {
    case 'git-gone':
      return 'its branch, tag or commit is gone';
    case 'git-superseded':
      return 'its commit is not among those a keep policy keeps';
    case 'older':
      return `older than ${formatDuration(reason.within)}`;
    case 'owner-goes':
      return 'part of, or attached to, an image that goes';
    case 'unlinked-unwanted':
      return 'no link to a commit (the policy says unlinked: delete)';
    case 'rejected':
      return 'werf marked it as broken';
    case 'unrecorded':
      return `no record that counts, no stage that stays was made from it, and older than ${formatDuration(reason.within)}`;
    case 'counterpart-goes':
      return `does not stay in ${reason.repository}`;
    case 'record-needless':
      return 'record that nothing needs any more';
    case 'purge':
      return 'everything that werf made is to go';
    case 'scheme-gone':
      return `tag scheme ${reason.scheme}: its ${reason.scheme} is gone`;
    case 'scheme-expired':
      return `tag scheme ${reason.scheme}: older than ${formatDuration(reason.within)}`;
    case 'scheme-over-limit':
      return `tag scheme ${reason.scheme}: not among the newest ${reason.limit}`;
    case 'scheme-superseded':
      return 'of a tag scheme, and no tag leads to it any more';
    case 'cache-unneeded':
      return 'build cache that no image needs which stays';
    case 'cache-version':
      return 'build cache of another version';
    case 'cache-gone':
      return 'build cache of a commit, branch or tag that is gone';
    case 'cache-flush':
      return 'all build cache is to go';
    case 'unused':
      return 'no rule keeps it';
  }
}

function namesIn(reason: Reason): readonly string[] {
  if (reason.rule === 'kubernetes') return reason.workloads.map((workload) => workload.context);
  if (reason.rule === 'git') return [reason.reference.name];
  if (reason.rule === 'pull-request') return [formatRequest(nameOfRequest(reason), reason.number)];
  if (reason.rule === 'registry-protected') return [reason.tag];
  if (reason.rule === 'release') return [reason.tag];
  if (reason.rule === 'deployment') return [reason.environment];
  if (reason.rule === 'git-gone' || reason.rule === 'scheme-gone' || reason.rule === 'cache-gone') return [reason.what];
  if (reason.rule === 'scheme') return [reason.name];
  return (reason.rule === 'pin' || reason.rule === 'foreign') && reason.tag !== undefined ? [reason.tag] : [];
}
