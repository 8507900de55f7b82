// What a run of the action leaves where people and later steps look: outputs, job summary, annotations. Nothing is decided here.

import { access } from 'node:fs/promises';
import type { Format } from '../config/settings.ts';
import { describeDoubt, describeTrouble } from '../report/describe-error.ts';
import type { Report } from '../report/report.ts';
import type { ActionLog } from './action-log.ts';

/** The runner's commands. */
export type Core = typeof import('@actions/core');

/** Where results go. */
export interface ResultPlace {
  readonly core: Core;
  readonly log: ActionLog;
  readonly environment: NodeJS.ProcessEnv;
}

/** Where the two files of every run lie; empty where there is none. */
export interface RunFiles {
  readonly plan: string;
  readonly report: string;
}

/** Every output of action.yml; a number that a command knows nothing of is 0. */
export interface Outputs {
  readonly files: RunFiles;
  readonly kept: number;
  readonly deleted: number;
  readonly untagged: number;
  readonly failed: number;
  readonly left: number;
  readonly restored: number;
  /** Statements that stand in the registry now; absent: 0. */
  readonly recorded?: number;
  /** Images that clusters use and that nobody can pull. */
  readonly absent: number;
  readonly reclaimableBytes: number;
}

/** A later step reads an output as a path: it is empty where no file is. */
export function setOutputs(core: Core, outputs: Outputs): void {
  core.setOutput('plan-file', outputs.files.plan);
  core.setOutput('report-file', outputs.files.report);
  core.setOutput('kept-count', outputs.kept);
  core.setOutput('deleted-count', outputs.deleted);
  core.setOutput('untagged-count', outputs.untagged);
  core.setOutput('failed-count', outputs.failed);
  core.setOutput('left-count', outputs.left);
  core.setOutput('restored-count', outputs.restored);
  core.setOutput('recorded-count', outputs.recorded ?? 0);
  core.setOutput('absent-count', outputs.absent);
  core.setOutput('reclaimable-bytes', outputs.reclaimableBytes);
}

/** Images that clusters use and that were not there when an apply looked after its last step. */
export function countAbsent({ verification }: Report): number {
  return verification === undefined ? 0 : verification.lost.length + verification.goneBefore.length;
}

/** The report in the log, as the user wants to see it. */
export async function renderResult(report: Report, format: Format): Promise<string> {
  if (format === 'json') return JSON.stringify(report, null, 2);
  if (format === 'markdown') {
    const { renderMarkdown } = await import('../report/render-markdown.ts');
    return renderMarkdown(report, { frontEnd: 'action' });
  }
  const { renderText } = await import('../report/render-text.ts');
  // The web page of a job shows ANSI colours and wraps lines itself.
  return renderText(report, { color: true, width: 120, frontEnd: 'action' });
}

/** Adds Markdown to the job summary, where the runner has any. Never throws. */
export async function writeSummary({ core, log, environment }: ResultPlace, markdown: string): Promise<void> {
  const path = environment['GITHUB_STEP_SUMMARY'] ?? '';
  if (path === '') {
    log.info('this runner has no job summaries');
    return;
  }
  try {
    await access(path);
    await core.summary.addRaw(markdown).write();
  } catch (cause) {
    // What was done is done: a summary that cannot be written must not hide it.
    log.warn(`the job summary could not be written: ${String(cause)}`);
  }
}

/** Annotations: a warning for a plan that apply would refuse, an error for a run that failed. */
export function annotate({ core, log }: ResultPlace, report: Report): void {
  const doubt = describeDoubt(report);
  if (doubt !== undefined) core.warning(log.clean(doubt));
  const trouble = describeTrouble(report);
  if (trouble !== undefined) core.setFailed(log.clean(trouble));
}
