// One pie of all images by what was decisive for them. Every word in it is ours: nothing from outside can be in a chart.

import type { Reason } from '../model/decision.ts';
import { nameOfRequest } from '../model/forge.ts';
import type { ShownDecision } from '../plan/plan.ts';
import type { Report } from './report.ts';
import { strongestReason } from './summarize-reasons.ts';
import { splitDecisions } from './tally-reasons.ts';

/** More slices than this are no picture: the smallest of what stays are put together. */
const MAX_SLICES = 9;

/** Short, as they stand in a legend. Several rules may share one. */
const LABELS: Readonly<Record<Exclude<Reason['rule'], 'pull-request'>, string>> = {
  kubernetes: 'used by a cluster',
  deployment: 'deployed',
  git: 'branch or tag',
  scheme: 'branch or tag',
  'scheme-unknown': 'not understood',
  'no-scheme': 'of no tag scheme',
  'cache-needed': 'build cache that is needed',
  'cache-young': 'recent',
  'cache-proper': 'build cache',
  'no-cache': 'no build cache',
  release: 'released',
  pin: 'pinned',
  recent: 'recent',
  'registry-protected': 'protected on the registry',
  child: 'part of one that stays',
  parent: 'lists one that stays',
  referrer: 'attached to one that stays',
  subject: 'attached to one that stays',
  'orphan-referrer': 'attached elsewhere',
  unlinked: 'not linked to a commit',
  'age-unknown': 'age unknown',
  unreadable: 'not understood',
  'in-doubt': 'not understood',
  relative: 'built into one that stays',
  foreign: 'not made by werf',
  'unrecorded-young': 'not linked to a commit',
  counterpart: 'stays elsewhere too',
  record: 'record',
  'git-gone': 'branch, tag or commit gone',
  'git-superseded': 'not kept by a policy',
  'scheme-gone': 'branch, tag or commit gone',
  'scheme-expired': 'too old',
  'scheme-over-limit': 'not kept by a policy',
  'scheme-superseded': 'not kept by a policy',
  'cache-unneeded': 'build cache',
  'cache-version': 'build cache',
  'cache-gone': 'build cache',
  'cache-flush': 'build cache',
  older: 'too old',
  'owner-goes': 'part of one that goes',
  rejected: 'broken',
  unrecorded: 'not linked to a commit',
  'counterpart-goes': 'copy of one that goes',
  'record-needless': 'record',
  purge: 'purged',
  'unlinked-unwanted': 'not linked to a commit',
  unused: 'needed by nothing',
};

/**
 * The lines of a fenced Mermaid pie over all repositories, what goes before what stays; empty when there would be fewer than two slices.
 * Syntax: https://mermaid.js.org/syntax/pie.html
 */
export function mermaidChart(report: Report): readonly string[] {
  const sides = (report.plan?.repositories ?? []).map((plan) => splitDecisions(report, plan));
  const isDone = report.applied !== undefined;
  const go = [
    ...countByLabel(
      isDone ? 'gone' : 'goes',
      sides.flatMap(({ went }) => went),
    ),
    ...countByLabel(
      'not done',
      sides.flatMap(({ spared }) => spared),
    ),
  ];
  const stay = countByLabel(
    'stays',
    sides.flatMap(({ kept }) => kept),
  );
  if (go.length + stay.length < 2) return [];
  const all = [...go, ...mergeSmall(stay, Math.max(2, MAX_SLICES - go.length))];
  return ['```mermaid', 'pie showData title Images by reason', ...all.map(sliceOf), '```'];
}

interface Slice {
  readonly label: string;
  readonly count: number;
}

/** The largest so many, the last of which stands for all the others. */
function mergeSmall(slices: readonly Slice[], most: number): readonly Slice[] {
  if (slices.length <= most) return slices;
  const rest = slices.slice(most - 1).reduce((sum, { count }) => sum + count, 0);
  return [...slices.slice(0, most - 1), { label: 'stays: other reasons', count: rest }];
}

function countByLabel(side: string, decisions: readonly ShownDecision[]): readonly Slice[] {
  const counts = new Map<string, number>();
  for (const { reasons } of decisions) {
    const reason = strongestReason(reasons);
    const label = `${side}: ${reason === undefined ? 'no reason' : labelOf(reason)}`;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return [...counts].map(([label, count]) => ({ label, count })).sort((a, b) => b.count - a.count);
}

function labelOf(reason: Reason): string {
  return reason.rule === 'pull-request' ? `open ${nameOfRequest(reason)}` : LABELS[reason.rule];
}

function sliceOf({ label, count }: Slice): string {
  return `    "${label}" : ${count}`;
}
