import { describe, expect, it } from 'vitest';
import type { Digest } from '../../src/model/reference.ts';
import { buildPlan, type PlanInput } from '../../src/plan/build-plan.ts';
import { intersectSteps } from '../../src/plan/intersect-steps.ts';
import type { RepositoryPlan } from '../../src/plan/plan.ts';
import { decisionsOn } from '../builders/decision.ts';
import { ANY_AGE, digestOf, NOW, type NodeSpec, referrerTagOf, snapshotOf } from '../builders/snapshot.ts';

const GUARDS: PlanInput['guards'] = { maxDeleteShare: 1, allowDeleteAll: true };
const SIGNATURE = referrerTagOf('index', '.sig');
const WORLD: readonly NodeSpec[] = [
  { name: 'child', tags: ['amd64'] },
  { name: 'other' },
  { name: 'index', tags: ['old', 'older'], lists: ['child', 'other'] },
  { name: 'signature', tags: [SIGNATURE] },
  { name: 'kept', tags: ['keep', 'loose'], layers: ['base'] },
];

function planOf(nodes: readonly NodeSpec[], { collects = true, guards = GUARDS } = {}): RepositoryPlan {
  const { capabilities } = snapshotOf([]);
  const { graph, decisions, records, remarks, collectsUntagged } = decisionsOn({
    nodes,
    snapshot: { capabilities: { ...capabilities, collectsUntagged: collects } },
    policy: { ...ANY_AGE, pins: { tags: ['keep*'], expressions: [], list: [] }, untag: true },
  });
  const plan = buildPlan({
    tool: 'test',
    createdAt: NOW,
    asOf: undefined,
    evidence: { repositories: [] },
    previous: undefined,
    guards,
    repositories: [{ name: 'app', graph, decisions, records, remarks, collectsUntagged }],
  });
  const [repository] = plan.repositories;
  if (repository === undefined) throw new Error('there is one');
  return repository;
}

/** The names of the owners of a node's step; undefined when it has no step. */
function ownersOf({ steps }: RepositoryPlan, nodes: readonly NodeSpec[], name: string): readonly string[] | undefined {
  const names = new Map<Digest, string>(nodes.map((node) => [digestOf(node.name), node.name]));
  const step = steps.find(({ action, digest }) => action === 'delete' && digest === digestOf(name));
  return step?.precondition.owners.map((owner) => names.get(owner) ?? '?').sort();
}

describe('on a registry that collects what no tag leads to', () => {
  it('a plan deletes tagged digests with all their tags, and nothing else', () => {
    expect(planOf(WORLD).steps).toEqual([
      {
        action: 'untag',
        digest: digestOf('kept'),
        tag: 'loose',
        precondition: { tags: ['keep', 'loose'], owners: [] },
      },
      { action: 'delete', digest: digestOf('index'), precondition: { tags: ['old', 'older'], owners: [] } },
      { action: 'delete', digest: digestOf('child'), precondition: { tags: ['amd64'], owners: [] } },
      {
        action: 'delete',
        digest: digestOf('signature'),
        precondition: { tags: [SIGNATURE], owners: [digestOf('index')] },
      },
    ]);
  });

  it('says of what has no step that it goes, and with what', () => {
    const { decisions, remarks, totals } = planOf(WORLD);
    const other = decisions.find(({ digest }) => digest === digestOf('other'));
    expect(other).toMatchObject({ decision: 'delete', collectedWith: [digestOf('index')] });
    expect(decisions.filter(({ collectedWith }) => collectedWith !== undefined)).toHaveLength(1);
    expect(totals).toMatchObject({ kept: 1, deleted: 3, collected: 1, untagged: 1, tags: 6 });
    expect(remarks.map(({ code, text }) => `${code}: ${text}`)).toEqual([
      'left-to-registry: 1 untagged manifest is left to the registry, which collects what no tag leads to',
    ]);
  });

  it('a plan frees what it frees elsewhere', () => {
    const elsewhere = planOf(WORLD, { collects: false }).totals;
    expect(planOf(WORLD).totals.reclaimableBytes).toBe(elsewhere.reclaimableBytes);
    expect(elsewhere).toMatchObject({ kept: 1, deleted: 4 });
    expect(elsewhere).not.toHaveProperty('collected');
  });

  it.each<[string, readonly NodeSpec[], string, readonly string[] | undefined]>([
    ['of an image waits for nothing', WORLD, 'index', []],
    ['of what a tagged index lists waits for nothing: it stays whole either way', WORLD, 'child', []],
    ['is none for what has no tag', WORLD, 'other', undefined],
    [
      'of the signature of a part waits for all that leads to the part',
      [
        { name: 'part' },
        { name: 'one', tags: ['a'], lists: ['part'] },
        { name: 'inner', lists: ['part'] },
        { name: 'two', tags: ['b'], lists: ['inner'] },
        { name: 's', tags: [referrerTagOf('part', '.sig')] },
      ],
      's',
      ['one', 'two'],
    ],
    [
      "of a signature's attestation waits for the image and the signature",
      [
        { name: 'image', tags: ['a'] },
        { name: 's', tags: [referrerTagOf('image', '.sig')] },
        { name: 't', tags: [referrerTagOf('s', '.att')] },
      ],
      't',
      ['image', 's'],
    ],
  ])('the step %s', (_, nodes, name, expected) => {
    expect(ownersOf(planOf(nodes), nodes, name)).toEqual(expected);
  });

  it('signatures of each other do not wait for each other', () => {
    const nodes: readonly NodeSpec[] = [
      { name: 's', tags: [referrerTagOf('t', '.sig')] },
      { name: 't', tags: [referrerTagOf('s', '.sig')] },
    ];
    const plan = planOf(nodes);
    expect([ownersOf(plan, nodes, 's'), ownersOf(plan, nodes, 't')]).toContainEqual([]);
  });

  it.each<[string, PlanInput['guards'], readonly string[]]>([
    [
      'what the registry collects counts in the share',
      { maxDeleteShare: 0.75, allowDeleteAll: true },
      ['max-delete-share'],
    ],
    ['a share that is just reached is none too large', { maxDeleteShare: 0.8, allowDeleteAll: true }, []],
  ])('%s', (_, guards, expected) => {
    const found = [true, false].map((collects) => planOf(WORLD, { collects, guards }).guards);
    expect(found[0]).toEqual(found[1]);
    expect(found[0]?.map(({ guard }) => guard)).toEqual(expected);
  });

  it('a plan in which only untagged ones go does nothing, and no guard speaks', () => {
    const plan = planOf([{ name: 'loose' }], { guards: { maxDeleteShare: 0, allowDeleteAll: false } });
    expect(plan).toMatchObject({ steps: [], guards: [], totals: { deleted: 0, collected: 1 } });
  });
});

describe('a reviewed plan of such a registry', () => {
  it.each<[string, readonly NodeSpec[], readonly string[]]>([
    ['is done as it stands', WORLD, []],
    [
      'is done where its image has lost all tags meanwhile but is shown still',
      [{ name: 'index', lists: ['child', 'other'] }, ...WORLD.filter(({ name }) => name !== 'index')],
      ['already-gone: it has no tag any more: the registry collects it'],
    ],
    [
      'is not done where a tag has come',
      [
        { name: 'index', tags: ['new', 'old', 'older'], lists: ['child', 'other'] },
        ...WORLD.filter(({ name }) => name !== 'index'),
      ],
      ['skipped: tag new is on it since the plan was made'],
    ],
  ])('%s', (_, fresh, expected) => {
    const { steps, notApplied } = intersectSteps(planOf(WORLD), planOf(fresh));
    expect(notApplied.map(({ outcome, why }) => `${outcome}: ${why}`)).toEqual(expected);
    expect(steps).toHaveLength(planOf(WORLD).steps.length - expected.length);
  });
});
