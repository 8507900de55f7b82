// Which branches and tags count, and how many images each may keep. werf's semantics: order decides, the last policy wins.
// Source: https://werf.io/docs/v2/usage/cleanup/cr_cleanup.html#configuring-cleanup-policies

import { RE2JS } from 're2js';
import type { GitReference, History } from '../../model/history.ts';
import type { KeepPolicy, NamePattern, ReferenceLimit } from '../../model/policy.ts';
import type { Instant } from '../../model/time.ts';
import { compareText } from '../../util/compare-text.ts';

/** A reference that counts, with the policy that says how many of its images stay. */
export interface SelectedReference {
  readonly reference: GitReference;
  readonly policy: KeepPolicy;
}

/**
 * The references that any policy selects, each once. One that several policies select gets the last of them in the list,
 * provided that it passed that policy's own limit. Newest first, equal dates by name.
 */
export function selectReferences(
  history: History,
  policies: readonly KeepPolicy[],
  now: Instant,
): readonly SelectedReference[] {
  const selected = new Map<GitReference, KeepPolicy>();
  for (const policy of policies) {
    const matches = matcherOf(policy, history.defaultBranch);
    const candidates = history.references.filter(
      (reference) => reference.kind === policy.references.kind && matches(reference.name),
    );
    for (const reference of limitReferences(candidates, policy.references.limit, now)) selected.set(reference, policy);
  }
  return newestFirst([...selected.keys()]).flatMap((reference) => {
    const policy = selected.get(reference);
    return policy === undefined ? [] : [{ reference, policy }];
  });
}

function matcherOf(policy: KeepPolicy, defaultBranch: string | undefined): (name: string) => boolean {
  const matches = compileNamePattern(policy.references.pattern);
  const isBranchPolicy = policy.references.kind === 'branch';
  if (policy.coversDefaultBranch !== true || !isBranchPolicy || defaultBranch === undefined) return matches;
  return (name) => name === defaultBranch || matches(name);
}

/**
 * A predicate for a name. A literal must be equal. A regular expression is RE2, wrapped as `^` + body + `$` without a
 * group as werf does, so `a|b` means "starts with a, or ends with b".
 */
export function compileNamePattern(pattern: NamePattern): (name: string) => boolean {
  if (pattern.kind === 'literal') return (name) => name === pattern.text;
  const expression = RE2JS.compile(`^${pattern.source}$`);
  return (name) => expression.matcher(name).find();
}

function limitReferences(
  references: readonly GitReference[],
  limit: ReferenceLimit | undefined,
  now: Instant,
): readonly GitReference[] {
  if (limit === undefined) return references;
  const young = new Set(references.filter((reference) => limit.in === undefined || reference.date > now - limit.in));
  const isUnlimited = limit.last === undefined || limit.last < 0;
  const newest = new Set(isUnlimited ? references : newestFirst(references).slice(0, limit.last));
  return references.filter((reference) => {
    const isYoung = young.has(reference);
    const isNewest = newest.has(reference);
    return limit.operator === 'And' ? isYoung && isNewest : isYoung || isNewest;
  });
}

function newestFirst(references: readonly GitReference[]): GitReference[] {
  return [...references].sort((a, b) => b.date - a.date || compareText(a.name, b.name));
}
