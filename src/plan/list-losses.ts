// What a journal says was deleted and has not been brought back.

import type { Digest } from '../model/reference.ts';
import type { IntentLine, JournalLine } from './journal-line.ts';

/** What is to be brought back in one repository. */
export interface RepositoryLosses {
  /** `ghcr.io/team/app`. */
  readonly name: string;
  /** Each digest once, by its last deletion. What is listed comes before what lists it: the reverse of the order of deletion. */
  readonly images: readonly IntentLine[];
  /** Tags that were taken off images that stayed; each intent has its one tag. In the order in which they came off. */
  readonly tags: readonly IntentLine[];
  /** Images and tags that an earlier restore brought back. */
  readonly restoredBefore: number;
  /** How the registry takes deletions back, as of the last one; undefined where no line says so. */
  readonly undo: IntentLine['undo'];
}

interface Entry {
  readonly intent: IntentLine;
  state: 'sent' | 'maybe-done' | 'not-done' | 'restored';
}

/**
 * Losses by repository, in the order in which the journal first names them; also repositories without any. What may have been done
 * counts as done: an intent without an outcome (the process died), a failure (the answer may have got lost), a second delete that
 * found nothing more. Only a skip says that nothing was sent, or that the registry kept it.
 */
export function listLosses(lines: readonly JournalLine[]): readonly RepositoryLosses[] {
  const repositories = new Map<string, Map<string, Entry>>();
  for (const line of lines) {
    const entries = repositories.get(line.repository) ?? new Map<string, Entry>();
    repositories.set(line.repository, entries);
    noteLine(line, entries);
  }
  return [...repositories].map(([name, entries]) => lossesOf(name, [...entries.values()]));
}

/** The newest state wins; entries stay in the order of their last intents. */
function noteLine(line: JournalLine, entries: Map<string, Entry>): void {
  if (line.kind === 'intent') {
    const key = line.action === 'untag' ? keyOf(line.digest, line.tags[0]) : keyOf(line.digest, undefined);
    entries.delete(key);
    entries.set(key, { intent: line, state: 'sent' });
    return;
  }
  const entry = entries.get(keyOf(line.digest, line.tag));
  if (entry === undefined) return;
  if (line.kind === 'restored') entry.state = 'restored';
  // A later run that found nothing to do says nothing about what an earlier one did.
  else if (entry.state === 'sent')
    entry.state = line.outcome === 'skipped' && line.left !== true ? 'not-done' : 'maybe-done';
}

function keyOf(digest: Digest, tag: string | undefined): string {
  return `${digest} ${tag ?? ''}`;
}

function lossesOf(name: string, entries: readonly Entry[]): RepositoryLosses {
  const lost = entries.filter(({ state }) => state === 'sent' || state === 'maybe-done').map(({ intent }) => intent);
  return {
    name,
    images: lost.filter(({ action }) => action === 'delete').toReversed(),
    tags: lost.filter(({ action }) => action === 'untag'),
    restoredBefore: entries.filter(({ state }) => state === 'restored').length,
    undo: entries.findLast(({ intent }) => intent.undo !== undefined)?.intent.undo,
  };
}
