// `host` in the action, on a self-hosted runner: from its inputs to what goes from the runner's store, with outputs, job summary and annotations.

import { normalizeHost } from '../config/normalize-host.ts';
import type { Format } from '../config/settings.ts';
import type { RawOptions } from '../options.ts';
import { buildStoppedHost, hostExitCodeOf } from '../report/build-host-report.ts';
import { describeError, toCleanupError } from '../report/describe-error.ts';
import { describeHostTrouble } from '../report/describe-host-trouble.ts';
import type { HostReport } from '../report/host-report.ts';
import { renderHost, renderHostMarkdown } from '../report/render-host.ts';
import { TOOL } from '../version.ts';
import { now, sourceOf, writeStopped } from './make-report.ts';
import { type Outputs, type ResultPlace, setOutputs, writeSummary } from './write-results.ts';

const LOOKS = { frontEnd: 'action' } as const;

/** What a host goes by. */
export interface HostRun extends ResultPlace {
  readonly raw: RawOptions;
  /** Where the report goes. */
  readonly reportFile: string;
  readonly signal: AbortSignal;
}

/** Shows what would go, or deletes it, and tells of it; the exit code. Never throws for what the user, a server or the engine did. */
export async function finishHost(run: HostRun): Promise<number> {
  const { core, log, reportFile } = run;
  const { report, format } = await makeReport(run);
  setOutputs(core, { ...countHost(report), files: { plan: '', report: reportFile } });
  core.info(render(report, format));
  await writeSummary(run, renderHostMarkdown(report, LOOKS));
  const trouble = describeHostTrouble(report);
  if (report.result.kind === 'stopped') core.setFailed(log.clean(describeError(report.result.error)));
  else if (trouble !== undefined) core.setFailed(log.clean(trouble));
  else for (const { text, hint } of report.guards) core.warning(log.clean(`${text}. ${hint}`));
  return hostExitCodeOf(report);
}

/** What happened; of a plan, what would. */
function countHost({ totals, steps, result }: HostReport): Omit<Outputs, 'files'> {
  const count = (action: 'delete-image' | 'untag-image'): number =>
    steps.filter((step) => step.action === action && step.outcome === 'deleted').length;
  const isPlan = result.kind === 'planned' || result.kind === 'refused';
  return {
    kept: totals.imagesKept,
    deleted: isPlan ? totals.imagesDeleted : count('delete-image'),
    untagged: isPlan ? totals.imagesUntagged : count('untag-image'),
    failed: totals.failed,
    left: totals.skipped,
    restored: 0,
    absent: 0,
    reclaimableBytes: totals.freesBytes,
  };
}

async function makeReport(run: HostRun): Promise<{ readonly report: HostReport; readonly format: Format }> {
  const { raw, log, environment, reportFile, signal } = run;
  try {
    const withFile = { ...raw, 'report-file': reportFile };
    const { settings, notes } = await normalizeHost(withFile, sourceOf(environment, undefined));
    for (const note of notes) log.info(note);
    const { runHost } = await import('../cleanup.ts');
    return { report: await runHost(settings, { log, environment, now, signal }), format: settings.format };
  } catch (thrown) {
    const report = buildStoppedHost({ tool: TOOL, at: now(), error: toCleanupError(thrown) });
    await writeStopped(reportFile, report, log);
    return { report, format: 'text' };
  }
}

function render(report: HostReport, format: Format): string {
  if (format === 'json') return JSON.stringify(report, null, 2);
  // The web page of a job shows ANSI colours and wraps lines itself.
  return format === 'markdown'
    ? renderHostMarkdown(report, LOOKS)
    : renderHost(report, { ...LOOKS, color: true, width: 120 });
}
