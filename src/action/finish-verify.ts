// `verify` in the action: from its inputs to what is there, with outputs, job summary and annotations.

import { normalizeVerify } from '../config/normalize-verify.ts';
import type { Format } from '../config/settings.ts';
import type { RawOptions } from '../options.ts';
import { buildStoppedVerify, verifyExitCodeOf } from '../report/build-verify-report.ts';
import { describeError, toCleanupError } from '../report/describe-error.ts';
import { describeVerifyTrouble } from '../report/describe-verify.ts';
import { renderVerify, renderVerifyMarkdown } from '../report/render-verify.ts';
import type { VerifyReport } from '../report/verify-report.ts';
import { TOOL } from '../version.ts';
import { now, sourceOf, writeStopped } from './make-report.ts';
import { type ResultPlace, setOutputs, writeSummary } from './write-results.ts';

/** What a verify goes by. */
export interface VerifyRun extends ResultPlace {
  readonly raw: RawOptions;
  /** Where the report goes. */
  readonly reportFile: string;
  readonly signal: AbortSignal;
}

/** Looks for what the clusters use and tells of it; the exit code. Never throws for what the user or a server did. */
export async function finishVerify(run: VerifyRun): Promise<number> {
  const { core, log, reportFile } = run;
  const { report, format } = await makeReport(run);
  const { absent, incomplete, badReference } = report.totals;
  const nothing = { kept: 0, deleted: 0, untagged: 0, failed: 0, left: 0, restored: 0, reclaimableBytes: 0 };
  setOutputs(core, { ...nothing, absent: absent + incomplete + badReference, files: { plan: '', report: reportFile } });
  core.info(render(report, format));
  await writeSummary(run, renderVerifyMarkdown(report));
  const trouble = describeVerifyTrouble(report);
  if (report.result.kind === 'stopped') core.setFailed(log.clean(describeError(report.result.error)));
  else if (trouble !== undefined) core.setFailed(log.clean(trouble));
  return verifyExitCodeOf(report);
}

async function makeReport(run: VerifyRun): Promise<{ readonly report: VerifyReport; readonly format: Format }> {
  const { raw, log, environment, reportFile, signal } = run;
  try {
    const withFile = { ...raw, 'report-file': reportFile };
    const { settings, notes } = await normalizeVerify(withFile, sourceOf(environment, undefined));
    for (const note of notes) log.info(note);
    const { runVerify } = await import('../cleanup.ts');
    return { report: await runVerify(settings, { log, environment, now, signal }), format: settings.format };
  } catch (thrown) {
    const report = buildStoppedVerify({ tool: TOOL, at: now(), error: toCleanupError(thrown) });
    await writeStopped(reportFile, report, log);
    return { report, format: 'text' };
  }
}

function render(report: VerifyReport, format: Format): string {
  if (format === 'json') return JSON.stringify(report, null, 2);
  // The web page of a job shows ANSI colours and wraps lines itself.
  return format === 'markdown' ? renderVerifyMarkdown(report) : renderVerify(report, { color: true, width: 120 });
}
