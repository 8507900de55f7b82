// What holds of every repository that werf made, whatever else is in it.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Digest } from '../../../src/model/reference.ts';
import { readWerf } from '../../../src/policy/werf/read-werf.ts';
import type { Werf } from '../../../src/policy/werf/werf.ts';
import { digestOf, type NodeSpec, policyOf, referrerTagOf, snapshotOf } from '../../builders/snapshot.ts';
import {
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
} from '../../builders/werf-snapshot.ts';

const RUNS = { numRuns: 500 };
const STAGES = ['s1', 's2', 's3', 's4'];
const TAGS = ['v1', 'v2', 'v3'];
const IDS = [...STAGES.map((name) => stageIdOf(name)), indexIdOf('i1')];

const project = fc.constantFrom('shop', 'shop', 'shop', null, 'other');
/** Each tag is on one node, as in a registry. */
const stages = fc.tuple(
  ...STAGES.map((name, nth) =>
    fc
      .record({
        kind: fc.constantFrom('stage', 'stage', 'stage', 'untagged', 'opaque', 'unread', 'absent'),
        project,
        tag: fc.option(fc.constant(TAGS[nth]), { nil: undefined }),
      })
      .map((drawn) => nodesOf(name, drawn)),
  ),
);
const index = fc.subarray(['s1', 's2', 'plain', 'gone']).map((platforms) => [stageIndex({ name: 'i1', platforms })]);
const records = fc.uniqueArray(
  fc.oneof(
    fc
      .record({
        image: fc.constantFrom('web', 'app'),
        commit: fc.constantFrom('c', 'd'),
        stage: fc.constantFrom(...IDS),
        project,
      })
      .map(imageMetadata),
    fc.record({ tag: fc.constantFrom(...TAGS), stage: fc.constantFrom(...IDS), project }).map(customTagMetadata),
    fc.record({ checksum: fc.constantFrom('k', 'l'), stage: fc.constantFrom(...IDS), project }).map(importMetadata),
    fc
      .tuple(fc.constantFrom(...IDS), project)
      .map(([id, of]) => rejectedMarker(id.includes('-') ? id : `${id}-0`, { project: of })),
    fc.tuple(fc.constantFrom('web', 'app', ''), project).map(([name, of]) => managedImage(name, { project: of })),
    fc
      .constantFrom('cleanup', 'sync-server', 'client-id-x-1')
      .map((tag) => serviceRecord(tag, { lastcleanuptimestamp: '1' })),
  ),
  { selector: ({ name }) => name, maxLength: 8 },
);
/** Of nobody's project: plain images, indexes, signatures, tags that only look like werf's. */
const foreigners = fc.uniqueArray(
  fc.constantFrom<NodeSpec>(
    { name: 'plain' },
    { name: 'app', tags: ['latest', 'zz'] },
    { name: 'look', tags: ['ab'.repeat(28)] },
    { name: 'look2', tags: [`${'cd'.repeat(28)}-1611836746968`] },
    { name: 'multi', tags: ['multi'], lists: ['s1', 'plain'] },
    { name: 'sig', tags: [referrerTagOf('s1', '.sig')] },
    { name: 'odd', tags: ['managed-image-odd'], lists: ['s2'] },
    { name: 'opaque', tags: ['opaque'], opaque: { mayListManifests: true } },
  ),
  { selector: ({ name }) => name },
);
const repositories = fc
  .tuple(stages, index, records, foreigners)
  .map(([made, indexes, said, others]) => [stage({ name: 'base' }), ...made.flat(), ...indexes, ...said, ...others]);

function nodesOf(
  name: string,
  { kind, project: of, tag }: { kind: string; project: string | null; tag: string | undefined },
): readonly NodeSpec[] {
  if (kind === 'absent') return [];
  const tags = tag === undefined ? [] : [tag];
  const node = stage({ name, project: of, tags, isTagged: kind !== 'untagged' });
  if (kind === 'opaque') return [{ name, tags: node.tags ?? [], opaque: { mayListManifests: false } }];
  return [kind === 'unread' ? { ...node, unread: true } : node];
}

function read(nodes: readonly NodeSpec[], ours: string | undefined): Werf {
  const policy = { ...policyOf().werf, ...(ours === undefined ? {} : { project: ours }) };
  const werf = readWerf(snapshotOf(nodes), policy, undefined);
  if (werf === undefined) throw new Error('the base stage proves that it is werf’s');
  return werf;
}

/** Everything in one text; lists keep their order, sets and maps do not matter. */
function written(werf: Werf): string {
  return JSON.stringify(werf, (_, value: unknown) => {
    if (value instanceof Map) return [...value].sort(byText);
    return value instanceof Set ? [...value].map(String).sort() : value;
  });
}

function byText([a]: readonly unknown[], [b]: readonly unknown[]): number {
  return String(a) < String(b) ? -1 : 1;
}

describe('for every repository that werf made', () => {
  it('the order of its nodes changes nothing', () => {
    const shuffled = repositories.chain((nodes) =>
      fc.tuple(fc.constant(nodes), fc.shuffledSubarray(nodes, { minLength: nodes.length })),
    );
    fc.assert(
      fc.property(shuffled, fc.constantFrom('shop', undefined), ([nodes, again], ours) => {
        expect(written(read(again, ours))).toBe(written(read(nodes, ours)));
      }),
      RUNS,
    );
  });

  it('one more foreign image or record takes nothing from werf and makes nothing foreign', () => {
    const more = fc.oneof(foreigners, records).map((some) => some.slice(0, 1));
    fc.assert(
      fc.property(repositories, more, fc.constantFrom('shop', undefined), (nodes, added, ours) => {
        const names = new Set(nodes.map(({ name }) => name));
        // What an index lists tells whose that is: to come to see it may turn everything.
        fc.pre(!nodes.some(({ lists = [] }) => added.some(({ name }) => !names.has(name) && lists.includes(name))));
        const before = read(nodes, ours);
        const after = read([...nodes, ...added.filter(({ name }) => !names.has(name))], ours);
        const isAdded = (digest: Digest): boolean => added.some(({ name }) => digestOf(name) === digest);
        for (const digest of after.foreign.keys()) if (!isAdded(digest)) expect(before.foreign.has(digest)).toBe(true);
        for (const digest of before.built) expect(after.built.has(digest)).toBe(true);
        for (const [id, digest] of before.stages) expect(after.stages.get(id)).toBe(digest);
        for (const digest of before.records.keys()) expect(after.records.has(digest)).toBe(true);
      }),
      RUNS,
    );
  });

  it('what is a record is neither built nor foreign, and what is rejected is not foreign', () => {
    fc.assert(
      fc.property(repositories, fc.constantFrom('shop', undefined), (nodes, ours) => {
        const werf = read(nodes, ours);
        for (const digest of werf.records.keys())
          expect(werf.built.has(digest) || werf.foreign.has(digest)).toBe(false);
        for (const digest of werf.rejected.keys()) expect(werf.foreign.has(digest)).toBe(false);
        expect([...werf.attached.keys()].sort()).toEqual([...werf.records.keys()].sort());
      }),
      RUNS,
    );
  });
});
