import { describe, expect, it } from 'vitest';
import { describeReason } from '../../src/model/describe-reason.ts';
import { parseTag } from '../../src/model/reference.ts';
import { type DecisionSpec, decisionsOn } from '../builders/decision.ts';
import {
  ANY_AGE,
  digestOf,
  type NodeSpec,
  referrerTagOf,
  snapshotOf,
  usageOf,
  WORKLOAD,
} from '../builders/snapshot.ts';

const OURS = 'registry.example.com/shop/app';
const KEEP = { ...ANY_AGE, pins: { tags: ['keep*'], expressions: [], list: [] } };

describe('facts about image graphs', () => {
  it.each<[string, readonly NodeSpec[], readonly string[]]>([
    [
      'a child that a kept and a deleted index share stays',
      [
        { name: 'i', tags: ['keep'], lists: ['c'] },
        { name: 'j', tags: ['old'], lists: ['c', 'd'] },
        { name: 'c' },
        { name: 'd' },
      ],
      ['j', 'd'],
    ],
    [
      'a child goes with its last index',
      [{ name: 'i', tags: ['old'], lists: ['c'] }, { name: 'j', tags: ['older'], lists: ['c'] }, { name: 'c' }],
      ['i', 'j', 'c'],
    ],
    [
      'a child that an untagged but kept index lists stays',
      [{ name: 'top', tags: ['keep'], lists: ['inner'] }, { name: 'inner', lists: ['c'] }, { name: 'c' }],
      [],
    ],
    [
      'an attestation stays with its index',
      [{ name: 'i', tags: ['keep'], lists: ['c'], attestations: ['t'] }, { name: 'c' }, { name: 't' }],
      [],
    ],
    [
      'an attestation goes with its index',
      [{ name: 'i', tags: ['old'], lists: ['c'], attestations: ['t'] }, { name: 'c' }, { name: 't' }],
      ['i', 'c', 't'],
    ],
    [
      'a signature on a platform image stays while that does',
      [{ name: 'i', tags: ['keep'], lists: ['c'] }, { name: 'c' }, { name: 's', tags: [referrerTagOf('c', '.sig')] }],
      [],
    ],
    [
      'a signature on a platform image goes with it and keeps nothing',
      [{ name: 'i', tags: ['old'], lists: ['c'] }, { name: 'c' }, { name: 's', tags: [referrerTagOf('c', '.sig')] }],
      ['i', 'c', 's'],
    ],
    [
      'attestations and SBOMs by tag go with their image',
      [
        { name: 'a', tags: ['old'] },
        { name: 't', tags: [referrerTagOf('a', '.att')] },
        { name: 's', tags: [referrerTagOf('a', '.sbom')] },
      ],
      ['a', 't', 's'],
    ],
    [
      'a fallback list of referrers goes with its subject, and its entries too',
      [
        { name: 'a', tags: ['old'] },
        { name: 'l', tags: [referrerTagOf('a')], lists: ['r'] },
        { name: 'r', subject: 'a' },
      ],
      ['a', 'l', 'r'],
    ],
    [
      'a fallback list of referrers stays with its subject',
      [
        { name: 'a', tags: ['keep'] },
        { name: 'l', tags: [referrerTagOf('a')], lists: ['r'] },
        { name: 'r', subject: 'a' },
      ],
      [],
    ],
    ['a signature whose image is elsewhere stays', [{ name: 's', tags: [referrerTagOf('elsewhere', '.sig')] }], []],
    ['a referrer whose subject is elsewhere stays', [{ name: 'r', subject: 'elsewhere' }], []],
    [
      'a fallback list for a subject elsewhere stays, with its entries',
      [
        { name: 'l', tags: [referrerTagOf('elsewhere')], lists: ['r'] },
        { name: 'r', subject: 'elsewhere' },
      ],
      [],
    ],
    [
      'a sparse index that goes takes what is left',
      [{ name: 'i', tags: ['old'], lists: ['c', 'ghost'] }, { name: 'c' }],
      ['i', 'c'],
    ],
    [
      'a sparse index that stays keeps what is left',
      [{ name: 'i', tags: ['keep'], lists: ['c', 'ghost'] }, { name: 'c' }],
      [],
    ],
    [
      'an index none of whose children are here is no image to fear for',
      [{ name: 'i', tags: ['old'], lists: ['ghost'] }],
      ['i'],
    ],
    ['a build-cache index goes like an image', [{ name: 'i', tags: ['buildcache'], lists: [] }], ['i']],
    [
      'a tagged child goes when neither its tag nor an index is kept',
      [
        { name: 'i', tags: ['old'], lists: ['c'] },
        { name: 'c', tags: ['old-amd64'] },
      ],
      ['i', 'c'],
    ],
    [
      'a tagged child that is kept keeps the index around it',
      [
        { name: 'i', tags: ['old'], lists: ['c'] },
        { name: 'c', tags: ['keep-amd64'] },
      ],
      [],
    ],
    [
      'two children of one platform both stay',
      [{ name: 'i', tags: ['keep'], lists: ['gzip', 'zstd'] }, { name: 'gzip' }, { name: 'zstd' }],
      [],
    ],
    [
      'a signature with a tag of its own goes with its image all the same',
      [
        { name: 'a', tags: ['old'] },
        { name: 's', tags: ['my-sbom'], subject: 'a' },
      ],
      ['a', 's'],
    ],
    ['an untagged image that nothing lists goes', [{ name: 'a' }], ['a']],
    ['an empty repository has nothing to decide', [], []],
  ])('%s', (_, nodes, expected) => {
    expect(decisionsOn({ nodes, policy: KEEP }).doomed).toEqual(expected);
  });
});

describe('what nobody understands', () => {
  const broken: NodeSpec = {
    name: 'broken',
    tags: ['x'],
    opaque: { mayListManifests: true, names: [digestOf('named')] },
  };

  it('stays, also untagged', () => {
    const made = decisionsOn({ nodes: [{ name: 'a', opaque: { mayListManifests: false } }], policy: KEEP });
    expect(made.rulesOf('a')).toEqual(['unreadable']);
  });

  it('keeps every untagged node that it might list, and what those list', () => {
    const nodes: readonly NodeSpec[] = [
      broken,
      { name: 'loose' },
      { name: 'i', lists: ['c'] },
      { name: 'c', tags: ['old-c'] },
      { name: 'old', tags: ['old'] },
    ];
    const made = decisionsOn({ nodes, policy: KEEP });
    expect(made.doomed).toEqual(['old']);
    expect(made.rulesOf('loose')).toEqual(['in-doubt']);
    expect(made.of('loose').reasons[0]).toMatchObject({ because: [digestOf('broken')] });
  });

  it('keeps a tagged node that stands in its bytes', () => {
    const made = decisionsOn({
      nodes: [broken, { name: 'named', tags: ['old'] }, { name: 'old', tags: ['older'] }],
      policy: KEEP,
    });
    expect(made.rulesOf('named')).toEqual(['in-doubt']);
    expect(made.doomed).toEqual(['old']);
  });

  it('keeps every node when nobody could look into it', () => {
    const blind: NodeSpec = { ...broken, opaque: { mayListManifests: true } };
    expect(
      decisionsOn({ nodes: [blind, { name: 'old', tags: ['older'] }, { name: 'loose' }], policy: KEEP }).doomed,
    ).toEqual([]);
  });

  it('keeps nothing else when it cannot list manifests', () => {
    const nodes: readonly NodeSpec[] = [{ ...broken, opaque: { mayListManifests: false } }, { name: 'loose' }];
    expect(decisionsOn({ nodes, policy: KEEP }).doomed).toEqual(['loose']);
  });

  it('does not make a doubtful node keep the index that lists it', () => {
    const nodes: readonly NodeSpec[] = [broken, { name: 'i', tags: ['old'], lists: ['c'] }, { name: 'c' }];
    expect(decisionsOn({ nodes, policy: KEEP }).doomed).toEqual(['i']);
  });

  it('is also a tag that vanished while it was read', () => {
    const made = decisionsOn({
      nodes: [{ name: 'loose' }, { name: 'old', tags: ['old'] }],
      snapshot: { vanishedTags: [parseTag('v9')] },
      policy: KEEP,
    });
    expect(made.doomed).toEqual(['old']);
    expect(made.of('loose').reasons.map(describeReason)).toEqual([
      'tag v9 vanished while it was read and might have listed it',
    ]);
  });

  it('that is listed keeps its index', () => {
    const nodes: readonly NodeSpec[] = [
      { name: 'i', tags: ['old'], lists: ['c'] },
      { name: 'c', opaque: { mayListManifests: false } },
    ];
    expect(decisionsOn({ nodes, policy: KEEP }).doomed).toEqual([]);
  });
});

describe('a decision', () => {
  it('to keep carries the reasons of every rule that keeps', () => {
    const made = decisionsOn({
      nodes: [{ name: 'a', tags: ['keep'], created: '2026-11-20T11:30:00Z' }],
      usage: usageOf([`${OURS}:keep`]),
      policy: { pins: KEEP.pins },
    });
    expect(made.rulesOf('a')).toEqual(['kubernetes', 'recent', 'pin']);
  });

  it('to delete says why no rule keeps it', () => {
    const nodes: readonly NodeSpec[] = [
      { name: 'i', tags: ['old'], lists: ['c'] },
      { name: 'c' },
      { name: 's', tags: [referrerTagOf('i', '.sig')] },
    ];
    const made = decisionsOn({ nodes });
    expect(nodes.map(({ name }) => made.rulesOf(name))).toEqual([['older'], ['owner-goes'], ['owner-goes']]);
    expect(made.of('c').reasons).toEqual([{ rule: 'owner-goes', owners: [digestOf('i')] }]);
    expect(decisionsOn({ nodes: [{ name: 'a' }], policy: ANY_AGE }).rulesOf('a')).toEqual(['unused']);
  });

  it('with the Kubernetes rule off is blind for clusters', () => {
    const spec: DecisionSpec = {
      nodes: [{ name: 'a', tags: ['v1'] }],
      usage: usageOf([`${OURS}:v1`]),
      policy: ANY_AGE,
    };
    expect(decisionsOn(spec).doomed).toEqual([]);
    expect(
      decisionsOn({ ...spec, policy: { ...ANY_AGE, kubernetes: { enabled: false, mirrors: new Map() } } }).doomed,
    ).toEqual(['a']);
  });

  it('by a digest in use keeps the whole image around it', () => {
    const nodes: readonly NodeSpec[] = [
      { name: 'i', tags: ['old'], lists: ['c', 'd'] },
      { name: 'c' },
      { name: 'd' },
      { name: 's', tags: [referrerTagOf('i', '.sig')] },
    ];
    expect(decisionsOn({ nodes, usage: usageOf([`${OURS}@${digestOf('c')}`]), policy: ANY_AGE }).doomed).toEqual([]);
  });
});

describe('remarks', () => {
  it.each<[string, DecisionSpec, readonly string[]]>([
    [
      'tell what a cluster uses and the repository lacks',
      { nodes: [], usage: usageOf([`${OURS}:v9`]) },
      [
        'used-but-absent prod: shop/Deployment/web (container app) uses registry.example.com/shop/app:v9, which this repository does not have',
      ],
    ],
    [
      'tell through what clusters pull undeclared, and what to declare',
      {
        nodes: [{ name: 'a', tags: ['v1'] }],
        usage: usageOf([
          `registry.example.com/virtual/app@${digestOf('a')}`,
          `cache.example.net/x/y@${digestOf('a')}`,
          `registry.example.com/virtual/shop/app@${digestOf('a')}`,
        ]),
      },
      [
        ['cache.example.net/x/y', '"cache.example.net/x/y": "registry.example.com/shop/app"'],
        ['registry.example.com/virtual/app', '"registry.example.com/virtual": "registry.example.com/shop"'],
        ['registry.example.com/virtual/shop/app', '"registry.example.com/virtual": "registry.example.com"'],
      ].map(
        ([from, entry]) =>
          `undeclared-mirror prod: shop/Deployment/web (container app) pulls ${digestOf('a').slice(0, 19)} of this repository from ${from}: the tags in use there protect here as long as an image that both have is in use; if the one stands for the other, declare it under kubernetes.mirrors in the policy file: ${entry}`,
      ),
    ],
    [
      'tell a child that is not there, by the tag of its index',
      { nodes: [{ name: 'i', tags: ['keep'], lists: ['ghost'] }] },
      [`absent-child keep lists ${digestOf('ghost').slice(0, 19)}, which the registry does not have`],
    ],
    [
      'do not tell a subject that is not there as a child',
      { nodes: [{ name: 'r', tags: ['keep'], subject: 'ghost' }] },
      [],
    ],
    [
      'tell what is not understood, and what follows',
      { nodes: [{ name: 'a', tags: ['x'], opaque: { mayListManifests: true } }] },
      [
        'unreadable-manifest x is kept, it cannot be understood: unknown media type; nobody could look into it, so nothing is deleted in this run',
      ],
    ],
    [
      'tell what is not understood and lists nothing',
      { nodes: [{ name: 'a', tags: ['x'], opaque: { mayListManifests: false } }] },
      ['unreadable-manifest x is kept, it cannot be understood: unknown media type'],
    ],
    [
      'tell a tag that vanished',
      { nodes: [], snapshot: { vanishedTags: [parseTag('v9')] } },
      ['vanished-tag tag v9 was listed but does not exist; no untagged manifest is deleted in this run'],
    ],
    [
      'tell a text that is no reference',
      { nodes: [], usage: { ...usageOf([]), unparsable: [{ text: '$IMAGE', workload: WORKLOAD }] } },
      ['unparsable-reference prod: shop/Deployment/web (container app) names "$IMAGE", which is no image reference'],
    ],
    [
      'say nothing of a text that need not be an image',
      {
        nodes: [],
        usage: { ...usageOf([]), unparsable: [{ text: 'other/app:$(tag)', workload: WORKLOAD, isWeak: true }] },
      },
      [],
    ],
    [
      'count signatures kept for an image that is elsewhere',
      { nodes: [{ name: 's', tags: [referrerTagOf('ghost', '.sig')] }] },
      ['orphan-referrer 1 signature or attestation is kept whose image is not in this repository'],
    ],
    [
      'say nothing of a repository in order',
      { nodes: [{ name: 'a', tags: ['keep'] }], usage: usageOf([`${OURS}:keep`]) },
      [],
    ],
  ])('%s', (_, spec, expected) => {
    const { remarks } = decisionsOn({ ...spec, policy: KEEP });
    expect(remarks.map(({ code, text }) => `${code} ${text}`)).toEqual(expected);
  });

  describe('on a registry that collects what no tag leads to', () => {
    const { capabilities } = snapshotOf([]);
    const used = usageOf([`${OURS}@${digestOf('used')}`]);
    const WORLD: readonly NodeSpec[] = [{ name: 'used' }, { name: 'kept', tags: ['keep'] }];
    it.each<[string, boolean, readonly NodeSpec[], number]>([
      ['tell of what is needed and has no tag', true, WORLD, 1],
      [
        'say nothing where a tagged index leads to it',
        true,
        [...WORLD, { name: 'i', tags: ['i'], lists: ['used'] }],
        0,
      ],
      ['say nothing where it has a tag', true, [{ name: 'used', tags: ['x'] }], 0],
      ['say nothing of a registry that collects nothing', false, WORLD, 0],
    ])('%s', (_, collectsUntagged, nodes, count) => {
      const snapshot = { capabilities: { ...capabilities, collectsUntagged } };
      const { remarks } = decisionsOn({ nodes, snapshot, usage: used, policy: KEEP });
      const found = remarks.filter(({ code }) => code === 'needed-without-tag');
      expect(found).toHaveLength(count);
      for (const { text } of found)
        expect(text).toBe(
          `${digestOf('used').slice(0, 19)}: needed (used by prod: shop/Deployment/web (container app) (by digest)), but no tag leads there, and the registry collects what no tag leads to: put a tag on it`,
        );
    });
  });

  it('count images that are kept for nothing but an unknown age', () => {
    const nodes: readonly NodeSpec[] = [
      { name: 'a', tags: ['x'], created: null },
      { name: 'b', tags: ['keep'], created: null },
    ];
    const { remarks } = decisionsOn({ nodes, policy: { pins: KEEP.pins } });
    expect(remarks.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^1 image is kept only because the age is unknown/),
    ]);
  });
});

it('reasons and remarks do not depend on the order in which a registry answers', () => {
  const nodes: readonly NodeSpec[] = [
    { name: 'i', tags: ['keep'], lists: ['ghost', 'c'] },
    { name: 'j', tags: ['keep2'], lists: ['ghost', 'c'] },
    { name: 'c' },
    { name: 'x', opaque: { mayListManifests: true } },
    { name: 'y', opaque: { mayListManifests: true } },
    { name: 'loose' },
  ];
  const forward = decisionsOn({ nodes, policy: KEEP });
  const backward = decisionsOn({ nodes: [...nodes].reverse(), policy: KEEP });
  expect([...backward.decisions]).toEqual([...forward.decisions]);
  expect(backward.remarks).toEqual(forward.remarks);
  expect(snapshotOf(nodes).absent.size).toBe(1);
});
