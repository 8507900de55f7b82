// Arbitrary repositories that werf made, beside and among images of others.

import fc from 'fast-check';
import { RECORD_KEYS, RECORD_TYPE } from '../../src/model/build-record.ts';
import type { WerfPolicy } from '../../src/model/policy.ts';
import { hours } from '../../src/model/time.ts';
import { commitIdOf } from '../builders/history.ts';
import { LONG_AGO, type NodeSpec } from '../builders/snapshot.ts';
import {
  configDigestOf,
  customTagMetadata,
  imageMetadata,
  importMetadata,
  indexIdOf,
  managedImage,
  rejectedMarker,
  serviceRecord,
  stage,
  stageIdOf,
  stageIndex,
} from '../builders/werf-snapshot.ts';
import { type World, worlds } from './world.ts';

const STAGES = 6;
const COMMITS = 8;
const SERVICE = ['cleanup', 'client-id-0-1', 'sync-server', 'werf-meta-repo-marker-shop'];

/** Worlds of which werf made a part. */
export function werfWorlds(): fc.Arbitrary<World> {
  const parts = fc.record({
    stages: fc.tuple(...Array.from({ length: STAGES }, (_, at) => stageAt(at))),
    index: fc.option(fc.uniqueArray(stageNumber(), { minLength: 1, maxLength: 3 })),
    records: fc.array(someRecord(), { maxLength: 8 }),
    service: fc.subarray(SERVICE),
    managed: fc.subarray(['web', 'api']),
    policy: werfPolicies(),
  });
  return fc.tuple(worlds(), parts).map(([world, draw]) => {
    const index = draw.index === null ? [] : [stageIndex({ name: 'multi', platforms: draw.index.map(nameOf) })];
    const nodes = [
      ...world.nodes.slice(0, 4),
      ...draw.stages,
      ...index,
      ...draw.records,
      ...draw.service.map((tag) => serviceRecord(tag, { lastcleanuptimestamp: '1' })),
      ...draw.managed.map((name) => managedImage(name)),
    ];
    return { ...world, nodes: eachOnce(nodes), policy: { ...world.policy, werf: draw.policy } };
  });
}

function werfPolicies(): fc.Arbitrary<WerfPolicy> {
  return fc
    .record({
      foreign: fc.constantFrom<WerfPolicy['foreign']>('keep', 'decide'),
      areNamesComplete: fc.boolean(),
      project: fc.option(fc.constantFrom('shop', 'blog'), { nil: undefined }),
    })
    .map(({ project, ...draw }) => ({
      ...draw,
      unrecordedGrace: hours(168),
      imageNames: [],
      disabled: 'no',
      ...(project === undefined ? {} : { project }),
    }));
}

function stageNumber(): fc.Arbitrary<number> {
  return fc.nat(STAGES);
}

/** The last one is never there. */
function nameOf(at: number): string {
  return `s${at}`;
}

function stageAt(at: number): fc.Arbitrary<NodeSpec> {
  const other = fc.option(stageNumber().map(nameOf), { nil: undefined, freq: 2 });
  return fc
    .record({
      parent: other,
      base: other,
      source: other,
      dependency: other,
      checksum: fc.boolean(),
      created: fc.constantFrom(LONG_AGO, LONG_AGO, '2026-11-17T00:00:00Z', '2026-11-20T11:30:00Z'),
      tag: fc.option(fc.constantFrom(`custom-${at}`, `mine-${at}`), { nil: undefined, freq: 3 }),
      isTagged: fc.constantFrom(true, true, true, false),
      isBlog: fc.constantFrom(false, false, false, true),
      isUnreadable: fc.constantFrom(false, false, false, false, false, true),
      commit: fc.option(fc.integer({ min: 0, max: COMMITS + 1 }), { nil: undefined, freq: 3 }),
    })
    .map((draw) => {
      const made = stage({
        name: nameOf(at),
        created: draw.created,
        isTagged: false,
        tags: [...(draw.isTagged ? [stageIdOf(nameOf(at))] : []), ...(draw.tag === undefined ? [] : [draw.tag])],
        ...(draw.isBlog ? { project: 'blog' } : {}),
        labels: {
          ...(draw.parent === undefined ? {} : { 'werf.io/parent-stage-id': stageIdOf(draw.parent) }),
          ...(draw.base === undefined ? {} : { 'werf.io/base-image-id': configDigestOf(draw.base) }),
          ...(draw.source === undefined ? {} : { 'werf-import-source-stage-id-a': stageIdOf(draw.source) }),
          ...(draw.dependency === undefined ? {} : { 'werf-dependency-stage-id-a': stageIdOf(draw.dependency) }),
          ...(draw.checksum ? { 'werf-import-checksum-a': 'sum' } : {}),
          ...(draw.commit === undefined ? {} : { 'org.opencontainers.image.revision': commitIdOf(`c${draw.commit}`) }),
        },
      });
      return draw.isUnreadable ? { ...made, opaque: { mayListManifests: false } } : made;
    });
}

/** Any record, of werf's or of ours. */
export function someRecord(): fc.Arbitrary<NodeSpec> {
  return fc
    .record({
      kind: fc.constantFrom<RecordDraw['kind'][]>('meta', 'meta', 'meta', 'import', 'custom', 'rejected', 'own', 'own'),
      at: fc.oneof(stageNumber(), fc.constant('multi' as const)),
      commit: fc.integer({ min: 0, max: COMMITS + 2 }),
      image: fc.constantFrom('web', 'web', 'api', 'retired'),
      created: fc.constantFrom(LONG_AGO, LONG_AGO, '2026-11-17T00:00:00Z', '2026-11-20T11:30:00Z', null),
      project: fc.constantFrom('shop', 'shop', null, 'blog'),
    })
    .map(recordFrom);
}

interface RecordDraw {
  readonly kind: 'meta' | 'import' | 'custom' | 'rejected' | 'own';
  readonly at: number | 'multi';
  readonly commit: number;
  readonly image: string;
  readonly created: string | null;
  readonly project: string | null;
}

function recordFrom({ kind, at, commit, image, created, project }: RecordDraw): NodeSpec {
  const id = at === 'multi' ? indexIdOf('multi') : stageIdOf(nameOf(at));
  const more = { created, project };
  switch (kind) {
    case 'meta':
      return imageMetadata({ image, commit: `c${commit}`, stage: id, ...more });
    case 'import':
      return importMetadata({ checksum: 'sum', stage: id, ...more });
    case 'custom':
      return customTagMetadata({ tag: `custom-${at}`, stage: id, ...more });
    case 'rejected':
      return rejectedMarker(id, more);
    case 'own':
      return ownRecord({ subject: at === 'multi' ? at : nameOf(at), commit, created, image });
  }
}

function ownRecord(of: { subject: string; commit: number; created: string | null; image: string }): NodeSpec {
  const name = of.image === 'web' ? {} : { [RECORD_KEYS.imageName]: of.image };
  return {
    name: `record of ${of.subject} for ${of.commit} ${of.image}`,
    subject: of.subject,
    artifactType: RECORD_TYPE,
    created: of.created,
    annotations: { [RECORD_KEYS.commit]: commitIdOf(`c${of.commit}`), ...name },
  };
}

/** Each name, and each tag, once. */
function eachOnce(nodes: readonly NodeSpec[]): readonly NodeSpec[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const seen = new Set<string>();
  return [...byName.values()].map((node) => {
    const tags = (node.tags ?? []).filter((tag) => !seen.has(tag));
    for (const tag of tags) seen.add(tag);
    return { ...node, tags };
  });
}
