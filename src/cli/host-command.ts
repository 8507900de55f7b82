// `host` on the command line: from its options to what goes from the local store of this machine, and the exit code.

import type { RunContext } from '../cleanup.ts';
import type { NormalizedHost } from '../config/normalize-host.ts';
import type { Format } from '../config/settings.ts';
import { describeError } from '../report/describe-error.ts';
import type { HostReport } from '../report/host-report.ts';
import { type CliProcess, print } from './cli-process.ts';
import { hasColor, textWidth } from './terminal-kind.ts';
import type { TerminalLog } from './terminal-log.ts';
import { frontEndOf } from './write-reports.ts';

/** Shows what would go, or deletes it. The settings are right. */
export async function runHostCommand(
  io: CliProcess,
  { settings, notes }: NormalizedHost,
  context: RunContext & { readonly log: TerminalLog },
): Promise<number> {
  const { log } = context;
  for (const note of notes) log.info(note);
  const [{ runHost }, { hostExitCodeOf }, { describeHostTrouble }] = await Promise.all([
    import('../cleanup.ts'),
    import('../report/build-host-report.ts'),
    import('../report/describe-host-trouble.ts'),
  ]);
  const report = await runHost(settings, context);
  log.stop();
  print(io, await renderReport(io, report, settings.format));
  const trouble = describeHostTrouble(report);
  if (report.result.kind === 'stopped') log.error(describeError(report.result.error));
  else if (trouble !== undefined) log.error(trouble);
  return hostExitCodeOf(report);
}

async function renderReport(io: CliProcess, report: HostReport, format: Format): Promise<string> {
  if (format === 'json') return `${JSON.stringify(report, null, 2)}\n`;
  const { renderHost, renderHostMarkdown } = await import('../report/render-host.ts');
  const frontEnd = frontEndOf(io.environment);
  if (format === 'markdown') return renderHostMarkdown(report, { frontEnd });
  // Before the plan there is nothing to show but the error, and that is told on standard error.
  if (report.result.kind === 'stopped' && report.steps.length === 0) return '';
  return renderHost(report, { color: hasColor(io.stdout, io.environment), width: textWidth(io.stdout), frontEnd });
}
