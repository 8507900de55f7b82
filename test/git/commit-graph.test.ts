// The commit graph: lookups and order, from plain arrays and from the bytes that git prints.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EvidenceError } from '../../src/errors.ts';
import { buildCommitGraph, type CommitRecord, graphFromColumns } from '../../src/git/commit-graph.ts';
import { createCommitTable } from '../../src/git/commit-table.ts';
import { createRevListParser } from '../../src/git/parse-rev-list.ts';
import { type CommitGraph, type CommitId, isCommitId } from '../../src/model/history.ts';
import { instantFromMs } from '../../src/model/time.ts';
import { createGitSandbox } from '../builders/git-repository.ts';
import { commitIdOf } from '../builders/history.ts';
import { requireProgram } from '../support/real-parts.ts';

/** Commits whose parents stand before them, with ids that often share their first digits, in a shuffled order. */
const commitLists: fc.Arbitrary<readonly CommitRecord[]> = fc
  .array(
    fc.record({
      head: fc.constantFrom('0000', 'ffff', 'abcd', 'abcd0123', 'abcd01234', '80000000'),
      seconds: fc.integer({ min: 0, max: 5_000_000_000 }),
      parents: fc.uniqueArray(fc.nat(), { maxLength: 4 }),
    }),
    { maxLength: 60 },
  )
  .map((specs) => {
    const ids = specs.map(({ head }, index) => asId(head + commitIdOf(String(index)).slice(head.length)));
    return specs.map(({ seconds, parents }, index) => ({
      id: ids[index]!,
      date: instantFromMs(seconds * 1000),
      parents: index === 0 ? [] : [...new Set(parents.map((parent) => ids[parent % index]!))],
    }));
  })
  .chain((commits) => fc.shuffledSubarray([...commits], { minLength: commits.length }));

function asId(text: string): CommitId {
  if (!isCommitId(text)) throw new Error(`${text} is no id`);
  return text;
}

function revList(commits: readonly CommitRecord[]): Buffer {
  return Buffer.from(commits.map(({ id, date, parents }) => `${[date / 1000, id, ...parents].join(' ')}\n`).join(''));
}

function parse(text: Uint8Array, chunkBytes = text.length): CommitGraph {
  const table = createCommitTable();
  const parser = createRevListParser(table);
  for (let from = 0; from < text.length; from += chunkBytes) parser.push(text.subarray(from, from + chunkBytes));
  parser.end();
  return graphFromColumns(table.finish());
}

/** The graph as plain data, by id. */
function described(graph: CommitGraph): ReadonlyMap<CommitId, unknown> {
  return new Map(
    Array.from({ length: graph.size }, (_, index) => [
      graph.idOf(index),
      { seconds: graph.dateOf(index) / 1000, parents: graph.parentsOf(index).map((parent) => graph.idOf(parent)) },
    ]),
  );
}

function expectChildrenFirst(graph: CommitGraph): void {
  const place = new Map([...graph.childrenFirst].map((index, at) => [index, at]));
  expect(place.size).toBe(graph.size);
  for (let index = 0; index < graph.size; index += 1) {
    for (const parent of graph.parentsOf(index)) expect(place.get(parent)).toBeGreaterThan(place.get(index)!);
  }
}

describe('a commit graph', () => {
  it('holds exactly the commits it was built from, whatever their order', () => {
    fc.assert(
      fc.property(commitLists, (commits) => {
        const graph = buildCommitGraph(commits);
        const expected = commits.map(({ id, date, parents }) => [id, { seconds: date / 1000, parents }] as const);
        expect(described(graph)).toEqual(new Map(expected));
        for (const { id } of commits) expect(graph.idOf(graph.indexOf(id)!)).toBe(id);
        expect(graph.indexOf(commitIdOf('unknown'))).toBeUndefined();
      }),
    );
  });

  it('orders every commit before its parents', () => {
    fc.assert(fc.property(commitLists, (commits) => expectChildrenFirst(buildCommitGraph(commits))));
  });

  it('finds the same commits by prefix as a plain search', () => {
    fc.assert(
      fc.property(commitLists, fc.nat(), fc.integer({ min: 4, max: 40 }), (commits, pick, length) => {
        const graph = buildCommitGraph(commits);
        const prefix = (commits[pick % Math.max(commits.length, 1)]?.id ?? commitIdOf('none')).slice(0, length);
        const expected = commits.map(({ id }) => id).filter((id) => id.startsWith(prefix));
        expect(new Set(graph.withPrefix(prefix).map((index) => graph.idOf(index)))).toEqual(new Set(expected));
      }),
    );
  });

  it('is the same from the bytes of git, in chunks of any size', () => {
    fc.assert(
      fc.property(commitLists, fc.integer({ min: 1, max: 200 }), (commits, chunkBytes) => {
        expect(described(parse(revList(commits), chunkBytes))).toEqual(described(buildCommitGraph(commits)));
      }),
    );
  });

  it('refuses git output that is cut off, in the middle of a line or between lines', () => {
    const commits = ['d', 'c', 'b', 'a'].map((name, index, names) => ({
      id: commitIdOf(name),
      date: instantFromMs(1000),
      parents: names.slice(index + 1, index + 2).map(commitIdOf),
    }));
    const text = revList(commits);
    for (let length = 1; length < text.length; length += 1) {
      expect(() => parse(text.subarray(0, length)), `cut at ${length}`).toThrow(EvidenceError);
    }
    expect(parse(text).size).toBe(4);
  });

  it.each([
    ['a word that is no number', 'x0 0123\n'],
    ['a short id', '1 0123\n'],
    ['an id of 41 digits', `1 ${'a'.repeat(41)}\n`],
    ['an upper-case id', `1 ${'A'.repeat(40)}\n`],
    ['no id', '1\n'],
    ['an empty line', '\n'],
    ['two spaces', `1  ${'a'.repeat(40)}\n`],
    ['a carriage return', `1 ${'a'.repeat(40)}\r\n`],
    ['a boundary mark', `1 -${'a'.repeat(40)}\n`],
    ['ids of both hashes', `1 ${'a'.repeat(40)} ${'b'.repeat(64)}\n`],
    ['the same commit twice', `1 ${'a'.repeat(40)}\n1 ${'a'.repeat(40)}\n`],
  ])('refuses git output with %s', (_, text) => {
    expect(() => parse(Buffer.from(text))).toThrow(EvidenceError);
  });

  it('refuses a commit whose parent is not there, and says which and what to do', () => {
    const build = (): CommitGraph =>
      buildCommitGraph([{ id: commitIdOf('b'), date: instantFromMs(0), parents: [commitIdOf('a')] }]);
    expect(build).toThrow(commitIdOf('a'));
    expect(build).toThrow(
      expect.objectContaining({ code: 'EVIDENCE_GIT', details: { missing: 1, example: commitIdOf('a') } }),
    );
  });

  it('refuses commits that are their own ancestors', () => {
    const commit = (name: string, parent: string): CommitRecord => ({
      id: commitIdOf(name),
      date: instantFromMs(0),
      parents: [commitIdOf(parent)],
    });
    expect(() => buildCommitGraph([commit('a', 'b'), commit('b', 'a')])).toThrow(EvidenceError);
  });

  it('keeps dates beyond 2038 and 2106', () => {
    const date = instantFromMs(Date.UTC(2200, 0, 1));
    expect(buildCommitGraph([{ id: commitIdOf('a'), date, parents: [] }]).dateOf(0)).toBe(date);
  });

  it.each(['', 'abc', 'ABCD', 'abcg', ' abcd', 'a'.repeat(65)])('finds nothing by %j, which is no prefix', (prefix) => {
    const graph = buildCommitGraph([{ id: asId('abcd'.repeat(10)), date: instantFromMs(0), parents: [] }]);
    expect(graph.withPrefix('abcd')).toEqual([0]);
    expect(graph.withPrefix(prefix)).toEqual([]);
  });

  it('handles SHA-256 ids, and looks for ids of the right length only', () => {
    const id = asId(commitIdOf('x') + 'f'.repeat(24));
    const graph = buildCommitGraph([{ id, date: instantFromMs(0), parents: [] }]);
    expect(graph.indexOf(id)).toBe(0);
    expect(graph.withPrefix(id.slice(0, 40))).toEqual([0]);
    expect(graph.indexOf(asId(id.slice(0, 40)))).toBeUndefined();
  });

  it('throws for a position that is not in it', () => {
    const graph = buildCommitGraph([]);
    expect(graph.size).toBe(0);
    for (const position of [0, -1, 0.5, Number.NaN])
      expect(() => graph.idOf(position)).toThrow('no commit at position');
  });

  it('grows far beyond its first size', () => {
    const count = 50_000;
    const commits = Array.from({ length: count }, (_, index) => ({
      id: commitIdOf(String(index)),
      date: instantFromMs(index * 1000),
      parents:
        index === 0 ? [] : [commitIdOf(String(index - 1)), ...(index > 9 ? [commitIdOf(String(index - 10))] : [])],
    }));
    const graph = parse(revList(commits.toReversed()), 65_536);
    expect(graph.size).toBe(count);
    for (const { id, date, parents } of commits) {
      const index = graph.indexOf(id)!;
      expect(graph.dateOf(index)).toBe(date);
      expect(graph.parentsOf(index).map((parent) => graph.idOf(parent))).toEqual(parents);
    }
    expectChildrenFirst(graph);
  });
});

describe.runIf(requireProgram('git'))('a commit graph of a real repository', () => {
  it('equals what git log prints, for random histories with merges and wrong clocks', () => {
    const sandbox = createGitSandbox();
    let run = 0;
    try {
      fc.assert(
        fc.property(
          fc.array(fc.record({ days: fc.nat({ max: 300 }), parents: fc.uniqueArray(fc.nat(), { maxLength: 3 }) }), {
            minLength: 1,
            maxLength: 25,
          }),
          (specs) => {
            run += 1;
            const directory = sandbox.bare(`r${run}.git`);
            const commits = specs.map(({ days, parents }, index) => ({
              name: `c${index}`,
              date: new Date(Date.UTC(2026, 0, 1 + days)).toISOString(),
              parents: index === 0 ? [] : [...new Set(parents.map((parent) => `c${parent % index}`))],
            }));
            sandbox.add(directory, { commits, branches: Object.fromEntries(commits.map(({ name }) => [name, name])) });
            const listed = sandbox.git(directory, 'rev-list', '--all', '--parents', '--timestamp');
            const graph = parse(Buffer.from(`${listed}\n`));
            const expected = sandbox
              .git(directory, 'log', '--all', '--format=%H %ct %P')
              .split('\n')
              .map((line): readonly [CommitId, unknown] => {
                const [id = '', seconds, ...parents] = line.trim().split(' ');
                return [asId(id), { seconds: Number(seconds), parents }];
              });
            expect(described(graph)).toEqual(new Map(expected));
            expectChildrenFirst(graph);
          },
        ),
        { numRuns: 15 },
      );
    } finally {
      sandbox.remove();
    }
  });
});
