// Guards: signs that a plan rests on wrong evidence or a wrong policy. A plan shows them, an apply stops at them.

import { titleOfMissing } from '../model/missing-evidence.ts';
import type { DeleteRight } from '../model/snapshot.ts';
import { findEmptySources } from './empty-sources.ts';
import type { EvidenceSummary, GuardFinding, Totals } from './plan.ts';

/** What one repository's plan is held against. */
export interface GuardInput {
  readonly name: string;
  readonly totals: Totals;
  /** Tags that stay after the plan. */
  readonly tagsLeft: number;
  /** Something would go because of what Git says, or does not say. */
  readonly condemnsByGit: boolean;
  /** Some image was built from a commit of this history. Undefined when the Git rule is off. */
  readonly isBuiltHere: boolean | undefined;
  /** Undefined when nothing is known of it before the first delete. */
  readonly deleteRight: DeleteRight | undefined;
  /** What goes because the user said that all of its kind is to go; manifests and their tags. */
  readonly flushed: { readonly manifests: number; readonly tags: number };
  readonly maxDeleteShare: number;
  readonly allowDeleteAll: boolean;
  readonly evidence: EvidenceSummary;
  readonly previous: EvidenceSummary | undefined;
}

/** Every guard that would refuse the plan; empty when an apply may go on. A plan that does nothing is never refused. */
export function findGuards(input: GuardInput): readonly GuardFinding[] {
  const { deleted, untagged, records } = input.totals;
  if (deleted + untagged + (records?.deleted ?? 0) === 0) return [];
  return [
    ...guardShare(input),
    ...guardNothingLeft(input),
    ...guardEmptyEvidence(input),
    ...guardForeignHistory(input),
    ...guardMissingEvidence(input),
    ...guardShrunkEvidence(input),
    ...guardMissingRight(input),
  ];
}

function guardShare({ totals, flushed, maxDeleteShare }: GuardInput): readonly GuardFinding[] {
  // What the registry collects goes as surely as what is deleted. What was asked for by an explicit word is no sign of a mistake.
  const gone = totals.deleted + (totals.collected ?? 0) - flushed.manifests;
  const all = totals.kept + gone;
  const share = all === 0 ? 0 : gone / all;
  if (share <= maxDeleteShare) return [];
  return [
    {
      guard: 'max-delete-share',
      text: `${gone} of ${all} manifests would go (${percent(share)}); at most ${percent(maxDeleteShare)} may go in one run`,
      hint: 'Look at the reasons; if this is meant, raise --max-delete-share for this run.',
    },
  ];
}

function guardNothingLeft({ tagsLeft, allowDeleteAll, totals, flushed }: GuardInput): readonly GuardFinding[] {
  if (tagsLeft > 0 || allowDeleteAll || totals.tags - flushed.tags === 0) return [];
  return [
    {
      guard: 'nothing-left',
      text: 'no tag would be left in the repository',
      hint: 'If the repository is really to be emptied, say --allow-delete-all.',
    },
  ];
}

function guardEmptyEvidence({ evidence }: GuardInput): readonly GuardFinding[] {
  const findings: GuardFinding[] = [];
  if (evidence.git !== undefined && evidence.git.branches + evidence.git.tags === 0) {
    findings.push({
      guard: 'no-references',
      text: 'the Git remote has no branch and no tag at all',
      hint: 'Check --git-dir; to decide without Git, say --without-git.',
    });
  }
  for (const empty of findEmptySources(evidence.kubernetes?.sources ?? []))
    findings.push({ guard: 'empty-context', ...empty });
  return findings;
}

/** In the wrong clone every link is gone and every image unlinked. */
function guardForeignHistory({
  condemnsByGit,
  isBuiltHere,
  evidence,
  allowDeleteAll,
}: GuardInput): readonly GuardFinding[] {
  if (!condemnsByGit || isBuiltHere !== false || allowDeleteAll) return [];
  return [
    {
      guard: 'foreign-history',
      text: `no image here was built from a commit of ${evidence.git?.remote ?? 'this Git remote'}`,
      hint: 'Is --git-dir the clone that these images are built from? If it is, say --allow-delete-all.',
    },
  ];
}

/** What was not looked at protects nothing in this plan, and would in a whole one. */
function guardMissingEvidence({ evidence }: GuardInput): readonly GuardFinding[] {
  return (evidence.missing ?? []).map((missing) => ({
    guard: 'missing-evidence',
    text: `${titleOfMissing(missing)} was not looked at: ${missing.why}`,
    hint: 'This plan only shows what could go. Plan again where everything can be looked at.',
  }));
}

/** Better known before the first delete than by it. */
function guardMissingRight({ deleteRight, name }: GuardInput): readonly GuardFinding[] {
  if (deleteRight?.kind !== 'missing') return [];
  return [
    {
      guard: 'missing-right',
      text: `the token may not delete in ${name}: it lacks ${deleteRight.permission}`,
      hint: 'Give a token that has it.',
    },
  ];
}

function guardShrunkEvidence({ evidence, previous, name }: GuardInput): readonly GuardFinding[] {
  if (previous === undefined) return [];
  const tagsOf = ({ repositories }: EvidenceSummary): number | undefined => {
    const found = repositories.find((repository) => repository.name === name);
    return found === undefined ? undefined : found.tags - (found.records?.tags ?? 0);
  };
  const pairs: readonly [string, number | undefined, number | undefined][] = [
    ['branches', previous.git?.branches, evidence.git?.branches],
    ['Git tags', previous.git?.tags, evidence.git?.tags],
    ['commits', previous.git?.commits, evidence.git?.commits],
    ['images used in clusters', previous.kubernetes?.images, evidence.kubernetes?.images],
    // Not pull requests: that they close is how it should be.
    ['releases', previous.forge?.releases, evidence.forge?.releases],
    ['deployments', previous.forge?.deployments, evidence.forge?.deployments],
    ['tags in the repository', tagsOf(previous), tagsOf(evidence)],
  ];
  const lost = lostSources(previous, evidence).map(
    (source): GuardFinding => ({
      guard: 'evidence-shrank',
      text: `the previous report looked at ${source}, this run does not`,
      hint: 'Find out why; if it is right, run once without --previous-report.',
    }),
  );
  const shrunk = pairs.flatMap(([what, before, now]): GuardFinding[] => {
    // A rule that was switched off since is the user's word, not lost evidence.
    if (before === undefined || now === undefined || now * 2 >= before) return [];
    return [
      {
        guard: 'evidence-shrank',
        text: `the previous report saw ${before} ${what}, this run sees ${now}`,
        hint: 'Find out why; if it is right, run once without --previous-report.',
      },
    ];
  });
  return [...lost, ...shrunk];
}

/**
 * Clusters and folders that were asked then and are not asked now, while others are; and a forge that is not asked any more, or one that
 * tells of another repository.
 */
function lostSources(previous: EvidenceSummary, evidence: EvidenceSummary): readonly string[] {
  const forge = previous.forge === undefined ? [] : [nameOfForge(previous.forge)];
  const lostForge = forge.filter((name) => evidence.forge === undefined || nameOfForge(evidence.forge) !== name);
  const now = evidence.kubernetes?.sources;
  if (now === undefined) return lostForge;
  const before = previous.kubernetes?.sources ?? [];
  return [
    ...before
      .filter(({ kind, name }) => !now.some((source) => source.kind === kind && source.name === name))
      .map(({ name }) => name),
    ...lostForge,
  ];
}

/** GitHub's and GitLab's repositories are the same in any case. */
function nameOfForge({ title, repository }: NonNullable<EvidenceSummary['forge']>): string {
  return `${title} ${repository.toLowerCase()}`;
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}
