// The report as the demo shows it: paths relative to the demo's folder, which stands once above them all.

import { sep } from 'node:path';
import type { Report } from '../report/report.ts';

type Plan = NonNullable<Report['plan']>;
type RepositoryPlan = Plan['repositories'][number];
type ShownReason = RepositoryPlan['decisions'][number]['reasons'][number];

/** The same report, with the directory cut off wherever a path is shown. The files on disk keep their whole paths. */
export function shortenPaths(report: Report, directory: string): Report {
  const shorten = (text: string): string => text.replaceAll(`${directory}${sep}`, '');
  return {
    ...report,
    ...(report.plan === undefined ? {} : { plan: shortenPlan(report.plan, shorten) }),
    ...(report.planFile === undefined ? {} : { planFile: shorten(report.planFile) }),
    ...(report.journal === undefined ? {} : { journal: shorten(report.journal) }),
  };
}

type Shorten = (text: string) => string;

function shortenPlan(plan: Plan, shorten: Shorten): Plan {
  const { kubernetes } = plan.evidence;
  const sources = kubernetes?.sources.map((source) => ({ ...source, name: shorten(source.name) })) ?? [];
  const repositories = plan.repositories.map((repository) => ({
    ...repository,
    decisions: repository.decisions.map((decision) => ({
      ...decision,
      reasons: decision.reasons.map((reason) => shortenReason(reason, shorten)),
    })),
  }));
  return {
    ...plan,
    evidence: { ...plan.evidence, ...(kubernetes === undefined ? {} : { kubernetes: { ...kubernetes, sources } }) },
    repositories,
  };
}

function shortenReason(reason: ShownReason, shorten: Shorten): ShownReason {
  if (reason.rule !== 'kubernetes') return reason;
  const workloads = reason.workloads.map((workload) => ({ ...workload, context: shorten(workload.context) }));
  return { ...reason, workloads, text: shorten(reason.text) };
}
