// What a `host` that did not go well is told as, where one sentence is all there is room for: standard error, an annotation.

import { isDiskGoalMissed } from './build-host-report.ts';
import { describeHostDisk, describeHostStatus } from './describe-host.ts';
import type { HostReport } from './host-report.ts';

/** The sentences, or undefined when all went well, or it stopped: then its error says so. They may hold untrusted names. */
export function describeHostTrouble(report: HostReport): string | undefined {
  const { result, totals, guards, disk } = report;
  if (result.kind === 'stopped' || result.kind === 'planned') return undefined;
  if (result.kind === 'refused')
    return [describeHostStatus(report), ...guards.map(({ text, hint }) => `${text}. ${hint}`)].join(' ');
  const goal = isDiskGoalMissed(disk) ? describeHostDisk(report) : undefined;
  if (totals.failed === 0) return goal === undefined ? undefined : `The disk is still too full. ${goal}`;
  return goal === undefined ? describeHostStatus(report) : `${describeHostStatus(report)} ${goal}`;
}
