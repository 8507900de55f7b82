// What a run of the command line leaves in files, whatever became of it: the report, and the report for people.

import { writeFile } from 'node:fs/promises';
import type { ShownFiles } from '../cleanup.ts';
import { listSecrets } from '../config/list-secrets.ts';
import { commandOfPurge } from '../config/normalize-purge.ts';
import type { CleanupError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Instant } from '../model/time.ts';
import type { RawOptions } from '../options.ts';
import type { FrontEnd } from '../report/describe-status.ts';
import type { Report } from '../report/report.ts';
import { TOOL } from '../version.ts';
import { maskReport } from './mask-report.ts';
import type { CommandName } from './parse-arguments.ts';

/** What the files are about. */
export interface WrittenRun {
  readonly command: CommandName;
  readonly raw: RawOptions;
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Log;
}

/** Where the reader is: in a job of GitLab CI there is no shell to paste a command into. */
export function frontEndOf(environment: NodeJS.ProcessEnv): FrontEnd {
  return environment['GITLAB_CI'] === 'true' ? 'gitlab' : 'cli';
}

/**
 * Writes the Markdown and the Code Quality report that are wanted. What could not be written is told as an error.
 * @returns the exit code of having done so: 0, or that of the first error.
 */
export async function writeShown(
  report: Report,
  files: ShownFiles,
  { raw, environment, log }: WrittenRun,
): Promise<number> {
  if (files.markdown === undefined && files.codeQuality === undefined) return 0;
  const { writeShownFiles } = await import('../cleanup.ts');
  const failures = await writeShownFiles(maskReport(report, listSecrets(raw, environment)), files, {
    frontEnd: frontEndOf(environment),
    isOnPullRequest: environment['CI_PIPELINE_SOURCE'] === 'merge_request_event',
    policyFile: raw.config,
    topFolder: environment['CI_PROJECT_DIR'] || '.',
  });
  for (const { message } of failures) log.error(message);
  return failures[0]?.exitCode ?? 0;
}

/** The files of a run that ended before it began; the report of a plan or an apply comes back, to be shown elsewhere too. */
export async function writeStopped(
  run: WrittenRun,
  stopped: { readonly at: Instant; readonly error: CleanupError },
): Promise<Report | undefined> {
  const { command, raw, log } = run;
  const told = { tool: TOOL, ...stopped };
  if (command === 'restore') {
    const { buildStoppedRestore } = await import('../report/build-restore-report.ts');
    await writeStoppedReport(raw['report-file'], buildStoppedRestore(told), log);
    return undefined;
  }
  if (command === 'verify') {
    const { buildStoppedVerify } = await import('../report/build-verify-report.ts');
    await writeStoppedReport(raw['report-file'], buildStoppedVerify(told), log);
    return undefined;
  }
  if (command === 'host') {
    const { buildStoppedHost } = await import('../report/build-host-report.ts');
    await writeStoppedReport(raw['report-file'], buildStoppedHost(told), log);
    return undefined;
  }
  const reported = command === 'purge' ? commandOfPurge(raw) : command;
  if (reported !== 'plan' && reported !== 'apply') return undefined;
  const { buildStoppedReport } = await import('../report/stopped-report.ts');
  const report = buildStoppedReport({ ...told, command: reported });
  await writeStoppedReport(raw['report-file'], report, log);
  await writeShown(report, { markdown: raw['markdown-file'], codeQuality: raw['code-quality-file'] }, run);
  return report;
}

async function writeStoppedReport(path: string | undefined, report: object, log: Log): Promise<void> {
  if (path === undefined) return;
  try {
    await writeFile(path, `${JSON.stringify(report, null, 2)}\n`);
  } catch (cause) {
    // The path may be one of the mistakes that are about to be told.
    log.warn(`the report could not be written to ${path}: ${String(cause)}`);
  }
}
