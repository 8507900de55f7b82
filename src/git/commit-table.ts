// Collects commits into typed arrays while they stream in: no string and no object per commit.
// A parent gets its position when it is first named; `finish` refuses a table in which one was named and never listed.

import { EvidenceError } from '../errors.ts';
import { type CommitColumns, commitIdAt } from './commit-columns.ts';
import { createCommitIds } from './commit-ids.ts';

/** Adds commits one by one; ids are raw bytes, 20 (SHA-1) or 32 (SHA-256), the same length for all. */
export interface CommitTable {
  /**
   * The position of the id at the start of `id`, given out on first sight.
   * @throws EvidenceError EVIDENCE_GIT when `idBytes` differs from the earlier ones.
   */
  positionOf(id: Uint8Array, idBytes: number): number;
  /**
   * States date (seconds since 1970) and parents of a commit whose position is known. Keeps nothing of `parents`.
   * @throws EvidenceError EVIDENCE_GIT when the commit was stated before.
   */
  add(position: number, seconds: number, parents: readonly number[]): void;
  /**
   * The finished columns; the table must not be used afterwards.
   * @throws EvidenceError EVIDENCE_GIT when a parent was named but never listed: the history is cut off there.
   */
  finish(): CommitColumns;
}

/** `start` of a commit that was named as a parent and is not listed yet. */
const UNLISTED = 0xffff_ffff;
const FIRST_CAPACITY = 1024;

/** An empty table. */
export function createCommitTable(): CommitTable {
  const ids = createCommitIds();
  let seconds = new Float64Array(FIRST_CAPACITY);
  let start = new Uint32Array(FIRST_CAPACITY).fill(UNLISTED);
  let count = new Uint32Array(FIRST_CAPACITY);
  let parents = new Uint32Array(FIRST_CAPACITY);
  let parentTotal = 0;

  function makeRoom(): void {
    if (ids.size() > seconds.length) {
      const capacity = Math.max(ids.size(), seconds.length * 2);
      seconds = copied(seconds, new Float64Array(capacity));
      start = copied(start, new Uint32Array(capacity).fill(UNLISTED));
      count = copied(count, new Uint32Array(capacity));
    }
    if (parentTotal > parents.length)
      parents = copied(parents, new Uint32Array(Math.max(parentTotal, parents.length * 2)));
  }

  function add(position: number, committed: number, parentPositions: readonly number[]): void {
    const from = parentTotal;
    parentTotal += parentPositions.length;
    makeRoom();
    if (start[position] !== UNLISTED) throw listedTwice(commitIdAt(ids.bytes(), ids.idBytes(), position));
    seconds[position] = committed;
    start[position] = from;
    count[position] = parentPositions.length;
    parents.set(parentPositions, from);
  }

  function finish(): CommitColumns {
    makeRoom();
    const columns = { size: ids.size(), idBytes: ids.idBytes(), ids: ids.bytes(), seconds, start, count, parents };
    const unlisted = start.subarray(0, columns.size);
    const first = unlisted.indexOf(UNLISTED);
    if (first === -1) return columns;
    const missing = unlisted.reduce((sum, value) => (value === UNLISTED ? sum + 1 : sum), 0);
    throw cutOff(missing, commitIdAt(columns.ids, columns.idBytes, first));
  }

  return { positionOf: (id, idBytes) => ids.positionOf(id, idBytes), add, finish };
}

function copied<Column extends Uint32Array | Float64Array>(old: Column, wider: Column): Column {
  wider.set(old);
  return wider;
}

function listedTwice(id: string): EvidenceError {
  return new EvidenceError(`git listed commit ${id} twice.`, { code: 'EVIDENCE_GIT' });
}

function cutOff(missing: number, example: string): EvidenceError {
  const commits = missing === 1 ? 'one commit is' : `${missing} commits are`;
  return new EvidenceError(
    `The Git history is incomplete: ${commits} named as a parent but not there, first ${example}.`,
    {
      code: 'EVIDENCE_GIT',
      hint: 'Check out the whole history: fetch-depth: 0 with actions/checkout, GIT_DEPTH: 0 in GitLab CI, or git fetch --unshallow.',
      details: { missing, example },
    },
  );
}
