// What holds of build cache in every repository, whatever lies there.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Digest } from '../../../src/model/reference.ts';
import type { BuiltImages } from '../../../src/policy/cache/built-images.ts';
import { beginDecision } from '../../../src/policy/decide.ts';
import type { Decisions } from '../../../src/policy/decisions.ts';
import { historyOf } from '../../builders/history.ts';
import { digestOf, LONG_AGO, NOW, type NodeSpec } from '../../builders/snapshot.ts';
import { COUNT, imageAt, type World, worlds } from './any-world.ts';
import { cacheOf, decideDeclared, evidenceOf, furtherOf, hoursAgo } from './world.ts';

const RUNS = { numRuns: 250 };
const CACHE_RULES = ['cache-unneeded', 'cache-version', 'cache-gone', 'cache-flush'];
const LIBRARY = furtherOf({
  lib: { commits: [{ name: 'lib', date: LONG_AGO }], references: [{ kind: 'branch', name: 'main', commit: 'lib' }] },
});
const HISTORY = historyOf({
  commits: [{ name: 'c1', date: LONG_AGO }],
  references: [{ kind: 'branch', name: 'main', commit: 'c1' }],
});

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
        // What an index lists is a part of an image until the index goes.
        fc.pre(!world.nodes.some((spec) => isMadeAsCache(spec) && listedIn(world).has(spec.name)));
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

/** What was made as cache, save what an index lists; Kaniko's only counts where the repository is declared. */
function cacheDigests(world: World): readonly Digest[] {
  const listed = listedIn(world);
  const caches = world.nodes.filter((spec) => isMadeAsCache(spec) && !listed.has(spec.name));
  return caches.map(({ name }) => digestOf(name));
}

function isMadeAsCache(spec: NodeSpec): boolean {
  const isStage = spec.labels?.['dapp-dimg'] === 'false';
  return isStage || spec.cacheOf !== undefined || spec.configType !== undefined || spec.isKanikoStep === true;
}

/** Names of what others list. */
function listedIn({ nodes }: World): ReadonlySet<string> {
  return new Set(nodes.flatMap(({ name, lists = [] }) => lists.filter((listed) => listed !== name)));
}

function turnTags(spec: NodeSpec): NodeSpec {
  return { ...spec, tags: [...(spec.tags ?? [])].toReversed() };
}
