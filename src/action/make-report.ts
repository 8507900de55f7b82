// From inputs to the report of a plan or an apply, whatever becomes of it: wrong settings make a report too.

import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { PullRequestContext, PullRequestRun } from '../cleanup.ts';
import type { SettingsSource } from '../config/findings.ts';
import { type NormalizedSettings, normalizeSettings } from '../config/normalize-settings.ts';
import { findPullRequestAccess } from '../config/read-pull-request.ts';
import type { ComparedPolicy, Settings } from '../config/settings.ts';
import { UsageError } from '../errors.ts';
import { formatRepository } from '../model/reference.ts';
import { type Instant, instantFromMs } from '../model/time.ts';
import type { RawOptions } from '../options.ts';
import { toCleanupError } from '../report/describe-error.ts';
import type { Report } from '../report/report.ts';
import { buildStoppedReport } from '../report/stopped-report.ts';
import { TOOL } from '../version.ts';
import type { ActionLog } from './action-log.ts';
import { restoreCache } from './keep-cache.ts';
import type { RunFiles } from './write-results.ts';

/** What a run goes by. */
export interface ReportRequest {
  readonly raw: RawOptions;
  readonly log: ActionLog;
  readonly environment: NodeJS.ProcessEnv;
  readonly files: RunFiles;
  readonly signal: AbortSignal;
  /** The pull request that started the run. */
  readonly pullRequest: PullRequestRun | undefined;
}

/** A report, and what was found out on the way to it. */
export interface Made {
  readonly report: Report;
  readonly settings?: Settings;
  /** Where a plan really lies. */
  readonly planFile?: string | undefined;
}

/** The present. */
export function now(): Instant {
  return instantFromMs(Date.now());
}

/** A folder of its own below the runner's: several steps of one job do not overwrite each other's files. */
export async function chooseFiles(raw: RawOptions, environment: NodeJS.ProcessEnv): Promise<RunFiles> {
  const { 'plan-file': plan, 'report-file': report } = raw;
  if (plan !== undefined && report !== undefined) return { plan, report };
  const folder = await mkdtemp(join(environment['RUNNER_TEMP'] || tmpdir(), 'registry-cleanup-'));
  return { plan: plan ?? join(folder, 'plan.json'), report: report ?? join(folder, 'report.json') };
}

/** Where the options of the action come from. */
export function sourceOf(environment: NodeJS.ProcessEnv, pullRequest: PullRequestRun | undefined): SettingsSource {
  const source = { environment, workingDirectory: '.', frontEnd: 'action' } as const;
  const why = pullRequest?.withoutSecrets;
  return why === undefined ? source : { ...source, withoutSecrets: why };
}

/** Plans or applies. Never throws for what the user or a server did. */
export async function makeReport(request: ReportRequest): Promise<Made> {
  const { raw, log, environment, files, signal } = request;
  const isApply = raw.command === 'apply';
  try {
    // To `apply` a plan file is something to read: only the user's own.
    const withFiles = { ...raw, ...(isApply ? {} : { 'plan-file': files.plan }), 'report-file': files.report };
    const source = sourceOf(environment, request.pullRequest);
    const normalized = await normalizeSettings(withFiles, source);
    for (const note of normalized.notes) log.info(note);
    const settings = await withComparison(normalized, { ...request, raw: withFiles, source });
    const cache = await openCache(settings, request);
    const { runApply, runPlan } = await import('../cleanup.ts');
    const report = await (isApply ? runApply : runPlan)(settings, { log, environment, now, signal });
    await cache?.save();
    const planFile = report.planFile ?? (isApply ? await writePlan(files.plan, report, log) : undefined);
    return { report, settings, planFile };
  } catch (thrown) {
    const command = isApply ? 'apply' : 'plan';
    const report = buildStoppedReport({ tool: TOOL, command, at: now(), error: toCleanupError(thrown) });
    await writeStopped(files.report, report, log);
    return { report };
  }
}

/** How the pull request's GitHub is reached, by the inputs alone; undefined where they do not tell. */
export function findPullRequestContext(
  request: Omit<ReportRequest, 'files' | 'signal'>,
): PullRequestContext | undefined {
  const { raw, environment, log, pullRequest } = request;
  const access = pullRequest && findPullRequestAccess(raw, sourceOf(environment, pullRequest));
  return access && { environment, log, access, caFile: raw['ca-file'] };
}

interface PolicyRequest extends ReportRequest {
  readonly source: SettingsSource;
}

/**
 * On a pull request that changes the policy file: with the policy that it replaces.
 * @throws UsageError USAGE for an apply by the policy file of a fork: whoever opens a pull request shall not decide what goes.
 */
async function withComparison(normalized: NormalizedSettings, request: PolicyRequest): Promise<Settings> {
  const { settings } = normalized;
  const isForkApply = settings.command === 'apply' && request.pullRequest?.event.isFork === true;
  if (settings.command !== 'plan' && !isForkApply) return settings;
  const found = await findComparison(normalized, request);
  if (!isForkApply) return found === 'same' || found === 'unknown' ? settings : { ...settings, compareWith: found };
  // Without a checkout there is no file that the fork could have written.
  if (found === 'same' || (found === 'unknown' && normalized.policyText.text === undefined)) return settings;
  throw new UsageError('The policy file is not known to be that of the branch this pull request of a fork goes to.', {
    code: 'USAGE',
    hint: 'Apply by the policy of the base: do not check out the commit of the pull request.',
  });
}

async function findComparison(
  { settings, policyText: own }: NormalizedSettings,
  request: PolicyRequest,
): Promise<ComparedPolicy | 'same' | 'unknown'> {
  const context = findPullRequestContext(request);
  if (request.pullRequest === undefined || context === undefined) return 'unknown';
  const { findComparedPolicy } = await import('../cleanup.ts');
  const { raw, source } = request;
  const { event } = request.pullRequest;
  return await findComparedPolicy({ raw, source, settings, event, own }, context);
}

/** GitHub's cache is for the folder that nobody named: whoever names one keeps it as they like. */
async function openCache({ cacheDirectory: folder, repositories }: Settings, { raw, environment, log }: ReportRequest) {
  if (folder === undefined || raw['cache-dir'] !== undefined) return undefined;
  const names = repositories.map(({ repository }) => formatRepository(repository));
  return await restoreCache({ folder, repositories: names, environment, log });
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

/** The report of a run that stopped before it began. */
export async function writeStopped(path: string, report: object, log: ActionLog): Promise<void> {
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
