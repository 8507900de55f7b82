import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildDifference } from '../../src/plan/build-difference.ts';
import { buildPlan } from '../../src/plan/build-plan.ts';
import type { RepositoryPlan } from '../../src/plan/plan.ts';
import { decisionsOn } from '../builders/decision.ts';
import { ANY_AGE, digestOf, NOW, type NodeSpec } from '../builders/snapshot.ts';

/** Manifest and config are 11 bytes, a layer 100. */
const OWN = 11;

/** `a` has a layer of its own and shares one with `b`; `c` shares one with nobody. */
const NODES: readonly NodeSpec[] = [
  { name: 'a', tags: ['a'], layers: ['shared', 'of a'] },
  { name: 'b', tags: ['b'], layers: ['shared'] },
  { name: 'c', tags: ['c'], layers: ['of c'] },
];

describe('the difference between two policies', () => {
  it.each<[string, string, string, { more: string; bytes: number }, { more: string; bytes: number }]>([
    ['is none between equals', 'a', 'a', { more: '', bytes: 0 }, { more: '', bytes: 0 }],
    [
      'is what more is deleted, with the blobs that only it had',
      'ab',
      'abc',
      { more: 'c', bytes: OWN + 100 },
      { more: '', bytes: 0 },
    ],
    [
      'leaves out of the bytes what an image that stays shares',
      'c',
      'ac',
      { more: 'a', bytes: OWN + 100 },
      { more: '', bytes: 0 },
    ],
    [
      'counts a blob that only all deletions together free',
      'c',
      'abc',
      { more: 'ab', bytes: 2 * OWN + 200 },
      { more: '', bytes: 0 },
    ],
    [
      'counts what the last sharer frees, when the other one goes by both policies',
      'ac',
      'abc',
      { more: 'b', bytes: OWN + 100 },
      { more: '', bytes: 0 },
    ],
    ['is what more is kept', 'abc', 'ab', { more: '', bytes: 0 }, { more: 'c', bytes: OWN + 100 }],
    ['is both at once', 'a', 'c', { more: 'c', bytes: OWN + 100 }, { more: 'a', bytes: OWN + 100 }],
  ])('%s', (_, before, after, deleted, kept) => {
    const { name, moreDeleted, moreKept } = differenceOf(before, after);
    expect(name).toBe('app');
    expect(shown(moreDeleted)).toEqual(deleted);
    expect(shown(moreKept)).toEqual(kept);
    expect([moreDeleted.count, moreKept.count]).toEqual([deleted.more.length, kept.more.length]);
  });

  it("shows the decisions of the changed policy, in its plan's order", () => {
    const { moreDeleted, moreKept } = differenceOf('ac', 'b');
    expect(moreDeleted.decisions.map(({ decision, tags }) => [decision, ...tags])).toEqual([['delete', 'b']]);
    expect(moreKept.decisions.map(({ decision, tags }) => [decision, ...tags])).toEqual([
      ['keep', 'a'],
      ['keep', 'c'],
    ]);
  });

  it('is in bytes never negative, and adds up to what the plans differ by', () => {
    const some = fc.subarray(['a', 'b', 'c', 'd', 'e', 'f']).map((names) => names.join(''));
    const layers = fc.array(fc.uniqueArray(fc.constantFrom('x', 'y', 'z'), { minLength: 1 }), {
      minLength: 6,
      maxLength: 6,
    });
    fc.assert(
      fc.property(some, some, layers, (before, after, drawn) => {
        const nodes = drawn.map(
          (of, at): NodeSpec => ({ name: 'abcdef'[at] ?? '', tags: ['abcdef'[at] ?? ''], layers: of }),
        );
        const [base, changed] = [planOf(before, nodes), planOf(after, nodes)];
        const { moreDeleted, moreKept } = differenceOf(before, after, nodes);
        expect(moreDeleted.bytes).toBeGreaterThanOrEqual(0);
        expect(moreKept.bytes).toBeGreaterThanOrEqual(0);
        expect(moreDeleted.bytes - moreKept.bytes).toBe(
          changed.plan.totals.reclaimableBytes - base.plan.totals.reclaimableBytes,
        );
      }),
    );
  });
});

function shown({ bytes, decisions }: { readonly bytes: number; readonly decisions: RepositoryPlan['decisions'] }) {
  return { more: decisions.flatMap(({ tags }) => tags).join(''), bytes };
}

/** A policy is told by the names of what it deletes. */
function differenceOf(before: string, after: string, nodes: readonly NodeSpec[] = NODES) {
  const [base, changed] = [planOf(before, nodes), planOf(after, nodes)];
  return buildDifference({ base: base.plan, changed: changed.plan, nodes: changed.nodes });
}

function planOf(deleted: string, nodes: readonly NodeSpec[]) {
  const list = nodes.filter(({ name }) => !deleted.includes(name)).map(({ name }) => digestOf(name));
  const { graph, decisions, records, remarks, collectsUntagged } = decisionsOn({
    nodes,
    policy: { ...ANY_AGE, pins: { tags: [], expressions: [], list } },
  });
  const [plan] = buildPlan({
    tool: 'test',
    createdAt: NOW,
    asOf: undefined,
    evidence: { repositories: [] },
    previous: undefined,
    guards: { maxDeleteShare: 1, allowDeleteAll: true },
    repositories: [{ name: 'app', graph, decisions, records, remarks, collectsUntagged }],
  }).repositories;
  if (plan === undefined) throw new Error('a plan has its repository');
  return { plan, nodes: graph.nodes };
}
