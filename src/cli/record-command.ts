// `record` on the command line: from its options to what stands in the registry.

import type { RunContext } from '../cleanup.ts';
import type { NormalizedRecord } from '../config/normalize-record.ts';
import type { Format } from '../config/settings.ts';
import type { RecordReport } from '../report/record-report.ts';
import { type CliProcess, print } from './cli-process.ts';
import { hasColor, textWidth } from './terminal-kind.ts';
import type { TerminalLog } from './terminal-log.ts';

/** Records what was built. The settings are right. @throws what `runRecord` throws */
export async function runRecordCommand(
  io: CliProcess,
  { settings, notes }: NormalizedRecord,
  context: RunContext & { readonly log: TerminalLog },
): Promise<number> {
  const { log } = context;
  for (const note of notes) log.info(note);
  const { runRecord } = await import('../cleanup.ts');
  const report = await runRecord(settings, context);
  log.stop();
  return print(io, await renderReport(io, report, settings.format));
}

async function renderReport(io: CliProcess, report: RecordReport, format: Format): Promise<string> {
  if (format === 'json') return `${JSON.stringify(report, null, 2)}\n`;
  const { renderRecord, renderRecordMarkdown } = await import('../report/render-record.ts');
  if (format === 'markdown') return renderRecordMarkdown(report);
  return renderRecord(report, { color: hasColor(io.stdout, io.environment), width: textWidth(io.stdout) });
}
