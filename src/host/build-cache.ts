// BuildKit's cache inside of Docker: what there is, and Docker's own prune of it.

import { quoteFirstLine } from '../http/redact-text.ts';
import type { BuildCache } from '../model/local-store.ts';
import type { Duration, Instant } from '../model/time.ts';
import { compareText } from '../util/compare-text.ts';
import { askFor, decodeAnswer, wordsOf } from './ask-json.ts';
import type { EngineConnection } from './connection.ts';
import { askDeed } from './deed.ts';
import { timeFromText } from './engine-times.ts';
import type { PruneOutcome } from './port.ts';
import { diskUsageSchema, prunedSchema } from './wire.ts';

/** Kinds that Docker's prune leaves alone unless it is told to take all. */
const LEFT_ALONE: ReadonlySet<string> = new Set(['internal', 'frontend']);
const MS_PER_SECOND = 1000;

/** The whole cache. What images share is theirs, and counts nothing. Docker before 20.10's API 1.42 reckons the rest of the store as well. */
export async function readBuildCache(connection: EngineConnection, now: Instant): Promise<BuildCache> {
  const read = { path: '/system/df', query: { type: 'build-cache' }, purpose: 'read the build cache' };
  const { BuildCache: entries } = await askFor(connection, read, diskUsageSchema);
  const own = (entries ?? []).filter(({ Shared }) => !Shared);
  return {
    entries: (entries ?? []).length,
    sizeBytes: own.reduce((sum, { Size }) => sum + Size, 0),
    prunable: own
      .filter(({ InUse, Type = '' }) => !InUse && !LEFT_ALONE.has(Type))
      .map(({ ID, Size, LastUsedAt }) => ({
        id: ID,
        sizeBytes: Size,
        lastUsed: timeFromText(LastUsedAt, 'when it was last used', now),
      }))
      .sort((a, b) => compareText(a.id, b.id)),
  };
}

/** Docker's prune of what nobody used for so long: https://docs.docker.com/reference/api/engine/version/v1.41/#operation/BuildPrune */
export async function pruneBuildCache(connection: EngineConnection, olderThan: Duration): Promise<PruneOutcome> {
  const purpose = 'prune the build cache';
  const until = `${Math.ceil(olderThan / MS_PER_SECOND)}s`;
  const query = { all: 'false', filters: JSON.stringify({ until: [until] }) };
  const asked = await askDeed(connection, { method: 'POST', path: '/build/prune', query, purpose });
  if (asked.kind === 'failed') return asked;
  const { status, text } = asked.answer;
  if (status === 200) {
    const { CachesDeleted, SpaceReclaimed } = decodeAnswer(connection, { purpose, text }, prunedSchema);
    return { kind: 'deleted', entries: CachesDeleted.length, freedBytes: SpaceReclaimed ?? 0 };
  }
  const why = `the engine answered ${status}: ${quoteFirstLine(wordsOf(text) ?? text) ?? 'no text'}`;
  return { kind: status === 409 ? 'refused' : 'failed', why };
}
