// The promise in repositories that werf made, and for records of images, as properties.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KeepPolicy } from '../../src/model/policy.ts';
import type { Digest } from '../../src/model/reference.ts';
import type { ImageNode, Snapshot } from '../../src/model/snapshot.ts';
import { hours } from '../../src/model/time.ts';
import { decide } from '../../src/policy/decide.ts';
import type { Decisions } from '../../src/policy/decisions.ts';
import { commitIdOf } from '../builders/history.ts';
import { digestOf, NOW, type NodeSpec, snapshotOf, usageOf } from '../builders/snapshot.ts';
import { imageMetadata, managedImage, stageIdOf } from '../builders/werf-snapshot.ts';
import { someRecord, werfWorlds } from './werf-world.ts';
import type { World } from './world.ts';

/** Fewer than elsewhere: these worlds are large. */
const RUNS = { numRuns: 500 };

describe('for every repository that werf made', () => {
  it('every node gets exactly one decision, with a reason', () => {
    fc.assert(
      fc.property(werfWorlds(), (world) => {
        const { decisions } = decideOn(world);
        expect([...decisions.keys()].sort()).toEqual(world.nodes.map(({ name }) => digestOf(name)).sort());
        for (const decision of decisions.values()) expect(decision.reasons.length).toBeGreaterThan(0);
      }),
      RUNS,
    );
  });

  it('nothing that a kept node lists, and no relative of it that is not broken, is deleted', () => {
    fc.assert(
      fc.property(werfWorlds(), (world) => {
        const snapshot = snapshotOf(world.nodes);
        const made = decideOn(world);
        const doomed = doomedBy(made);
        for (const node of snapshot.nodes.values()) {
          if (doomed.has(node.digest)) continue;
          const listed = node.content.kind === 'index' ? node.content.children.map(({ digest }) => digest) : [];
          for (const digest of listed) expect(doomed.has(digest)).toBe(false);
          for (const digest of relativesIn(snapshot, node)) {
            const isOurs = made.werf?.built.has(digest) === true && !made.werf.rejected.has(digest);
            if (isOurs) expect(doomed.has(digest)).toBe(false);
          }
        }
      }),
      RUNS,
    );
  });

  it('only a record goes while what it is about stays, and never a note or the name of an image', () => {
    fc.assert(
      fc.property(werfWorlds(), (world) => {
        const made = decideOn(world);
        const doomed = doomedBy(made);
        for (const digest of doomed) {
          const isBound = made.graph.subjectsOf(digest).some((image) => !doomed.has(image));
          if (isBound) expect(made.records.has(digest)).toBe(true);
          const tags = made.graph.nodes.get(digest)?.tags ?? [];
          expect(tags.some((tag) => /^(?:managed-image-|client-id-|cleanup$|sync-server$|werf-meta)/.test(tag))).toBe(
            false,
          );
        }
      }),
      RUNS,
    );
  });

  it('an image with a tag that nobody recorded stays', () => {
    fc.assert(
      fc.property(werfWorlds().map(keepingForeign), (world) => {
        const made = decideOn(world);
        if (made.werf === undefined) return;
        const doomed = doomedBy(made);
        for (const [tag, digest] of made.snapshot.tags)
          if (tag.startsWith('mine')) expect(doomed.has(digest)).toBe(false);
      }),
      RUNS,
    );
  });

  it('the order of nodes and tags changes nothing', () => {
    fc.assert(
      fc.property(
        werfWorlds().chain((world) =>
          fc.tuple(fc.constant(world), fc.shuffledSubarray([...world.nodes], { minLength: world.nodes.length })),
        ),
        ([world, nodes]) => {
          const turned = nodes.map((node) => ({ ...node, tags: [...(node.tags ?? [])].reverse() }));
          const [one, other] = [decideOn(world), decideOn({ ...world, nodes: turned })];
          expect(new Map(other.decisions)).toEqual(new Map(one.decisions));
          expect(other.remarks).toEqual(one.remarks);
        },
      ),
      RUNS,
    );
  });

  it('what is left after everything that goes has gone stays in the next run', () => {
    fc.assert(
      fc.property(werfWorlds().map(keepingForeign), (world) => {
        const first = decideOn(world);
        const left = world.nodes.filter(({ name }) => first.decisions.get(digestOf(name))?.decision === 'keep');
        const second = decideOn({ ...world, nodes: left });
        expect(left.map(({ name }) => name).filter((name) => doomedBy(second).has(digestOf(name)))).toEqual([]);
      }),
      RUNS,
    );
  });
});

describe('one more record', () => {
  it('of a commit that a branch leads to never makes an image go, where policies keep what any branch leads to', () => {
    const record = fc.record({
      at: fc.nat(6),
      commit: fc.nat(7),
      image: fc.constantFrom('web', 'api'),
      created: fc.constantFrom('2026-01-01T00:00:00Z', null),
    });
    fc.assert(
      fc.property(werfWorlds(), record, (drawn, { at, commit, image, created }) => {
        // With a record before it: where there is none at all, that is a reason to keep everything.
        const known = [managedImage('web'), managedImage('api'), ...records({ at: 1, commit: 1, image: 'web' })];
        const world = withNodes(withPolicies(keepingForeign(drawn), [everyBranch()]), known);
        const more = records({ at, commit, image, created });
        if (!isOnBranch(world, `c${commit}`) || more.some(({ name }) => hasNode(world, name))) return;
        const [before, after] = [decideOn(world), decideOn(withNodes(world, more))];
        for (const digest of imagesIn(doomedBy(after), after)) expect(doomedBy(before).has(digest)).toBe(true);
      }),
      RUNS,
    );
  });

  it('of any kind takes nothing from a cluster', () => {
    fc.assert(
      fc.property(werfWorlds(), someRecord(), fc.nat(5), (world, more, at) => {
        if (hasNode(world, more.name)) return;
        const used = [...world.used, `elsewhere.example.com/x/y@${digestOf(`s${at}`)}`];
        const made = decideOn({ ...world, used, nodes: [...world.nodes, more] });
        expect(doomedBy(made).has(digestOf(`s${at}`))).toBe(false);
      }),
      RUNS,
    );
  });
});

function decideOn(world: World): Decisions {
  const { history, forge } = world;
  const snapshot = snapshotOf(world.nodes);
  return decide({ snapshot, history, forge, usage: usageOf(world.used), firstSeen: undefined }, world.policy, NOW);
}

function doomedBy({ decisions }: Decisions): ReadonlySet<Digest> {
  return new Set([...decisions.values()].filter(({ decision }) => decision === 'delete').map(({ digest }) => digest));
}

function imagesIn(digests: ReadonlySet<Digest>, { records }: Decisions): readonly Digest[] {
  return [...digests].filter((digest) => !records.has(digest));
}

/** Straight from the labels, by the tags of the snapshot, not by way of what is tested. */
function relativesIn(snapshot: Snapshot, { content }: ImageNode): readonly Digest[] {
  if (content.kind !== 'image' || content.facts.kind === 'unread') return [];
  const { labels } = content.facts;
  const named = Object.entries(labels).flatMap(([key, value]) =>
    /^(?:werf\.io\/parent-stage-id|werf-import-source-stage-id-.*|werf-dependency-stage-id-.*)$/.test(key) ? value : [],
  );
  const byConfig = [...snapshot.nodes.values()].filter(
    (node) => node.content.kind === 'image' && node.content.config.digest === labels['werf.io/base-image-id'],
  );
  const byTag = named.flatMap((stage) => [...snapshot.tags].flatMap(([tag, digest]) => (tag === stage ? digest : [])));
  return [...byTag, ...byConfig.map(({ digest }) => digest)];
}

function everyBranch(): KeepPolicy {
  return {
    name: 'every branch',
    references: { kind: 'branch', pattern: { kind: 'regex', source: '.*' } },
    imagesPerReference: { last: -1, operator: 'And' },
  };
}

/** Where the other rules decide on what is foreign, it depends on them, and which project is ours may change with what goes. */
function keepingForeign(world: World): World {
  return { ...world, policy: { ...world.policy, werf: { ...world.policy.werf, foreign: 'keep' } } };
}

function records(of: { at: number; commit: number; image: string; created?: string | null }): readonly NodeSpec[] {
  const { at, commit, image, created = null } = of;
  return [imageMetadata({ image, commit: `c${commit}`, stage: stageIdOf(`s${at}`), created })];
}

function withNodes(world: World, more: readonly NodeSpec[]): World {
  return { ...world, nodes: [...world.nodes, ...more.filter(({ name }) => !hasNode(world, name))] };
}

function withPolicies(world: World, keepPolicies: readonly KeepPolicy[]): World {
  const git = { enabled: true, keepPolicies };
  return { ...world, policy: { ...world.policy, git, recent: { within: hours(0) } } };
}

function isOnBranch({ history }: World, name: string): boolean {
  const wanted = history.graph.indexOf(commitIdOf(name));
  const queue = history.references.flatMap(({ kind, commit }) =>
    kind === 'branch' ? (history.graph.indexOf(commit) ?? []) : [],
  );
  const seen = new Set(queue);
  for (const at of seen) for (const parent of history.graph.parentsOf(at)) seen.add(parent);
  return wanted !== undefined && seen.has(wanted);
}

function hasNode({ nodes }: World, name: string): boolean {
  return nodes.some((node: NodeSpec) => node.name === name);
}
