// The report of a run that ended before it began: an option or the policy file was wrong.

import type { CleanupError } from '../errors.ts';
import type { Instant } from '../model/time.ts';
import { buildReport } from './build-report.ts';
import type { Report } from './report.ts';

/** How far the run got: nowhere. */
export interface StoppedRun {
  /** `registry-cleanup 0.1.0`. */
  readonly tool: string;
  readonly command: Report['command'];
  readonly at: Instant;
  readonly error: CleanupError;
}

/** A report without plan and outcomes, whose result is the error. */
export function buildStoppedReport({ tool, command, at, error }: StoppedRun): Report {
  const { name, code, message, hint, exitCode } = error;
  const reported = { name, code, message, ...(hint === undefined ? {} : { hint }), exitCode };
  const result = { kind: 'stopped', error: reported } as const;
  return buildReport({ tool, command, startedAt: at, finishedAt: at, result, firstSeen: {} });
}
