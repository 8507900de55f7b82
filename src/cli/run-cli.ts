// The command line from its words to the exit code. Standard output holds the result and nothing else.

import { text as readAll } from 'node:stream/consumers';
import type { RunContext } from '../cleanup.ts';
import type { SettingsSource } from '../config/findings.ts';
import { whyWithoutVariables } from '../config/gitlab-job.ts';
import { listSecrets } from '../config/list-secrets.ts';
import { normalizeSettings } from '../config/normalize-settings.ts';
import type { Settings } from '../config/settings.ts';
import { UsageError } from '../errors.ts';
import type { LogLevel } from '../log.ts';
import { findOption, listDeprecations, type RawOptions } from '../options.ts';
import { describeError, describeTrouble, toCleanupError } from '../report/describe-error.ts';
import { exitCodeAfter } from '../report/exit-code-of.ts';
import type { Report } from '../report/report.ts';
import { listenForSignals } from '../util/listen-for-signals.ts';
import { TOOL } from '../version.ts';
import { type CliProcess, print } from './cli-process.ts';
import { compareWithTarget } from './compare-with-target.ts';
import { type CommandName, parseArguments, type ToldWords } from './parse-arguments.ts';
import { hasColor, isInteractive, textWidth } from './terminal-kind.ts';
import { createTerminalLog, type TerminalLog } from './terminal-log.ts';
import { frontEndOf, writeShown, writeStopped } from './write-reports.ts';

/** Runs one command. Never throws: what goes wrong is on standard error, and in the exit code that comes back. */
export async function runCli(io: CliProcess): Promise<number> {
  let log = await openLog(io, 'info');
  try {
    const parsed = parseArguments(io.words, io.environment);
    if (parsed.kind === 'version') return print(io, `${TOOL.split(' ')[1]}\n`);
    if (parsed.kind === 'help') {
      const { renderHelp } = await import('./render-help.ts');
      return print(io, renderHelp(parsed.command, textWidth(io.stdout)));
    }
    log = await openLog(io, levelOf(parsed.raw));
    return await runCommand(io, { log, ...parsed });
  } catch (thrown) {
    const error = toCleanupError(thrown);
    log.stop();
    log.error(describeError(error));
    return error.exitCode;
  } finally {
    log.stop();
  }
}

interface Run {
  readonly log: TerminalLog;
  readonly command: CommandName;
  readonly raw: RawOptions;
  readonly told?: ToldWords;
}

/** What an interrupt must not cut in two. */
const WRITING: ReadonlySet<CommandName> = new Set(['apply', 'restore', 'purge', 'managed-images', 'host']);
/** Those of them that a signal ends between two steps, with an exit code of its own. */
const STEP_BY_STEP: ReadonlySet<CommandName> = new Set(['restore', 'host']);

async function runCommand(io: CliProcess, run: Run): Promise<number> {
  const signals = listenForSignals({
    graceful: WRITING.has(run.command),
    say: (text) => run.log.warn(text),
  });
  const context = { log: run.log, environment: io.environment, now: io.now, signal: signals.signal };
  try {
    if (run.command === 'demo') {
      const { runDemo } = await import('../demo/run-demo.ts');
      const { stdout: stream, environment } = io;
      const looks = { color: hasColor(stream, environment), width: textWidth(stream) };
      return await runDemo({ context, ...looks, print: (text) => void print(io, text) });
    }
    const done = await runBeside(io, run, context);
    if (done === undefined) return await runReported(io, run, { context, interrupted: () => signals.exitCode() });
    return (STEP_BY_STEP.has(run.command) ? signals.exitCode() : undefined) ?? done;
  } finally {
    signals.stop();
  }
}

/** The commands with settings and a result of their own; undefined for every other. */
async function runBeside(
  io: CliProcess,
  run: Run,
  context: RunContext & { readonly log: TerminalLog },
): Promise<number | undefined> {
  switch (run.command) {
    case 'verify': {
      const { runVerifyCommand } = await import('./verify-command.ts');
      const { normalizeVerify } = await import('../config/normalize-verify.ts');
      return await runVerifyCommand(io, await decide(io, run, normalizeVerify), context);
    }
    case 'restore': {
      const { runRestoreCommand } = await import('./restore-command.ts');
      const { normalizeRestore } = await import('../config/normalize-restore.ts');
      return await runRestoreCommand(io, await decide(io, run, normalizeRestore), context);
    }
    case 'record': {
      const { runRecordCommand } = await import('./record-command.ts');
      const { normalizeRecord } = await import('../config/normalize-record.ts');
      return await runRecordCommand(io, await decide(io, run, normalizeRecord), context);
    }
    case 'host': {
      const { runHostCommand } = await import('./host-command.ts');
      const { normalizeHost } = await import('../config/normalize-host.ts');
      return await runHostCommand(io, await decide(io, run, normalizeHost), context);
    }
    case 'rbac': {
      const { runRbacCommand } = await import('./rbac-command.ts');
      const { normalizeRbac } = await import('../config/normalize-rbac.ts');
      return await runRbacCommand(io, await decide(io, run, normalizeRbac), context);
    }
    case 'managed-images': {
      const { runManagedImagesCommand } = await import('./managed-images-command.ts');
      const { normalizeManagedImages } = await import('../config/normalize-managed-images.ts');
      return await runManagedImagesCommand(io, await decide(io, run, normalizeManagedImages), context);
    }
    case 'plan':
    case 'apply':
    case 'explain':
    case 'purge':
    case 'demo':
      return undefined;
  }
}

interface Reported {
  readonly context: RunContext;
  /** The exit code of the signal that ended the run early; undefined when none did. */
  readonly interrupted: () => number | undefined;
}

/** The commands that decide about images: what comes of it is a report, or an explanation. */
async function runReported(io: CliProcess, run: Run, { context, interrupted }: Reported): Promise<number> {
  const isPurge = run.command === 'purge';
  const normalize = isPurge ? (await import('../config/normalize-purge.ts')).normalizePurge : normalizeSettings;
  const normalized = await decide(io, run, normalize);
  for (const note of normalized.notes) run.log.info(note);
  if (normalized.settings.command === 'explain') return await explain(io, normalized.settings, context);
  const settings = isPurge
    ? normalized.settings
    : await compareWithTarget(normalized, { ...run, source: sourceOf(io) });
  const { runApply, runPlan } = await import('../cleanup.ts');
  const report = await (settings.command === 'apply' ? runApply : runPlan)(settings, context);
  run.log.stop();
  await showReport(io, { report, settings, log: run.log });
  const files = { markdown: settings.markdownFile, codeQuality: settings.codeQualityFile };
  const written = await writeShown(report, files, { ...run, environment: io.environment });
  await showElsewhere(io, run, report);
  return exitCodeAfter(report, interrupted()) || written;
}

/** The settings. When they are wrong, the files and the note that were asked for say so too. */
async function decide<Decided>(
  io: CliProcess,
  run: Run,
  normalize: (raw: RawOptions, source: SettingsSource) => Promise<Decided>,
): Promise<Decided> {
  for (const secret of listSecrets(run.raw, io.environment)) run.log.secret(secret);
  for (const told of [...listDeprecations(run.raw), ...(run.told?.warnings ?? [])]) run.log.warn(told);
  for (const note of run.told?.notes ?? []) run.log.info(note);
  try {
    const raw = await withPassword(io, run);
    return await normalize(raw, sourceOf(io));
  } catch (thrown) {
    const { environment } = io;
    const report = await writeStopped({ ...run, environment }, { at: io.now(), error: toCleanupError(thrown) });
    if (report !== undefined) await showElsewhere(io, run, report);
    throw thrown;
  }
}

/** On the merge request whose pipeline this is part of, when that is wanted. */
async function showElsewhere(io: CliProcess, { raw, log }: Run, report: Report): Promise<void> {
  if (report.command !== 'plan' || raw['merge-request-note'] === undefined) return;
  const { showOnMergeRequest } = await import('./show-on-merge-request.ts');
  await showOnMergeRequest({ report, raw, source: sourceOf(io), log });
}

/** Where the options of a command line come from. */
function sourceOf({ environment }: CliProcess): SettingsSource {
  const why = whyWithoutVariables(environment);
  const source = { environment, workingDirectory: '.', frontEnd: 'cli' } as const;
  return why === undefined ? source : { ...source, withoutSecrets: why };
}

async function withPassword(io: CliProcess, run: Run): Promise<RawOptions> {
  if (run.raw['password-stdin'] !== true) return run.raw;
  if (io.stdin.isTTY) {
    throw new UsageError('--password-stdin reads a pipe, and standard input is a terminal', {
      code: 'USAGE',
      hint: 'Pipe it in: registry-cleanup … --password-stdin < token-file',
    });
  }
  const password = (await readAll(io.stdin)).replace(/\r?\n$/, '');
  run.log.secret(password);
  return { ...run.raw, password };
}

async function explain(io: CliProcess, settings: Settings, context: RunContext): Promise<number> {
  const { runExplain } = await import('../cleanup.ts');
  const explanations = await runExplain(settings, context);
  if (settings.format === 'json') return print(io, `${JSON.stringify(explanations, null, 2)}\n`);
  const { renderExplanation, renderExplanationMarkdown } = await import('../report/render-explanation.ts');
  const looks = { color: hasColor(io.stdout, io.environment), width: textWidth(io.stdout) };
  const texts = explanations.map((one) =>
    settings.format === 'markdown' ? renderExplanationMarkdown(one) : renderExplanation(one, looks),
  );
  return print(io, texts.join('\n'));
}

async function showReport(
  io: CliProcess,
  shown: { report: Report; settings: Settings; log: TerminalLog },
): Promise<void> {
  const { report, settings, log } = shown;
  print(io, await renderReport(io, report, settings));
  const trouble = describeTrouble(report);
  if (trouble !== undefined) log.error(trouble);
}

async function renderReport(io: CliProcess, report: Report, settings: Settings): Promise<string> {
  const frontEnd = frontEndOf(io.environment);
  switch (settings.format) {
    case 'json':
      return `${JSON.stringify(report, null, 2)}\n`;
    case 'markdown': {
      const { renderMarkdown } = await import('../report/render-markdown.ts');
      return renderMarkdown(report, { frontEnd });
    }
    case 'text': {
      // Without a plan there is nothing to show but the error, and that is told on standard error.
      if (report.plan === undefined) return '';
      const { renderText } = await import('../report/render-text.ts');
      return renderText(report, {
        color: hasColor(io.stdout, io.environment),
        width: textWidth(io.stdout),
        frontEnd,
      });
    }
  }
}

async function openLog(io: CliProcess, level: LogLevel): Promise<TerminalLog> {
  const { stderr: stream, environment } = io;
  const looks = { color: hasColor(stream, environment), interactive: isInteractive(stream, environment) };
  return createTerminalLog({ stream, level, ...looks, clock: () => performance.now() });
}

function levelOf(raw: RawOptions): LogLevel {
  const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
  const wanted = raw['log-level'] ?? findOption('log-level').default;
  // A wrong one is told with all other mistakes.
  return levels.find((level) => level === wanted) ?? 'info';
}
