// A restore in words: the verdict on each repository, where it stands, what to do next. No untrusted text but names.

import type { Tone } from './describe-verdict.ts';
import { formatCount } from './format-count.ts';
import { pluralize } from './pluralize.ts';
import type { RepositoryRestore, RestoredImage, RestoreOutcome, RestoreReport } from './restore-report.ts';

/** One row of the list: what became of one image or tag. */
export interface RestoreRow {
  readonly outcome: RestoreOutcome;
  readonly what: RestoredImage['what'];
  readonly digest: RestoredImage['digest'];
  readonly tags: RestoredImage['tags'];
  /** Tags that did not come back, or why it did not; empty when all is well. Untrusted. */
  readonly note: string;
}

const OUTCOME_WORDS: Readonly<Record<RestoreOutcome, string>> = {
  restored: 'restored',
  'already-there': 'already there',
  refused: 'REFUSED',
  left: 'left',
};

/** How an outcome reads in a table. */
export function describeRestoreOutcome(outcome: RestoreOutcome): string {
  return OUTCOME_WORDS[outcome];
}

/** `3 of 5 brought back; 1 already there; 1 REFUSED`. */
export function describeRestored({ images }: RepositoryRestore): string {
  const count = (wanted: RestoreOutcome): number => images.filter(({ outcome }) => outcome === wanted).length;
  const parts = [`${formatCount(count('restored'))} of ${pluralize(images.length, 'deletion')} taken back`];
  if (count('already-there') > 0) parts.push(`${formatCount(count('already-there'))} already there`);
  if (count('refused') > 0) parts.push(`${formatCount(count('refused'))} REFUSED`);
  if (count('left') > 0) parts.push(`${formatCount(count('left'))} left`);
  return parts.join('; ');
}

/** Where the restore stands, in one sentence. */
export function describeRestoreStatus({ result, repositories, restoredBefore, totals }: RestoreReport): string {
  const { restored, refused, left, tagsLost } = totals;
  if (result.kind === 'stopped')
    return `Stopped by an error: ${restored === 0 ? 'nothing was brought back' : `${formatCount(restored)} had been brought back by then`}.`;
  if (repositories.length === 0) {
    return restoredBefore > 0
      ? `Nothing to bring back: what the journal names was brought back before (${formatCount(restoredBefore)}).`
      : 'Nothing to bring back: the journal names nothing that was deleted.';
  }
  if (left > 0)
    return `Restored in part: ${formatCount(left)} left${refused > 0 ? `, ${formatCount(refused)} refused` : ''}.`;
  if (refused > 0) return `Restored in part: the registry refused ${formatCount(refused)}.`;
  return tagsLost > 0
    ? `All is there again, save ${pluralize(tagsLost, 'tag')} that did not come back.`
    : 'All is there again.';
}

/** What a reader does now; undefined when there is nothing to do. */
export function describeRestoreNext({ result, totals }: RestoreReport): string | undefined {
  if (result.kind === 'stopped') return result.error.hint;
  if (totals.left > 0) return 'Run the same restore again later: it goes on with what is left.';
  if (totals.refused > 0)
    return 'What the registry does not give back may be pushed again: the journal has the manifests, not the layers.';
  if (totals.tagsLost > 0)
    return 'A tag that did not come back has been put elsewhere since; put it back by hand where that was not meant.';
  return undefined;
}

/** How a reader should feel. */
export function toneOfRestore({ result, totals }: RestoreReport): Tone {
  if (result.kind === 'stopped' || totals.refused > 0) return 'bad';
  return totals.left + totals.tagsLost > 0 ? 'attention' : 'good';
}

/** The rows of a repository: what did not come back first, then what lacks a tag, then the rest; else in order. */
export function listRestored({ images }: RepositoryRestore): readonly RestoreRow[] {
  const rows = images.map((image): RestoreRow => {
    const { what, outcome, digest, tags } = image;
    return { what, outcome, digest, tags, note: noteOf(image) };
  });
  const rank = ({ outcome, note }: RestoreRow): number => {
    if (outcome === 'refused') return 0;
    if (outcome === 'left') return 1;
    return note === '' ? 3 : 2;
  };
  return rows.toSorted((a, b) => rank(a) - rank(b));
}

function noteOf({ outcome, tags, tagsBack, why }: RestoredImage): string {
  if (outcome === 'refused' || outcome === 'left') return why ?? 'no reason recorded';
  const lost = tags.filter((tag) => !tagsBack.includes(tag));
  return lost.length === 0 ? '' : `without ${lost.length === 1 ? 'tag' : 'tags'} ${lost.join(', ')}`;
}
