// When werf is told that its repository was cleaned.

import { describe, expect, it } from 'vitest';
import type { Settings } from '../../src/config/settings.ts';
import { silentLog } from '../../src/log.ts';
import type { Policy } from '../../src/model/policy.ts';
import type { OutcomeKind } from '../../src/plan/outcome.ts';
import { postCleanupRecords } from '../../src/run/post-cleanup-records.ts';
import { buildImage } from '../builders/image.ts';
import { digestOf, NOW } from '../builders/snapshot.ts';
import { buildStage, managedRecord, serviceRecords, type Tagged } from '../builders/werf-repository.ts';
import { BARE, daysAgo, decideScene, MAKER, makeWerfScene, PRIMARY, type WerfScene } from './werf-scene.ts';

const stage = buildStage(MAKER, { seed: 'stage', at: daysAgo(30) });
const [cleaned] = serviceRecords(MAKER, daysAgo(20));

interface Ending {
  readonly scene: WerfScene;
  readonly policy?: Policy;
  readonly outcomes?: readonly OutcomeKind[];
  readonly signal?: AbortSignal;
  readonly refuses?: boolean;
}

/** What was warned of. */
async function post({ scene, policy = BARE, outcomes = [], signal, refuses }: Ending): Promise<readonly string[]> {
  const collected = await scene.collect();
  const decided = decideScene(collected);
  const refuse = { putBlob: () => Promise.reject(new Error('no right to push')) };
  const repositories = collected.repositories.map((one) =>
    refuses === true ? { ...one, registry: { ...one.registry, ...refuse } } : one,
  );
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (text: string) => void warnings.push(text) };
  const step = { action: 'delete', digest: digestOf('x'), precondition: { tags: [], owners: [] } } as const;
  await postCleanupRecords({
    // Of the settings only the policy matters.
    settings: { policy } as Settings,
    context: { log, environment: {}, now: () => NOW, ...(signal === undefined ? {} : { signal }) },
    planned: { collected: { ...collected, repositories }, decided },
    applied: [
      { name: PRIMARY, outcomes: outcomes.map((outcome) => ({ step, outcome })), notApplied: [], undo: 'none' },
    ],
  });
  return warnings;
}

/** The labels of the record in the place with this number; undefined where there is none. */
async function noted(scene: WerfScene, at = 0): Promise<Readonly<Record<string, string>> | undefined> {
  const { nodes } = await (scene.places[at]?.memory.registry ?? never()).readSnapshot([]);
  const node = [...nodes.values()].find(({ tags }) => tags.some((tag) => tag === 'cleanup'));
  return node?.content.kind === 'image' && node.content.facts.kind === 'read' ? node.content.facts.labels : undefined;
}

function made(...more: readonly Tagged[]): WerfScene {
  const scene = makeWerfScene();
  scene.places[0]?.put(stage, ...more);
  return scene;
}

describe('after an apply, werf', () => {
  it.each<[what: string, outcomes: readonly OutcomeKind[]]>([
    ['there was nothing to do', []],
    ['all was done', ['deleted', 'already-gone']],
    ['some of it failed', ['deleted', 'failed']],
    ['all of it was spared', ['skipped']],
  ])('is told the time and the project when %s', async (_what, outcomes) => {
    const scene = made();
    expect(await post({ scene, outcomes })).toEqual([]);
    expect(await noted(scene)).toEqual({ werf: 'shop', lastcleanuptimestamp: String(NOW) });
  });

  it('is told once: the time of an earlier cleanup makes way', async () => {
    const scene = made(cleaned ?? never());
    expect(await noted(scene)).toMatchObject({ lastcleanuptimestamp: String(daysAgo(20)) });
    await post({ scene });
    expect(await noted(scene)).toMatchObject({ lastcleanuptimestamp: String(NOW) });
  });

  it('is told where its records are', async () => {
    const scene = made();
    scene.add('final').put(stage);
    scene.add('meta').put(managedRecord(MAKER, 'backend', daysAgo(1)));
    await post({ scene });
    expect([await noted(scene, 0), await noted(scene, 1)]).toEqual([undefined, undefined]);
    expect(await noted(scene, 2)).toEqual({ werf: 'shop', lastcleanuptimestamp: String(NOW) });
  });

  it.each<[what: string, ending: Omit<Ending, 'scene'>]>([
    ['everything failed', { outcomes: ['failed', 'skipped'] }],
    ['the run was interrupted', { outcomes: ['deleted'], signal: AbortSignal.abort() }],
    ['it was a purge', { policy: { ...BARE, purge: true } }],
    ['cleaning is switched off', { policy: { ...BARE, werf: { ...BARE.werf, disabled: 'keep-records' } } }],
    ['only records were to go', { policy: { ...BARE, werf: { ...BARE.werf, disabled: 'delete-records' } } }],
  ])('is told nothing when %s', async (_what, ending) => {
    const scene = made();
    await post({ scene, ...ending });
    expect(await noted(scene)).toBeUndefined();
  });

  it('is told nothing in a repository that it did not make', async () => {
    const scene = makeWerfScene();
    scene.places[0]?.put({ tag: 'latest', manifest: buildImage({ seed: 'latest' }) });
    await post({ scene });
    expect(await noted(scene)).toBeUndefined();
  });

  it('loses nothing to it: an image of somebody else stays under its tag, which is said', async () => {
    const image = { tag: 'cleanup', manifest: buildImage({ seed: 'mine', labels: { of: 'somebody' } }) };
    const scene = made(image);
    expect(await post({ scene })).toEqual([expect.stringContaining('that is no record')]);
    expect(await noted(scene)).toEqual({ of: 'somebody' });
  });

  it('may not be told: that is a warning and no failure', async () => {
    const scene = made();
    expect(await post({ scene, refuses: true })).toEqual([expect.stringContaining('no right to push')]);
  });
});

function never(): never {
  throw new Error('it is there');
}
