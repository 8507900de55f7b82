// The story of a run: collect, decide, plan, apply, report. Plan and apply differ only in what follows the plan.

import type { Settings } from './config/settings.ts';
import type { ReviewedPlan } from './plan/decode-plan.ts';
import { buildReport, type ReportInput } from './report/build-report.ts';
import type { Report, RunResult } from './report/report.ts';
import { applyAndVerify } from './run/apply-and-verify.ts';
import { beginRun } from './run/begin-run.ts';
import type { AlsoDigests, RunContext } from './run/collect-evidence.ts';
import { rememberFirstSeen } from './run/first-seen.ts';
import { withPlan } from './run/make-plan.ts';
import { postCleanupRecords } from './run/post-cleanup-records.ts';
import { keepReport, resultOf } from './run/result-of.ts';
import { assertWritable, type PreviousRun, readPreviousRun, readReviewedPlan, writeJsonFile } from './run/run-files.ts';
import { TOOL } from './version.ts';

export type { RunContext } from './run/collect-evidence.ts';
export { runExplain } from './run/explain.ts';
export { runHost } from './run/host/run-host.ts';
export { runRbac } from './run/list-rights.ts';
export { type ManagedImagesResult, runManagedImages } from './run/managed-images.ts';
export { findTargetPolicy, noteOnMergeRequest } from './run/merge-request.ts';
export {
  commentOnPullRequest,
  findComparedPolicy,
  type PullRequestContext,
  type PullRequestRun,
  readPullRequest,
} from './run/pull-request.ts';
export { runRecord } from './run/record.ts';
export { runRestore } from './run/restore.ts';
export { type ShownFiles, writeShownFiles } from './run/shown-files.ts';
export { runVerify } from './run/verify.ts';

/** What a run has found out so far, for the report; filled while it goes. */
type Findings = {
  -readonly [Key in
    | 'plan'
    | 'applied'
    | 'verification'
    | 'usageReadAt'
    | 'planFile'
    | 'journal'
    | 'firstSeen'
    | 'baseline'
    | 'difference']?: ReportInput[Key];
};

/**
 * Plans and writes the plan file and the report file that are asked for. Deletes nothing. A failure is a report too: its
 * `result` is `stopped`, also when the report file cannot be written. Never throws a CleanupError.
 */
export async function runPlan(settings: Settings, given: RunContext): Promise<Report> {
  const context = beginRun(given);
  return await reporting(settings, context, async (found) => {
    const previous = await readPreviousRun(settings.previousReport);
    carryOver(previous, found);
    await withPlan({ settings, context, previous, also: new Map() }, async (planned) => {
      found.plan = planned.plan;
      if (planned.difference !== undefined) found.difference = planned.difference;
      found.firstSeen = rememberFirstSeen(planned, previous, context.now());
      if (settings.planFile === undefined) return;
      await writeJsonFile(settings.planFile, planned.plan);
      found.planFile = settings.planFile;
    });
    return { kind: 'planned' };
  });
}

/**
 * Plans, then carries out the plan; with a plan file, only the steps that are in both. Refuses as a whole when a guard finds
 * something. At the end everything that clusters use is looked for once more. Everything that happens is in the report, whose `result`
 * says how it ended.
 */
export async function runApply(settings: Settings, given: RunContext): Promise<Report> {
  const context = beginRun(given);
  return await reporting(settings, context, async (found) => {
    const reviewed = await readReviewedPlan(settings);
    if (settings.planFile !== undefined) found.planFile = settings.planFile;
    const previous = await readPreviousRun(settings.previousReport);
    carryOver(previous, found);
    const also = digestsOf(reviewed);
    return await withPlan({ settings, context, previous, also }, async (planned) => {
      found.plan = planned.plan;
      found.firstSeen = rememberFirstSeen(planned, previous, context.now());
      if (planned.plan.repositories.some(({ guards }) => guards.length > 0)) return { kind: 'refused' };
      const result = await applyAndVerify(planned, { settings, context, reviewed }, (progress) =>
        Object.assign(found, progress),
      );
      if (result.kind === 'applied')
        await postCleanupRecords({ settings, context, planned, applied: found.applied ?? [] });
      return result;
    });
  });
}

/** What an earlier run knew is not lost when this one stops: the next one compares with it. */
function carryOver(previous: PreviousRun | undefined, found: Findings): void {
  if (previous === undefined) return;
  found.firstSeen = previous.firstSeen;
  if (previous.evidence !== undefined) found.baseline = previous.evidence;
}

/** Digests that a reviewed plan names: read again even where no tag leads to them any more, so that it can go on. */
function digestsOf(reviewed: ReviewedPlan | undefined): AlsoDigests {
  const repositories = reviewed?.repositories ?? [];
  return new Map(repositories.map(({ name, steps }) => [name, steps.map(({ digest }) => digest)]));
}

/** Runs the story and makes a report of however it ends. */
async function reporting(
  settings: Settings,
  context: RunContext,
  story: (found: Findings) => Promise<RunResult>,
): Promise<Report> {
  const startedAt = context.now();
  const found: Findings = {};
  const { reportFile, markdownFile, codeQualityFile, metrics } = settings;
  const build = (result: RunResult): Report =>
    buildReport({
      tool: TOOL,
      command: settings.command === 'apply' ? 'apply' : 'plan',
      ...(settings.policy.purge ? { isPurge: true } : {}),
      startedAt,
      finishedAt: context.now(),
      result,
      ...found,
      firstSeen: found.firstSeen ?? {},
    });
  const report = build(
    await resultOf(async () => {
      for (const path of [reportFile, markdownFile, codeQualityFile, metrics])
        if (path !== undefined) await assertWritable(path);
      return await story(found);
    }, context),
  );
  return await keepReport(report, reportFile, { rebuild: build, context });
}
