import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EvidenceError } from '../../../src/errors.ts';
import { createImageStreamReader } from '../../../src/kubernetes/images/image-stream-reader.ts';
import { formatWorkload } from '../../../src/model/usage.ts';
import { type ReadSourceChanges, readSource } from '../../builders/read-source.ts';
import { referencesOf } from '../objects.ts';

type Part = Readonly<Record<string, unknown>>;

const INTERNAL = 'image-registry.openshift-image-registry.svc:5000';
const OLD = '2026-01-01T00:00:00Z';
const NOW = '2026-11-20T12:00:00Z';

function usageOf(objects: readonly unknown[], changes: ReadSourceChanges = {}) {
  const source = readSource('ImageStream', { now: NOW, reading: { by: 'image-stream' }, ...changes });
  const reader = createImageStreamReader(source);
  for (const object of objects) reader.read(Buffer.from(JSON.stringify(object)));
  return reader.finish().build([]);
}

function stream(parts: { metadata?: Part; spec?: unknown; status?: unknown } = {}): Part {
  const { metadata, ...rest } = parts;
  return { metadata: { name: 'app', namespace: 'shop', creationTimestamp: OLD, ...metadata }, ...rest };
}

/** The digest of the item with that number. */
function digest(number: number): string {
  return `sha256:${String(number).padStart(64, '0')}`;
}

function item(number: number, created: unknown = OLD): Part {
  return {
    created,
    image: digest(number),
    dockerImageReference: `${INTERNAL}/shop/app@${digest(number)}`,
    generation: 1,
  };
}

function tagged(items: unknown, tag = 'latest'): Part {
  return { tag, items };
}

/** Numbers of the items that count by their digest. */
function counting(object: Part, changes: ReadSourceChanges = {}): number[] {
  return usageOf([object], changes).bareDigests.map((use) => Number(use.digest.slice('sha256:'.length)));
}

function day(number: number): string {
  return new Date(Date.UTC(2026, 2, number)).toISOString();
}

describe('the history of a tag', () => {
  it.each<[string, readonly Part[], ReadSourceChanges, readonly number[]]>([
    [
      'counts by its newest items',
      [item(4, day(4)), item(3, day(3)), item(2, day(2)), item(1, day(1))],
      { keepTagRevisions: 2 },
      [3, 4],
    ],
    ['counts in full when it is short', [item(2, day(2)), item(1, day(1))], { keepTagRevisions: 3 }, [1, 2]],
    [
      'counts by time when it is out of order, and by place, too',
      [item(1, day(1)), item(2, day(2)), item(3, day(3))],
      { keepTagRevisions: 1 },
      [1, 3],
    ],
    [
      'counts every item that is as new as the last one that counts',
      [item(3, day(3)), item(2, day(2)), item(1, day(2))],
      { keepTagRevisions: 2 },
      [1, 2, 3],
    ],
    [
      'counts every young item',
      [item(3, '2026-11-20T11:59:00Z'), item(2, '2026-11-20T11:30:00Z'), item(1, day(1))],
      { keepTagRevisions: 1 },
      [2, 3],
    ],
    [
      'does not count an item that is exactly old enough',
      [item(2, '2026-11-20T11:30:00Z'), item(1, '2026-11-20T11:00:00Z')],
      { keepTagRevisions: 1 },
      [2],
    ],
    [
      'counts an item from the future',
      [item(2, '2026-11-22T00:00:00Z'), item(1, '2026-11-21T00:00:00Z')],
      { keepTagRevisions: 1 },
      [1, 2],
    ],
    [
      'counts items whose time is unknown, which take no place',
      [item(3, day(3)), item(2, day(2)), item(1, null)],
      { keepTagRevisions: 1 },
      [1, 3],
    ],
    [
      'counts items whose time is no time',
      [item(3, day(3)), item(2, 'once'), item(1, 7)],
      { keepTagRevisions: 1 },
      [1, 2, 3],
    ],
    [
      'counts in full when it tells no time at all',
      [item(3, null), item(2, null), item(1, null)],
      { keepTagRevisions: 1 },
      [1, 2, 3],
    ],
  ])('%s', (_, items, changes, expected) => {
    expect(counting(stream({ status: { tags: [tagged(items)] } }), changes)).toEqual(expected);
  });

  it('counts for each tag by itself', () => {
    const tags = [tagged([item(2, day(2)), item(1, day(1))], 'a'), tagged([item(4, day(2)), item(3, day(1))], 'b')];
    expect(counting(stream({ status: { tags } }), { keepTagRevisions: 1 })).toEqual([2, 4]);
  });

  it.each<[string, Part]>([
    ['is young', { creationTimestamp: '2026-11-20T11:30:00Z' }],
    ['tells no time', { creationTimestamp: null }],
    ['tells a time that is none', { creationTimestamp: 'lately' }],
  ])('counts in full when its stream %s', (_, metadata) => {
    const status = { tags: [tagged([item(3, day(3)), item(2, day(2)), item(1, day(1))])] };
    expect(counting(stream({ metadata, status }), { keepTagRevisions: 1 })).toEqual([1, 2, 3]);
  });

  it('counts more with every revision, hour and item, and never less, in whatever order', () => {
    const entry = fc.record({ day: fc.integer({ min: 1, max: 30 }), isKnown: fc.boolean() });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 8 }), fc.integer({ min: 1, max: 4 }), (entries, keepTagRevisions) => {
        const items = entries.map((one, index) => item(index, one.isKnown ? day(one.day) : null));
        const of = (list: readonly Part[], revisions: number, keepYoungerThan = '1h') =>
          new Set(
            counting(stream({ status: { tags: [tagged(list)] } }), { keepTagRevisions: revisions, keepYoungerThan }),
          );
        const counts = of(items, keepTagRevisions);
        expect(counts.size).toBeGreaterThanOrEqual(Math.min(items.length, keepTagRevisions));
        const more = [of(items, keepTagRevisions + 1), of(items, keepTagRevisions, '10w')];
        for (const set of more) expect([...counts].filter((one) => !set.has(one))).toEqual([]);
        const newest = entries.map((one, index) => ({ ...one, index })).filter(({ isKnown }) => isKnown);
        newest.sort((a, b) => b.day - a.day);
        for (const { index } of newest.slice(0, keepTagRevisions))
          expect(of(items.toReversed(), keepTagRevisions).has(index)).toBe(true);
      }),
    );
  });
});

describe('an image stream names', () => {
  const D = digest(7);

  it.each<[string, Part, readonly string[]]>([
    [
      'each tag of its history in the integrated registry, inside and outside',
      {
        status: {
          dockerImageRepository: `${INTERNAL}/shop/app`,
          publicDockerImageRepository: 'default-route.apps.test/shop/app',
          tags: [tagged(null, 'v1')],
        },
      },
      ['default-route.apps.test/shop/app:v1', `${INTERNAL}/shop/app:v1`],
    ],
    [
      'the old address of that registry',
      { status: { dockerImageRepository: '172.30.1.1:5000/shop/app', tags: [tagged([], 'v1')] } },
      ['172.30.1.1:5000/shop/app:v1', `${INTERNAL}/shop/app:v1`],
    ],
    [
      'the image that a tag is imported from',
      { spec: { tags: [{ name: 'v1', from: { kind: 'DockerImage', name: 'quay.io/team/app:v1' } }] } },
      [`${INTERNAL}/shop/app:v1`, 'quay.io/team/app:v1'],
    ],
    [
      'the tag of another stream',
      { spec: { tags: [{ name: 'v1', from: { kind: 'ImageStreamTag', name: 'base:v2', namespace: 'openshift' } }] } },
      [`${INTERNAL}/openshift/base:v2`, `${INTERNAL}/shop/app:v1`],
    ],
    [
      'the tag of a stream in its namespace',
      { spec: { tags: [{ name: 'v1', from: { kind: 'ImageStreamTag', name: 'base:v2' } }] } },
      [`${INTERNAL}/shop/app:v1`, `${INTERNAL}/shop/base:v2`],
    ],
    [
      'another tag of its own',
      { spec: { tags: [{ name: 'v1', from: { kind: 'ImageStreamTag', name: 'v2', namespace: '' } }] } },
      [`${INTERNAL}/shop/app:v1`, `${INTERNAL}/shop/app:v2`],
    ],
    [
      'the image of a stream',
      { spec: { tags: [{ name: 'v1', from: { kind: 'ImageStreamImage', name: `base@${D}` } }] } },
      [`${INTERNAL}/shop/app:v1`, `${INTERNAL}/shop/base@${D}`],
    ],
    [
      'the repository that it stands for',
      { spec: { dockerImageRepository: 'quay.io/team/app' } },
      ['quay.io/team/app:latest'],
    ],
    [
      'a tag without a source, which was pushed',
      { spec: { tags: [{ name: 'v1', from: null }] } },
      [`${INTERNAL}/shop/app:v1`],
    ],
    [
      'the reference of an item',
      { status: { tags: [tagged([{ created: OLD, image: D, dockerImageReference: `quay.io/team/app@${D}` }], 'v1')] } },
      [`${INTERNAL}/shop/app:v1`, `quay.io/team/app@${D}`],
    ],
    [
      'the reference of an item without a digest of its own',
      { status: { tags: [tagged([{ dockerImageReference: `quay.io/team/app@${D}` }], 'v1')] } },
      [`${INTERNAL}/shop/app:v1`, `quay.io/team/app@${D}`],
    ],
    [
      'nothing when it is empty',
      { spec: { lookupPolicy: { local: false } }, status: { dockerImageRepository: '' } },
      [],
    ],
    ['nothing before its controller saw it', {}, []],
  ])('%s', (_, parts, expected) => {
    expect(referencesOf(usageOf([stream(parts)]))).toEqual([...expected].sort());
  });

  it('its images by itself', () => {
    const [use] = usageOf([stream({ status: { tags: [tagged([item(1)])] } })]).bareDigests;
    expect(use?.workloads.map(formatWorkload)).toEqual(['prod: shop/ImageStream/app']);
  });
});

describe('an image stream of another form', () => {
  it.each<[string, unknown]>([
    ['is a text', 'app'],
    ['has no metadata', { status: {} }],
    ['has no name', { metadata: {} }],
    ['has tags that are an object', stream({ status: { tags: { v1: [] } } })],
    ['has a tag without a name', stream({ status: { tags: [{ items: [] }] } })],
    ['has items that are an object', stream({ status: { tags: [tagged({ a: item(1) })] } })],
    ['has an item that is a text', stream({ status: { tags: [tagged([digest(1)])] } })],
    ['has a digest that is a number', stream({ status: { tags: [tagged([{ image: 7 }])] } })],
    ['has an item that names no image', stream({ status: { tags: [tagged([{ created: OLD, image: ' ' }])] } })],
    ['has a source without a name', stream({ spec: { tags: [{ name: 'a', from: { kind: 'DockerImage' } }] } })],
    ['has spec tags that are an object', stream({ spec: { tags: {} } })],
    ['has a status that is a list', stream({ status: [] })],
  ])('stops the run when it %s', (_, object) => {
    expect(() => usageOf([object])).toThrow(EvidenceError);
    expect(() => usageOf([object])).toThrow(expect.objectContaining({ code: 'EVIDENCE_KUBERNETES' }));
  });
});
