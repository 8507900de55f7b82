// How deletions are taken back, by what each registry can do.

import type { Report, RepositoryOutcome } from './report.ts';

type Undo = NonNullable<RepositoryOutcome['undo']>;

/** How to take back what this run deleted; undefined without a journal, and when nothing can have been deleted. */
export function describeRecovery({ journal, applied = [] }: Report): string | undefined {
  if (journal === undefined) return undefined;
  const touched = applied.filter(mayHaveDeleted);
  // A run that ended before it could say what became of its steps has a journal all the same.
  if (touched.length === 0) return applied.length === 0 ? describeUndo('put-manifest', journal, '') : undefined;
  const kinds = new Set(touched.map(undoOf));
  const sentences = (['restore', 'put-manifest', 'none'] as const)
    .filter((kind) => kinds.has(kind))
    .map((kind) => {
      const names = touched.filter((one) => undoOf(one) === kind).map(({ name }) => name);
      return describeUndo(kind, journal, kinds.size > 1 ? ` in ${names.join(', ')}` : '');
    });
  return sentences.join(' ');
}

function describeUndo(undo: Undo, journal: string, where: string): string {
  switch (undo) {
    case 'restore':
      return `What was deleted${where} can be brought back for 30 days: registry-cleanup restore --journal ${journal}`;
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
