// `verify` on the command line: from its options to what is there, and the exit code.

import type { RunContext } from '../cleanup.ts';
import type { NormalizedVerify } from '../config/normalize-verify.ts';
import type { Format } from '../config/settings.ts';
import { describeError } from '../report/describe-error.ts';
import type { VerifyReport } from '../report/verify-report.ts';
import { type CliProcess, print } from './cli-process.ts';
import { hasColor, textWidth } from './terminal-kind.ts';
import type { TerminalLog } from './terminal-log.ts';

/** Looks for what the clusters use. The settings are right. */
export async function runVerifyCommand(
  io: CliProcess,
  { settings, notes }: NormalizedVerify,
  context: RunContext & { readonly log: TerminalLog },
): Promise<number> {
  const { log } = context;
  for (const note of notes) log.info(note);
  const [{ runVerify }, { verifyExitCodeOf }, { describeVerifyTrouble }] = await Promise.all([
    import('../cleanup.ts'),
    import('../report/build-verify-report.ts'),
    import('../report/describe-verify.ts'),
  ]);
  const report = await runVerify(settings, context);
  log.stop();
  print(io, await renderReport(io, report, settings.format));
  const trouble = describeVerifyTrouble(report);
  if (report.result.kind === 'stopped') log.error(describeError(report.result.error));
  else if (trouble !== undefined) log.error(trouble);
  return verifyExitCodeOf(report);
}

async function renderReport(io: CliProcess, report: VerifyReport, format: Format): Promise<string> {
  if (format === 'json') return `${JSON.stringify(report, null, 2)}\n`;
  const { renderVerify, renderVerifyMarkdown } = await import('../report/render-verify.ts');
  if (format === 'markdown') return renderVerifyMarkdown(report);
  // Without an image there is nothing to show but the error, and that is told on standard error.
  if (report.result.kind === 'stopped' && report.images.length === 0) return '';
  return renderVerify(report, { color: hasColor(io.stdout, io.environment), width: textWidth(io.stdout) });
}
