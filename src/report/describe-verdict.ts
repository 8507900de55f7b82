// The verdict on each repository and on the whole run: the first thing that a reader sees.

import type { RepositoryPlan } from '../plan/plan.ts';
import { countRefused } from './describe-status.ts';
import { formatBytes } from './format-bytes.ts';
import { formatCount } from './format-count.ts';
import { countLeftToCollect, isGoneByStep } from './left-to-collect.ts';
import { pluralize } from './pluralize.ts';
import { countApplied, nameRecords, recordsIn, sumRecords } from './record-steps.ts';
import type { Report, RepositoryOutcome } from './report.ts';

/** How a reader should feel: all is well, look closer, or something went wrong. */
export type Tone = 'good' | 'attention' | 'bad';

/** The verdict of one run. */
export interface Verdict {
  readonly tone: Tone;
  /** One for each repository, after their sum when there are several; empty when the run stopped before a plan. */
  readonly lines: readonly { readonly name: string; readonly text: string }[];
}

interface Numbers {
  readonly kept: number;
  /** With what the registry collects. */
  readonly deleted: number;
  /** Of these, what the registry collects by itself. */
  readonly collected: number;
  readonly untagged: number;
  /** Records, of which images are never a part. */
  readonly records: { readonly kept: number; readonly deleted: number };
  readonly tags: number;
  readonly bytes: number;
  /** Something was not looked at: what goes is an upper bound, what stays a lower one. */
  readonly isBound: boolean;
}

/** What is to happen, or happened, to each repository. Holds no untrusted text but the repositories' names. */
export function describeVerdict(report: Report): Verdict {
  const plans = report.plan?.repositories ?? [];
  const lines = plans.map((plan) => ({ name: plan.name, text: describeRepository(report, plan) }));
  if (plans.length < 2) return { tone: toneOf(report), lines };
  const name = pluralize(plans.length, 'repository', 'repositories');
  return { tone: toneOf(report), lines: [{ name, text: describeAll(report, plans) }, ...lines] };
}

function toneOf(report: Report): Tone {
  const { result, plan, totals, applied } = report;
  if (result.kind === 'refused' || result.kind === 'stopped' || result.kind === 'alarm' || totals.failed > 0)
    return 'bad';
  if (result.kind === 'applied')
    return (applied ?? []).length === 0 || totals.skipped + totals.left > countRefused(report) ? 'attention' : 'good';
  return (plan?.repositories ?? []).some((one) => one.guards.length > 0) || plan?.asOf !== undefined
    ? 'attention'
    : 'good';
}

function describeRepository(report: Report, plan: RepositoryPlan): string {
  const planned = numbersOf(report, [plan]);
  if (report.command === 'plan' || report.applied === undefined) return describePlanned(planned, report.command);
  const applied = report.applied.filter((one) => one.name === plan.name);
  // The sum of bytes is over all repositories: it is this one's only when there is no other.
  const bytes = (report.plan?.repositories ?? []).length === 1 ? report.totals.reclaimableBytes : undefined;
  return describeApplied(report, applied, { ...planned, bytes });
}

function describeAll(report: Report, plans: readonly RepositoryPlan[]): string {
  const planned = numbersOf(report, plans);
  if (report.command === 'plan' || report.applied === undefined) return describePlanned(planned, report.command);
  return describeApplied(report, report.applied, { ...planned, bytes: report.totals.reclaimableBytes });
}

/** Planned, over all these repositories; `collected` by what the steps of an apply came to. */
function numbersOf(report: Report, plans: readonly RepositoryPlan[]): Numbers {
  const sum = (of: (plan: RepositoryPlan) => number): number => plans.reduce((total, plan) => total + of(plan), 0);
  const { applied } = report;
  const collectedIn = (plan: RepositoryPlan): number =>
    applied === undefined
      ? (plan.totals.collected ?? 0)
      : countLeftToCollect(
          plan,
          applied.filter(({ name }) => name === plan.name).flatMap(({ outcomes }) => outcomes),
        );
  return {
    kept: sum(({ totals }) => totals.kept),
    deleted: sum(({ totals }) => totals.deleted + (totals.collected ?? 0)),
    collected: sum(collectedIn),
    untagged: sum(({ totals }) => totals.untagged),
    records: sumRecords(plans.map(({ totals }) => totals)) ?? { kept: 0, deleted: 0 },
    tags: sum(({ totals }) => totals.tags),
    bytes: sum(({ totals }) => totals.reclaimableBytes),
    isBound: isBound(report),
  };
}

function isBound({ plan }: Report): boolean {
  return (plan?.evidence.missing ?? []).length > 0;
}

function describePlanned(numbers: Numbers, command: Report['command']): string {
  const { kept, deleted, collected, untagged, records, tags, bytes, isBound: bound } = numbers;
  const all = kept + deleted;
  const [atMost, atLeast] = bound ? ['at most ', 'at least '] : ['', ''];
  if (all === 0 && tags === 0) return describeOnlyRecords(records, atMost);
  if (command === 'apply' && deleted > 0)
    return `${formatCount(deleted)} of ${pluralize(all, 'image')} would have gone${andRecords(records.deleted)}`;
  const parts: string[] = [];
  if (deleted > 0)
    parts.push(
      `${atMost}${formatCount(deleted)} of ${pluralize(all, 'image')} would go${describeCollected(collected)}${andRecords(records.deleted)}, ${kept > 0 ? atLeast : ''}${describeRest(kept)}`,
    );
  else if (records.deleted > 0)
    parts.push(`no image would go, only ${atMost}${nameRecords(records.deleted)}; ${describeAllStay(all)}`);
  if (untagged > 0) parts.push(`${atMost}${pluralize(untagged, 'tag')} off images that stay`);
  if (parts.length === 0) return `nothing to delete, ${describeAllStay(all)}`;
  return `${parts.join('; ')}${deleted > 0 ? `; up to ${formatBytes(bytes)} freed` : ''}`;
}

/** Of a repository that holds no image: an empty one, or the one where werf keeps its records. */
function describeOnlyRecords({ kept, deleted }: Numbers['records'], atMost: string): string {
  if (kept + deleted === 0) return 'empty, nothing to do';
  if (deleted === 0) return 'no image in it, nothing to delete';
  return `no image in it; ${atMost}${formatCount(deleted)} of ${nameRecords(kept + deleted)} would go`;
}

function describeAllStay(all: number): string {
  return all === 1 ? 'its one image stays' : `all ${formatCount(all)} images stay`;
}

/** `bytes`: absent where it is not known for these repositories. */
function describeApplied(
  report: Report,
  applied: readonly RepositoryOutcome[],
  planned: Omit<Numbers, 'bytes'> & { readonly bytes: number | undefined },
): string {
  const all = planned.kept + planned.deleted;
  const counts = countApplied(report.plan, applied, 'outcomes');
  const notApplied = countApplied(report.plan, applied, 'notApplied');
  const skipped = counts.skipped + notApplied.skipped;
  const left = counts.left + notApplied.left;
  const alreadyGone = counts.alreadyGone + notApplied.alreadyGone;
  if (applied.every(({ outcomes }) => outcomes.length === 0) && skipped + alreadyGone === 0)
    return all === 0
      ? describeOnlyRecords({ ...planned.records, deleted: 0 }, '')
      : `nothing deleted, ${describeRest(all)}`;
  const rest = describeRest(all - countImagesGone(report, applied) - planned.collected);
  const images = `${formatCount(counts.deleted)} of ${pluralize(all, 'image')} deleted${describeMore(planned.collected)}${andRecords(counts.records)}, ${rest}`;
  const parts = [all === 0 ? `no image in it; ${nameRecords(counts.records)} deleted` : images];
  if (counts.failed > 0) parts.push(`${formatCount(counts.failed)} FAILED`);
  if (left > 0) parts.push(`${formatCount(left)} left for the next run`);
  if (skipped > 0) parts.push(`${formatCount(skipped)} skipped`);
  if (alreadyGone > 0) parts.push(`${formatCount(alreadyGone)} already gone`);
  if (counts.untagged > 0) parts.push(`${pluralize(counts.untagged, 'tag')} off images that stay`);
  if (counts.deleted > 0 && planned.bytes !== undefined) parts.push(`up to ${formatBytes(planned.bytes)} freed`);
  return parts.join('; ');
}

/** By their steps, whoever deleted them. */
function countImagesGone({ plan }: Report, applied: readonly RepositoryOutcome[]): number {
  return applied.reduce((sum, { name, outcomes }) => {
    const records = recordsIn(plan?.repositories.find((one) => one.name === name));
    return sum + outcomes.filter((one) => isGoneByStep(one) && !records.has(one.step.digest)).length;
  }, 0);
}

function andRecords(count: number): string {
  return count === 0 ? '' : ` (and ${nameRecords(count)})`;
}

function describeCollected(count: number): string {
  return count === 0
    ? ''
    : ` (${formatCount(count)} without a tag: the registry collects ${count === 1 ? 'it' : 'them'})`;
}

function describeMore(count: number): string {
  return count === 0 ? '' : `, ${formatCount(count)} without a tag left to the registry`;
}

function describeRest(kept: number): string {
  if (kept <= 0) return 'none stays';
  return kept === 1 ? '1 stays' : `${formatCount(kept)} stay`;
}
