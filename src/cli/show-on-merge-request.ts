// The plan as a note on the merge request whose pipeline this run is part of, also when there is no plan: then what is wrong with the change.

import { createHash } from 'node:crypto';
import type { SettingsSource } from '../config/findings.ts';
import { listSecrets } from '../config/list-secrets.ts';
import { findMergeRequestAccess } from '../config/read-merge-request.ts';
import type { Log } from '../log.ts';
import type { RawOptions } from '../options.ts';
import { toCleanupError } from '../report/describe-error.ts';
import type { Report } from '../report/report.ts';
import { maskReport } from './mask-report.ts';

/** What is shown, and where. */
export interface ShownOnMergeRequest {
  readonly report: Report;
  readonly raw: RawOptions;
  readonly source: SettingsSource;
  readonly log: Log;
}

/**
 * Writes the note, where one is wanted and there is a merge request. A run that may not, or cannot, is none the worse for it: the log
 * says why.
 */
export async function showOnMergeRequest({ report, raw, source, log }: ShownOnMergeRequest): Promise<void> {
  const { environment } = source;
  // Why there is no way to it is among the mistakes and remarks of the settings.
  const access = findMergeRequestAccess(raw, source);
  if (access === undefined) return;
  const [{ commentMarker, renderComment }, { noteOnMergeRequest }] = await Promise.all([
    import('../report/render-comment.ts'),
    import('../cleanup.ts'),
  ]);
  const key = nameJob(raw, environment);
  const text = renderComment(maskReport(report, listSecrets(raw, environment)), {
    key,
    frontEnd: 'gitlab',
    ...findRun(environment),
  });
  const marker = commentMarker(key);
  try {
    const note = { marker, body: text.slice(marker.length).trimStart() };
    const outcome = await noteOnMergeRequest(note, access, { environment, log, caFile: raw['ca-file'] });
    if (outcome.kind === 'not-allowed')
      log.warn(`this token may not write a note on the merge request: ${outcome.why}`);
    else log.info(`the note on merge request !${access.iid} is ${outcome.kind}`);
  } catch (thrown) {
    log.warn(`the note on the merge request could not be written: ${toCleanupError(thrown).message}`);
  }
}

/** The same for every run of one job, whether its settings are right or not; another for each leg of a matrix. */
function nameJob(raw: RawOptions, environment: NodeJS.ProcessEnv): string {
  const { CI_PROJECT_PATH: project = '', CI_JOB_NAME: job = '' } = environment;
  const names = [project, job, raw.config, raw.repository];
  return createHash('sha256').update(JSON.stringify(names)).digest('hex').slice(0, 16);
}

function findRun({ CI_JOB_URL: url = '' }: NodeJS.ProcessEnv): { readonly runUrl?: string } {
  return url === '' ? {} : { runUrl: url };
}
