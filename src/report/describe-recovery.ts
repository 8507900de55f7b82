// How deletions are taken back, by what each registry can do.

import type { FrontEnd } from './describe-status.ts';
import type { Report, RepositoryOutcome } from './report.ts';

type Undo = NonNullable<RepositoryOutcome['undo']>;

/** How to take back what this run deleted; undefined without a journal, and when nothing can have been deleted. */
export function describeRecovery(report: Report, frontEnd: FrontEnd = 'cli'): string | undefined {
  const { journal, applied = [] } = report;
  if (journal === undefined) return undefined;
  const touched = applied.filter(mayHaveDeleted);
  // A run that ended before it could say what became of its steps has a journal all the same.
  if (touched.length === 0)
    return applied.length === 0 ? describeUndo('put-manifest', { journal, where: '', frontEnd }) : undefined;
  const kinds = new Set(touched.map(undoOf));
  const sentences = (['restore', 'put-manifest', 'none'] as const)
    .filter((kind) => kinds.has(kind))
    .map((kind) => {
      const names = touched.filter((one) => undoOf(one) === kind).map(({ name }) => name);
      return describeUndo(kind, { journal, where: kinds.size > 1 ? ` in ${names.join(', ')}` : '', frontEnd });
    });
  return sentences.join(' ');
}

interface Told {
  readonly journal: string;
  readonly where: string;
  readonly frontEnd: FrontEnd;
}

function describeUndo(undo: Undo, { journal, where, frontEnd }: Told): string {
  switch (undo) {
    case 'restore':
      // The runner and its files are gone when somebody reads it.
      return frontEnd === 'cli'
        ? `What was deleted${where} can be brought back for 30 days: registry-cleanup restore --journal ${journal}`
        : `What was deleted${where} can be brought back for 30 days: keep ${journal} as an artifact of this job, and give it ` +
            'to the action again with command: restore and journal: FILE.';
    case 'put-manifest':
      return (
        `${journal} holds every deleted manifest${where} byte for byte. Until the registry's garbage collection runs, ` +
        'each one can be pushed back.'
      );
    case 'none':
      return (
        `What was deleted${where} cannot be brought back: its blobs went from the directory with it. ` +
        `${journal} says what it was.`
      );
  }
}

/** The journal has the bytes, whatever the registry can do with them. */
function undoOf({ undo }: RepositoryOutcome): Undo {
  return undo ?? 'put-manifest';
}

/** A failure counts, since its answer may have got lost; but not the answer that the right is missing. */
function mayHaveDeleted({ outcomes }: RepositoryOutcome): boolean {
  return outcomes.some(({ outcome, forbidden }) => outcome === 'deleted' || (outcome === 'failed' && !forbidden));
}
