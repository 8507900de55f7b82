// `record` in the action: from its inputs to what stands in the registry, with outputs, job summary and annotations.

import { normalizeRecord } from '../config/normalize-record.ts';
import type { Format } from '../config/settings.ts';
import type { RawOptions } from '../options.ts';
import { describeError, toCleanupError } from '../report/describe-error.ts';
import type { RecordReport } from '../report/record-report.ts';
import { renderRecord, renderRecordMarkdown } from '../report/render-record.ts';
import { now, sourceOf } from './make-report.ts';
import { type ResultPlace, setOutputs, writeSummary } from './write-results.ts';

/** Records what was built and tells of it; the exit code. Never throws for what the user or a server did. */
export async function finishRecord(run: ResultPlace & { readonly raw: RawOptions }): Promise<number> {
  const { core, raw, log, environment } = run;
  const nothing = { kept: 0, deleted: 0, untagged: 0, failed: 0, left: 0, restored: 0, absent: 0, reclaimableBytes: 0 };
  const files = { plan: '', report: '' };
  try {
    const { settings, notes } = await normalizeRecord(raw, sourceOf(environment, undefined));
    for (const note of notes) log.info(note);
    const { runRecord } = await import('../cleanup.ts');
    const report = await runRecord(settings, { log, environment, now });
    setOutputs(core, { ...nothing, recorded: report.records.length, files });
    core.info(render(report, settings.format));
    await writeSummary(run, renderRecordMarkdown(report));
    return 0;
  } catch (thrown) {
    const error = toCleanupError(thrown);
    setOutputs(core, { ...nothing, recorded: 0, files });
    core.setFailed(log.clean(describeError(error)));
    return error.exitCode;
  }
}

function render(report: RecordReport, format: Format): string {
  if (format === 'json') return JSON.stringify(report, null, 2);
  // The web page of a job shows ANSI colours and wraps lines itself.
  return format === 'markdown' ? renderRecordMarkdown(report) : renderRecord(report, { color: true, width: 120 });
}
