// Which repositories of a project are decided by which, and what does not belong together.

import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { buildImage } from '../builders/image.ts';
import { usageOf } from '../builders/snapshot.ts';
import { buildStage, managedRecord, serviceRecords } from '../builders/werf-repository.ts';
import {
  BARE,
  daysAgo,
  decideScene,
  digestOfTag,
  MAKER,
  makeWerfScene,
  PRIMARY,
  type ScenePlace,
} from './werf-scene.ts';

const used = buildStage(MAKER, { seed: 'used', at: daysAgo(30) });
const idle = buildStage(MAKER, { seed: 'idle', at: daysAgo(30) });
const foreign = { tag: 'latest', manifest: buildImage({ seed: 'latest', created: '2025-01-01T00:00:00Z' }) };
const stranger = buildStage({ project: 'other', version: '2' }, { seed: 'stranger', at: daysAgo(30) });
const PURGE = { ...BARE, purge: true };

/** The repository with two stages; nothing but clusters keeps one. */
function twoStages() {
  const scene = makeWerfScene();
  const primary = scene.places[0] ?? never();
  primary.put(used, idle);
  return { scene, primary };
}

describe('the repositories of a project of werf', () => {
  it('follow each other: a copy that runs keeps its stage, and goes with it', async () => {
    const { scene, primary } = twoStages();
    const final = scene.add('final');
    final.put(used, idle);
    const usage = usageOf([`${final.name}:${used.tag}`]);
    const decided = decideScene(await scene.collect({ usage }));
    const fate = (place: ScenePlace, tag: string) =>
      decided.get(place.name)?.decisions.get(digestOfTag(place, tag))?.decision;
    expect([...decided.keys()]).toEqual([PRIMARY, final.name]);
    expect([fate(primary, used.tag), fate(final, used.tag)]).toEqual(['keep', 'keep']);
    expect([fate(primary, idle.tag), fate(final, idle.tag)]).toEqual(['delete', 'delete']);
  });

  it('are not told of copies in use where no cluster counts', async () => {
    const { scene, primary } = twoStages();
    const final = scene.add('final');
    final.put(used, idle);
    const usage = usageOf([`${final.name}:${used.tag}`]);
    const off = { ...BARE, kubernetes: { enabled: false, mirrors: new Map<string, string>() } };
    const decided = decideScene(await scene.collect({ usage }), off);
    expect(decided.get(primary.name)?.decisions.get(digestOfTag(primary, used.tag))?.decision).toBe('delete');
  });

  it.each(['final', 'cache', 'meta'] as const)(
    'stop the run where the one with the stages is none of werf: %s',
    async (kind) => {
      const scene = makeWerfScene();
      scene.places[0]?.put(foreign);
      scene.add(kind).put(used);
      const collected = await scene.collect();
      expect(() => decideScene(collected)).toThrow(UsageError);
      expect(() => decideScene(collected)).toThrow(`werf made nothing in ${PRIMARY}`);
    },
  );

  it.each(['final', 'cache', 'meta'] as const)('stop the run where they are of two projects: %s', async (kind) => {
    const { scene } = twoStages();
    scene
      .add(kind)
      .put(kind === 'meta' ? managedRecord({ project: 'other', version: '2' }, 'x', daysAgo(1)) : stranger);
    const collected = await scene.collect();
    expect(() => decideScene(collected)).toThrow(`${PRIMARY} is of the project shop, and`);
  });

  it.each<[what: string, fill: (place: ScenePlace) => void]>([
    ['empty', () => undefined],
    [
      'of old records without a project',
      (place) => place.put(managedRecord({ ...MAKER, version: '1.2' }, 'x', daysAgo(1))),
    ],
    ['of several projects, ours among them', (place) => place.put(used, stranger)],
    ['of images without any project', (place) => place.put(foreign)],
  ])('may be %s', async (_what, fill) => {
    const { scene } = twoStages();
    fill(scene.add('cache'));
    const collected = await scene.collect();
    expect(() => decideScene(collected)).not.toThrow();
  });
});

describe('a purge', () => {
  it('is of what werf made, in all repositories of the project', async () => {
    const { scene, primary } = twoStages();
    primary.put(foreign, ...serviceRecords(MAKER, daysAgo(20)));
    const final = scene.add('final');
    final.put(used, idle);
    const meta = scene.add('meta');
    meta.put(managedRecord(MAKER, 'backend', daysAgo(20)));
    const decided = decideScene(await scene.collect(), PURGE);
    const goes = (place: ScenePlace) =>
      [...place.memory.tags].filter(
        ([, digest]) => decided.get(place.name)?.decisions.get(digest)?.decision === 'delete',
      );
    expect(
      goes(primary)
        .map(([tag]) => tag)
        .sort(),
    ).toEqual([used.tag, idle.tag].sort());
    expect(goes(final)).toHaveLength(2);
    expect(goes(meta).map(([tag]) => tag)).toEqual(['managed-image-backend']);
  });

  it('goes on where an earlier one was interrupted after the stages', async () => {
    const scene = makeWerfScene();
    scene.places[0]?.put(foreign);
    const final = scene.add('final');
    final.put(used);
    const decided = decideScene(await scene.collect(), PURGE);
    expect(decided.get(final.name)?.decisions.get(digestOfTag(final, used.tag))?.decision).toBe('delete');
  });

  it('is refused where werf made nothing', async () => {
    const scene = makeWerfScene();
    scene.places[0]?.put(foreign);
    const collected = await scene.collect();
    expect(() => decideScene(collected, PURGE)).toThrow('there is nothing to purge');
  });
});

function never(): never {
  throw new Error('it is there');
}
