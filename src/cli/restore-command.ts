// `restore` on the command line: from its options to what came back, and the exit code.

import type { RunContext } from '../cleanup.ts';
import type { NormalizedRestore } from '../config/normalize-restore.ts';
import type { Format } from '../config/settings.ts';
import { describeError } from '../report/describe-error.ts';
import type { RestoreReport } from '../report/restore-report.ts';
import { type CliProcess, print } from './cli-process.ts';
import { hasColor, textWidth } from './terminal-kind.ts';
import type { TerminalLog } from './terminal-log.ts';

/** Brings back what the journal names. The settings are right. */
export async function runRestoreCommand(
  io: CliProcess,
  { settings, notes }: NormalizedRestore,
  context: RunContext & { readonly log: TerminalLog },
): Promise<number> {
  const { log } = context;
  for (const note of notes) log.info(note);
  const [{ runRestore }, { restoreExitCodeOf }] = await Promise.all([
    import('../cleanup.ts'),
    import('../report/build-restore-report.ts'),
  ]);
  const report = await runRestore(settings, context);
  log.stop();
  print(io, await renderReport(io, report, settings.format));
  if (report.result.kind === 'stopped') log.error(describeError(report.result.error));
  return restoreExitCodeOf(report);
}

async function renderReport(io: CliProcess, report: RestoreReport, format: Format): Promise<string> {
  if (format === 'json') return `${JSON.stringify(report, null, 2)}\n`;
  const { renderRestore, renderRestoreMarkdown } = await import('../report/render-restore.ts');
  if (format === 'markdown') return renderRestoreMarkdown(report);
  // Before the first answer there is nothing to show but the error, and that is told on standard error.
  if (report.result.kind === 'stopped' && report.repositories.length === 0) return '';
  return renderRestore(report, { color: hasColor(io.stdout, io.environment), width: textWidth(io.stdout) });
}
