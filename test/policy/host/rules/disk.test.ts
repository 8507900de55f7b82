import { describe, expect, it } from 'vitest';
import { hours, type KnownOrUnknown, unknownTime } from '../../../../src/model/time.ts';
import { decideWorld, type HostWorld, hoursAgo, type LocalImageSpec } from '../../../builders/local-store.ts';

const PERCENT = (high: number, low: number) => ({
  high: { kind: 'percent', percent: high } as const,
  low: { kind: 'percent', percent: low } as const,
});

/** Images of 100 bytes each, none of which shares anything. */
function images(...names: readonly string[]): readonly LocalImageSpec[] {
  return names.map((name) => ({ name, names: [`a.example.com/${name}:1`] }));
}

function decide(world: HostWorld, high = 85, low = 80) {
  return decideWorld({ ...world, policy: { disk: PERCENT(high, low), ...world.policy } });
}

/** So many of 1000 bytes are free. */
function free(available: number): NonNullable<HostWorld['disk']> {
  return { capacity: 1000, available };
}

describe("the disk's rule", () => {
  it.each([
    { name: 'nothing goes below high', available: 160, goes: [] },
    { name: 'at high it begins', available: 150, goes: ['a'] },
    { name: 'usage is rounded up: 84.1 percent are 85', available: 159, goes: ['a'] },
    { name: 'it ends as soon as low is reached', available: 100, goes: ['a'] },
    { name: 'a byte less, and one more goes', available: 99, goes: ['a', 'b'] },
    { name: 'everything goes when it must', available: 0, goes: ['a', 'b'] },
  ])('$name', ({ available, goes }) => {
    const uses = { a: { firstSeen: 90, lastUsed: 30 }, b: { firstSeen: 90, lastUsed: 20 } };
    expect(decide({ images: images('a', 'b'), uses, disk: free(available) }).going).toEqual(goes);
  });

  it('knows thresholds in bytes', () => {
    const world = (available: number): HostWorld => ({
      images: images('a', 'b'),
      disk: free(available),
      policy: { disk: { high: { kind: 'bytes', bytes: 900 }, low: { kind: 'bytes', bytes: 850 } } },
    });
    expect(decide(world(101)).going).toEqual([]);
    expect(decide(world(100)).going).toHaveLength(1);
    expect(decide(world(40)).going).toHaveLength(2);
  });

  it('tells what is wanted and what may go, as kubelet does', () => {
    const { decisions } = decide({
      images: images('a', 'b'),
      containers: [{ name: 'x', of: 'b', state: 'running' }],
      disk: free(50),
    });
    expect(decisions.disk).toMatchObject({ usedPercent: 95, wantedBytes: 150, eligibleBytes: 100 });
  });

  it('says so when the disk cannot be measured, and takes nothing', () => {
    const { decisions, going } = decide({ images: images('a') });
    expect(going).toEqual([]);
    expect(decisions.disk).toBeUndefined();
    expect(decisions.remarks).toEqual([expect.stringContaining('cannot be measured')]);
  });

  it('takes nothing on a file system that says it has no room at all', () => {
    const { decisions, going } = decide({ images: images('a'), disk: { capacity: 0, available: 0 } });
    expect(going).toEqual([]);
    expect(decisions.remarks).toEqual([expect.stringContaining('no room at all')]);
  });
});

describe("kubelet's order", () => {
  const order = (world: HostWorld) => decide({ disk: free(0), ...world }, 0, 0).going;

  it('is: never used first, then the least recently used', () => {
    const uses = {
      a: { firstSeen: 90, lastUsed: 3 },
      b: { firstSeen: 90, lastUsed: 40 },
      c: { firstSeen: 90 },
    };
    expect(order({ images: images('a', 'b', 'c'), uses })).toEqual(['c', 'b', 'a']);
  });

  it('is: of those never used, what came first', () => {
    const specs = images('a', 'b', 'c').map((spec, at) => ({ ...spec, tagged: [10, 30, 20][at] ?? 0 }));
    expect(order({ images: specs })).toEqual(['b', 'c', 'a']);
  });

  it('counts the last name that was put on it, not only when a run first saw it', () => {
    const specs = images('a', 'b').map((spec, at) => ({ ...spec, tagged: [10, 30][at] ?? 0 }));
    expect(order({ images: specs, uses: { a: { firstSeen: 90 }, b: { firstSeen: 50 } } })).toEqual(['b', 'a']);
  });

  it('lets an image wait until what was made from it is gone', () => {
    const specs = [
      { name: 'base', names: ['a.example.com/base:1'], layers: ['base'] },
      { name: 'app', names: ['a.example.com/app:1'], layers: ['base', 'app'], parent: 'base' },
    ];
    expect(order({ images: specs, uses: { app: { firstSeen: 90, lastUsed: 3 } } })).toEqual(['app', 'base']);
  });

  it('takes an untagged ancestor with the last image that was made from it', () => {
    const specs = [
      { name: 'step', layers: ['step'], tagged: null },
      { name: 'app', names: ['a.example.com/app:1'], layers: ['step', 'app'], parent: 'step' },
    ];
    const { steps } = decide({ images: specs, disk: free(0) }, 50, 40);
    expect(steps).toMatchObject([
      { reasons: [{ rule: 'disk' }], onlyFor: 'disk', freesBytes: 100 },
      { reasons: [{ rule: 'intermediate' }], onlyFor: 'disk', freesBytes: 100 },
    ]);
  });
});

describe('for the disk nothing goes', () => {
  const goingAt = (spec: Partial<LocalImageSpec>, world: Partial<HostWorld> = {}) =>
    decide({ images: images('a').map((image) => ({ ...image, ...spec })), disk: free(0), ...world }, 0, 0).going;

  it('that came less long ago than the minimum age', () => {
    expect(goingAt({ tagged: 1.9 })).toEqual([]);
    expect(goingAt({ tagged: 2 })).toEqual(['a']);
  });

  it('of which nobody knows when it came: it counts as come now', () => {
    expect(goingAt({ tagged: null })).toEqual([]);
  });

  it('of which only its making is known: what was pulled a moment ago may be years old', () => {
    expect(goingAt({ tagged: null, created: 9000 })).toEqual([]);
  });

  it('but what an earlier run saw goes', () => {
    expect(goingAt({ tagged: null }, { uses: { a: { firstSeen: 3 } } })).toEqual(['a']);
  });

  it('but with no minimum age what nobody knows goes too, as with kubelet', () => {
    expect(goingAt({ tagged: null }, { policy: { disk: PERCENT(0, 0), minAge: hours(0) } })).toEqual(['a']);
  });

  it('that a name or a label keeps', () => {
    const keep = { labels: [], names: ['a.example.com/*'] };
    expect(goingAt({}, { policy: { disk: PERCENT(0, 0), keep } })).toEqual([]);
  });

  it('but development mode protects nothing from it', () => {
    expect(goingAt({ labels: { 'dapp-dev-mode': 'true' } })).toEqual(['a']);
  });
});

describe('bytes', () => {
  it('of a layer that an image which stays has are not counted', () => {
    const specs: readonly LocalImageSpec[] = [
      { name: 'a', names: ['a.example.com/a:1'], layers: ['base:700', 'a:10'] },
      { name: 'b', names: ['a.example.com/b:1'], layers: ['base:700', 'b:10'] },
    ];
    const { steps, decisions } = decide({
      images: specs,
      containers: [{ name: 'x', of: 'b', state: 'running' }],
      disk: free(0),
    });
    expect(steps).toMatchObject([{ freesBytes: 10 }]);
    expect(decisions.disk).toMatchObject({ wantedBytes: 200, eligibleBytes: 10 });
  });

  it('of a shared layer come free with the last image that has it', () => {
    const specs: readonly LocalImageSpec[] = [
      { name: 'a', names: ['a.example.com/a:1'], layers: ['base:190', 'a:5'], tagged: 90 },
      { name: 'b', names: ['a.example.com/b:1'], layers: ['base:190', 'b:5'], tagged: 80 },
      { name: 'c', names: ['a.example.com/c:1'], tagged: 70 },
    ];
    const { steps } = decide({ images: specs, disk: free(0) });
    expect(steps.map((step) => 'freesBytes' in step && step.freesBytes)).toEqual([5, 195]);
  });

  it('of nothing are no reason to go: an image all of whose layers stay is left alone', () => {
    const specs: readonly LocalImageSpec[] = [
      { name: 'base', names: ['a.example.com/base:1'], layers: ['base'], tagged: 90 },
      { name: 'app', names: ['a.example.com/app:1'], layers: ['base', 'app'], tagged: 80 },
      { name: 'c', names: ['a.example.com/c:1'], tagged: 70 },
    ];
    const containers = [{ name: 'x', of: 'app', state: 'running' as const }];
    expect(decide({ images: specs, containers, disk: free(100) }).going).toEqual(['c']);
  });

  it('that the engine does not tell are counted as none, and it is said', () => {
    const specs = images('a', 'b').map((spec) => ({ ...spec, layers: null }));
    const { going, decisions } = decide({ images: specs, disk: free(150) });
    expect([...going].sort()).toEqual(['a', 'b']);
    expect(decisions.remarks).toEqual([expect.stringContaining('counted as nothing')]);
  });

  it('that come free anyhow, by other rules and of the build cache, are not asked for again', () => {
    const ours = { name: 'z', labels: { 'com.example.project': 'shop' }, layers: ['z:60'] };
    const entry = { id: 'e', sizeBytes: 40, lastUsed: { kind: 'known', at: hoursAgo(24) } } as const;
    const { steps } = decide({
      images: [...images('a'), ours],
      disk: free(100),
      buildCache: { entries: 1, sizeBytes: 40, prunable: [entry] },
      policy: { disk: PERCENT(85, 80), dangling: true, buildCacheOlderThan: hours(24) },
    });
    expect(steps.map(({ action }) => action)).toEqual(['delete-image', 'prune-build-cache']);
  });
});

describe("the engine's build cache", () => {
  const entry = (id: string, lastUsed: KnownOrUnknown) => ({ id, sizeBytes: 40, lastUsed });
  const at = (hoursBefore: number): KnownOrUnknown => ({ kind: 'known', at: hoursAgo(hoursBefore) });
  const steps = (...prunable: readonly ReturnType<typeof entry>[]) =>
    decideWorld({
      images: [],
      buildCache: { entries: 3, sizeBytes: 120, prunable },
      policy: { buildCacheOlderThan: hours(24) },
    }).steps;

  it('loses what nobody used for so long; of the rest nothing is counted', () => {
    expect(steps(entry('a', at(24)), entry('b', at(23)))).toEqual([
      { action: 'prune-build-cache', olderThan: hours(24), entries: 1, freesBytes: 40 },
    ]);
  });

  it('loses with that, since the engine takes it, what was never used as far as it knows', () => {
    expect(steps(entry('a', at(24)), entry('b', at(23)), entry('c', unknownTime('it does not tell')))).toEqual([
      { action: 'prune-build-cache', olderThan: hours(24), entries: 2, freesBytes: 80 },
    ]);
  });

  it('is left alone when nobody knows of any entry that it is old', () => {
    expect(steps(entry('b', at(23)), entry('c', unknownTime('it does not tell')))).toEqual([]);
  });

  it('is left alone when all of it is younger', () => {
    expect(steps(entry('b', at(23)))).toEqual([]);
  });
});

describe('what nobody used for long', () => {
  const unused = (spec: Partial<LocalImageSpec>, uses: HostWorld['uses'] = {}) =>
    decideWorld({
      images: images('a').map((image) => ({ ...image, ...spec })),
      uses,
      policy: { maxAge: hours(50) },
    }).going;

  it.each([
    { name: 'goes', spec: {}, uses: { a: { firstSeen: 90, lastUsed: 51 } }, goes: true },
    { name: 'stays when it was used since', spec: {}, uses: { a: { firstSeen: 90, lastUsed: 50 } }, goes: false },
    { name: 'goes when it was never used and came long ago', spec: { tagged: 51 }, uses: {}, goes: true },
    {
      name: 'stays when it was pulled a moment ago and not used yet: kubelet deletes it',
      spec: { tagged: 0.1 },
      uses: {},
      goes: false,
    },
    {
      name: 'stays when it was used long ago and has a new name',
      spec: { tagged: 10 },
      uses: { a: { firstSeen: 90, lastUsed: 60 } },
      goes: false,
    },
    { name: 'stays when nobody knows since when it is here', spec: { tagged: null }, uses: {}, goes: false },
    { name: 'stays in development mode', spec: { labels: { 'dapp-dev-mode': 'true' } }, uses: {}, goes: false },
  ])('$name', ({ spec, uses, goes }) => {
    expect(unused(spec, uses)).toEqual(goes ? ['a'] : []);
  });

  it('stays within the minimum age, also when that is the longer one', () => {
    const { going } = decideWorld({
      images: images('a'),
      policy: { maxAge: hours(1), minAge: hours(101) },
    });
    expect(going).toEqual([]);
  });
});

describe('an image that neither age nor disk takes says', () => {
  const FULL = { capacity: 1000, available: 10 };
  const ROOM = { capacity: 1000, available: 500 };

  it.each<{ name: string; spec?: Partial<LocalImageSpec>; world: Omit<HostWorld, 'images'>; rules: readonly string[] }>(
    [
      {
        name: 'that it is not here for long enough, for the disk',
        spec: { tagged: 1 },
        world: { disk: FULL, policy: { disk: PERCENT(85, 80) } },
        rules: ['new-here'],
      },
      {
        name: 'the same when nobody knows since when it is here',
        spec: { tagged: null },
        world: { policy: { maxAge: hours(50) } },
        rules: ['new-here'],
      },
      {
        name: 'that it was used lately',
        spec: { tagged: 90 },
        world: { uses: { a: { firstSeen: 90, lastUsed: 10 } }, policy: { maxAge: hours(50) } },
        rules: ['used-lately'],
      },
      { name: 'that there is room', world: { disk: ROOM, policy: { disk: PERCENT(85, 80) } }, rules: ['room'] },
      {
        name: 'both where both were asked for',
        spec: { tagged: 40 },
        world: { disk: ROOM, policy: { disk: PERCENT(85, 80), maxAge: hours(50) } },
        rules: ['used-lately', 'room'],
      },
      {
        name: 'nothing of a disk that cannot be measured',
        world: { policy: { disk: PERCENT(85, 80) } },
        rules: ['not-asked'],
      },
      { name: 'nothing when neither was asked for', world: { disk: FULL }, rules: ['not-asked'] },
    ],
  )('$name', ({ spec = {}, world, rules }) => {
    const { rulesOf, going } = decideWorld({ ...world, images: images('a').map((image) => ({ ...image, ...spec })) });
    expect([going, rulesOf('a')]).toEqual([[], rules]);
  });
});

it('an engine without a build cache of its own is no reason to be silent about one', () => {
  const { decisions } = decideWorld({
    images: images('a'),
    engine: { hasBuildCache: false },
    policy: { buildCacheOlderThan: hours(1) },
  });
  expect(decisions.remarks).toEqual([expect.stringContaining('none of its own')]);
});
