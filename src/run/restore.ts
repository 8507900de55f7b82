// `restore`: its report, however it ends.

import type { RestoreSettings } from '../config/settings.ts';
import { buildRestoreReport } from '../report/build-restore-report.ts';
import type { RestoreReport, RestoreResult } from '../report/restore-report.ts';
import { TOOL } from '../version.ts';
import type { RunContext } from './collect-evidence.ts';
import {
  type RestoreProgress,
  type RestoreRequest,
  restoreOpener,
  restoreRepositories,
} from './restore-repositories.ts';
import { keepReport, resultOf } from './result-of.ts';
import { assertWritable } from './run-files.ts';

/**
 * Brings back what the journal says was deleted, and writes the report file that is asked for. Everything that happens is in the
 * report, whose `result` says how it ended. Never throws a CleanupError. `open`: how a repository is reached; default by what the journal says of it.
 */
export async function runRestore(
  settings: RestoreSettings,
  context: RunContext,
  open: RestoreRequest['open'] = restoreOpener(settings, context),
): Promise<RestoreReport> {
  const startedAt = context.now();
  let progress: RestoreProgress = { repositories: [], restoredBefore: 0 };
  const { reportFile, journal } = settings;
  const build = (result: RestoreResult): RestoreReport =>
    buildRestoreReport({ tool: TOOL, startedAt, finishedAt: context.now(), result, journal, ...progress });
  const story = async (): Promise<RestoreResult> => {
    if (reportFile !== undefined) await assertWritable(reportFile);
    await restoreRepositories({ settings, context, open }, (found) => {
      progress = found;
    });
    return { kind: 'finished' };
  };
  const report = build(await resultOf(story, context));
  return await keepReport(report, reportFile, { rebuild: build, context });
}
