// The records of the scene that say something of their own; those of its stages go and stay with them.

import {
  buildStage,
  imageRecord,
  importRecord,
  managedRecord,
  serviceRecords,
  type Tagged,
} from '../../builders/werf-repository.ts';
import type { CommitOf } from './scene.ts';
import type { Shelf } from './shelf.ts';

/** Records by what they say, with what becomes of each. */
export interface SceneRecords {
  readonly staying: Readonly<Record<string, string>>;
  readonly going: Readonly<Record<string, string>>;
}

/** Puts them on the shelf. */
export function addRecords(shelf: Shelf, commit: CommitOf): SceneRecords {
  const { maker } = shelf;
  const old = shelf.daysAgo(60);
  const keep = (tagged: Tagged): string => {
    shelf.put(tagged);
    return tagged.tag;
  };
  const ofImport = (stage: string): string =>
    keep(importRecord(maker, { source: shelf.find(stage), checksum: `sum of ${stage}`, at: old }));
  /** A stage that is nowhere. */
  const absent = (seed: string) => buildStage(maker, { seed, at: old });
  const orphan = (days: number): string => {
    const stage = absent(`not there for ${days} days`);
    return keep(imageRecord(maker, { name: 'backend', commit: commit('head'), stage, at: shelf.daysAgo(days) }));
  };
  const say = (image: string, name: Parameters<CommitOf>[0], stage: string, days: number): string =>
    shelf.publish(image, commit(name), stage, days).tag;
  const nameOf = (image: string, name: Parameters<CommitOf>[0], stage: string): string =>
    imageRecord(maker, { name: image, commit: commit(name), stage: shelf.find(stage), at: old }).tag;
  const [service = '', client = '', sync = ''] = serviceRecords(maker, shelf.daysAgo(20)).map(keep);
  return {
    staying: {
      'that a commit which keeps the stage has it': nameOf('backend', 'third', 'at third'),
      'that an older commit has a stage that stays, written three days ago': say('backend', 'second', 'at head', 3),
      'of a stage that is there though marked as broken, of a commit of main': nameOf(
        'frontend',
        'head',
        'broken in use',
      ),
      'that the stage is broken, which a cluster runs': `${shelf.find('broken in use').id}-rejected`,
      'of a managed image': keep(managedRecord(maker, 'cli', old)),
      'of a managed image with a slash in its name': keep(managedRecord(maker, 'tools/lint', old)),
      'when werf cleaned last': service,
      'who synchronizes': client,
      'where is synchronized': sync,
      'where files were taken from, of a stage that stays': ofImport('at head'),
      'of a stage that is not there, written yesterday': orphan(1),
    },
    going: {
      'that an older commit has a stage that stays, written 50 days ago': say('backend', 'second', 'merged', 50),
      'that a commit that is gone has a stage that stays': say('backend', 'gone', 'at head', 50),
      'that a commit that is gone has a stage that a cluster runs': nameOf('backend', 'gone', 'used by tag'),
      'of an image that is not managed any more': say('dropped', 'head', 'at head', 50),
      'of a stage that goes': nameOf('backend', 'second', 'at second'),
      'of an index that goes': nameOf('worker', 'stale', 'worker on stale'),
      'that the stage is broken, which goes': `${shelf.find('broken').id}-rejected`,
      'of a stage that is not there, written a month ago': orphan(30),
      'where files were taken from, of a stage that goes': ofImport('at second'),
      'where files were taken from, of a stage that is not there': keep(
        importRecord(maker, { source: absent('no source'), checksum: 'sum', at: old }),
      ),
      'of a custom tag that goes': 'custom-tag-meta-old-release',
      'of a custom tag of a broken stage': 'custom-tag-meta-of-broken',
    },
  };
}
