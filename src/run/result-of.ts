// Turns whatever ends a run into its result. The only place below the entries that catches everything.

import { CleanupError, describeCause, InternalError } from '../errors.ts';
import type { ReportedError, RunResult } from '../report/report.ts';
import type { RunContext } from './collect-evidence.ts';
import { writeJsonFile } from './run-files.ts';

/** How a story ends that an error stopped. */
export type Stopped = Extract<RunResult, { readonly kind: 'stopped' }>;

/** How the story ends. Never throws: what is thrown is a result too, with its causes in the debug log. */
export async function resultOf<Result>(
  story: () => Promise<Result>,
  { log }: Pick<RunContext, 'log'>,
): Promise<Result | Stopped> {
  try {
    return await story();
  } catch (thrown) {
    const error = thrown instanceof CleanupError ? thrown : ourFault(thrown);
    for (let { cause } = error; cause instanceof Error; cause = cause.cause)
      log.debug(`caused by ${cause.stack ?? cause.message}`);
    return { kind: 'stopped', error: reportedError(error) };
  }
}

/**
 * The report, written to its file when there is one. Where it cannot be, that is how the run ended, unless an error had ended it before:
 * what was done stays in the report that is shown.
 */
export async function keepReport<Kept extends { readonly result: { readonly kind: string } }>(
  report: Kept,
  file: string | undefined,
  { rebuild, context }: { readonly rebuild: (stopped: Stopped) => Kept; readonly context: Pick<RunContext, 'log'> },
): Promise<Kept> {
  if (file === undefined) return report;
  try {
    await writeJsonFile(file, report);
    return report;
  } catch (error) {
    if (report.result.kind === 'stopped') return report;
    return rebuild(await resultOf((): Promise<Stopped> => Promise.reject(error), context));
  }
}

function ourFault(thrown: unknown): InternalError {
  return new InternalError(`Something went wrong inside registry-cleanup: ${describeCause(thrown)}`, {
    code: 'INTERNAL',
    hint: 'Please report it with the output of the same command with --log-level debug.',
    cause: thrown,
  });
}

/** An error as reports have it. */
export function reportedError(error: CleanupError): ReportedError {
  const { name, code, message, hint, exitCode } = error;
  return { name, code, message, ...(hint === undefined ? {} : { hint }), exitCode };
}
