// A reason in a few words, for a table on a terminal. The full sentence stands in the plan, the Markdown and the JSON.

import { shortDigest } from '../model/reference.ts';
import { formatDuration } from '../model/time.ts';
import type { ShownReason } from '../plan/plan.ts';

/** The reason for a deletion in about 40 characters; any other reason in full. May hold untrusted text. */
export function briefReason(reason: ShownReason): string {
  if (reason.rule === 'git-superseded') return `no keep policy for commit ${reason.commit.slice(0, 10)}`;
  if (reason.rule === 'git-gone') return `${reason.what} is gone`;
  if (reason.rule === 'older') return `${formatDuration(reason.age)} old, limit ${formatDuration(reason.within)}`;
  if (reason.rule === 'owner-goes') return `goes with ${reason.owners.map(shortDigest).join(', ')}`;
  if (reason.rule === 'unlinked-unwanted') return 'no link to a commit';
  return reason.text;
}
