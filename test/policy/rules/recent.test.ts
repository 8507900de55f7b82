import { describe, expect, it } from 'vitest';
import { buildImageGraph } from '../../../src/model/image-graph.ts';
import { durationFromMs, hours, type Instant, instantFromMs } from '../../../src/model/time.ts';
import { type FirstSeen, judgeByAge } from '../../../src/policy/rules/recent.ts';
import { digestOf, LONG_AGO, NOW, type NodeSpec, referrerTagOf, snapshotOf } from '../../builders/snapshot.ts';

const FRESH = createdAgo(3_600_000);
const OLD = LONG_AGO;

describe('the age of an image by its own word', () => {
  it.each<[string, string | null, string]>([
    ['within the window: kept', createdAgo(2 * 3_600_000 - 1000), 'recent'],
    ['exactly as old as the window: not kept', createdAgo(2 * 3_600_000), 'older'],
    ['older: not kept', OLD, 'older'],
    ['now: kept', createdAgo(0), 'recent'],
    ['a little in the future, as clocks differ: kept', createdAgo(-3_600_000), 'recent'],
    ['a day in the future: still a date', createdAgo(-86_400_000), 'recent'],
    ['more than a day in the future: unknown', createdAgo(-86_401_000), 'age-unknown'],
    ['missing: unknown', null, 'age-unknown'],
    ['empty: unknown', '', 'age-unknown'],
    ['the epoch of Jib and ko: unknown', '1970-01-01T00:00:00Z', 'age-unknown'],
    ['the second of nixpkgs: unknown', '1970-01-01T00:00:01Z', 'age-unknown'],
    ['the 1980 of buildpacks: unknown', '1980-01-01T00:00:01Z', 'age-unknown'],
    ["Go's zero: unknown", '0001-01-01T00:00:00Z', 'age-unknown'],
    ['292 years before: unknown', '-292-01-01T00:00:00Z', 'age-unknown'],
    ['the day before the first Docker: unknown', '2013-02-28T23:59:59Z', 'age-unknown'],
    ['the first day of Docker: a date', '2013-03-01T00:00:00Z', 'older'],
    ['no date at all: unknown', 'yesterday', 'age-unknown'],
  ])('%s', (_, created, expected) => {
    expect(verdictOn([{ name: 'a', created }])).toBe(expected);
  });
});

describe('the age of an image by the registry', () => {
  it('outranks what the image says', () => {
    expect(verdictOn([{ name: 'a', created: OLD, pushed: ago(3_600_000) }])).toBe('recent');
    expect(verdictOn([{ name: 'a', created: null, pushed: ago(86_400_000) }])).toBe('older');
  });

  it.each(['updated', 'tagged'] as const)('is the latest of its times: %s may be later than pushed', (name) => {
    const snapshot = snapshotOf([{ name: 'a', pushed: ago(86_400_000) }]);
    const nodes = new Map(
      [...snapshot.nodes].map(([digest, node]) => [digest, { ...node, times: { ...node.times, [name]: ago(60_000) } }]),
    );
    const verdicts = judgeByAge({
      graph: buildImageGraph({ nodes }),
      within: hours(2),
      now: NOW,
      firstSeen: undefined,
      listTimes: true,
    });
    expect(verdicts.keep.get(digestOf('a'))?.[0]?.rule).toBe('recent');
  });

  it('is awaited where it tells times and not yet this one: neither the image nor an earlier run makes it old', () => {
    const graph = buildImageGraph(snapshotOf([{ name: 'a', created: OLD }]));
    for (const firstSeen of [undefined, { at: new Map([[digestOf('a'), ago(86_400_000)]]) }]) {
      const { keep } = judgeByAge({ graph, within: hours(2), now: NOW, firstSeen, listTimes: true });
      expect(keep.get(digestOf('a'))?.[0]?.rule).toBe('age-unknown');
    }
  });

  it('outranks an earlier run', () => {
    const seen = { at: new Map([[digestOf('a'), ago(60_000)]]) };
    expect(verdictOn([{ name: 'a', pushed: ago(86_400_000) }], seen)).toBe('older');
  });
});

describe('the age of an image by an earlier run', () => {
  it.each<[string, string | null, Instant | undefined, string]>([
    ['seen long ago proves an unknown age old', null, ago(86_400_000), 'older'],
    ['seen an hour ago keeps it', OLD, ago(3_600_000), 'recent'],
    ['seen exactly the window ago does not', OLD, ago(7_200_000), 'older'],
    ['not seen then: new, however old a cached build says it is', OLD, undefined, 'recent'],
    ['not seen then: new, also with an unknown age', null, undefined, 'recent'],
  ])('%s', (_, created, seen, expected) => {
    const at = new Map(seen === undefined ? [] : [[digestOf('a'), seen] as const]);
    expect(verdictOn([{ name: 'a', created }], { at })).toBe(expected);
  });
});

describe('the age of an index', () => {
  it.each<[string, readonly NodeSpec[], string]>([
    [
      'is that of its newest image',
      [index('a', 'b'), { name: 'a', created: OLD }, { name: 'b', created: FRESH }],
      'recent',
    ],
    [
      'is old when all its images are',
      [index('a', 'b'), { name: 'a', created: OLD }, { name: 'b', created: OLD }],
      'older',
    ],
    [
      'is unknown when one of its images is, though others are young',
      [index('a', 'b'), { name: 'a', created: FRESH }, { name: 'b', created: null }],
      'age-unknown',
    ],
    [
      'is unknown when one of its images is, though others are old',
      [index('a', 'b'), { name: 'a', created: null }, { name: 'b', created: OLD }],
      'age-unknown',
    ],
    [
      'looks through an index inside',
      [index('inner'), { name: 'inner', lists: ['a'] }, { name: 'a', created: FRESH }],
      'recent',
    ],
    [
      'does not ask attestations',
      [
        { ...index('a'), attestations: ['att'] },
        { name: 'a', created: OLD },
        { name: 'att', created: null },
      ],
      'older',
    ],
    ['is its own word when it lists nothing that is here', [{ ...index('ghost'), created: FRESH }], 'recent'],
    [
      'is unknown when it lists nothing that is here and says nothing',
      [{ ...index('ghost'), created: null }],
      'age-unknown',
    ],
    [
      'of a sparse index is that of the images that are here',
      [index('a', 'ghost'), { name: 'a', created: OLD }],
      'older',
    ],
    [
      'of a build-cache index is unknown, as it says nothing',
      [{ name: 'index', tags: ['buildcache'], lists: [], created: null }],
      'age-unknown',
    ],
    [
      'is unknown when it lists what nobody understands',
      [index('a'), { name: 'a', created: null, opaque: { mayListManifests: false } }],
      'age-unknown',
    ],
  ])('%s', (_, nodes, expected) => {
    expect(verdictOn(nodes)).toBe(expected);
  });
});

describe('the rule about age', () => {
  it('looks only at what stands for itself', () => {
    const nodes: readonly NodeSpec[] = [
      { name: 'index', lists: ['child', 'tagged'] },
      { name: 'child', created: FRESH },
      { name: 'tagged', tags: ['v1'], created: FRESH },
      { name: 'sig', tags: [referrerTagOf('index', '.sig')], created: FRESH },
      { name: 'referrer', subject: 'index', created: FRESH },
      { name: 'lone', created: FRESH },
    ];
    expect(keptNames(nodes)).toEqual(['index', 'lone', 'tagged']);
  });

  it('is off when the window is zero, also for unknown ages', () => {
    const graph = buildImageGraph(snapshotOf([{ name: 'a', created: null }]));
    const verdicts = judgeByAge({ graph, within: durationFromMs(0), now: NOW, firstSeen: undefined, listTimes: false });
    expect(verdicts.keep.size + verdicts.drop.size).toBe(0);
  });

  it('says how old it is, and by whose word', () => {
    const graph = buildImageGraph(snapshotOf([{ name: 'a', created: FRESH }]));
    const verdicts = judgeByAge({ graph, within: hours(2), now: NOW, firstSeen: undefined, listTimes: false });
    expect(verdicts.keep.get(digestOf('a'))).toEqual([
      { rule: 'recent', age: hours(1), within: hours(2), by: 'created' },
    ]);
  });
});

function index(...lists: readonly string[]): NodeSpec {
  return { name: 'index', tags: ['v1'], lists, created: null };
}

function ago(ms: number): Instant {
  return instantFromMs(NOW - ms);
}

function createdAgo(ms: number): string {
  return new Date(NOW - ms).toISOString();
}

function verdictOn(nodes: readonly NodeSpec[], firstSeen?: FirstSeen): string | undefined {
  const graph = buildImageGraph(snapshotOf(nodes));
  const { keep, drop } = judgeByAge({ graph, within: hours(2), now: NOW, firstSeen, listTimes: false });
  const digest = digestOf(nodes[0]?.name ?? '');
  return (keep.get(digest) ?? drop.get(digest))?.[0]?.rule;
}

function keptNames(nodes: readonly NodeSpec[]): readonly string[] {
  const graph = buildImageGraph(snapshotOf(nodes));
  const { keep } = judgeByAge({ graph, within: hours(2), now: NOW, firstSeen: undefined, listTimes: false });
  return nodes
    .map(({ name }) => name)
    .filter((name) => keep.has(digestOf(name)))
    .sort();
}
