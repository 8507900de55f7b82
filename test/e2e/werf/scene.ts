// One repository with every family of tags and every protection that werf knows; `expected.ts` says what becomes of each.

import { buildImage } from '../../builders/image.ts';
import { importRecord, rejectedRecord } from '../../builders/werf-repository.ts';
import { FOREIGN, WERF_YAML } from './expected.ts';
import type { CommitName } from './history.ts';
import type { Place } from './place.ts';
import { writeClusters } from './scene-clusters.ts';
import { addRecords, type SceneRecords } from './scene-records.ts';
import { DAY_MS, makeShelf, type Shelf } from './shelf.ts';

const TEN_MINUTES_MS = 600_000;

/** What lies in the registry. */
export interface Scene {
  readonly shelf: Shelf;
  readonly records: SceneRecords;
}

/** Fills the registry and the folder of a place; `now` in milliseconds since 1970. */
export async function makeScene(place: Place, now: number): Promise<Scene> {
  const shelf = makeShelf({ project: 'shop', version: '2' }, now);
  const commit = (name: CommitName): string => place.history.commit(name);
  addStagesOfGit(shelf, commit);
  addUsed(shelf, commit);
  addRelatives(shelf, commit);
  addOthers(shelf, commit, now);
  for (const tag of FOREIGN) shelf.put({ tag, manifest: buildImage({ seed: tag, created: '2025-01-01T00:00:00Z' }) });
  const records = addRecords(shelf, commit);
  await shelf.push(place.server.origin, place.name);
  await place.write('werf.yaml', WERF_YAML);
  await place.write('keep-list', `${shelf.find('listed').id}\nlisted-too\n`);
  await writeClusters(place, shelf);
  return { shelf, records };
}

/** The id of a commit. */
export type CommitOf = (name: CommitName) => string;

function addStagesOfGit(shelf: Shelf, commit: CommitOf): void {
  shelf.stage('parent of head');
  shelf.stage('source of head');
  shelf.stage('parent of second');
  shelf.stage('source of second');
  const stages: readonly (readonly [stage: string, image: string, CommitName])[] = [
    ['at head', 'backend', 'head'],
    ['merged', 'backend', 'merged'],
    ['at third', 'backend', 'third'],
    ['at third again', 'backend', 'third'],
    ['at second', 'backend', 'second'],
    ['at first', 'backend', 'first'],
    ['released', 'backend', 'release'],
    ['on topic', 'backend', 'topic'],
    ['on stale', 'backend', 'stale'],
    ['of gone', 'backend', 'gone'],
    ['front at second', 'frontend', 'second'],
    ['front at first', 'frontend', 'first'],
    ['cli at head', 'cli', 'head'],
    ['dropped', 'dropped', 'head'],
  ];
  for (const [stage, image, name] of stages) {
    const [, of] = /^at (head|second)$/.exec(stage) ?? [];
    shelf.stage(
      stage,
      of === undefined
        ? {}
        : {
            parent: shelf.find(`parent of ${of}`),
            sources: { a1: shelf.find(`source of ${of}`), b2: 'external-image' },
          },
    );
    shelf.publish(image, commit(name), stage);
  }
  for (const [stage, name] of [
    ['worker at head', 'head'],
    ['worker on stale', 'stale'],
  ] as const) {
    shelf.platforms(stage);
    shelf.publish('worker', commit(name), stage);
  }
  shelf.label('v1', 'at head');
  shelf.label('old-release', 'at second');
  shelf.label(`a-custom-tag-that-is-longer-than-what-the-name-of-its-record-may-hold`, 'merged');
}

function addUsed(shelf: Shelf, commit: CommitOf): void {
  for (const how of ['custom tag', 'digest', 'init', 'debugger'] as const) {
    shelf.stage(`used by ${how}`);
    shelf.publish('backend', commit('gone'), `used by ${how}`);
  }
  shelf.stage('used for rollback');
  shelf.publish('backend', commit('gone'), 'used for rollback');
  shelf.platforms('used platform');
  shelf.publish('worker', commit('gone'), 'used platform');
  shelf.label('in-production', 'used by custom tag');
}

function addRelatives(shelf: Shelf, commit: CommitOf): void {
  const { maker } = shelf;
  const grandparent = shelf.stage('grandparent');
  const parent = shelf.stage('parent', { parent: grandparent });
  const [imported, source] = [shelf.stage('imported'), shelf.stage('source')];
  shelf.stage('used by tag', {
    parent,
    baseImage: shelf.stage('base'),
    checksums: { c3: 'sum-of-files' },
    sources: { a1: source, b2: 'external-image' },
    dependencies: [shelf.stage('dependency')],
  });
  shelf.publish('backend', commit('gone'), 'used by tag');
  shelf.put(importRecord(maker, { source: imported, checksum: 'sum-of-files', at: shelf.daysAgo(60) }));
}

function addOthers(shelf: Shelf, commit: CommitOf, now: number): void {
  const { maker } = shelf;
  shelf.stage('fresh', { at: now - TEN_MINUTES_MS });
  shelf.publish('backend', commit('gone'), 'fresh', TEN_MINUTES_MS / DAY_MS);
  for (const stage of ['listed', 'listed by custom tag']) {
    shelf.stage(stage);
    shelf.publish('backend', commit('gone'), stage);
  }
  shelf.label('listed-too', 'listed by custom tag');
  for (const stage of ['broken', 'broken in use']) {
    const { id } = shelf.stage(stage);
    shelf.publish('frontend', commit('head'), stage);
    shelf.put(rejectedRecord(maker, { ...shelf.find(stage), id }, shelf.daysAgo(30)));
  }
  shelf.label('of-broken', 'broken');
  shelf.stage('unrecorded', { days: 30 });
  shelf.stage('unrecorded young', { days: 3 });
  shelf.stage('of others', { project: 'another' });
}
