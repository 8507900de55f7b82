// Where a run stands and what to do next: the sentence after the verdict, and the last line.

import { pluralize } from './pluralize.ts';
import { countApplied, nameRecords } from './record-steps.ts';
import type { Report } from './report.ts';

/** Where the reader is: at a shell, before a workflow on GitHub, or before a pipeline on GitLab. Its words for the same advice differ. */
export type FrontEnd = 'cli' | 'action' | 'gitlab';

/** What to do next. */
export interface NextStep {
  readonly text: string;
  /** To paste into a shell, the file's name quoted where it must be, or into a workflow. */
  readonly command?: string;
}

/** The plan lies in a folder of the job, and the step's output names it. */
const AFTER_PLAN_IN_ACTION: NextStep = {
  text: 'To do exactly this, give the action a later step in the same job with the same inputs, command: apply, and (ID is the id of this step):',
  command: `plan-file: \${{ steps.ID.outputs.plan-file }}`,
};

/** The job that planned is over; who may start another knows where. */
const AFTER_PLAN_ON_GITLAB: NextStep = {
  text: 'To do it, run apply with the same options: in a scheduled pipeline, or in a job that is started by hand. It decides again, and spares whatever is needed by then.',
};

/** What has become of the repositories, in one sentence. Says "nothing was deleted" only where that is known. */
export function describeStatus(report: Report): string {
  const guards = (report.plan?.repositories ?? []).some((one) => one.guards.length > 0);
  switch (report.result.kind) {
    case 'planned':
      if (report.plan?.asOf !== undefined)
        return `A look ahead to ${report.plan.asOf}: nothing was deleted, and this plan can never be applied.`;
      if (isPartial(report))
        return 'Nothing was deleted, and this plan is never applied: it rests on a part of the evidence.';
      return guards
        ? 'Nothing was deleted, and apply would refuse this plan.'
        : 'This was a plan: nothing was deleted.';
    case 'refused':
      return 'Refused by a guard: nothing was deleted.';
    case 'applied':
      return describeApplied(report);
    case 'alarm':
      return `ALARM: something that clusters use has gone; ${describeDamage(report)}.`;
    case 'stopped':
      return `Stopped by an error: ${describeDamage(report)}.`;
  }
}

/** What to do next on a pull request, for whoever made the change: how a plan is applied is not for them. */
export function describeNextChange(report: Report, frontEnd: FrontEnd): NextStep | undefined {
  const next = describeNextStep(report, frontEnd);
  return next?.command === undefined && next !== AFTER_PLAN_ON_GITLAB ? next : undefined;
}

/** The last line: what a reader does now. Undefined when there is nothing to do. */
export function describeNextStep(report: Report, frontEnd: FrontEnd): NextStep | undefined {
  const { result, plan, totals } = report;
  switch (result.kind) {
    case 'planned':
      if (plan?.asOf !== undefined)
        return { text: `To get a plan that can be applied, leave out ${frontEnd === 'action' ? 'as-of' : '--as-of'}.` };
      if (isPartial(report)) return { text: 'To see what would really go, plan where everything can be looked at.' };
      if (totals.deleted + totals.untagged + (totals.records?.deleted ?? 0) === 0)
        return { text: 'There is nothing to apply.' };
      if ((plan?.repositories ?? []).some((one) => one.guards.length > 0))
        return {
          text: 'If it is what you mean, follow the hint of each guard and plan again.',
        };
      return afterPlan(report, frontEnd);
    case 'refused':
      return {
        text: 'If it is what you mean, follow the hint of each guard and run again.',
      };
    case 'alarm':
    case 'stopped':
      return result.error.hint === undefined ? undefined : { text: result.error.hint };
    case 'applied':
      if (isForbidden(report))
        return {
          text: 'The right to delete is missing: the reason of what failed says which. Give it and run again.',
        };
      if (totals.failed > 0)
        return {
          text: 'Remove the cause of the failures and run again: what is done stays done, and the rest is decided afresh.',
        };
      if (totals.left > 0)
        return { text: 'Run again later, with the same options: the next run goes on with what is left.' };
      return totals.skipped > countRefused(report)
        ? { text: 'What was skipped is decided afresh by the next plan.' }
        : undefined;
  }
}

/** Who made the report and when it was finished: `registry-cleanup 0.1.0 plan, 2026-11-21 20:24 UTC`. */
export function describeOrigin({ tool, command, finishedAt }: Report): string {
  return `${tool} ${command}, ${finishedAt.slice(0, 16).replace('T', ' ')} UTC`;
}

/** Steps that no run can do, because a rule of the registry keeps the image. Among the skipped ones. */
export function countRefused({ applied }: Report): number {
  return (applied ?? []).flatMap(({ outcomes }) => outcomes).filter((one) => one.protected === true).length;
}

/** The registry refused for want of a right, which ended the work there. */
function isForbidden({ applied }: Report): boolean {
  return (applied ?? []).some(({ outcomes }) => outcomes.some(({ forbidden }) => forbidden === true));
}

/** Something that the user wants asked was not asked. */
function isPartial({ plan }: Report): boolean {
  return (plan?.evidence.missing ?? []).length > 0;
}

function describeApplied(report: Report): string {
  const { deleted, untagged, records, failed, skipped, left } = report.totals;
  const rest = left === 0 ? '' : `${pluralize(left, 'step')} left for the next run`;
  if (failed > 0) return `Applied in part: ${pluralize(failed, 'step')} failed${rest === '' ? '' : `, ${rest}`}.`;
  if (left > 0) return `Applied in part: ${rest}.`;
  const refused = countRefused(report);
  if (skipped > 0 && skipped === refused)
    return `Applied, save ${pluralize(skipped, 'image')} that the registry does not delete.`;
  if (skipped > 0) return `Applied, save ${pluralize(skipped, 'step')} skipped for the reasons given.`;
  if (deleted + untagged + (records?.deleted ?? 0) > 0) return 'Applied in full.';
  const applied = report.applied ?? [];
  const [done, notDone] = [
    countApplied(report.plan, applied, 'outcomes'),
    countApplied(report.plan, applied, 'notApplied'),
  ];
  return done.alreadyGone + notDone.alreadyGone > 0
    ? 'Applied: everything that was to go had already gone.'
    : 'Applied: there was nothing to delete.';
}

/** What had been done when an error stopped the run. A journal without outcomes means that nobody counted. */
function describeDamage({ command, plan, applied, journal }: Report): string {
  if (applied === undefined && journal !== undefined && command === 'apply')
    return 'what was deleted until then stands in the journal';
  const { deleted, records, untagged, failed } = countApplied(plan, applied ?? [], 'outcomes');
  // A delete without an answer may have been done all the same.
  if (deleted + records + untagged === 0) return failed === 0 ? 'nothing was deleted' : 'no deletion was confirmed';
  const parts = [
    deleted > 0 ? pluralize(deleted, 'image') : '',
    untagged > 0 ? pluralize(untagged, 'tag') : '',
    records > 0 ? nameRecords(records) : '',
  ];
  return `${parts.filter((part) => part !== '').join(' and ')} had been deleted by then`;
}

function afterPlan({ planFile, isPurge }: Report, frontEnd: FrontEnd): NextStep {
  if (isPurge === true) return afterPurge(planFile);
  if (frontEnd === 'action') return AFTER_PLAN_IN_ACTION;
  if (frontEnd === 'gitlab') return AFTER_PLAN_ON_GITLAB;
  if (planFile === undefined)
    return {
      text: 'To do it, run apply with the same options; to have it reviewed first, write it with --plan-file FILE:',
      command: 'registry-cleanup apply',
    };
  return {
    text: 'To do exactly this, with the same options:',
    command: `registry-cleanup apply --plan-file ${quoteForShell(planFile)}`,
  };
}

/** An apply would decide by the policies, and do something else. */
function afterPurge(planFile: string | undefined): NextStep {
  const file = planFile === undefined ? '' : ` --plan-file ${quoteForShell(planFile)}`;
  return { text: 'To do it, with the same options:', command: `registry-cleanup purge --confirm${file}` };
}

function quoteForShell(text: string): string {
  return /^[\w./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
