// Puts one restore together as a report, with its sums and its exit code.

import type { CleanupError } from '../errors.ts';
import { formatInstant, type Instant } from '../model/time.ts';
import type { RepositoryRestore, RestoreOutcome, RestoreReport, RestoreTotals } from './restore-report.ts';

/** Everything that is known about a restore when it ends. */
export type RestoreInput = Omit<RestoreReport, 'version' | 'command' | 'startedAt' | 'finishedAt' | 'totals'> & {
  readonly startedAt: Instant;
  readonly finishedAt: Instant;
};

/** The report of a restore. Times are RFC 3339 in UTC, to the second. */
export function buildRestoreReport(input: RestoreInput): RestoreReport {
  return {
    version: 1,
    command: 'restore',
    ...input,
    startedAt: formatInstant(input.startedAt),
    finishedAt: formatInstant(input.finishedAt),
    totals: totalsOf(input.repositories),
  };
}

/** The report of a restore that ended before it began: an option was wrong. */
export function buildStoppedRestore(stopped: {
  readonly tool: string;
  readonly at: Instant;
  readonly error: CleanupError;
}): RestoreReport {
  const { name, code, message, hint, exitCode } = stopped.error;
  const error = { name, code, message, ...(hint === undefined ? {} : { hint }), exitCode };
  return buildRestoreReport({
    tool: stopped.tool,
    startedAt: stopped.at,
    finishedAt: stopped.at,
    result: { kind: 'stopped', error },
    repositories: [],
    restoredBefore: 0,
  });
}

/** 0 when all is back, also when a quota left some for later; 1 when the registry refused some; else the error's. */
export function restoreExitCodeOf({ result, totals }: RestoreReport): number {
  if (result.kind === 'stopped') return result.error.exitCode;
  return totals.refused > 0 ? 1 : 0;
}

function totalsOf(repositories: readonly RepositoryRestore[]): RestoreTotals {
  const images = repositories.flatMap((one) => one.images);
  const count = (wanted: RestoreOutcome): number => images.filter(({ outcome }) => outcome === wanted).length;
  const isBack = images.filter(({ outcome }) => outcome === 'restored' || outcome === 'already-there');
  return {
    restored: count('restored'),
    alreadyThere: count('already-there'),
    refused: count('refused'),
    left: count('left'),
    tagsLost: isBack.reduce((sum, { tags, tagsBack }) => sum + tags.length - tagsBack.length, 0),
  };
}
