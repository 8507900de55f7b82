// The plan as a comment on the pull request that started the run, also when there is no plan: then what is wrong with the change.

import { createHash } from 'node:crypto';
import type { PullRequestContext, PullRequestRun } from '../cleanup.ts';
import type { RawOptions } from '../options.ts';
import { toCleanupError } from '../report/describe-error.ts';
import type { Report } from '../report/report.ts';

/** What is shown, and where. */
export interface ShownPlan {
  readonly report: Report;
  readonly raw: RawOptions;
  readonly run: PullRequestRun;
  readonly context: PullRequestContext;
}

/**
 * Writes the comment. A run that may not, as on a pull request of a fork, or cannot, is none the worse for it: why is what comes back,
 * for the job summary; undefined when the comment is there.
 */
export async function showOnPullRequest({ report, raw, run, context }: ShownPlan): Promise<string | undefined> {
  const { environment, log } = context;
  const [{ commentMarker, renderComment }, { commentOnPullRequest }] = await Promise.all([
    import('../report/render-comment.ts'),
    import('../cleanup.ts'),
  ]);
  const key = nameStep(raw, environment);
  const text = renderComment(report, { key, frontEnd: 'action', ...findRun(environment) });
  const marker = commentMarker(key);
  try {
    const outcome = await commentOnPullRequest(
      run.event,
      { marker, body: text.slice(marker.length).trimStart() },
      context,
    );
    if (outcome.kind === 'not-allowed') return `This run may not comment on the pull request: ${outcome.why}`;
    log.info(`the comment on pull request #${run.event.number} is ${outcome.kind}`);
    return undefined;
  } catch (thrown) {
    const error = toCleanupError(thrown);
    log.warn(`the comment on the pull request could not be written: ${error.message}`);
    return `The comment on the pull request could not be written: ${error.message}`;
  }
}

/** The same for every run of one step, whether its settings are right or not; another for each leg of a matrix. */
function nameStep(raw: RawOptions, environment: NodeJS.ProcessEnv): string {
  const { GITHUB_WORKFLOW_REF: ref = '', GITHUB_JOB: job = '', GITHUB_ACTION: step = '' } = environment;
  // The part after @ is the branch, which a pull request may be given another of.
  const names = [ref.split('@')[0], job, step, raw.config, raw.repository];
  return createHash('sha256').update(JSON.stringify(names)).digest('hex').slice(0, 16);
}

function findRun(environment: NodeJS.ProcessEnv): { readonly runUrl?: string } {
  const { GITHUB_SERVER_URL: server = '', GITHUB_REPOSITORY: repository = '', GITHUB_RUN_ID: run = '' } = environment;
  if (server === '' || repository === '' || run === '') return {};
  return { runUrl: `${server}/${repository}/actions/runs/${run}` };
}
