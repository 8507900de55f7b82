// `restore` in the action: from its inputs to what came back, with outputs, job summary and annotations.

import { normalizeRestore } from '../config/normalize-restore.ts';
import type { Format } from '../config/settings.ts';
import type { RawOptions } from '../options.ts';
import { buildStoppedRestore, restoreExitCodeOf } from '../report/build-restore-report.ts';
import { describeError, toCleanupError } from '../report/describe-error.ts';
import { describeRestoreStatus } from '../report/describe-restore.ts';
import { renderRestore, renderRestoreMarkdown } from '../report/render-restore.ts';
import type { RestoreReport } from '../report/restore-report.ts';
import { TOOL } from '../version.ts';
import { now, sourceOf, writeStopped } from './make-report.ts';
import { type ResultPlace, setOutputs, writeSummary } from './write-results.ts';

/** What a restore goes by. */
export interface RestoreRun extends ResultPlace {
  readonly raw: RawOptions;
  /** Where the report goes. */
  readonly reportFile: string;
  readonly signal: AbortSignal;
}

/** Brings back what the journal names and tells of it; the exit code. Never throws for what the user or a server did. */
export async function finishRestore(run: RestoreRun): Promise<number> {
  const { core, log, reportFile } = run;
  const { report, format } = await makeReport(run);
  const { restored, refused, left } = report.totals;
  const nothing = { kept: 0, deleted: 0, untagged: 0, absent: 0, reclaimableBytes: 0 };
  setOutputs(core, { ...nothing, restored, left, failed: refused, files: { plan: '', report: reportFile } });
  core.info(render(report, format));
  await writeSummary(run, renderRestoreMarkdown(report));
  if (report.result.kind === 'stopped') core.setFailed(log.clean(describeError(report.result.error)));
  else if (refused > 0) core.setFailed(log.clean(describeRestoreStatus(report)));
  return restoreExitCodeOf(report);
}

async function makeReport(run: RestoreRun): Promise<{ readonly report: RestoreReport; readonly format: Format }> {
  const { raw, log, environment, reportFile, signal } = run;
  try {
    const withFile = { ...raw, 'report-file': reportFile };
    const { settings, notes } = await normalizeRestore(withFile, sourceOf(environment, undefined));
    for (const note of notes) log.info(note);
    const { runRestore } = await import('../cleanup.ts');
    return { report: await runRestore(settings, { log, environment, now, signal }), format: settings.format };
  } catch (thrown) {
    const report = buildStoppedRestore({ tool: TOOL, at: now(), error: toCleanupError(thrown) });
    await writeStopped(reportFile, report, log);
    return { report, format: 'text' };
  }
}

function render(report: RestoreReport, format: Format): string {
  if (format === 'json') return JSON.stringify(report, null, 2);
  // The web page of a job shows ANSI colours and wraps lines itself.
  return format === 'markdown' ? renderRestoreMarkdown(report) : renderRestore(report, { color: true, width: 120 });
}
