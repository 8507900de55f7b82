// What speaks against a step of werf's repositories while an apply goes on.

import { describe, expect, it } from 'vitest';
import type { Digest } from '../../src/model/reference.ts';
import type { Outcome, OutcomeKind } from '../../src/plan/outcome.ts';
import { watchCopies, watchOriginals } from '../../src/run/watch-counterparts.ts';
import { watchRecords } from '../../src/run/watch-records.ts';
import {
  buildPlatforms,
  buildStage,
  customTag,
  imageRecord,
  importRecord,
  managedRecord,
} from '../builders/werf-repository.ts';
import { daysAgo, decideScene, digestOfTag, MAKER, makeWerfScene, PRIMARY, type WerfScene } from './werf-scene.ts';

const COMMIT = 'c'.repeat(40);
const OTHER = 'd'.repeat(40);
const parent = buildStage(MAKER, { seed: 'parent', at: daysAgo(31) });
const stage = buildStage(MAKER, { seed: 'stage', at: daysAgo(30), parent });
const unrelated = buildStage(MAKER, { seed: 'unrelated', at: daysAgo(30) });
const platforms = ['amd64', 'arm64'].map((platform) => buildStage(MAKER, { seed: platform, at: daysAgo(30) }));
const index = buildPlatforms(MAKER, platforms);
const record = (commit: string, name = 'backend', of = stage) =>
  imageRecord(MAKER, { name, commit, stage: of, at: daysAgo(30) });

/** A repository with stages and its records in another one; the clock stands where it is put. */
async function watched() {
  const scene = makeWerfScene();
  const [primary] = scene.places;
  const meta = scene.add('meta');
  primary?.put(parent, stage, unrelated, ...platforms, index);
  meta.put(managedRecord(MAKER, 'backend', daysAgo(60)), record(COMMIT), record(COMMIT, 'gone', unrelated));
  const collected = await scene.collect();
  const clock = { ms: 0, lists: 0 };
  const { registry } = meta.memory;
  const counting = {
    ...registry,
    listTags: async () => {
      clock.lists += 1;
      return await registry.listTags();
    },
  };
  const repositories = collected.repositories.map((one) =>
    one.role === undefined ? one : { ...one, registry: counting },
  );
  const decided = decideScene(collected);
  const watch = watchRecords({ collected: { repositories }, decided, clockMs: () => clock.ms, windowMs: 5000 });
  const ask = (tag: string) => watch(PRIMARY)(digestOfTag(primary ?? never(), tag));
  return { scene, meta, clock, ask, watch };
}

describe('a record that comes into the meta repository during an apply', () => {
  it('keeps its stage, what that was built on, and nothing else', async () => {
    const { meta, ask } = await watched();
    meta.put(record(OTHER));
    expect(await ask(stage.tag)).toContain(`the record ${record(OTHER).tag} has come into ${meta.name}`);
    expect(await ask(parent.tag)).toBeDefined();
    expect(await ask(unrelated.tag)).toBeUndefined();
  });

  it('keeps the platforms of an index', async () => {
    const { meta, ask } = await watched();
    meta.put(record(OTHER, 'backend', index));
    for (const { tag } of [index, ...platforms]) expect(await ask(tag)).toBeDefined();
    expect(await ask(stage.tag)).toBeUndefined();
  });

  it('keeps all stages with a record of an image that is managed again', async () => {
    const { meta, ask } = await watched();
    meta.put(managedRecord(MAKER, 'gone', daysAgo(0)));
    expect(await ask(unrelated.tag)).toContain('managed-image-gone');
    expect(await ask(stage.tag)).toBeUndefined();
  });

  it('is looked for before the first step, and again when the list is older than the window', async () => {
    const { meta, ask, clock } = await watched();
    expect(await ask(stage.tag)).toBeUndefined();
    expect(await ask(parent.tag)).toBeUndefined();
    expect(clock.lists).toBe(1);
    meta.put(record(OTHER));
    clock.ms = 5000;
    expect(await ask(stage.tag)).toBeUndefined();
    clock.ms = 5001;
    expect(await ask(stage.tag)).toBeDefined();
    expect(clock.lists).toBe(2);
  });

  it('stops what waits for it when the tags cannot be listed', async () => {
    const { scene } = await watched();
    const collected = await scene.collect();
    const broken = { listTags: () => Promise.reject(new Error('no answer')) };
    const repositories = collected.repositories.map((one) =>
      one.role === undefined ? one : { ...one, registry: { ...one.registry, ...broken } },
    );
    const watch = watchRecords({
      collected: { repositories },
      decided: decideScene(collected),
      clockMs: () => 0,
      windowMs: 0,
    });
    await expect(watch(PRIMARY)(digestOfTag(scene.places[0] ?? never(), stage.tag))).rejects.toThrow('no answer');
  });

  it('is not asked for where there is no such repository', async () => {
    const scene = makeWerfScene();
    scene.places[0]?.put(stage);
    const collected = await scene.collect();
    const primary = collected.repositories[0] ?? never();
    const repositories = [{ ...primary, registry: { ...primary.registry, listTags: () => never() } }];
    const watch = watchRecords({ collected: { repositories }, decided: new Map(), clockMs: () => 0, windowMs: 0 });
    expect(await watch(PRIMARY)(digestOfTag(scene.places[0] ?? never(), stage.tag))).toBeUndefined();
  });
});

describe('a copy or a record', () => {
  /** A stage that is to go by a purge, with its copies and records. */
  async function copied(): Promise<WerfScene> {
    const scene = makeWerfScene();
    scene.places[0]?.put(stage);
    scene.add('final').put(stage);
    scene.add('cache').put(stage, unrelated);
    const [, custom] = customTag(MAKER, { tag: 'v1', stage, at: daysAgo(30) });
    const imported = importRecord(MAKER, { source: stage, checksum: 'sum', at: daysAgo(30) });
    scene.add('meta').put(record(COMMIT), custom, imported, record(OTHER, 'backend', unrelated));
    return scene;
  }

  async function objections(outcome: OutcomeKind | 'none') {
    const scene = await copied();
    const collected = await scene.collect();
    const [primary] = scene.places;
    const doomed = digestOfTag(primary ?? never(), stage.tag);
    const decided = new Map([[PRIMARY, condemning(doomed, decideScene(collected).get(PRIMARY))]]);
    const outcomes = outcome === 'none' ? undefined : [outcomeOf(doomed, outcome)];
    const watch = watchOriginals({
      collected,
      decided,
      outcomesOf: (name) => (name === PRIMARY ? outcomes : undefined),
    });
    const all = await Promise.all(
      scene.places.slice(1).map(async (place) => {
        const told = await Promise.all([...place.memory.tags.values()].map(watch(place.name)));
        return [place.role?.kind, told.map((why) => why !== undefined)];
      }),
    );
    return Object.fromEntries(all) as Record<string, readonly boolean[]>;
  }

  it.each<[OutcomeKind]>([['deleted'], ['already-gone']])('may go once its stage is %s', async (outcome) => {
    expect(await objections(outcome)).toEqual({
      final: [false],
      cache: [false, false],
      meta: [false, false, false, false],
    });
  });

  it.each<[OutcomeKind | 'none']>([['skipped'], ['failed'], ['none']])(
    'stays when its stage was to go, and what became of it is: %s; one of a stage that is not there may go',
    async (outcome) => {
      expect(await objections(outcome)).toEqual({
        final: [true],
        cache: [true, false],
        meta: [true, true, true, false],
      });
    },
  );

  it('that clusters have come to use keeps its stage', async () => {
    const scene = await copied();
    const collected = await scene.collect();
    const watch = watchCopies(
      { collected },
      (name) => async () => (name.endsWith('/final') ? 'it has come into use' : undefined),
    );
    const digest = digestOfTag(scene.places[0] ?? never(), stage.tag);
    expect(await watch(PRIMARY)(digest)).toBe('its copy in registry.example.com/shop/final: it has come into use');
    expect(await watch('registry.example.com/shop/cache')(digest)).toBeUndefined();
  });

  it('that clusters have come to use keeps no record of its stage: that may have had its day', async () => {
    const scene = await copied();
    scene.places[0]?.put(record(COMMIT));
    const collected = await scene.collect();
    const final = digestOfTag(scene.places[1] ?? never(), stage.tag);
    const watch = watchCopies(
      { collected },
      (name) => async (digest) => (name.endsWith('/final') && digest === final ? 'it has come into use' : undefined),
    );
    expect(await watch(PRIMARY)(digestOfTag(scene.places[0] ?? never(), stage.tag))).toBeDefined();
    expect(await watch(PRIMARY)(digestOfTag(scene.places[0] ?? never(), record(COMMIT).tag))).toBeUndefined();
  });
});

function condemning(digest: Digest, decisions: ReturnType<ReturnType<typeof decideScene>['get']>) {
  const known = decisions ?? never();
  const decision = { decision: 'delete', digest, tags: [], reasons: [{ rule: 'unused' }] } as const;
  return { ...known, decisions: new Map([...known.decisions, [digest, decision]]) };
}

function outcomeOf(digest: Digest, outcome: OutcomeKind): Outcome {
  return { step: { action: 'delete', digest, precondition: { tags: [], owners: [] } }, outcome };
}

function never(): never {
  throw new Error('it is there');
}
