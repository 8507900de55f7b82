// The action from its inputs to the exit code. What a run does is not decided here.

import type { PullRequestRun } from '../cleanup.ts';
import { listSecrets } from '../config/list-secrets.ts';
import { isHost } from '../config/normalize-host.ts';
import { isRecord } from '../config/normalize-record.ts';
import { isRestore } from '../config/normalize-restore.ts';
import { isVerify } from '../config/normalize-verify.ts';
import type { LogLevel } from '../log.ts';
import type { RawOptions } from '../options.ts';
import { describeError, toCleanupError } from '../report/describe-error.ts';
import { exitCodeAfter } from '../report/exit-code-of.ts';
import type { Report } from '../report/report.ts';
import { listenForSignals } from '../util/listen-for-signals.ts';
import { type ActionLog, createActionLog } from './action-log.ts';
import { chooseFiles, findPullRequestContext, type Made, makeReport } from './make-report.ts';
import { readInputs } from './read-inputs.ts';
import { annotate, type Core, countAbsent, renderResult, setOutputs, writeSummary } from './write-results.ts';

interface Run {
  readonly core: Core;
  readonly raw: RawOptions;
  readonly log: ActionLog;
  readonly environment: NodeJS.ProcessEnv;
}

/** Runs the action. Never throws: what goes wrong is an error annotation, and in the exit code that comes back. */
export async function runAction(environment: NodeJS.ProcessEnv): Promise<number> {
  const core = await import('@actions/core');
  try {
    const raw = readInputs((name) => core.getInput(name));
    const log = createActionLog(core, levelOf(raw), () => performance.now());
    for (const secret of listSecrets(raw, environment)) log.secret(secret);
    return await finish({ core, raw, log, environment });
  } catch (thrown) {
    const error = toCleanupError(thrown);
    core.setFailed(describeError(error));
    return error.exitCode;
  }
}

async function finish(run: Run): Promise<number> {
  const { core, raw, log, environment } = run;
  const signals = listenForSignals({
    graceful: raw.command === 'apply' || isRestore(raw) || isHost(raw),
    say: (text) => log.warn(text),
  });
  try {
    if (isRecord(raw)) {
      const { finishRecord } = await import('./finish-record.ts');
      return await finishRecord(run);
    }
    const files = await chooseFiles(raw, environment);
    if (isRestore(raw)) {
      const { finishRestore } = await import('./finish-restore.ts');
      const code = await finishRestore({ ...run, reportFile: files.report, signal: signals.signal });
      return signals.exitCode() ?? code;
    }
    if (isHost(raw)) {
      const { finishHost } = await import('./finish-host.ts');
      const code = await finishHost({ ...run, reportFile: files.report, signal: signals.signal });
      return signals.exitCode() ?? code;
    }
    if (isVerify(raw)) {
      const { finishVerify } = await import('./finish-verify.ts');
      return await finishVerify({ ...run, reportFile: files.report, signal: signals.signal });
    }
    const pullRequest = await findPullRequest(run);
    const made = await makeReport({ raw, log, environment, files, signal: signals.signal, pullRequest });
    const { report } = made;
    const { totals } = report;
    setOutputs(core, {
      ...totals,
      restored: 0,
      absent: countAbsent(report),
      files: { plan: made.planFile ?? '', report: files.report },
    });
    const written = await writeShown(run, made, pullRequest !== undefined);
    core.info(await renderResult(report, made.settings?.format ?? 'text'));
    const remark = await comment(run, report, pullRequest);
    await summarize(run, report, { remark, isOnPullRequest: pullRequest !== undefined });
    annotate(run, report);
    return exitCodeAfter(report, signals.exitCode()) || written;
  } finally {
    signals.stop();
  }
}

/** The files for people; the exit code of having written them. */
async function writeShown(run: Run, { report, settings }: Made, isOnPullRequest: boolean): Promise<number> {
  const { core, raw, log, environment } = run;
  const { markdownFile: markdown = raw['markdown-file'], codeQualityFile: codeQuality = raw['code-quality-file'] } =
    settings ?? {};
  if (markdown === undefined && codeQuality === undefined) return 0;
  const { writeShownFiles } = await import('../cleanup.ts');
  const topFolder = environment['GITHUB_WORKSPACE'] || '.';
  const looks = { frontEnd: 'action', isOnPullRequest, policyFile: raw.config, topFolder } as const;
  const failures = await writeShownFiles(report, { markdown, codeQuality }, looks);
  for (const { message } of failures) core.setFailed(log.clean(message));
  return failures[0]?.exitCode ?? 0;
}

async function findPullRequest({ environment, log }: Run): Promise<PullRequestRun | undefined> {
  if (environment['GITHUB_EVENT_NAME']?.startsWith('pull_request') !== true) return undefined;
  const { readPullRequest } = await import('../cleanup.ts');
  return await readPullRequest(environment, log);
}

/** What has to be said about the comment, for the job summary; undefined when there is nothing to say. */
async function comment(run: Run, report: Report, pullRequest: PullRequestRun | undefined): Promise<string | undefined> {
  const { core, raw, log } = run;
  if (report.command !== 'plan' || raw['pull-request-comment']?.toString().trim().toLowerCase() !== 'true')
    return undefined;
  if (pullRequest === undefined) {
    log.info('no pull request started this run: there is none to comment on');
    return undefined;
  }
  const context = findPullRequestContext({ ...run, pullRequest });
  // Why there is no way to GitHub is among the mistakes that the report tells.
  if (context === undefined) return undefined;
  const { showOnPullRequest } = await import('./show-on-pull-request.ts');
  const remark = await showOnPullRequest({ report, raw, run: pullRequest, context });
  if (remark !== undefined) core.notice(log.clean(remark));
  return remark;
}

interface SummaryContext {
  /** Why there is no comment. */
  readonly remark: string | undefined;
  readonly isOnPullRequest: boolean;
}

async function summarize(run: Run, report: Report, { remark, isOnPullRequest }: SummaryContext): Promise<void> {
  const [{ renderMarkdown }, { escapeMarkdown }] = await Promise.all([
    import('../report/render-markdown.ts'),
    import('../report/escape-markdown.ts'),
  ]);
  const note = remark === undefined ? '' : `\n> [!NOTE]\n> ${escapeMarkdown(run.log.clean(remark))}\n`;
  await writeSummary(run, renderMarkdown(report, { frontEnd: 'action', isOnPullRequest }) + note);
}

function levelOf(raw: RawOptions): LogLevel {
  const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
  // A wrong one is told with all other mistakes.
  return levels.find((level) => level === raw['log-level']) ?? 'info';
}
