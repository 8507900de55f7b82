// The promise as properties. Each must be able to fail: see CONTRIBUTING.md for how each was broken on purpose.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Digest, formatRepository } from '../../src/model/reference.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import type { ImageUse } from '../../src/model/usage.ts';
import { buildPlan } from '../../src/plan/build-plan.ts';
import { decodePlan } from '../../src/plan/decode-plan.ts';
import type { Plan, Step } from '../../src/plan/plan.ts';
import { decide } from '../../src/policy/decide.ts';
import type { Decisions } from '../../src/policy/decisions.ts';
import { digestOf, NOW, snapshotOf, usageOf } from '../builders/snapshot.ts';
import { references, someTag, type World, worlds } from './world.ts';

const RUNS = { numRuns: 1_000 };

describe('for every repository, history, cluster and policy', () => {
  it('every node gets exactly one decision, with a reason', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        const { decisions } = decideOn(world);
        expect([...decisions.keys()].sort()).toEqual(world.nodes.map(({ name }) => digestOf(name)).sort());
        for (const decision of decisions.values()) expect(decision.reasons.length).toBeGreaterThan(0);
      }),
      RUNS,
    );
  });

  it('nothing that a kept node lists, and nothing that refers to it, is deleted', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        const snapshot = snapshotOf(world.nodes);
        const doomed = doomedBy(decideOn(world));
        for (const node of snapshot.nodes.values()) {
          if (doomed.has(node.digest)) continue;
          for (const needed of childrenIn(snapshot, node.digest)) expect(doomed.has(needed)).toBe(false);
          for (const referrer of referrersIn(snapshot, node.digest)) expect(doomed.has(referrer)).toBe(false);
        }
      }),
      RUNS,
    );
  });

  it('nothing that a cluster or a pin names is deleted', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        const snapshot = snapshotOf(world.nodes);
        const doomed = doomedBy(decideOn(world));
        const { uses } = usageOf(world.used);
        const proved = new Set(uses.filter(({ reference }) => isNodeOf(snapshot, reference.digest)).map(placeOf));
        for (const use of uses) {
          const { digest, tag } = use.reference;
          if (digest !== undefined) expect(doomed.has(digest)).toBe(false);
          const isOurs = placeOf(use) === 'registry.example.com/shop/app' || proved.has(placeOf(use));
          const tagged = tag === undefined || !isOurs ? undefined : snapshot.tags.get(tag);
          if (tagged !== undefined) expect(doomed.has(tagged)).toBe(false);
        }
        for (const [tag, digest] of snapshot.tags) {
          if (world.policy.pins.tags.includes(tag)) expect(doomed.has(digest)).toBe(false);
        }
      }),
      RUNS,
    );
  });

  it('a node whose age is unknown and that stands for itself is kept while the age rule is on', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        const { decisions, graph } = decideOn(world);
        for (const node of graph.nodes.values()) {
          const isAlone = graph.roleOf(node.digest) === 'image' && node.content.kind === 'image';
          if (!isAlone || node.created.kind === 'known' || world.policy.recent.within === 0) continue;
          expect(decisions.get(node.digest)?.decision).toBe('keep');
        }
      }),
      RUNS,
    );
  });

  it('no untagged node is deleted while a manifest that may list it cannot be understood, and no node that it names', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        const { decisions, graph } = decideOn(world);
        const isInDoubt = [...graph.nodes.values()].some(
          ({ content }) => content.kind === 'opaque' && content.mayListManifests,
        );
        if (!isInDoubt) return;
        for (const decision of decisions.values())
          if (decision.tags.length === 0) expect(decision.decision).toBe('keep');
        for (const { content } of graph.nodes.values()) {
          if (content.kind !== 'opaque' || !content.mayListManifests) continue;
          for (const name of content.names ?? []) expect(decisions.get(name)?.decision ?? 'keep').toBe('keep');
        }
      }),
      RUNS,
    );
  });

  it('one more pin, one more use or one more unknown never enlarges the deletions', () => {
    const change = fc.oneof(
      someTag().map(
        (tag) =>
          (world: World): World => ({
            ...world,
            policy: { ...world.policy, pins: { ...world.policy.pins, list: [tag] } },
          }),
      ),
      references().map(
        (reference) =>
          (world: World): World => ({ ...world, used: [...world.used, reference] }),
      ),
      fc.nat(13).map(
        (n) =>
          (world: World): World =>
            withNode(world, n, { created: null }),
      ),
      fc.nat(13).map(
        (n) =>
          (world: World): World =>
            withNode(world, n, { unread: true, created: null, labels: {} }),
      ),
    );
    fc.assert(
      fc.property(worlds(), change, (world, apply) => {
        const before = doomedBy(decideOn(world));
        const changed = apply(world);
        if (loosensCounting(world, changed)) return;
        for (const digest of doomedBy(decideOn(changed))) expect(before.has(digest)).toBe(true);
      }),
      RUNS,
    );
  });

  it('the order of nodes, tags and pins changes nothing', () => {
    fc.assert(
      fc.property(
        worlds().chain((world) =>
          fc.tuple(fc.constant(world), fc.shuffledSubarray([...world.nodes], { minLength: world.nodes.length })),
        ),
        ([world, nodes]) => {
          const shuffled = {
            ...world,
            nodes: nodes.map((node) => ({ ...node, tags: [...(node.tags ?? [])].reverse() })),
            policy: { ...world.policy, pins: { ...world.policy.pins, tags: [...world.policy.pins.tags].reverse() } },
          };
          expect(planOn(shuffled)).toEqual(planOn(world));
        },
      ),
      RUNS,
    );
  });

  it('after any prefix of the steps no index that is left lacks a child that it had, and no referrer lacks its subject', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        const start = snapshotOf(world.nodes);
        let left = new Set(start.nodes.keys());
        for (const step of planOn(world).repositories[0]?.steps ?? []) {
          if (step.action === 'delete') left = new Set([...left].filter((digest) => digest !== step.digest));
          for (const digest of left) {
            for (const child of childrenIn(start, digest)) expect(left.has(child)).toBe(true);
          }
        }
      }),
      RUNS,
    );
  });

  it('every owner of a deleted node is deleted before it, and the step says so', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        const start = snapshotOf(world.nodes);
        const done = new Set<Digest>();
        for (const step of planOn(world).repositories[0]?.steps ?? []) {
          if (step.action === 'untag') continue;
          for (const owner of step.precondition.owners) expect(done.has(owner)).toBe(true);
          for (const digest of start.nodes.keys()) {
            if (childrenIn(start, digest).has(step.digest)) expect(step.precondition.owners).toContain(digest);
          }
          done.add(step.digest);
        }
      }),
      RUNS,
    );
  });

  it('a second run after a full apply plans nothing', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        expect(planOn(applied(world)).repositories[0]?.steps).toEqual([]);
      }),
      RUNS,
    );
  });

  it('plans survive encode and decode, and an edited one is refused', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        const plan = planOn(world);
        const text = JSON.stringify(plan);
        expect(decodePlan(text, 'p.json').repositories).toEqual(
          plan.repositories.map(({ name, steps }) => ({ name, steps })),
        );
        const edited = JSON.stringify({ ...plan, createdAt: '2020-01-01T00:00:00Z' });
        expect(() => decodePlan(edited, 'p.json')).toThrow(/changed after it was made/);
      }),
      { numRuns: 200 },
    );
  });
});

function decideOn(world: World): Decisions {
  const evidence = {
    snapshot: snapshotOf(world.nodes),
    history: world.history,
    forge: world.forge,
    usage: usageOf(world.used),
    firstSeen: undefined,
  };
  return decide(evidence, world.policy, NOW);
}

function placeOf({ reference }: ImageUse): string {
  return formatRepository(reference.repository);
}

/** Whether a node has the digest, or its config. */
function isNodeOf({ nodes }: Snapshot, digest: Digest | undefined): boolean {
  const all = [...nodes.values()].flatMap(({ digest: own, content }) =>
    content.kind === 'image' ? [own, content.config.digest] : [own],
  );
  return digest !== undefined && all.includes(digest);
}

function planOn(world: World): Plan {
  const { graph, decisions, records, remarks, collectsUntagged } = decideOn(world);
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

function doomedBy({ decisions }: Decisions): ReadonlySet<Digest> {
  return new Set([...decisions.values()].filter(({ decision }) => decision === 'delete').map(({ digest }) => digest));
}

/** Children straight from the content, not by way of the graph under test. */
function childrenIn(snapshot: Snapshot, digest: Digest): ReadonlySet<Digest> {
  const content = snapshot.nodes.get(digest)?.content;
  const children = content?.kind === 'index' ? content.children.map((child) => child.digest) : [];
  return new Set(children.filter((child) => snapshot.nodes.has(child) && child !== digest));
}

/** Referrers straight from subjects and tags. */
function referrersIn(snapshot: Snapshot, subject: Digest): readonly Digest[] {
  const prefix = subject.replace(':', '-');
  return [...snapshot.nodes.values()]
    .filter((node) => node.subject === subject || node.tags.some((tag) => tag.startsWith(prefix)))
    .map(({ digest }) => digest)
    .filter((digest) => digest !== subject);
}

function withNode(world: World, n: number, change: Partial<World['nodes'][number]>): World {
  return { ...world, nodes: world.nodes.map((node) => (node.name === `n${n}` ? { ...node, ...change } : node)) };
}

/** An image that loses its label gives its place in "the newest N" to an older one: others may only gain from that. */
function loosensCounting(before: World, after: World): boolean {
  return before.policy.recent.within === 0 && JSON.stringify(before.nodes) !== JSON.stringify(after.nodes);
}

/** The world after everything that a plan wants was done. */
function applied(world: World): World {
  return { ...world, nodes: carryOut(world, planOn(world).repositories[0]?.steps ?? []) };
}

function carryOut(world: World, steps: readonly Step[]): World['nodes'] {
  let nodes = world.nodes;
  for (const step of steps) {
    nodes =
      step.action === 'delete'
        ? nodes.filter(({ name }) => digestOf(name) !== step.digest)
        : nodes.map((node) =>
            digestOf(node.name) === step.digest
              ? { ...node, tags: (node.tags ?? []).filter((tag) => tag !== step.tag) }
              : node,
          );
  }
  return nodes;
}
