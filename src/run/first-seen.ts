// What this run leaves for the next one's sense of age.

import { formatInstant, type Instant } from '../model/time.ts';
import type { Report } from '../report/report.ts';
import type { Planned } from './make-plan.ts';
import type { PreviousRun } from './run-files.ts';

/**
 * When each digest was first seen, for the next run: as the previous report has it; else now, or, where there is no earlier
 * run to compare with, when the image says that it was made. What the previous report knows of other repositories is kept.
 */
export function rememberFirstSeen(
  planned: Planned,
  previous: PreviousRun | undefined,
  now: Instant,
): Report['firstSeen'] {
  const entries = planned.collected.repositories.map(({ name, snapshot }) => {
    const before = previous?.firstSeenIn(name);
    const seen = [...snapshot.nodes.values()].map((node): [string, string] => {
      const own = before === undefined && node.created.kind === 'known' ? node.created.at : now;
      return [node.digest, formatInstant(before?.at.get(node.digest) ?? own)];
    });
    return [name, Object.fromEntries(seen)] as const;
  });
  return { ...previous?.firstSeen, ...Object.fromEntries(entries) };
}
