// What holds of tag schemes whatever is in the repository, in Git and in the policy.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TagSchemes } from '../../../src/model/policy.ts';
import { parseTag } from '../../../src/model/reference.ts';
import { durationFromMs, hours } from '../../../src/model/time.ts';
import { decisionsOn } from '../../builders/decision.ts';
import { historyOf } from '../../builders/history.ts';
import { type NodeSpec, policyOf, usageOf } from '../../builders/snapshot.ts';
import { daysAgo, sha } from './world.ts';

const RUNS = { numRuns: 500 };
const COMMITS = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5'];
const PATTERNS = { branch: ['b-{branch}'], commit: ['sha-{commit}'], tag: ['v{tag}'] } as const;
const POOL = [
  'main',
  'dev',
  'gone',
  'b-main',
  'b-gone',
  'latest',
  'pr-3',
  'v1',
  'v2',
  'v9',
  'Not.A-Slug',
  '20240101',
  ...[...COMMITS, 'lost'].flatMap((name) => [sha(name), `sha-${sha(name).slice(0, 8)}`]),
];
const OURS = 'registry.example.com/shop/app';

interface World {
  readonly nodes: readonly NodeSpec[];
  readonly branches: readonly string[];
  readonly tags: readonly string[];
  readonly schemes: TagSchemes;
  readonly within: number;
  readonly used: readonly string[];
  readonly pins: readonly string[];
}

function decideOn({ nodes, branches, tags, schemes, within, used, pins }: World) {
  const history = historyOf({
    commits: COMMITS.map((name, at) => ({ name, date: daysAgo(30 - at) })),
    references: [
      ...COMMITS.map((commit) => ({ kind: 'branch' as const, name: `holds/${commit}`, commit })),
      ...branches.map((name) => ({ kind: 'branch' as const, name, commit: 'c5' })),
      ...tags.map((name) => ({ kind: 'tag' as const, name, commit: 'c4' })),
    ],
  });
  const policy = {
    schemes,
    recent: { within: durationFromMs(within) },
    pins: { ...policyOf().pins, list: pins.map(parseTag) },
  };
  return decisionsOn({ nodes, history, usage: usageOf(used), policy });
}

function worlds(): fc.Arbitrary<World> {
  return fc.record({
    nodes: fc.array(images(), { maxLength: 10 }).map((nodes) => unambiguous(nodes)),
    branches: fc.subarray(['main', 'dev']),
    tags: fc.subarray(['v1', 'v2']),
    schemes: schemes(),
    within: fc.constantFrom(0, hours(2)),
    used: fc.array(
      fc.constantFrom(...POOL).map((tag) => `${OURS}:${tag}`),
      { maxLength: 1 },
    ),
    pins: fc.constant([]),
  });
}

function schemes(): fc.Arbitrary<TagSchemes> {
  const scheme = (tags: readonly string[]) =>
    fc
      .record({ last: fc.integer({ min: -1, max: 3 }), days: fc.constantFrom(undefined, 3, 30) })
      .map(({ last, days }) => ({
        last,
        tags,
        ...(days === undefined ? {} : { in: hours(24 * days) }),
      }));
  return fc.record(
    { branch: scheme(PATTERNS.branch), commit: scheme(PATTERNS.commit), tag: scheme(PATTERNS.tag) },
    { requiredKeys: [] },
  );
}

function images(): fc.Arbitrary<NodeSpec> {
  return fc.record({
    name: fc.constant(''),
    tags: fc.uniqueArray(fc.constantFrom(...POOL), { maxLength: 3 }),
    created: fc.constantFrom(null, ...[0, 1, 1, 2, 3, 4, 5, 10, 40].map(daysAgo)),
    labels: labels(),
    unread: fc.constantFrom(false, false, false, false, true),
  });
}

function labels(): fc.Arbitrary<Readonly<Record<string, string>>> {
  const project = fc.constantFrom('shop', 'shop', 'shop', 'shop', 'blog');
  return fc.oneof(
    fc.constant({}),
    fc.record({
      dapp: project,
      'dapp-dimg': fc.constantFrom('true', 'true', 'true', 'false'),
      'dapp-tag-scheme': fc.constantFrom('git_branch', 'git_commit', 'git_tag', 'custom'),
    }),
    fc.record({
      werf: project,
      'werf-image': fc.constant('true'),
      'werf-tag-strategy': fc.constantFrom('git-branch', 'git-commit', 'git-tag', 'custom'),
      'werf-image-name': fc.constantFrom('api', 'web'),
    }),
  );
}

/** Every tag on one node, every node under a name of its own. */
function unambiguous(nodes: readonly NodeSpec[]): readonly NodeSpec[] {
  const taken = new Set<string>();
  return nodes.map((node, at) => {
    const tags = (node.tags ?? []).filter((tag) => !taken.has(tag));
    for (const tag of tags) taken.add(tag);
    return { ...node, name: `n${at}`, tags };
  });
}

function withNode(world: World, at: number, change: Partial<NodeSpec>): World {
  return { ...world, nodes: world.nodes.map((node) => (node.name === `n${at}` ? { ...node, ...change } : node)) };
}

/** Told without the code under test: nothing about it says that it is of a scheme. */
function isOfNone({ tags = [], labels: said = {} }: NodeSpec): boolean {
  const isLabelled =
    said['dapp-tag-scheme']?.startsWith('git_') === true || said['werf-tag-strategy']?.startsWith('git-') === true;
  const isPlain = said['dapp'] === undefined && said['werf'] === undefined;
  return isLabelled ? false : !(isPlain && tags.some((tag) => /^(?:b-|sha-|v\d)/.test(tag)));
}

describe('whatever is in the repository', () => {
  it('images of no scheme never go', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        const { of } = decideOn(world);
        for (const node of world.nodes.filter(isOfNone)) expect(of(node.name).decision).toBe('keep');
      }),
      RUNS,
    );
  });

  it('nothing goes but for a reason of a scheme, and nothing of an unknown age', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        const { doomed, rulesOf } = decideOn(world);
        for (const name of doomed) {
          const rules = rulesOf(name).filter((rule) => rule !== 'older');
          expect(rules.length).toBeGreaterThan(0);
          expect(rules.every((rule) => rule.startsWith('scheme-'))).toBe(true);
          const node = world.nodes.find((one) => one.name === name);
          if (node?.created === null) expect(rules.every((rule) => rule === 'scheme-gone')).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it('the newest stay: nothing goes for the number while something older of its scheme and product has a place', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        const { of, doomed, rulesOf } = decideOn(world);
        const timeOf = (name: string): number =>
          Date.parse(world.nodes.find((one) => one.name === name)?.created ?? '');
        const productOf = (name: string): string =>
          world.nodes.find((one) => one.name === name)?.labels?.['werf-image-name'] ?? '';
        for (const goes of doomed.filter((name) => rulesOf(name).includes('scheme-over-limit'))) {
          const [scheme] = of(goes).reasons.flatMap((reason) => (reason.rule === 'scheme-over-limit' ? [reason] : []));
          for (const { name } of world.nodes.filter((node) => productOf(node.name) === productOf(goes))) {
            const stays = of(name).reasons.some(
              (reason) => reason.rule === 'scheme' && reason.scheme === scheme?.scheme,
            );
            if (stays) expect(timeOf(name)).toBeGreaterThan(timeOf(goes));
          }
        }
      }),
      RUNS,
    );
  });

  it('of each scheme and product as many stay as its limit says, if there are as many', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 0, max: 7 }),
        (ages, last) => {
          const nodes = ages.map((age, at) => ({
            name: `n${at}`,
            tags: [sha(COMMITS[at] ?? '')],
            created: daysAgo(1 + age / 10),
            labels: { dapp: 'shop', 'dapp-dimg': 'true', 'dapp-tag-scheme': 'git_commit' },
          }));
          const world = {
            nodes,
            branches: [],
            tags: [],
            schemes: { commit: { last, tags: [] } },
            within: 0,
            used: [],
            pins: [],
          };
          const newest = ages.toSorted((a, b) => a - b).slice(0, last);
          expect([...decideOn(world).kept].sort()).toEqual(newest.map((age) => `n${ages.indexOf(age)}`).sort());
        },
      ),
      RUNS,
    );
  });

  it('one more pin, use, unknown, tag of no scheme or other project never enlarges the deletions', () => {
    const at = fc.nat(9);
    const tag = fc.constantFrom(...POOL);
    const change = fc.oneof(
      tag.map(
        (pin) =>
          (world: World): World => ({ ...world, pins: [pin] }),
      ),
      tag.map(
        (one) =>
          (world: World): World => ({ ...world, used: [...world.used, `${OURS}:${one}`] }),
      ),
      at.map(
        (n) =>
          (world: World): World =>
            withNode(world, n, { created: null }),
      ),
      at.map(
        (n) =>
          (world: World): World =>
            withNode(world, n, { unread: true, created: null }),
      ),
      at.map(
        (n) =>
          (world: World): World =>
            withNode(world, n, { opaque: { mayListManifests: false } }),
      ),
      at.map((n) => (world: World): World => {
        const tags = world.nodes.find(({ name }) => name === `n${n}`)?.tags ?? [];
        return withNode(world, n, { tags: [...tags, 'One.More'] });
      }),
      fc.constant((world: World): World => {
        const labels = { dapp: 'third', 'dapp-dimg': 'true', 'dapp-tag-scheme': 'custom' };
        return { ...world, nodes: [...world.nodes, { name: 'stranger', tags: ['stranger'], labels }] };
      }),
    );
    fc.assert(
      fc.property(worlds(), change, (world, apply) => {
        const before = new Set(decideOn(world).doomed);
        expect(decideOn(apply(world)).doomed.filter((name) => !before.has(name))).toEqual([]);
      }),
      RUNS,
    );
  });

  it('where nothing is counted, one more branch or Git tag never enlarges the deletions', () => {
    const uncounted = worlds().map((world) => ({
      ...world,
      schemes: Object.fromEntries(Object.entries(world.schemes).map(([kind, one]) => [kind, { ...one, last: -1 }])),
    }));
    fc.assert(
      fc.property(uncounted, (world) => {
        // Names of both kinds as pipelines write them into tags.
        const more = { ...world, branches: ['main', 'dev', 'gone'], tags: ['v1', 'v2', 'v9'] };
        const before = new Set(decideOn(world).doomed);
        const after = decideOn(more);
        const grown = after.doomed.filter((name) => !before.has(name));
        // What comes to be there may come to be too old instead of untold; what nobody could tell has no reason to.
        for (const name of grown) expect(after.rulesOf(name)).toContain('scheme-expired');
      }),
      RUNS,
    );
  });

  it('the order of images and tags changes nothing', () => {
    const shuffled = worlds().chain((world) =>
      fc.tuple(fc.constant(world), fc.shuffledSubarray([...world.nodes], { minLength: world.nodes.length })),
    );
    fc.assert(
      fc.property(shuffled, ([world, nodes]) => {
        const other = nodes.map((node) => ({ ...node, tags: [...(node.tags ?? [])].reverse() }));
        const { decisions, remarks } = decideOn({ ...world, nodes: other });
        const expected = decideOn(world);
        expect(new Map(decisions)).toEqual(new Map(expected.decisions));
        expect(remarks).toEqual(expected.remarks);
      }),
      RUNS,
    );
  });

  it('a second run after a full apply deletes nothing', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        const doomed = new Set(decideOn(world).doomed);
        const left = { ...world, nodes: world.nodes.filter(({ name }) => !doomed.has(name)) };
        expect(decideOn(left).doomed).toEqual([]);
      }),
      RUNS,
    );
  });
});
