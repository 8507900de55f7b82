// The action from its inputs to outputs, job summary and exit code. What a run does is not decided here.

import { access, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { normalizeSettings } from '../config/normalize-settings.ts';
import type { Settings } from '../config/settings.ts';
import type { LogLevel } from '../log.ts';
import { instantFromMs } from '../model/time.ts';
import type { RawOptions } from '../options.ts';
import { describeDoubt, describeError, describeTrouble, toCleanupError } from '../report/describe-error.ts';
import { exitCodeOf } from '../report/exit-code-of.ts';
import type { Report } from '../report/report.ts';
import { buildStoppedReport } from '../report/stopped-report.ts';
import { listenForSignals } from '../util/listen-for-signals.ts';
import { TOOL } from '../version.ts';
import { type ActionLog, createActionLog } from './action-log.ts';
import { listSecrets, readInputs } from './read-inputs.ts';

type Core = typeof import('@actions/core');

interface Run {
  readonly core: Core;
  readonly raw: RawOptions;
  readonly log: ActionLog;
  readonly environment: NodeJS.ProcessEnv;
}

/** Where the two files of every run lie; empty where there is none. */
interface RunFiles {
  readonly plan: string;
  readonly report: string;
}

const now = () => instantFromMs(Date.now());

/** Runs the action. Never throws: what goes wrong is an error annotation, and in the exit code that comes back. */
export async function runAction(environment: NodeJS.ProcessEnv): Promise<number> {
  const core = await import('@actions/core');
  try {
    const raw = readInputs((name) => core.getInput(name));
    const log = createActionLog(core, levelOf(raw), () => performance.now());
    for (const secret of listSecrets(raw)) log.secret(secret);
    return await finish({ core, raw, log, environment });
  } catch (thrown) {
    const error = toCleanupError(thrown);
    core.setFailed(describeError(error));
    return error.exitCode;
  }
}

async function finish(run: Run): Promise<number> {
  const { core, raw, log, environment } = run;
  const signals = listenForSignals({ graceful: raw.command === 'apply', say: (text) => log.warn(text) });
  try {
    const files = await chooseFiles(raw, environment);
    const { report, settings, planFile } = await makeReport(run, { files, signal: signals.signal });
    setOutputs(core, report, { plan: planFile ?? '', report: files.report });
    core.info(await renderResult(report, settings));
    await writeSummary(run, report);
    const doubt = describeDoubt(report);
    if (doubt !== undefined) core.warning(log.clean(doubt));
    const trouble = describeTrouble(report);
    if (trouble !== undefined) core.setFailed(log.clean(trouble));
    return signals.exitCode() ?? exitCodeOf(report);
  } finally {
    signals.stop();
  }
}

/** A folder of its own below the runner's: several steps of one job do not overwrite each other's files. */
async function chooseFiles(raw: RawOptions, environment: NodeJS.ProcessEnv): Promise<RunFiles> {
  const { 'plan-file': plan, 'report-file': report } = raw;
  if (plan !== undefined && report !== undefined) return { plan, report };
  const folder = await mkdtemp(join(environment['RUNNER_TEMP'] || tmpdir(), 'registry-cleanup-'));
  return { plan: plan ?? join(folder, 'plan.json'), report: report ?? join(folder, 'report.json') };
}

interface Made {
  readonly report: Report;
  readonly settings?: Settings;
  /** Where a plan really lies. */
  readonly planFile?: string | undefined;
}

async function makeReport(
  run: Run,
  { files, signal }: { readonly files: RunFiles; readonly signal: AbortSignal },
): Promise<Made> {
  const { raw, log, environment } = run;
  const isApply = raw.command === 'apply';
  try {
    // To `apply` a plan file is something to read: only the user's own.
    const withFiles = { ...raw, ...(isApply ? {} : { 'plan-file': files.plan }), 'report-file': files.report };
    const source = { environment, workingDirectory: '.', frontEnd: 'action' } as const;
    const { settings, notes } = await normalizeSettings(withFiles, source);
    for (const note of notes) log.info(note);
    const { runApply, runPlan } = await import('../cleanup.ts');
    const report = await (isApply ? runApply : runPlan)(settings, { log, environment, now, signal });
    const planFile = report.planFile ?? (isApply ? await writePlan(files.plan, report, log) : undefined);
    return { report, settings, planFile };
  } catch (thrown) {
    const command = isApply ? 'apply' : 'plan';
    const report = buildStoppedReport({ tool: TOOL, command, at: now(), error: toCleanupError(thrown) });
    await writeStoppedReport(files.report, report, log);
    return { report };
  }
}

/** The plan of an apply without a plan file. What was done is done: a file that cannot be written must not hide it. */
async function writePlan(path: string, { plan }: Report, log: ActionLog): Promise<string | undefined> {
  if (plan === undefined) return undefined;
  try {
    await writeJson(path, plan);
    return path;
  } catch (cause) {
    log.warn(`the plan could not be written to ${path}: ${String(cause)}`);
    return undefined;
  }
}

async function writeStoppedReport(path: string, report: Report, log: ActionLog): Promise<void> {
  try {
    await writeJson(path, report);
  } catch (cause) {
    // The path may be one of the mistakes that are about to be told.
    log.warn(`the report could not be written to ${path}: ${String(cause)}`);
  }
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** A later step reads an output as a path: it is empty where no file is. */
function setOutputs(core: Core, { totals }: Report, files: RunFiles): void {
  core.setOutput('plan-file', files.plan);
  core.setOutput('report-file', files.report);
  core.setOutput('kept-count', totals.kept);
  core.setOutput('deleted-count', totals.deleted);
  core.setOutput('untagged-count', totals.untagged);
  core.setOutput('failed-count', totals.failed);
  core.setOutput('reclaimable-bytes', totals.reclaimableBytes);
}

async function renderResult(report: Report, settings: Settings | undefined): Promise<string> {
  if (settings?.format === 'json') return JSON.stringify(report, null, 2);
  if (settings?.format === 'markdown') {
    const { renderMarkdown } = await import('../report/render-markdown.ts');
    return renderMarkdown(report, { frontEnd: 'action' });
  }
  const { renderText } = await import('../report/render-text.ts');
  // The web page of a job shows ANSI colours and wraps lines itself.
  return renderText(report, { color: true, width: 120, frontEnd: 'action' });
}

async function writeSummary({ core, log, environment }: Run, report: Report): Promise<void> {
  const path = environment['GITHUB_STEP_SUMMARY'] ?? '';
  if (path === '') {
    log.info('this runner has no job summaries');
    return;
  }
  const { renderMarkdown } = await import('../report/render-markdown.ts');
  try {
    await access(path);
    await core.summary.addRaw(renderMarkdown(report, { frontEnd: 'action' })).write();
  } catch (cause) {
    // What was done is done: a summary that cannot be written must not hide it.
    log.warn(`the job summary could not be written: ${String(cause)}`);
  }
}

function levelOf(raw: RawOptions): LogLevel {
  const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
  // A wrong one is told with all other mistakes.
  return levels.find((level) => level === raw['log-level']) ?? 'info';
}
