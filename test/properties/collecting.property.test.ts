// What holds on a registry that collects what no tag leads to, where a plan only deletes tags. The registry is modelled: it keeps what its
// tags lead to.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Digest, Tag } from '../../src/model/reference.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { buildPlan } from '../../src/plan/build-plan.ts';
import { decodePlan } from '../../src/plan/decode-plan.ts';
import { intersectSteps } from '../../src/plan/intersect-steps.ts';
import type { Plan, RepositoryPlan, Step } from '../../src/plan/plan.ts';
import { decide } from '../../src/policy/decide.ts';
import type { Decisions } from '../../src/policy/decisions.ts';
import { ANY_AGE, digestOf, NOW, policyOf, snapshotOf, usageOf } from '../builders/snapshot.ts';
import { someTag, type World, worlds } from './world.ts';

const RUNS = { numRuns: 500 };

describe('for every repository of a registry that collects what is untagged', () => {
  it('every step names a tagged digest with all its tags, and no step a tag that stays', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        const { nodes } = snapshotIn(world);
        const plan = planOn(world);
        const staying = new Set(
          plan.decisions.flatMap(({ decision, tags, untag }) =>
            decision === 'keep' ? tags.filter((tag) => !untag.includes(tag)) : [],
          ),
        );
        for (const step of plan.steps) {
          expect(step.precondition.tags.length).toBeGreaterThan(0);
          if (step.action === 'delete') expect(step.precondition.tags).toEqual(nodes.get(step.digest)?.tags);
          for (const tag of tagsOf(step)) expect(staying.has(tag)).toBe(false);
        }
        for (const { digest, decision, tags } of plan.decisions) {
          if (decision !== 'delete' || tags.length === 0) continue;
          expect(plan.steps.filter((step) => step.digest === digest)).toHaveLength(1);
        }
      }),
      RUNS,
    );
  });

  it('any of the steps in any order leave every kept node there that a kept tag led to, with all its parts', () => {
    fc.assert(
      fc.property(
        worlds().chain((world) => fc.tuple(fc.constant(world), fc.shuffledSubarray([...planOn(world).steps]))),
        ([world, steps]) => {
          const snapshot = snapshotIn(world);
          const plan = planOn(world);
          const kept = new Set(plan.decisions.flatMap(({ decision, digest }) => (decision === 'keep' ? digest : [])));
          const ofKept = [...snapshot.tags].filter(([, digest]) => kept.has(digest));
          const before = ledBy(snapshot, new Map(ofKept));
          const after = ledBy(snapshot, carriedOut(snapshot.tags, steps));
          for (const digest of before) expect(after.has(digest)).toBe(true);
        },
      ),
      RUNS,
    );
  });

  it('whichever steps are not done, a signature goes only when no tag leads to what it signs', () => {
    const draws = worlds()
      .map(condemning)
      .chain((world) => fc.tuple(fc.constant(world), fc.subarray(planOn(world).steps.map(({ digest }) => digest))));
    fc.assert(
      fc.property(draws, ([world, failing]) => {
        const snapshot = snapshotIn(world);
        let tags: ReadonlyMap<Tag, Digest> = snapshot.tags;
        for (const step of planOn(world).steps) {
          const tagged = new Set(tags.values());
          if (failing.includes(step.digest) || step.precondition.owners.some((owner) => tagged.has(owner))) continue;
          const subjects = step.action === 'delete' ? decideOn(world).graph.subjectsOf(step.digest) : [];
          const led = ledBy(snapshot, without(tags, step.digest));
          // Names can make a circle, in which somebody is the first.
          const isFirst = aboveIn(decideOn(world), step.digest).has(step.digest);
          for (const subject of isFirst ? [] : subjects) expect(led.has(subject)).toBe(false);
          tags = carriedOut(tags, [step]);
        }
      }),
      RUNS,
    );
  });

  it('a second run plans nothing, whether the registry has collected by then or not', () => {
    fc.assert(
      fc.property(worlds(), fc.boolean(), (world, hasCollected) => {
        const { steps, decisions } = planOn(world);
        const left = carriedOut(snapshotIn(world).tags, steps);
        const gone = new Set(decisions.flatMap(({ decision, digest }) => (decision === 'delete' ? digest : [])));
        const nodes = world.nodes
          .filter(({ name }) => !hasCollected || !gone.has(digestOf(name)))
          .map((node) => ({
            ...node,
            tags: [...left].flatMap(([tag, to]) => (to === digestOf(node.name) ? tag : [])),
          }));
        expect(planOn({ ...world, nodes }).steps).toEqual([]);
      }),
      RUNS,
    );
  });

  it('guards see what they see elsewhere, and the same bytes are freed', () => {
    fc.assert(
      fc.property(worlds(), fc.double({ min: 0, max: 1, noNaN: true }), (world, maxDeleteShare) => {
        const policy = { ...world.policy, untag: false, guards: { maxDeleteShare, allowDeleteAll: false } };
        const [here, elsewhere] = [true, false].map((collects) => planOn({ ...world, policy }, { collects }));
        if ((here?.steps ?? []).length > 0) expect(here?.guards).toEqual(elsewhere?.guards);
        expect(here?.totals.reclaimableBytes).toBe(elsewhere?.totals.reclaimableBytes);
        const { deleted = 0, collected = 0 } = here?.totals ?? {};
        expect(deleted + collected).toBe(elsewhere?.totals.deleted);
      }),
      RUNS,
    );
  });

  it('a reviewed plan survives its file and is done as it stands', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        const [reviewed = { steps: [] }] = decodePlan(JSON.stringify(wholePlan(world)), 'p.json').repositories;
        const fresh = planOn(world);
        expect(intersectSteps(reviewed, fresh)).toEqual({ steps: fresh.steps, notApplied: [] });
        const elsewhere = intersectSteps(reviewed, planOn(world, { collects: false }));
        expect(elsewhere.steps).toEqual([]);
        expect(elsewhere.notApplied.map(({ step, outcome }) => [step, outcome])).toEqual(
          reviewed.steps.map((step) => [step, 'skipped']),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('one more protected tag never enlarges the deletions, keeps its image, and never comes off', () => {
    fc.assert(
      fc.property(worlds(), someTag(), (world, tag) => {
        const snapshot = snapshotIn(world);
        const before = doomedBy(decideOn(world));
        const decided = decideOn(world, new Map([[tag, 'a rule']]));
        for (const digest of doomedBy(decided)) expect(before.has(digest)).toBe(true);
        const target = snapshot.tags.get(tag);
        if (target === undefined) return;
        expect(decided.decisions.get(target)).toMatchObject({ decision: 'keep' });
        for (const decision of decided.decisions.values())
          if (decision.decision === 'keep') expect(decision.untag).not.toContain(tag);
      }),
      RUNS,
    );
  });
});

/** All that owns the digest, at any height; itself where owners make a circle. */
function aboveIn({ graph }: Decisions, digest: Digest): ReadonlySet<Digest> {
  const ownersOf = (one: Digest) => [...graph.parentsOf(one), ...graph.subjectsOf(one)];
  const above = new Set(ownersOf(digest));
  for (const owner of above) for (const further of ownersOf(owner)) above.add(further);
  return above;
}

/** The same world where hardly anything keeps an image: what is under test are steps. */
function condemning(world: World): World {
  const { images, git, pins, recent } = policyOf({
    ...ANY_AGE,
    images: { source: 'any', tagPatterns: [], unlinked: 'delete' },
  });
  return { ...world, used: [], policy: { ...world.policy, images, git, pins, recent } };
}

function snapshotIn({ nodes }: World, collects = true): Snapshot {
  const snapshot = snapshotOf(nodes);
  return { ...snapshot, capabilities: { ...snapshot.capabilities, collectsUntagged: collects } };
}

function decideOn(world: World, protectedTags?: Snapshot['protectedTags'], collects = true): Decisions {
  const snapshot = { ...snapshotIn(world, collects), ...(protectedTags === undefined ? {} : { protectedTags }) };
  const { history, forge, policy } = world;
  return decide({ snapshot, history, forge, usage: usageOf(world.used), firstSeen: undefined }, policy, NOW);
}

function wholePlan(world: World, collects = true): Plan {
  const { graph, decisions, records, remarks, collectsUntagged } = decideOn(world, undefined, collects);
  return buildPlan({
    tool: 'test',
    createdAt: NOW,
    asOf: undefined,
    evidence: { repositories: [] },
    previous: undefined,
    guards: world.policy.guards,
    repositories: [{ name: 'app', graph, decisions, records, remarks, collectsUntagged }],
  });
}

function planOn(world: World, { collects = true } = {}): RepositoryPlan {
  const [repository] = wholePlan(world, collects).repositories;
  if (repository === undefined) throw new Error('there is one');
  return repository;
}

function doomedBy({ decisions }: Decisions): ReadonlySet<Digest> {
  return new Set([...decisions.values()].filter(({ decision }) => decision === 'delete').map(({ digest }) => digest));
}

function tagsOf({ tag, precondition }: Step): readonly Tag[] {
  return tag === undefined ? precondition.tags : [tag];
}

/** Tags after the steps: what the adapter deletes, and nothing else. */
function carriedOut(tags: ReadonlyMap<Tag, Digest>, steps: readonly Step[]): ReadonlyMap<Tag, Digest> {
  const gone = new Set(steps.flatMap(tagsOf));
  return new Map([...tags].filter(([tag]) => !gone.has(tag)));
}

function without(tags: ReadonlyMap<Tag, Digest>, digest: Digest): ReadonlyMap<Tag, Digest> {
  return new Map([...tags].filter(([, to]) => to !== digest));
}

/** What the registry keeps: straight from the content, not by way of the graph under test. */
function ledBy({ nodes }: Snapshot, tags: ReadonlyMap<Tag, Digest>): ReadonlySet<Digest> {
  const led = new Set(tags.values());
  for (const digest of led) {
    const content = nodes.get(digest)?.content;
    for (const child of content?.kind === 'index' ? content.children : [])
      if (nodes.has(child.digest)) led.add(child.digest);
  }
  return led;
}
