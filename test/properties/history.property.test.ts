// The parts of the Git rule against plain restatements of werf's semantics, written without looking at how they are made fast.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CommitIndex, GitReference } from '../../src/model/history.ts';
import type { KeepPolicy, ReferenceLimit } from '../../src/model/policy.ts';
import type { Digest } from '../../src/model/reference.ts';
import { durationFromMs, instantFromMs } from '../../src/model/time.ts';
import { keepPerReference, type ReferenceImages } from '../../src/policy/history/keep-per-reference.ts';
import { reachedByAny, reachedFrom } from '../../src/policy/history/reach.ts';
import { selectReferences } from '../../src/policy/history/select-references.ts';
import { commitIdOf, historyOf } from '../builders/history.ts';
import { digestOf, NOW } from '../builders/snapshot.ts';

const DATE = '2026-01-01T00:00:00Z';
/** Few distinct moments, so that equal dates and limits that fall on a date are common. */
const ages = fc.integer({ min: 0, max: 8 });
const operator = fc.constantFrom('And' as const, 'Or' as const);
const within = fc.option(ages.map(durationFromMs), { nil: undefined });

describe('reachability', () => {
  it('is what a walk from each head finds', () => {
    const graphs = fc.integer({ min: 1, max: 60 }).chain((size) =>
      fc.record({
        parents: fc.tuple(
          ...Array.from({ length: size }, (_, at) =>
            at === 0 ? fc.constant<number[]>([]) : fc.uniqueArray(fc.nat(at - 1), { maxLength: 3 }),
          ),
        ),
        heads: fc.oneof(
          fc.array(fc.nat(size - 1), { maxLength: 80 }),
          // More heads than one pass over the graph takes.
          fc.constant(Array.from({ length: size }, (_, at) => at)),
        ),
        wanted: fc.uniqueArray(fc.nat(size - 1)),
        order: fc.shuffledSubarray(
          Array.from({ length: size }, (_, at) => at),
          { minLength: size },
        ),
      }),
    );
    fc.assert(
      fc.property(graphs, ({ parents, heads, wanted, order }) => {
        const { graph } = historyOf({
          commits: order.map((at) => ({
            name: `c${at}`,
            date: DATE,
            parents: (parents[at] ?? []).map((p) => `c${p}`),
          })),
          references: [],
        });
        const position = (at: number): CommitIndex => graph.indexOf(commitIdOf(`c${at}`)) ?? -1;
        const found = reachedFrom(graph, heads.map(position), wanted.map(position));
        const walked = heads.map((head) => {
          const seen = new Set<number>();
          const visit = (at: number): void => {
            if (seen.has(at)) return;
            seen.add(at);
            for (const parent of parents[at] ?? []) visit(parent);
          };
          visit(head);
          return wanted.filter((at) => seen.has(at)).map(position);
        });
        expect(found).toEqual(walked);
        const byAny = reachedByAny(graph, heads.map(position));
        expect(new Set(wanted.map(position).filter((at) => byAny[at] === 1))).toEqual(new Set(walked.flat()));
      }),
      { numRuns: 500 },
    );
  });
});

describe('imagesPerReference', () => {
  it('keeps what the words say', () => {
    const worlds = fc.record({
      ageOf: fc.array(ages, { minLength: 1, maxLength: 8 }),
      builtFrom: fc.array(fc.uniqueArray(fc.nat(7), { maxLength: 3 }), { maxLength: 8 }),
      reached: fc.uniqueArray(fc.nat(7)),
      last: fc.integer({ min: -1, max: 4 }),
      within,
      operator,
    });
    fc.assert(
      fc.property(worlds, (world) => {
        const { ageOf, last, operator: joined } = world;
        const commits = world.reached.filter((commit) => commit < ageOf.length);
        const limit = { last, operator: joined, ...(world.within === undefined ? {} : { in: world.within }) };
        const images: ReferenceImages = {
          reached: commits,
          imagesOf: (commit) =>
            world.builtFrom.flatMap((from, at) => (from.includes(commit) ? digestOf(`i${at}`) : [])),
          dateOf: (commit) => instantFromMs(NOW - (ageOf[commit] ?? 0)),
          rankOf: (commit) => commit,
          now: NOW,
        };
        const kept = new Map(keepPerReference(limit, images).map(({ digest, commit }) => [digest, commit]));
        expect(kept).toEqual(keptByTheWords(world, commits));
      }),
      { numRuns: 3_000 },
    );
  });
});

interface CountingWorld {
  readonly ageOf: readonly number[];
  readonly builtFrom: readonly (readonly number[])[];
  readonly last: number;
  readonly within: number | undefined;
  readonly operator: 'And' | 'Or';
}

/** Image by image: its newest commit that counts, and how many commits with images are newer than that. */
function keptByTheWords(world: CountingWorld, reached: readonly number[]): ReadonlyMap<Digest, number> {
  const { ageOf, builtFrom, last, within: limit, operator: joined } = world;
  const age = (commit: number): number => ageOf[commit] ?? 0;
  const isYoung = (commit: number): boolean => limit === undefined || age(commit) < limit;
  const isNewer = (a: number, b: number): boolean => age(a) < age(b) || (age(a) === age(b) && a < b);
  const newest = new Map<Digest, number>();
  builtFrom.forEach((from, at) => {
    const counting = from.filter((commit) => reached.includes(commit) && (joined === 'Or' || isYoung(commit)));
    const best = counting.find((commit) => counting.every((other) => other === commit || isNewer(commit, other)));
    if (best !== undefined) newest.set(digestOf(`i${at}`), best);
  });
  const places = new Set(newest.values());
  const stays = (commit: number): boolean => {
    if (last === 0) return false;
    if (last < 0 || newest.size <= last) return true;
    if ([...places].filter((other) => isNewer(other, commit)).length < last) return true;
    return joined === 'Or' && limit !== undefined && isYoung(commit);
  };
  return new Map([...newest].filter(([, commit]) => stays(commit)));
}

describe('references of policies', () => {
  it('are what the words say', () => {
    const policy = fc.record({
      kind: fc.constantFrom('branch' as const, 'tag' as const),
      source: fc.constantFrom('.*', 'a.*', 'a|b', '(a|b)', 'r1'),
      limit: fc.option(
        fc.record({ last: fc.option(fc.integer({ min: -1, max: 4 }), { nil: undefined }), within, operator }),
        { nil: undefined },
      ),
      coversDefaultBranch: fc.boolean(),
    });
    const references = fc.uniqueArray(
      fc.record({
        kind: fc.constantFrom('branch' as const, 'tag' as const),
        name: fc.constantFrom('a', 'b', 'ab', 'ba', 'a1', 'r1', 'r2'),
        age: ages,
      }),
      { selector: ({ kind, name }) => `${kind} ${name}`, maxLength: 10 },
    );
    fc.assert(
      fc.property(
        references,
        fc.array(policy, { maxLength: 4 }),
        fc.constantFrom(undefined, 'r2'),
        (drawn, drawnPolicies, defaultBranch) => {
          const history = historyOf({
            commits: [{ name: 'c', date: DATE }],
            references: drawn.map(({ kind, name, age }) => ({
              kind,
              name,
              commit: 'c',
              date: instantFromMs(NOW - age),
            })),
            ...(defaultBranch === undefined ? {} : { defaultBranch }),
          });
          const policies = drawnPolicies.map(
            (each, at): KeepPolicy => ({
              name: `p${at}`,
              references: {
                kind: each.kind,
                pattern: { kind: 'regex', source: each.source },
                ...(each.limit === undefined ? {} : { limit: limitOf(each.limit) }),
              },
              imagesPerReference: { last: 1, operator: 'And' },
              coversDefaultBranch: each.coversDefaultBranch,
            }),
          );
          const selected = selectReferences(history, policies, NOW);
          const byWords = history.references.flatMap((reference) => {
            const last = policies.findLast((each) =>
              isSelected(reference, each, { history: history.references, defaultBranch }),
            );
            return last === undefined ? [] : [`${reference.kind} ${reference.name} by ${last.name}`];
          });
          expect(
            selected.map(({ reference, policy: by }) => `${reference.kind} ${reference.name} by ${by.name}`).sort(),
          ).toEqual(byWords.sort());
          const dates = selected.map(({ reference }) => reference.date);
          expect(dates).toEqual([...dates].sort((a, b) => b - a));
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

function limitOf(drawn: {
  readonly last: number | undefined;
  readonly within: ReferenceLimit['in'];
  readonly operator: 'And' | 'Or';
}): ReferenceLimit {
  return {
    operator: drawn.operator,
    ...(drawn.last === undefined ? {} : { last: drawn.last }),
    ...(drawn.within === undefined ? {} : { in: drawn.within }),
  };
}

interface Setting {
  readonly history: readonly GitReference[];
  readonly defaultBranch: string | undefined;
}

function isSelected(reference: GitReference, policy: KeepPolicy, { history, defaultBranch }: Setting): boolean {
  const { kind, pattern, limit } = policy.references;
  const source = pattern.kind === 'regex' ? pattern.source : '';
  const isMatch = (each: GitReference): boolean =>
    each.kind === kind &&
    (new RegExp(`^${source}$`).test(each.name) ||
      (policy.coversDefaultBranch === true && kind === 'branch' && each.name === defaultBranch));
  if (!isMatch(reference)) return false;
  if (limit === undefined) return true;
  const newer = history.filter(
    (each) =>
      isMatch(each) && (each.date > reference.date || (each.date === reference.date && each.name < reference.name)),
  );
  const isNewest = limit.last === undefined || limit.last < 0 || newer.length < limit.last;
  const isYoung = limit.in === undefined || NOW - reference.date < limit.in;
  return limit.operator === 'And' ? isNewest && isYoung : isNewest || isYoung;
}
