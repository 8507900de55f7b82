// The commit graph: lookups by id and prefix, and an order in which every commit comes before its parents.
// It only ever holds a complete history: a table with a missing parent is refused before it gets here.

import { EvidenceError, InternalError } from '../errors.ts';
import { type CommitGraph, type CommitId, type CommitIndex, isCommitId } from '../model/history.ts';
import { type Instant, instantFromMs } from '../model/time.ts';
import { type CommitColumns, commitIdAt } from './commit-columns.ts';
import { leadingBits } from './commit-ids.ts';
import { createCommitTable } from './commit-table.ts';

/** One commit as plain data. */
export interface CommitRecord {
  readonly id: CommitId;
  /** Committer date; fractions of a second are dropped, as Git has none. */
  readonly date: Instant;
  readonly parents: readonly CommitId[];
}

/** Hex digits that {@link leadingBits} covers. */
const LEADING_DIGITS = 8;

/**
 * A graph of the given commits, in any order; their positions are in order of first mention.
 * @throws EvidenceError EVIDENCE_GIT when a parent is not among the commits, or a commit comes twice.
 */
export function buildCommitGraph(commits: Iterable<CommitRecord>): CommitGraph {
  const table = createCommitTable();
  function position(id: CommitId): number {
    const bytes = Buffer.from(id, 'hex');
    return table.positionOf(bytes, bytes.length);
  }
  for (const commit of commits) {
    table.add(position(commit.id), Math.floor(commit.date / 1000), commit.parents.map(position));
  }
  return graphFromColumns(table.finish());
}

/**
 * The graph over finished columns, without a copy of them.
 * @throws EvidenceError EVIDENCE_GIT when commits are their own ancestors, which no hash allows.
 */
export function graphFromColumns(columns: CommitColumns): CommitGraph {
  const { size, idBytes, ids } = columns;
  const order = orderByLeadingBits(columns);

  /** First place in `order` whose leading bits are not below `bits`. */
  function firstAtLeast(bits: number): number {
    let low = 0;
    let high = size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (leadingBits(ids, (order[middle] ?? 0) * idBytes) < bits) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function withPrefix(prefix: string): readonly CommitIndex[] {
    if (!/^[0-9a-f]{4,64}$/.test(prefix)) return [];
    const head = prefix.slice(0, LEADING_DIGITS);
    const last = Number.parseInt(head.padEnd(LEADING_DIGITS, 'f'), 16);
    const found: CommitIndex[] = [];
    for (let place = firstAtLeast(Number.parseInt(head.padEnd(LEADING_DIGITS, '0'), 16)); place < size; place += 1) {
      const index = order[place] ?? 0;
      if (leadingBits(ids, index * idBytes) > last) break;
      if (prefix.length <= LEADING_DIGITS || commitIdAt(ids, idBytes, index).startsWith(prefix)) found.push(index);
    }
    return found;
  }

  function checked(index: CommitIndex): CommitIndex {
    if (Number.isInteger(index) && index >= 0 && index < size) return index;
    throw new InternalError(`There is no commit at position ${index} of ${size}.`, { code: 'INTERNAL' });
  }

  return {
    size,
    withPrefix,
    indexOf: (commit) => (commit.length === idBytes * 2 ? withPrefix(commit)[0] : undefined),
    idOf: (index) => {
      const id = commitIdAt(ids, idBytes, checked(index));
      if (isCommitId(id)) return id;
      throw new InternalError(`${JSON.stringify(id)} is not a commit id.`, { code: 'INTERNAL' });
    },
    dateOf: (index) => instantFromMs((columns.seconds[checked(index)] ?? 0) * 1000),
    parentsOf: (index) => {
      const from = columns.start[checked(index)] ?? 0;
      return Array.from(columns.parents.subarray(from, from + (columns.count[index] ?? 0)));
    },
    childrenFirst: orderChildrenFirst(columns),
  };
}

/** Positions sorted by the leading bits of their ids. One native number sort, because a comparator takes ten times as long. */
function orderByLeadingBits({ size, idBytes, ids }: CommitColumns): Uint32Array {
  // A double holds 53 bits: 32 of the id and 21 of the position. Larger histories, not seen yet, take the slow sort.
  const positionSpan = 2 ** 21;
  const order = new Uint32Array(size);
  if (size > positionSpan) {
    for (let position = 0; position < size; position += 1) order[position] = position;
    return order.sort((a, b) => leadingBits(ids, a * idBytes) - leadingBits(ids, b * idBytes));
  }
  const keys = new Float64Array(size);
  for (let position = 0; position < size; position += 1) {
    keys[position] = leadingBits(ids, position * idBytes) * positionSpan + position;
  }
  keys.sort();
  for (let place = 0; place < size; place += 1) order[place] = (keys[place] ?? 0) % positionSpan;
  return order;
}

/** Kahn's algorithm: a commit is placed when all its children are. */
function orderChildrenFirst({ size, start, count, parents }: CommitColumns): Uint32Array {
  const waitingFor = new Uint32Array(size);
  for (let index = 0; index < size; index += 1) {
    const from = start[index] ?? 0;
    for (let at = from; at < from + (count[index] ?? 0); at += 1) {
      const parent = parents[at] ?? 0;
      waitingFor[parent] = (waitingFor[parent] ?? 0) + 1;
    }
  }
  const placed = new Uint32Array(size);
  let end = 0;
  for (let index = 0; index < size; index += 1) {
    if (waitingFor[index] === 0) {
      placed[end] = index;
      end += 1;
    }
  }
  for (let next = 0; next < end; next += 1) {
    const index = placed[next] ?? 0;
    const from = start[index] ?? 0;
    for (let at = from; at < from + (count[index] ?? 0); at += 1) {
      const parent = parents[at] ?? 0;
      const left = (waitingFor[parent] ?? 0) - 1;
      waitingFor[parent] = left;
      if (left === 0) {
        placed[end] = parent;
        end += 1;
      }
    }
  }
  if (end === size) return placed;
  throw new EvidenceError(`${size - end} commits are ancestors of themselves.`, { code: 'EVIDENCE_GIT' });
}
