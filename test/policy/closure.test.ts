import { describe, expect, it } from 'vitest';
import type { KeepReason } from '../../src/model/decision.ts';
import { buildImageGraph } from '../../src/model/image-graph.ts';
import { protectAlso, protectReachable } from '../../src/policy/closure.ts';
import { digestOf, type NodeSpec, referrerTagOf, snapshotOf } from '../builders/snapshot.ts';

const ROOT: KeepReason = { rule: 'pin', pin: 'a test' };

/** Two releases that share their base platform image, an attestation in each, and a signature on everything. */
const RELEASES: readonly NodeSpec[] = [
  { name: 'old', tags: ['v1'], lists: ['base', 'old-arm'], attestations: ['old-att'] },
  { name: 'new', tags: ['v2'], lists: ['base', 'new-arm'], attestations: ['new-att'] },
  { name: 'base' },
  { name: 'old-arm' },
  { name: 'new-arm' },
  { name: 'old-att' },
  { name: 'new-att' },
  { name: 'old-sig', tags: [referrerTagOf('old', '.sig')] },
  { name: 'new-sig', tags: [referrerTagOf('new', '.sig')] },
  { name: 'base-sig', tags: [referrerTagOf('base', '.sig')] },
];

describe('a root protects', () => {
  it.each<[string, readonly NodeSpec[], readonly string[], readonly string[]]>([
    [
      'what it lists, and only the shared part of a sister release',
      RELEASES,
      ['new'],
      ['base', 'base-sig', 'new', 'new-arm', 'new-att', 'new-sig'],
    ],
    [
      'every index that lists it, with all that they list, when it is the shared part',
      RELEASES,
      ['base'],
      RELEASES.map(({ name }) => name).sort(),
    ],
    [
      'the index around it, but not the sister release that shares another part',
      RELEASES,
      ['new-arm'],
      ['base', 'base-sig', 'new', 'new-arm', 'new-att', 'new-sig'],
    ],
    [
      'the index around it, when it is an attestation',
      RELEASES,
      ['old-att'],
      ['base', 'base-sig', 'old', 'old-arm', 'old-att', 'old-sig'],
    ],
    ['its subject as a root, when it is a signature', RELEASES, ['base-sig'], RELEASES.map(({ name }) => name).sort()],
    [
      'only its subject and what belongs to it, when that is an index',
      RELEASES,
      ['old-sig'],
      ['base', 'base-sig', 'old', 'old-arm', 'old-att', 'old-sig'],
    ],
    [
      'indexes at any height',
      [{ name: 'top', lists: ['middle'] }, { name: 'middle', lists: ['leaf'] }, { name: 'leaf' }],
      ['leaf'],
      ['leaf', 'middle', 'top'],
    ],
    [
      'what it lists at any depth',
      [{ name: 'top', lists: ['middle'] }, { name: 'middle', lists: ['leaf'] }, { name: 'leaf' }],
      ['top'],
      ['leaf', 'middle', 'top'],
    ],
    [
      'referrers of referrers',
      [{ name: 'a' }, { name: 'sbom', subject: 'a' }, { name: 'sig', subject: 'sbom' }],
      ['a'],
      ['a', 'sbom', 'sig'],
    ],
    [
      'subjects of subjects, when it is a referrer',
      [{ name: 'a' }, { name: 'sbom', subject: 'a' }, { name: 'sig', subject: 'sbom' }],
      ['sig'],
      ['a', 'sbom', 'sig'],
    ],
    [
      'what a referrer lists',
      [{ name: 'a' }, { name: 'bundle', subject: 'a', lists: ['part'] }, { name: 'part' }],
      ['a'],
      ['a', 'bundle', 'part'],
    ],
    [
      'a fallback list of referrers and what it lists',
      [{ name: 'a' }, { name: 'list', tags: [referrerTagOf('a')], lists: ['sig'] }, { name: 'sig', subject: 'a' }],
      ['a'],
      ['a', 'list', 'sig'],
    ],
    ['nothing that only lies beside it', [{ name: 'a' }, { name: 'b' }], ['a'], ['a']],
    ['nothing, when it is not here', [{ name: 'a' }], ['ghost'], []],
    ['itself when it lists itself', [{ name: 'a', lists: ['a'] }], ['a'], ['a']],
    [
      'a circle once',
      [
        { name: 'a', lists: ['b'] },
        { name: 'b', lists: ['a'] },
      ],
      ['a'],
      ['a', 'b'],
    ],
    [
      'the referrers of what a signature refers to',
      [{ name: 'a' }, { name: 'one', subject: 'a' }, { name: 'two', subject: 'a' }],
      ['one'],
      ['a', 'one', 'two'],
    ],
  ])('%s', (_, nodes, roots, expected) => {
    expect(protectedBy(nodes, roots)).toEqual(expected);
  });
});

describe('a node that is kept only because an index lists it', () => {
  it('does not protect other indexes that list it', () => {
    expect(protectedBy(RELEASES, ['new'])).not.toContain('old');
  });

  it('protects what refers to it, and what that lists', () => {
    expect(protectedBy(RELEASES, ['new'])).toContain('base-sig');
  });

  it('does not protect what an index two levels above lists', () => {
    const nodes: readonly NodeSpec[] = [
      { name: 'other', lists: ['inner'] },
      { name: 'top', lists: ['inner'] },
      { name: 'inner', lists: ['leaf'] },
      { name: 'leaf' },
    ];
    expect(protectedBy(nodes, ['top'])).toEqual(['inner', 'leaf', 'top']);
  });
});

describe('a node that is kept only because it refers to something', () => {
  it('does not protect another subject of its own', () => {
    const nodes: readonly NodeSpec[] = [
      { name: 'a' },
      { name: 'b' },
      { name: 'sig', tags: [referrerTagOf('a', '.sig'), referrerTagOf('b', '.sig')] },
    ];
    expect(protectedBy(nodes, ['a'])).toEqual(['a', 'sig']);
  });
});

describe('reasons', () => {
  it('of a root stay as they are, though it is listed too', () => {
    const kept = closureOf(RELEASES, ['new', 'base']);
    expect(kept.get(digestOf('base'))).toEqual([ROOT]);
  });

  it('name what a node is kept for', () => {
    const kept = closureOf(RELEASES, ['new-arm']);
    expect(kept.get(digestOf('new'))).toEqual([{ rule: 'parent', of: digestOf('new-arm') }]);
    expect(kept.get(digestOf('base'))).toEqual([{ rule: 'child', of: digestOf('new') }]);
    expect(kept.get(digestOf('new-sig'))).toEqual([{ rule: 'referrer', of: digestOf('new') }]);
    expect(closureOf(RELEASES, ['old-sig']).get(digestOf('old'))).toEqual([
      { rule: 'subject', of: digestOf('old-sig') },
    ]);
  });

  it('do not depend on the order of roots', () => {
    expect([...closureOf(RELEASES, ['new', 'old'])]).toEqual([...closureOf(RELEASES, ['old', 'new'])]);
  });
});

describe('a doubt that comes later', () => {
  it('protects what it lists and what refers to it, and nothing above', () => {
    const graph = buildImageGraph(snapshotOf(RELEASES));
    const kept = protectReachable(graph, new Map());
    protectAlso({ graph }, kept, new Map([[digestOf('base'), { rule: 'in-doubt', because: [], why: 'a test' }]]));
    expect(namesIn(RELEASES, kept)).toEqual(['base', 'base-sig']);
    protectAlso({ graph }, kept, new Map([[digestOf('old'), { rule: 'in-doubt', because: [], why: 'a test' }]]));
    expect(namesIn(RELEASES, kept)).toEqual(['base', 'base-sig', 'old', 'old-arm', 'old-att', 'old-sig']);
  });

  it('leaves the reasons of what is kept already', () => {
    const graph = buildImageGraph(snapshotOf(RELEASES));
    const kept = protectReachable(graph, new Map([[digestOf('base'), [ROOT]]]));
    protectAlso({ graph }, kept, new Map([[digestOf('base'), { rule: 'in-doubt', because: [], why: 'a test' }]]));
    expect(kept.get(digestOf('base'))).toEqual([ROOT]);
  });
});

function closureOf(nodes: readonly NodeSpec[], roots: readonly string[]) {
  return protectReachable(buildImageGraph(snapshotOf(nodes)), new Map(roots.map((name) => [digestOf(name), [ROOT]])));
}

function namesIn(nodes: readonly NodeSpec[], kept: ReadonlyMap<string, unknown>): readonly string[] {
  return nodes
    .map(({ name }) => name)
    .filter((name) => kept.has(digestOf(name)))
    .sort();
}

function protectedBy(nodes: readonly NodeSpec[], roots: readonly string[]): readonly string[] {
  return namesIn(nodes, closureOf(nodes, roots));
}
