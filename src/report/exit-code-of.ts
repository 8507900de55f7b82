// What the process ends with, by the report of its run. The table of exit codes is in the README.

import type { Report } from './report.ts';

/** Nothing was deleted because a guard said no. */
const REFUSED = 6;

/** The exit code of a run that a signal may have interrupted (130 or 143; undefined when none did): an alarm is worse than that. */
export function exitCodeAfter(report: Report, signal: number | undefined): number {
  return report.result.kind === 'alarm' ? exitCodeOf(report) : (signal ?? exitCodeOf(report));
}

/** 0 for a plan and for an apply that did all it could; 1 when steps failed; 6 when a guard refused; 7 for an alarm; else the error's. */
export function exitCodeOf({ result, totals }: Report): number {
  switch (result.kind) {
    case 'stopped':
    case 'alarm':
      return result.error.exitCode;
    case 'refused':
      return REFUSED;
    case 'planned':
    case 'applied':
      return totals.failed > 0 ? 1 : 0;
  }
}
