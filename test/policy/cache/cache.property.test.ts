// What holds of build cache in every repository, whatever lies there.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CachePolicy, Policy } from '../../../src/model/policy.ts';
import type { Digest } from '../../../src/model/reference.ts';
import type { BuiltImages } from '../../../src/policy/cache/built-images.ts';
import { beginDecision } from '../../../src/policy/decide.ts';
import type { Decisions } from '../../../src/policy/decisions.ts';
import {
  buildkitImage,
  buildkitIndex,
  dappStage,
  gitLabels,
  imageId,
  kanikoLayer,
} from '../../builders/build-cache.ts';
import { commitIdOf, historyOf } from '../../builders/history.ts';
import { digestOf, LONG_AGO, NOW, type NodeSpec } from '../../builders/snapshot.ts';
import { cacheOf, cachePolicy, decideDeclared, evidenceOf, furtherOf, hoursAgo } from './world.ts';

const RUNS = { numRuns: 250 };
const COUNT = 10;
const CACHE_RULES = ['cache-unneeded', 'cache-version', 'cache-gone', 'cache-flush'];
const LIBRARY = furtherOf({
  lib: { commits: [{ name: 'lib', date: LONG_AGO }], references: [{ kind: 'branch', name: 'main', commit: 'lib' }] },
});
const HISTORY = historyOf({
  commits: [{ name: 'c1', date: LONG_AGO }],
  references: [{ kind: 'branch', name: 'main', commit: 'c1' }],
});

interface World {
  readonly nodes: readonly NodeSpec[];
  readonly others: readonly NodeSpec[];
  readonly policy: Policy;
}

describe('for every repository with build cache', () => {
  it('one more pin never makes anything go, as long as an image stayed before', () => {
    let seen = 0;
    fc.assert(
      fc.property(worlds(), fc.integer({ min: 0, max: COUNT - 1 }), (world, at) => {
        const before = run(world);
        fc.pre(hasImage(world));
        const pins = { ...world.policy.pins, list: [digestOf(`n${at}`)] };
        const after = run({ ...world, policy: { ...world.policy, pins } });
        seen += goingCaches(before).length;
        expect(before).toEqual(expect.arrayContaining([...after]));
      }),
      RUNS,
    );
    expect(seen).toBeGreaterThan(RUNS.numRuns / 10);
  });

  it('one more image that stays never makes anything go, as long as one stayed before', () => {
    fc.assert(
      fc.property(worlds(), imageAt(COUNT + 1), fc.boolean(), (world, image, isElsewhere) => {
        fc.pre(hasImage(world));
        const added = { ...image, name: 'added', tags: ['app-added'] };
        const after = isElsewhere
          ? { ...world, others: [...world.others, added] }
          : { ...world, nodes: [...world.nodes, added] };
        expect(run(world)).toEqual(expect.arrayContaining([...run(after)]));
      }),
      RUNS,
    );
  });

  it('nothing that is no cache goes by a rule about cache', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        for (const found of [decideIn(world), declaredIn(world)]) {
          for (const { digest, reasons } of found.decisions.values()) {
            if (!reasons.some(({ rule }) => CACHE_RULES.includes(rule))) continue;
            expect(cacheDigests(world)).toContain(digest);
          }
        }
      }),
      RUNS,
    );
  });

  it('rules about cache decide nothing about images', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        fc.pre(!world.policy.cache.isDev);
        const off = { ...world, policy: { ...world.policy, cache: cacheOf({}) } };
        // What hangs on cache goes or stays with it.
        const loose = world.nodes.filter(({ subject }) => subject === undefined).map(({ name }) => digestOf(name));
        const others = loose.filter((digest) => !cacheDigests(world).includes(digest));
        const images = (found: readonly Digest[]) => found.filter((digest) => others.includes(digest));
        expect(images(run(world))).toEqual(images(run(off)));
      }),
      RUNS,
    );
  });

  it('nothing of an unknown age, and nothing younger than the grace, goes by a rule about cache', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        const young = world.nodes.filter(({ created }) => created === null || created === hoursAgo(1));
        const { decisions } = decideIn(world);
        for (const { name } of young) {
          const rules = decisions.get(digestOf(name))?.reasons.map(({ rule }) => rule) ?? [];
          expect(rules.filter((rule) => CACHE_RULES.includes(rule))).toEqual([]);
        }
      }),
      RUNS,
    );
  });

  it('a second run after a full apply plans nothing', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        // A stage that an index lists is a part of an image until the index goes.
        const listed = new Set(world.nodes.flatMap(({ lists = [] }) => lists));
        fc.pre(!world.nodes.some(({ name, labels }) => labels?.['dapp-dimg'] === 'false' && listed.has(name)));
        const left = (found: Decisions, nodes: readonly NodeSpec[]) =>
          nodes.filter(({ name }) => found.decisions.get(digestOf(name))?.decision === 'keep');
        const next = { ...world, nodes: left(decideIn(world), world.nodes) };
        expect(run(next)).toEqual([]);
        const declared = left(declaredIn(world), world.nodes);
        expect(goingIn(declaredIn({ ...world, nodes: declared }))).toEqual([]);
      }),
      RUNS,
    );
  });

  it('the order of nodes, tags and repositories changes nothing', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        const turned = { ...world, nodes: world.nodes.map(turnTags).toReversed(), others: world.others.toReversed() };
        expect(shownOf(decideIn(turned, 'turned'))).toEqual(shownOf(decideIn(world)));
      }),
      RUNS,
    );
  });
});

function run(world: World): readonly Digest[] {
  return goingIn(decideIn(world));
}

function decideIn({ nodes, others, policy }: World, order: 'as told' | 'turned' = 'as told'): Decisions {
  const begun = beginDecision(evidenceOf(nodes, { history: HISTORY, cache: LIBRARY }), policy, NOW);
  const half = Math.ceil(others.length / 2);
  const byName = [...others].sort((a, b) => (a.name < b.name ? -1 : 1));
  const builts = [byName.slice(0, half), byName.slice(half)].map((some, at): BuiltImages => {
    const { built } = beginDecision(evidenceOf(some), policy, NOW);
    return { ...built, repository: `registry.example.com/shop/other${at}` };
  });
  return begun.finish(order === 'turned' ? builts.toReversed() : builts);
}

function declaredIn({ nodes, others, policy }: World): Decisions {
  return decideDeclared({ images: others, nodes }, policy, { history: HISTORY, cache: LIBRARY });
}

function goingIn({ decisions }: Decisions): readonly Digest[] {
  return [...decisions.values()].flatMap(({ decision, digest }) => (decision === 'delete' ? digest : [])).sort();
}

function goingCaches(going: readonly Digest[]): readonly Digest[] {
  return going.filter((digest) => CACHE_NAMES.has(digest));
}

function shownOf({ decisions, remarks }: Decisions) {
  const sorted = [...decisions.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1));
  return { sorted, remarks };
}

const CACHE_NAMES = new Set(Array.from({ length: COUNT }, (_, at) => digestOf(`n${at}`)));

function hasImage(world: World): boolean {
  const begun = beginDecision(evidenceOf([...world.nodes], { history: HISTORY }), world.policy, NOW);
  const elsewhere = beginDecision(evidenceOf([...world.others]), world.policy, NOW);
  return begun.built.hasImages || elsewhere.built.hasImages;
}

/** What the specs were made as; Kaniko's only count where the repository is declared. */
function cacheDigests({ nodes }: World): readonly Digest[] {
  const isCache = (spec: NodeSpec): boolean =>
    spec.cacheOf !== undefined ||
    spec.configType !== undefined ||
    spec.labels?.['dapp-dimg'] === 'false' ||
    (spec.lists === undefined && spec.labels === undefined && spec.layers?.length === 1 && spec.opaque === undefined);
  return nodes.filter(isCache).map(({ name }) => digestOf(name));
}

function turnTags(spec: NodeSpec): NodeSpec {
  return { ...spec, tags: [...(spec.tags ?? [])].toReversed() };
}

function worlds(): fc.Arbitrary<World> {
  return fc.record({
    nodes: fc.tuple(...Array.from({ length: COUNT }, (_, at) => nodeAt(at))),
    others: fc.tuple(...Array.from({ length: 4 }, (_, at) => imageAt(COUNT + 2 + at))),
    policy: policies(),
  });
}

function nodeAt(at: number): fc.Arbitrary<NodeSpec> {
  return fc.oneof(imageAt(at), cacheAt(at), cacheAt(at), attachedAt(at));
}

function attachedAt(at: number): fc.Arbitrary<NodeSpec> {
  const other = fc.integer({ min: 0, max: COUNT - 1 }).map((n) => `n${n}`);
  return fc.oneof(
    other
      .filter((name) => name !== `n${at}`)
      .map((subject) => ({ name: `n${at}`, subject, labels: { kind: 'signature' } })),
    fc
      .uniqueArray(other, { minLength: 1, maxLength: 2 })
      .map((lists) => ({ name: `n${at}`, tags: [`list-${at}`], lists })),
  );
}

/** Pinned or not, understood or not. */
function imageAt(at: number): fc.Arbitrary<NodeSpec> {
  return fc
    .record({
      isPinned: fc.boolean(),
      layers: layers(),
      from: fc.option(nodeName()),
      artifact: fc.option(nodeName(), { freq: 3 }),
      isUnread: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
      opaque: fc.integer({ min: 0, max: 14 }),
    })
    .map(
      ({ isPinned, layers: some, from, artifact, isUnread, opaque }): NodeSpec => ({
        name: `n${at}`,
        tags: [isPinned ? `app-${at}` : `old-${at}`],
        layers: some,
        labels: {
          'dapp-dimg': 'true',
          ...(artifact === null ? {} : { 'dapp-artifact-x': imageId(artifact) }),
        },
        ...(from === null ? {} : { madeFrom: imageId(from) }),
        ...(isUnread ? { unread: true } : {}),
        ...(opaque === 0 ? { opaque: { mayListManifests: false } } : {}),
        ...(opaque === 1
          ? { opaque: { mayListManifests: true, names: some.map((name) => digestOf(`layer ${name}`)) } }
          : {}),
      }),
    );
}

function cacheAt(at: number): fc.Arbitrary<NodeSpec> {
  return fc
    .record({
      kind: fc.constantFrom('dapp', 'dapp', 'index', 'image', 'kaniko'),
      layers: layers(),
      from: fc.option(nodeName()),
      created: fc.constantFrom(LONG_AGO, LONG_AGO, hoursAgo(72), hoursAgo(1), null),
      isTagged: fc.boolean(),
      version: fc.constantFrom('32', '33'),
      commit: fc.constantFrom('lib', 'gone', 'c1'),
      repository: fc.constantFrom('lib', 'other'),
      isDev: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
    })
    .map((draw): NodeSpec => {
      const name = `n${at}`;
      const { created } = draw;
      const untagged = draw.isTagged ? {} : { tags: [] };
      const tags = [`cache-${draw.commit === 'c1' ? 'main' : 'gone'}-${at}`, `v${draw.version}-${at}`];
      if (draw.kind === 'kaniko') return kanikoLayer(name, draw.layers[0] ?? 'a', { created, ...untagged });
      if (draw.kind === 'index') return buildkitIndex(name, draw.layers, { created, tags, ...untagged });
      if (draw.kind === 'image') return buildkitImage(name, draw.layers, { created, tags, ...untagged });
      return dappStage(name, {
        layers: draw.layers,
        created,
        ...(draw.from === null ? {} : { from: draw.from }),
        labels: {
          'dapp-cache-version': draw.version,
          ...gitLabels(draw.repository, commitIdOf(draw.commit)),
          ...(draw.isDev ? { 'dapp-dev-mode': 'true' } : {}),
        },
        ...untagged,
      });
    });
}

function layers(): fc.Arbitrary<string[]> {
  return fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 3 });
}

function nodeName(): fc.Arbitrary<string> {
  return fc.integer({ min: 0, max: COUNT - 1 }).map((n) => `n${n}`);
}

function policies(): fc.Arbitrary<Policy> {
  const version = { current: '33', labels: ['dapp-cache-version'], tags: ['^v(\\d+)-', '^cache-(x)?'] };
  return fc
    .record({
      improperRepoCache: fc.integer({ min: 0, max: 3 }).map((n) => n > 0),
      version: fc.option(fc.constant(version), { freq: 1 }),
      improperGitCommit: fc.boolean(),
      flush: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
      isDev: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
    })
    .map(({ version: improperCacheVersion, ...draw }) => {
      const cache: CachePolicy = cacheOf({
        ...draw,
        ...(improperCacheVersion === null ? {} : { improperCacheVersion }),
      });
      return cachePolicy(cache, {
        git: { enabled: true, keepPolicies: [] },
        images: { source: [], tagPatterns: ['cache-{branch}-{build}'], unlinked: 'delete' },
      });
    });
}
