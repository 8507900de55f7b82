// A reason in a few words, for a table on a terminal. The full sentence stands in the plan, the Markdown and the JSON.

import type { LinkSource } from '../model/decision.ts';
import type { Digest } from '../model/reference.ts';
import { formatDuration } from '../model/time.ts';
import type { ShownReason } from '../plan/plan.ts';

/**
 * The reason for a deletion in about 40 characters; any other reason in full. `nameOf` says what an owner is called in the
 * same list. May hold untrusted text.
 */
export function briefReason(reason: ShownReason, nameOf: (owner: Digest) => string): string {
  if (reason.rule === 'git-superseded')
    return `${imageOf(reason.found)}no keep policy for commit ${reason.commit.slice(0, 10)}`;
  if (reason.rule === 'git-gone') return `${imageOf(reason.found)}${reason.what} is gone`;
  if (reason.rule === 'older') return `${formatDuration(reason.age)} old, limit ${formatDuration(reason.within)}`;
  if (reason.rule === 'owner-goes') return `goes with ${reason.owners.map(nameOf).join(', ')}`;
  if (reason.rule === 'unrecorded') return `no record that counts, ${formatDuration(reason.age)} old`;
  if (reason.rule === 'counterpart-goes') return `goes in ${reason.repository}`;
  if (reason.rule === 'unlinked-unwanted') return 'no link to a commit';
  return reason.text;
}

/** A stage is called by a hash; its record says of which image of werf.yaml it is: `of backend: `. */
function imageOf({ kind, name }: LinkSource): string {
  return kind === 'werf-record' ? `${name}: ` : '';
}
