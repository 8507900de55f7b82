// Records in a plan: they have steps as images have, and count for nothing else.

import { describe, expect, it } from 'vitest';
import type { Decision } from '../../src/model/decision.ts';
import { buildImageGraph } from '../../src/model/image-graph.ts';
import type { Digest } from '../../src/model/reference.ts';
import { buildDifference } from '../../src/plan/build-difference.ts';
import { buildPlan } from '../../src/plan/build-plan.ts';
import { decodePlan } from '../../src/plan/decode-plan.ts';
import { intersectSteps } from '../../src/plan/intersect-steps.ts';
import type { EvidenceSummary, Plan } from '../../src/plan/plan.ts';
import { digestOf, NOW, type NodeSpec, snapshotOf } from '../builders/snapshot.ts';

interface Scene {
  /** Images, all tagged by their names. */
  readonly images: readonly string[];
  /** Records, tagged too, with the images they are about. */
  readonly records: Readonly<Record<string, readonly string[]>>;
  readonly goes: readonly string[];
  readonly untagged?: readonly string[];
  readonly collectsUntagged?: boolean;
  readonly maxDeleteShare?: number;
  readonly allowDeleteAll?: boolean;
  readonly previous?: EvidenceSummary;
}

function planOf(scene: Scene): Plan {
  const { images, records, goes, untagged = [], collectsUntagged = false } = scene;
  const specs = [...images, ...Object.keys(records)].map(
    (name): NodeSpec => ({ name, tags: untagged.includes(name) ? [] : [name] }),
  );
  const snapshot = snapshotOf(specs);
  const attached = new Map(Object.entries(records).map(([name, of]) => [digestOf(name), of.map(digestOf)]));
  const decisions = new Map<Digest, Decision>(
    specs.map(({ name }) => {
      const { digest, tags } = snapshot.nodes.get(digestOf(name))!;
      return goes.includes(name)
        ? [digest, { decision: 'delete', digest, tags, reasons: [{ rule: 'unused' }] }]
        : [digest, { decision: 'keep', digest, tags, reasons: [{ rule: 'record', why: 'needed' }], untag: [] }];
    }),
  );
  return buildPlan({
    tool: 'test',
    createdAt: NOW,
    asOf: undefined,
    evidence: { repositories: [{ name: 'app', tags: snapshot.tags.size, nodes: specs.length }] },
    previous: scene.previous,
    guards: { maxDeleteShare: scene.maxDeleteShare ?? 1, allowDeleteAll: scene.allowDeleteAll ?? true },
    repositories: [
      {
        name: 'app',
        graph: buildImageGraph(snapshot, attached),
        decisions,
        records: new Set(attached.keys()),
        remarks: [],
        collectsUntagged,
      },
    ],
  });
}

function repositoryOf(scene: Scene) {
  return planOf(scene).repositories[0]!;
}

const FORGE = { title: 'GitHub', repository: 'team/app' };

function previousOf(counts: {
  readonly tags: number;
  readonly records?: { readonly nodes: number; readonly tags: number };
}): EvidenceSummary {
  return { repositories: [{ name: 'app', nodes: 1, ...counts }] };
}

const RECORDS = { r1: ['a'], r2: ['a', 'b'], r3: [], r4: ['b'] };

describe('records in a plan', () => {
  it('are counted apart, with their tags', () => {
    const { totals } = repositoryOf({ images: ['a', 'b', 'c'], records: RECORDS, goes: ['a', 'r1', 'r3'] });
    expect(totals).toMatchObject({ kept: 2, deleted: 1, tags: 3, records: { kept: 2, deleted: 2 } });
  });

  it('are not in the totals where there are none', () => {
    expect(repositoryOf({ images: ['a'], records: {}, goes: [] }).totals).not.toHaveProperty('records');
  });

  it('go after the images they are about, and wait for these', () => {
    const { steps } = repositoryOf({ images: ['z', 'b'], records: { a: ['z', 'b'] }, goes: ['a', 'b', 'z'] });
    expect(steps.map(({ digest }) => digest).at(-1)).toBe(digestOf('a'));
    expect(steps.at(-1)?.precondition.owners).toEqual([digestOf('z'), digestOf('b')].sort());
  });

  it('are called what they are', () => {
    const { decisions } = repositoryOf({ images: ['a'], records: RECORDS, goes: ['r3'] });
    const shown = decisions.filter(({ isRecord }) => isRecord === true);
    expect(shown.map(({ what }) => what)).toEqual(['record', 'record', 'record', 'record']);
    expect(decisions.find(({ digest }) => digest === digestOf('a'))).not.toHaveProperty('isRecord');
  });

  it('without tags are no images that the registry collects', () => {
    const scene = { images: ['a'], records: { r1: ['a'] }, goes: ['r1'], untagged: ['r1'], collectsUntagged: true };
    expect(repositoryOf(scene)).toMatchObject({
      steps: [],
      totals: { kept: 1, deleted: 0, collected: 0, records: { deleted: 1 } },
    });
  });

  it('survive being written and read, and are done when the fresh plan has them too', () => {
    const scene = { images: ['a'], records: RECORDS, goes: ['a', 'r1', 'r3'] };
    const [reviewed] = decodePlan(JSON.stringify(planOf(scene)), 'plan.json').repositories;
    const { steps, notApplied } = intersectSteps(reviewed!, repositoryOf({ ...scene, goes: ['a', 'r1'] }));
    expect(steps.map(({ digest }) => digest)).toEqual([digestOf('a'), digestOf('r1')]);
    expect(notApplied.map(({ step }) => step.digest)).toEqual([digestOf('r3')]);
  });
});

it('records are no images on which two policies differ', () => {
  const scene = { images: ['a', 'b'], records: RECORDS };
  const changed = repositoryOf({ ...scene, goes: ['a', 'r1', 'r3'] });
  const base = repositoryOf({ ...scene, goes: ['r4'] });
  const { nodes } = snapshotOf(['a', 'b', ...Object.keys(RECORDS)].map((name) => ({ name })));
  const { moreDeleted, moreKept } = buildDifference({ changed, base, nodes });
  expect(moreDeleted.decisions.map(({ digest }) => digest)).toEqual([digestOf('a')]);
  expect([moreDeleted.count, moreKept.count]).toEqual([1, 0]);
});

describe('guards look at images', () => {
  it.each<[string, Scene, readonly string[]]>([
    [
      'records are no share of the images',
      { images: ['a', 'b'], records: RECORDS, goes: ['r1', 'r2', 'r3', 'r4'], maxDeleteShare: 0.1 },
      [],
    ],
    [
      'records do not thin out the share of the images',
      { images: ['a', 'b'], records: RECORDS, goes: ['a'], maxDeleteShare: 0.4 },
      ['max-delete-share'],
    ],
    [
      'a repository with nothing but records left has nothing left',
      { images: ['a', 'b'], records: RECORDS, goes: ['a', 'b'], allowDeleteAll: false },
      ['nothing-left'],
    ],
    [
      'a repository of records alone has nothing to lose',
      { images: [], records: { r1: [], r2: [] }, goes: ['r1', 'r2'], allowDeleteAll: false },
      [],
    ],
    [
      'deleted records of the run before are no lost evidence',
      {
        images: ['a', 'b'],
        records: { r1: ['a'] },
        goes: ['r1'],
        previous: previousOf({ tags: 90, records: { nodes: 88, tags: 88 } }),
      },
      [],
    ],
    [
      'lost images are, whatever records there are',
      {
        images: ['a'],
        records: RECORDS,
        goes: ['r1'],
        previous: previousOf({ tags: 10, records: { nodes: 4, tags: 4 } }),
      },
      ['evidence-shrank'],
    ],
    [
      'a report from before records were counted counts all its tags',
      { images: ['a'], records: RECORDS, goes: ['r1'], previous: previousOf({ tags: 5 }) },
      ['evidence-shrank'],
    ],
    [
      'a plan that only deletes records is held against the evidence too',
      { images: ['a'], records: RECORDS, goes: ['r1'], previous: { ...previousOf({ tags: 1 }), forge: FORGE } },
      ['evidence-shrank'],
    ],
  ])('%s', (_, scene, expected) => {
    expect(repositoryOf(scene).guards.map(({ guard }) => guard)).toEqual(expected);
  });
});

it('the evidence tells how many of the nodes and tags are records', () => {
  const plan = planOf({ images: ['a'], records: RECORDS, goes: [] });
  expect(plan.evidence.repositories).toEqual([{ name: 'app', tags: 5, nodes: 5, records: { nodes: 4, tags: 4 } }]);
  expect(planOf({ images: ['a'], records: {}, goes: [] }).evidence.repositories[0]).not.toHaveProperty('records');
});
