// How deletions are taken back, by what each registry can do.

import type { FrontEnd } from './describe-status.ts';
import type { Report, RepositoryOutcome } from './report.ts';

type Undo = NonNullable<RepositoryOutcome['undo']>;

const RESTORABLE: Readonly<Record<Exclude<Undo, 'none'>, string>> = {
  restore: 'for 30 days',
  'put-manifest': "until the registry's garbage collection runs",
};

/** How to take back what this run deleted; undefined without a journal, and when nothing can have been deleted. */
export function describeRecovery(report: Report, frontEnd: FrontEnd = 'cli'): string | undefined {
  const { journal, applied = [] } = report;
  if (journal === undefined) return undefined;
  const how = describeHow(journal, frontEnd);
  const touched = applied.filter(mayHaveDeleted);
  // A run that ended before it could say what became of its steps has a journal all the same.
  if (touched.length === 0)
    return applied.length === 0
      ? `What was deleted can be brought back as far as the registry still has it: ${how}`
      : undefined;
  const kinds = new Set(touched.map(undoOf));
  const subject = (kind: Undo): string => {
    const names = touched.filter((one) => undoOf(one) === kind).map(({ name }) => name);
    return `hat was deleted${kinds.size > 1 ? ` in ${names.join(', ')}` : ''}`;
  };
  const gone = kinds.has('none')
    ? [
        `W${subject('none')} cannot be brought back: its blobs went from the directory with it. ${journal} says what it was.`,
      ]
    : [];
  const [first, ...more] = (['restore', 'put-manifest'] as const).filter((kind) => kinds.has(kind));
  if (first === undefined) return gone.join(' ');
  const others = more.map((kind) => `, w${subject(kind)} ${RESTORABLE[kind]}`).join('');
  // Last, so that nothing stands behind what is pasted into a shell.
  return [...gone, `W${subject(first)} can be brought back ${RESTORABLE[first]}${others}: ${how}`].join(' ');
}

/** The runner and its files are gone when somebody reads what a job wrote. */
function describeHow(journal: string, frontEnd: FrontEnd): string {
  if (frontEnd === 'action')
    return `keep ${journal} as an artifact of this job, and give it to the action again with command: restore and journal: FILE.`;
  const command = `registry-cleanup restore --journal ${journal}`;
  return frontEnd === 'gitlab' ? `keep ${journal} as an artifact of this job, and with it run ${command}` : command;
}

/** The journal has the bytes, whatever the registry can do with them. */
function undoOf({ undo }: RepositoryOutcome): Undo {
  return undo ?? 'put-manifest';
}

/** A failure counts, since its answer may have got lost; but not the answer that the right is missing. */
function mayHaveDeleted({ outcomes }: RepositoryOutcome): boolean {
  return outcomes.some(({ outcome, forbidden }) => outcome === 'deleted' || (outcome === 'failed' && !forbidden));
}
