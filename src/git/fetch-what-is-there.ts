// Fetches commits of which some may be gone: a server refuses a whole request for the sake of one.

import { EvidenceError } from '../errors.ts';
import type { CommitId } from '../model/history.ts';
import type { OwnRepository } from './own-repository.ts';

/** Requests at most. What is not found out by then counts as not had. */
const MAX_FETCHES = 24;

/**
 * Fetches those of the commits that the remote still has, as far as a bounded number of requests can tell, and returns them.
 * Never throws for one that is gone, nor for a remote that does not answer.
 */
export async function fetchWhatIsThere(
  repository: OwnRepository,
  ids: readonly CommitId[],
  objects: 'treeless' | 'all',
): Promise<readonly CommitId[]> {
  const had: CommitId[] = [];
  const batches = [ids];
  for (let fetches = 0; fetches < MAX_FETCHES; fetches += 1) {
    const batch = batches.shift();
    if (batch === undefined) break;
    if (await isFetched(repository, batch, objects)) had.push(...batch);
    else if (batch.length > 1) {
      const middle = Math.ceil(batch.length / 2);
      batches.push(batch.slice(0, middle), batch.slice(middle));
    }
  }
  return had;
}

async function isFetched(
  repository: OwnRepository,
  ids: readonly CommitId[],
  objects: 'treeless' | 'all',
): Promise<boolean> {
  try {
    await repository.fetch(ids, objects);
    return true;
  } catch (cause) {
    if (cause instanceof EvidenceError) return false;
    throw cause;
  }
}
