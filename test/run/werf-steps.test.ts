// The steps of a project's repositories hang together, while an apply goes on.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Settings } from '../../src/config/settings.ts';
import { silentLog } from '../../src/log.ts';
import { parseTag } from '../../src/model/reference.ts';
import { buildPlan } from '../../src/plan/build-plan.ts';
import { applyRepositories } from '../../src/run/apply-repositories.ts';
import type { Collected, CollectedRepository } from '../../src/run/collect-evidence.ts';
import { kubernetesSettings } from '../builders/kubernetes-settings.ts';
import { NOW } from '../builders/snapshot.ts';
import { buildStage, imageRecord, managedRecord } from '../builders/werf-repository.ts';
import { deployment } from '../real/real-world.ts';
import { BARE, daysAgo, decideScene, MAKER, makeWerfScene, type WerfScene } from './werf-scene.ts';

const COMMIT = 'c'.repeat(40);
const stage = buildStage(MAKER, { seed: 'stage', at: daysAgo(30) });
const other = buildStage(MAKER, { seed: 'other', at: daysAgo(30) });
const record = (of: typeof stage, commit = COMMIT) =>
  imageRecord(MAKER, { name: 'backend', commit, stage: of, at: daysAgo(30) });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'werf-steps-'));
  return () => rm(folder, { recursive: true });
});

/** Two stages that are to go, with copies and records. */
function filled(): WerfScene {
  const scene = makeWerfScene();
  scene.places[0]?.put(stage, other);
  scene.add('final').put(stage, other);
  scene.add('cache').put(stage, other);
  scene.add('meta').put(managedRecord(MAKER, 'backend', daysAgo(60)), record(stage), record(other));
  return scene;
}

type Change = (repository: CollectedRepository) => Partial<CollectedRepository['registry']>;

/** Applies what is planned; `change` says which answers of a registry are others by then. */
async function apply(
  scene: WerfScene,
  change: Change = () => ({}),
  kubernetes: Settings['kubernetes'] = 'off',
): Promise<Readonly<Record<string, readonly string[]>>> {
  const read = await scene.collect();
  const decided = decideScene(read);
  const repositories = read.repositories.map((one) => ({ ...one, registry: { ...one.registry, ...change(one) } }));
  const collected: Collected = { ...read, repositories };
  const plan = buildPlan({
    tool: 'test',
    createdAt: NOW,
    asOf: undefined,
    evidence: read.summary,
    previous: undefined,
    guards: { maxDeleteShare: 1, allowDeleteAll: true },
    repositories: [...decided].map(([name, decisions]) => ({ name, ...decisions })),
  });
  // Of the settings only these matter.
  const settings = {
    kubernetes,
    repositories: [],
    forge: 'off',
    git: 'off',
    policy: BARE,
    journal: join(folder, 'j'),
  } as Partial<Settings> as Settings;
  const context = { log: silentLog, environment: {}, now: () => NOW };
  const planned = {
    collected,
    decided,
    plan,
    difference: undefined,
    decideAgain: () => decided,
    decideKeeping: () => decided,
  };
  await applyRepositories(planned, { settings, context, reviewed: undefined }, () => undefined);
  return Object.fromEntries(
    scene.places.map(({ role, memory }) => [role?.kind ?? 'app', [...memory.tags.keys()].sort()]),
  );
}

describe('the steps of a project of werf', () => {
  it('take copies and records along with their stages', async () => {
    expect(await apply(filled())).toEqual({ app: [], final: [], cache: [], meta: ['managed-image-backend'] });
  });

  it('leave the copies and records of a stage that could not be deleted', async () => {
    const kept = stage.manifest.digest;
    const left = await apply(filled(), ({ role, registry }) =>
      role === undefined
        ? {
            deleteManifest: async (digest, tags) =>
              digest === kept ? { kind: 'refused', why: 'locked' } : await registry.deleteManifest(digest, tags),
          }
        : {},
    );
    expect(left).toEqual({
      app: [stage.tag],
      final: [stage.tag],
      cache: [stage.tag],
      meta: ['managed-image-backend', record(stage).tag].sort(),
    });
  });

  it('leave a stage whose record has come into the meta repository meanwhile, with its copies and records', async () => {
    const fresh = record(stage, 'd'.repeat(40)).tag;
    const left = await apply(filled(), ({ role, registry }) =>
      role?.kind === 'meta' ? { listTags: async () => [...(await registry.listTags()), parseTag(fresh)] } : {},
    );
    expect(left).toEqual({
      app: [stage.tag],
      final: [stage.tag],
      cache: [stage.tag],
      meta: ['managed-image-backend', record(stage).tag].sort(),
    });
  });

  it('leave a stage whose copy has come into use meanwhile', async () => {
    const image = `registry.example.com/shop/final:${stage.tag}`;
    await writeFile(join(folder, 'web.yaml'), deployment('web', image));
    const left = await apply(filled(), () => ({}), kubernetesSettings({ manifests: [folder] }));
    expect([left['app'], left['final'], left['cache']]).toEqual([[stage.tag], [stage.tag], [stage.tag]]);
  });

  it('delete no stage while the records cannot be listed', async () => {
    const left = await apply(filled(), ({ role }) =>
      role?.kind === 'meta' ? { listTags: () => Promise.reject(new Error('no answer')) } : {},
    );
    expect(left['app']).toEqual([stage.tag, other.tag].sort());
    expect(left['final']).toEqual([stage.tag, other.tag].sort());
  });
});
