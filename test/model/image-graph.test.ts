import { describe, expect, it } from 'vitest';
import { extendSnapshot } from '../../src/model/extend-snapshot.ts';
import { buildImageGraph } from '../../src/model/image-graph.ts';
import { isDigest, parseTag } from '../../src/model/reference.ts';
import { parseReferrerTag } from '../../src/model/referrer-tag.ts';
import { digestOf, type NodeSpec, referrerTagOf, snapshotOf } from '../builders/snapshot.ts';

const HEX = 'a'.repeat(64);

describe('a referrer tag', () => {
  it.each<[string, string, string | undefined]>([
    ['of the fallback scheme', `sha256-${HEX}`, `whole sha256:${HEX}`],
    ['of a signature', `sha256-${HEX}.sig`, `whole sha256:${HEX}`],
    ['of an attestation', `sha256-${HEX}.att`, `whole sha256:${HEX}`],
    ['of an SBOM', `sha256-${HEX}.sbom`, `whole sha256:${HEX}`],
    ['of a SHA-512 that is whole', `sha512-${HEX}${HEX}`, `whole sha512:${HEX}${HEX}`],
    ['of a SHA-512 that is cut to 64 digits', `sha512-${HEX}`, `cut sha512:${HEX}`],
    ['with another suffix is an ordinary tag', `sha256-${HEX}.imgpkg`, undefined],
    ['with two suffixes is an ordinary tag', `sha256-${HEX}.sig.sig`, undefined],
    ['in upper case is an ordinary tag', `sha256-${HEX.toUpperCase()}`, undefined],
    ['with a digit less is an ordinary tag', `sha256-${HEX.slice(1)}`, undefined],
    ['with a digit more is an ordinary tag', `sha256-${HEX}a`, undefined],
    ['with a word before it is an ordinary tag', `x-sha256-${HEX}`, undefined],
    ['of another algorithm is an ordinary tag', `md5-${HEX}`, undefined],
    ['as version is an ordinary tag', 'v1.0.0', undefined],
  ])('%s', (_, tag, expected) => {
    const pointer = parseReferrerTag(tag);
    const text = pointer?.kind === 'whole' ? pointer.subject : pointer?.digestPrefix;
    expect(pointer === undefined ? undefined : `${pointer.kind} ${text}`).toBe(expected);
  });
});

describe('the role of a node', () => {
  it.each<[string, readonly NodeSpec[], 'image' | 'child' | 'referrer']>([
    ['with a tag is an image', [{ name: 'a', tags: ['v1'] }], 'image'],
    ['without tag and owner is an image', [{ name: 'a' }], 'image'],
    ['without tag and with an index is a child', [{ name: 'a' }, { name: 'i', lists: ['a'] }], 'child'],
    [
      'with a tag and an index is an image',
      [
        { name: 'a', tags: ['v1'] },
        { name: 'i', lists: ['a'] },
      ],
      'image',
    ],
    ['with a subject is a referrer', [{ name: 'a', subject: 'b' }, { name: 'b' }], 'referrer'],
    ['with a subject elsewhere is a referrer', [{ name: 'a', subject: 'ghost' }], 'referrer'],
    [
      'with a referrer tag is a referrer',
      [{ name: 'a', tags: [referrerTagOf('b', '.sig')] }, { name: 'b' }],
      'referrer',
    ],
    [
      'with a referrer tag for something elsewhere is a referrer',
      [{ name: 'a', tags: [referrerTagOf('ghost')] }],
      'referrer',
    ],
    ['with a referrer tag that names itself is an image', [{ name: 'a', tags: [referrerTagOf('a')] }], 'image'],
    [
      'that is listed and has a subject is a referrer',
      [{ name: 'a', subject: 'b' }, { name: 'b' }, { name: 'i', lists: ['a'] }],
      'referrer',
    ],
    [
      'with a subject and a name of its own is an image',
      [{ name: 'a', subject: 'b', tags: ['v1'] }, { name: 'b' }],
      'image',
    ],
    [
      'with a referrer tag and a name of its own is an image',
      [{ name: 'a', tags: [referrerTagOf('b'), 'v1'] }, { name: 'b' }],
      'image',
    ],
    ['that lists itself is an image', [{ name: 'a', lists: ['a'] }], 'image'],
  ])('%s', (_, nodes, expected) => {
    expect(buildImageGraph(snapshotOf(nodes)).roleOf(digestOf('a'))).toBe(expected);
  });
});

describe('edges', () => {
  const graph = buildImageGraph(
    snapshotOf([
      { name: 'i', lists: ['a', 'ghost'], attestations: ['t'] },
      { name: 'j', lists: ['a', 'a'] },
      { name: 'a' },
      { name: 't' },
      { name: 's', tags: [referrerTagOf('a', '.sig'), referrerTagOf('ghost', '.sig')] },
      { name: 'r', subject: 'a' },
    ]),
  );

  it('go both ways between what is here, sorted and once', () => {
    expect(graph.childrenOf(digestOf('i'))).toEqual([digestOf('a'), digestOf('t')].sort());
    expect(graph.childrenOf(digestOf('j'))).toEqual([digestOf('a')]);
    expect(graph.parentsOf(digestOf('a'))).toEqual([digestOf('i'), digestOf('j')].sort());
    expect(graph.subjectsOf(digestOf('s'))).toEqual([digestOf('a')]);
    expect(graph.referrersOf(digestOf('a'))).toEqual([digestOf('s'), digestOf('r')].sort());
  });

  it('to what is not here are told apart', () => {
    expect(graph.absentSubjectsOf(digestOf('s'))).toEqual([digestOf('ghost')]);
    expect(graph.parentsOf(digestOf('ghost'))).toEqual([]);
  });

  it('know attestations by the word of the index', () => {
    expect([digestOf('t'), digestOf('a')].map((digest) => graph.isAttestation(digest))).toEqual([true, false]);
  });

  it('of a cut SHA-512 tag find the subject that it begins', () => {
    const subject = `sha512:${HEX}${'b'.repeat(64)}`;
    if (!isDigest(subject)) throw new Error('it is a digest');
    const snapshot = snapshotOf([{ name: 's', tags: [`sha512-${HEX}`] }, { name: 'a' }]);
    const [node] = [...snapshot.nodes.values()].filter(({ digest }) => digest === digestOf('a'));
    if (node === undefined) throw new Error('it is there');
    const nodes = new Map([...snapshot.nodes, [subject, { ...node, digest: subject }]]);
    expect(buildImageGraph({ nodes }).subjectsOf(digestOf('s'))).toEqual([subject]);
    expect(buildImageGraph(snapshot).absentSubjectsOf(digestOf('s'))).toEqual([`sha512:${HEX}`]);
  });
});

describe('a snapshot with more digests', () => {
  const before = snapshotOf([{ name: 'i', tags: ['v1'], lists: ['c', 'd'] }]);

  it('holds them, and what it held, tags included', () => {
    const more = snapshotOf([{ name: 'i' }, { name: 'c' }]);
    const after = extendSnapshot(before, more);
    expect([...after.nodes.keys()].sort()).toEqual([digestOf('i'), digestOf('c')].sort());
    expect(after.nodes.get(digestOf('i'))?.tags).toEqual(['v1']);
    expect(after.tags.get(parseTag('v1'))).toBe(digestOf('i'));
  });

  it('no longer calls absent what has been found', () => {
    const after = extendSnapshot(before, snapshotOf([{ name: 'c' }]));
    expect([...after.absent]).toEqual([[digestOf('d'), [digestOf('i')]]]);
  });

  it('knows everyone that names what is absent, once', () => {
    const after = extendSnapshot(
      before,
      snapshotOf([
        { name: 'j', lists: ['d'] },
        { name: 'i', lists: ['d'] },
      ]),
    );
    expect(after.absent.get(digestOf('d'))?.toSorted()).toEqual([digestOf('i'), digestOf('j')].sort());
  });

  it('leaves the one it was made from as it was', () => {
    expect(before.nodes.size).toBe(1);
    expect(before.absent.size).toBe(2);
  });
});
