import { describe, expect, it } from 'vitest';
import { buildPlan } from '../../src/plan/build-plan.ts';
import { intersectSteps } from '../../src/plan/intersect-steps.ts';
import type { RepositoryPlan } from '../../src/plan/plan.ts';
import { type DecisionSpec, decisionsOn } from '../builders/decision.ts';
import { ANY_AGE, digestOf, NOW, type NodeSpec, policyOf, usageOf } from '../builders/snapshot.ts';

const OURS = 'registry.example.com/shop/app';
const WORLD: readonly NodeSpec[] = [
  { name: 'index', tags: ['old'], lists: ['child'] },
  { name: 'child' },
  { name: 'kept', tags: ['keep', 'loose'] },
];

describe('a step of a reviewed plan', () => {
  it('is done when the fresh plan has it too, in the fresh order', () => {
    const { steps, notApplied } = intersect({ nodes: WORLD }, { nodes: WORLD });
    expect(steps).toEqual(planOf({ nodes: WORLD }).steps);
    expect(steps).toHaveLength(3);
    expect(notApplied).toEqual([]);
  });

  it('that only the fresh plan has is not done, and needs no word', () => {
    const { steps, notApplied } = intersect({ nodes: WORLD }, { nodes: [...WORLD, { name: 'more', tags: ['older'] }] });
    expect(steps.map(({ digest }) => digest)).not.toContain(digestOf('more'));
    expect(notApplied).toEqual([]);
  });

  it.each<[string, DecisionSpec, string, 'skipped' | 'already-gone', string]>([
    [
      'is skipped for a new pod',
      { nodes: WORLD, usage: usageOf([`${OURS}:old`]) },
      'index',
      'skipped',
      'it stays now: used by prod: shop/Deployment/web (container app) (tag old)',
    ],
    [
      'is skipped for what a new pod needs',
      { nodes: WORLD, usage: usageOf([`${OURS}:old`]) },
      'child',
      'skipped',
      `it stays now: listed by ${digestOf('index').slice(0, 19)}, which stays`,
    ],
    [
      'is skipped for a new tag',
      { nodes: changed('index', { tags: ['new', 'old'] }) },
      'index',
      'skipped',
      'tag new is on it since the plan was made',
    ],
    [
      'is skipped for a tag that left',
      { nodes: changed('index', { tags: [] }) },
      'index',
      'skipped',
      'tag old has left it since the plan was made',
    ],
    [
      'is skipped for a new index around it',
      { nodes: [...WORLD, { name: 'other', tags: ['other'], lists: ['child'] }] },
      'child',
      'skipped',
      `${digestOf('other')} lists it since the plan was made`,
    ],
    [
      'is told as gone when it is not there any more',
      { nodes: WORLD.filter(({ name }) => name !== 'child') },
      'child',
      'already-gone',
      'it is not in the registry any more',
    ],
    [
      'is skipped when the tag to take off has moved',
      { nodes: changed('kept', { tags: ['keep'] }) },
      'kept',
      'skipped',
      'tag loose is not on it any more',
    ],
    [
      'is skipped when the tag to take off is needed now',
      { nodes: WORLD, usage: usageOf([`${OURS}:loose`]) },
      'kept',
      'skipped',
      'it stays now: used by prod: shop/Deployment/web (container app) (tag loose)',
    ],
    [
      'is skipped when all of it would go, where only a tag was to',
      { nodes: changed('kept', { tags: ['loose'] }) },
      'kept',
      'skipped',
      'the whole manifest would go now; the plan only took a tag off it',
    ],
    [
      'is skipped when another tag has come on what loses one',
      { nodes: changed('kept', { tags: ['keep', 'keep2', 'loose'] }) },
      'kept',
      'skipped',
      'tag keep2 is on it since the plan was made',
    ],
  ])('%s', (_, fresh, name, outcome, why) => {
    const { steps, notApplied } = intersect({ nodes: WORLD }, fresh);
    expect(steps.map(({ digest }) => digest)).not.toContain(digestOf(name));
    expect(notApplied.filter(({ step }) => step.digest === digestOf(name))).toMatchObject([{ outcome, why }]);
  });

  it('takes off only the tags that the reviewed plan took off', () => {
    const nodes: readonly NodeSpec[] = [{ name: 'kept', tags: ['a', 'b', 'keep'] }];
    const { steps, notApplied } = intersect({ nodes, usage: usageOf([`${OURS}:b`]) }, { nodes });
    expect(steps.map(({ action, tag }) => [action, tag])).toEqual([['untag', 'a']]);
    expect(notApplied).toEqual([]);
  });

  it('goes on after an interrupted apply: an owner that has gone since is what the plan wanted', () => {
    const { steps, notApplied } = intersect({ nodes: WORLD }, { nodes: WORLD.filter(({ name }) => name !== 'index') });
    expect(steps.map(({ digest }) => digest)).toContain(digestOf('child'));
    expect(notApplied.map(({ step, outcome }) => [step.digest, outcome])).toEqual([
      [digestOf('index'), 'already-gone'],
    ]);
  });
});

function changed(name: string, change: Partial<NodeSpec>): readonly NodeSpec[] {
  return WORLD.map((node) => (node.name === name ? { ...node, ...change } : node));
}

function planOf(spec: DecisionSpec): RepositoryPlan {
  const policy = { ...policyOf(), ...ANY_AGE, pins: { tags: ['keep*'], expressions: [], list: [] }, untag: true };
  const { graph, decisions, records, remarks, collectsUntagged } = decisionsOn({ ...spec, policy });
  const plan = buildPlan({
    tool: 'test',
    createdAt: NOW,
    asOf: undefined,
    evidence: { repositories: [] },
    previous: undefined,
    guards: policy.guards,
    repositories: [{ name: 'app', graph, decisions, records, remarks, collectsUntagged }],
  });
  const [only] = plan.repositories;
  if (only === undefined) throw new Error('the plan has no repository');
  return only;
}

function intersect(reviewed: DecisionSpec, fresh: DecisionSpec) {
  return intersectSteps(planOf(reviewed), planOf(fresh));
}
