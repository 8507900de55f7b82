import { describe, expect, it } from 'vitest';
import { isRecordTag, RECORD_KEYS, RECORD_TYPE } from '../../../src/model/build-record.ts';
import { readRecords, remarkUnread } from '../../../src/policy/records/read-records.ts';
import { digestOf, LONG_AGO, type NodeSpec, snapshotOf } from '../../builders/snapshot.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const IMAGE: NodeSpec = { name: 'app', tags: ['v1'] };

const record = (more: Partial<NodeSpec> = {}): NodeSpec => ({
  name: 'record',
  subject: 'app',
  artifactType: RECORD_TYPE,
  configType: 'application/vnd.oci.empty.v1+json',
  annotations: { [RECORD_KEYS.commit]: COMMIT },
  ...more,
});

const read = (...specs: readonly NodeSpec[]) => readRecords(snapshotOf(specs));

describe('a record', () => {
  it('says which commit its image was published for, when, and where that stands', () => {
    const annotations = { [RECORD_KEYS.commit]: COMMIT, [RECORD_KEYS.reference]: 'refs/heads/main' };
    const { buildRecords, attached, unread } = read(IMAGE, record({ annotations }));
    expect(buildRecords).toEqual([
      {
        record: digestOf('record'),
        image: digestOf('app'),
        commit: COMMIT,
        at: { kind: 'known', at: Date.parse(LONG_AGO) },
        found: { kind: 'record', name: 'of 0123456789 for refs/heads/main' },
      },
    ]);
    expect([...attached]).toEqual([[digestOf('record'), [digestOf('app')]]]);
    expect(unread.size).toBe(0);
  });

  it.each<{ name: string; more: Partial<NodeSpec> }>([
    { name: 'by its artifact type', more: {} },
    { name: 'by the type of its config', more: { artifactType: 'x/y', configType: RECORD_TYPE } },
    { name: 'by an annotation alone, as a registry has it that takes no unknown types', more: plainForm() },
    { name: 'under whatever tag', more: { tags: ['latest'] } },
    { name: 'of SHA-256', more: { annotations: { [RECORD_KEYS.commit]: COMMIT.padEnd(64, '0') } } },
  ])('is known $name', ({ more }) => {
    expect(read(IMAGE, record(more)).buildRecords).toHaveLength(1);
  });

  it('may name one of several images in a repository', () => {
    const annotations = { [RECORD_KEYS.commit]: COMMIT, [RECORD_KEYS.imageName]: 'web' };
    expect(read(IMAGE, record({ annotations })).buildRecords[0]?.product).toBe('web');
    const empty = { [RECORD_KEYS.commit]: COMMIT, [RECORD_KEYS.imageName]: '' };
    expect(read(IMAGE, record({ annotations: empty })).buildRecords[0]).not.toHaveProperty('product');
  });

  it('does not know its age where it does not say', () => {
    expect(read(IMAGE, record({ created: null })).buildRecords[0]?.at.kind).toBe('unknown');
  });

  it('of an image that is not there hangs on nothing, and says nothing', () => {
    const { buildRecords, attached, unread } = read(record());
    expect(buildRecords).toEqual([]);
    expect([...attached]).toEqual([[digestOf('record'), []]]);
    expect(unread.size).toBe(0);
  });
});

describe('what is no statement', () => {
  it.each<{ name: string; more: Partial<NodeSpec>; why: string; hangs: number }>([
    { name: 'without a commit', more: { annotations: {} }, why: 'it names no whole commit', hangs: 1 },
    { name: 'with a short commit', more: ofCommit('0123456'), why: 'it names no whole commit', hangs: 1 },
    { name: 'with a branch', more: ofCommit('main'), why: 'it names no whole commit', hangs: 1 },
    { name: 'with capitals', more: ofCommit(COMMIT.toUpperCase()), why: 'it names no whole commit', hangs: 1 },
  ])('a record $name stays with its image, and is told', ({ more, why, hangs }) => {
    const { buildRecords, attached, unread } = read(IMAGE, record(more));
    expect(buildRecords).toEqual([]);
    expect(attached.get(digestOf('record'))).toHaveLength(hangs);
    expect([...unread]).toEqual([[digestOf('record'), why]]);
    expect(remarkUnread(unread)[0]?.text).toContain(why);
  });

  it('a record without a subject belongs to nothing, and is told', () => {
    const { subject: _subject, ...without } = record();
    const { attached, unread } = read(IMAGE, without);
    expect([...attached]).toEqual([[digestOf('record'), []]]);
    expect(unread.get(digestOf('record'))).toBe('it names no image');
  });

  it('a record of a record makes no image of that', () => {
    const { buildRecords, unread } = read(IMAGE, record(), record({ name: 'second', subject: 'record' }));
    expect(buildRecords.map(({ image }) => image)).toEqual([digestOf('app')]);
    expect(unread.get(digestOf('second'))).toBe('it is about another record');
  });

  it.each<{ name: string; spec: NodeSpec }>([
    { name: 'an image with a revision in its annotations', spec: record({ artifactType: 'x/y' }) },
    { name: 'a signature', spec: { name: 'signature', subject: 'app', artifactType: 'application/vnd.dev.cosign' } },
    { name: 'an index of that type', spec: record({ lists: ['app'] }) },
    { name: 'what cannot be understood', spec: record({ opaque: { mayListManifests: true } }) },
    { name: 'an image under the tag of a record', spec: { name: 'x', tags: [`record-${'a'.repeat(40)}`] } },
  ])('$name is no record', ({ spec }) => {
    const { attached, buildRecords } = read(IMAGE, spec);
    expect([attached.size, buildRecords.length]).toEqual([0, 0]);
  });

  it('many of them are one remark', () => {
    const records = ['a', 'b', 'c'].map((name) => record({ name, annotations: {} }));
    const remarks = remarkUnread(read(IMAGE, ...records).unread);
    expect(remarks).toHaveLength(1);
    expect(remarks[0]).toMatchObject({ code: 'unread-record' });
    expect(remarks[0]?.text).toContain('and 2 more');
    expect(remarkUnread(new Map())).toEqual([]);
  });
});

it.each<[string, boolean]>([
  [`record-${'a'.repeat(40)}`, true],
  [`record-${'a'.repeat(39)}`, false],
  [`record-${'A'.repeat(40)}`, false],
  [`my-record-${'a'.repeat(40)}`, false],
  [`record-${'a'.repeat(40)}-x`, false],
])('%s is a tag of a record: %s', (tag, expected) => {
  expect(isRecordTag(tag)).toBe(expected);
});

function ofCommit(commit: string): Partial<NodeSpec> {
  return { annotations: { [RECORD_KEYS.commit]: commit } };
}

function plainForm(): Partial<NodeSpec> {
  const { artifactType: _type, ...rest } = record({
    configType: 'application/vnd.oci.image.config.v1+json',
    annotations: { [RECORD_KEYS.commit]: COMMIT, [RECORD_KEYS.type]: RECORD_TYPE },
  });
  return { ...rest, artifactType: '' };
}
