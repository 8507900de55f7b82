// What a `host` that did not go well is told as, where one sentence is all there is room for: standard error, an annotation.

import { isDiskGoalMissed } from './build-host-report.ts';
import { describeHostDisk, describeHostStatus } from './describe-host.ts';
import type { HostReport } from './host-report.ts';

/** The sentences, or undefined when all went well, or it stopped: then its error says so. They may hold untrusted names. */
export function describeHostTrouble(report: HostReport): string | undefined {
  const { result, totals, guards, disk, diskUnknown } = report;
  if (result.kind === 'stopped' || result.kind === 'planned') return undefined;
  if (result.kind === 'refused')
    return [describeHostStatus(report), ...guards.map(({ text, hint }) => `${text}. ${hint}`)].join(' ');
  const sentences = [
    ...(totals.failed > 0 ? [describeHostStatus(report)] : []),
    ...(isDiskGoalMissed(disk) ? [`The disk is still too full. ${describeHostDisk(report)}`] : []),
    ...(diskUnknown === undefined ? [] : [`Nobody can tell how full the disk is: ${diskUnknown}.`]),
  ];
  return sentences.length === 0 ? undefined : sentences.join(' ');
}
