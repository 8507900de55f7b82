import { describe, expect, it } from 'vitest';
import type { Blob, ImageNode } from '../../src/model/snapshot.ts';
import { instantFromMs } from '../../src/model/time.ts';
import { buildPlan } from '../../src/plan/build-plan.ts';
import { checksumOf } from '../../src/plan/canonical-json.ts';
import { reclaimableBytes, sizeOf } from '../../src/plan/sizes.ts';
import { type DecisionSpec, decisionsOn } from '../builders/decision.ts';
import { ANY_AGE, digestOf, NOW, type NodeSpec, referrerTagOf, snapshotOf } from '../builders/snapshot.ts';

const PINS = { pins: { tags: ['keep*'], expressions: [], list: [] } };

describe('steps', () => {
  it('take tags off first, then delete owners before what they own, each with its precondition', () => {
    const nodes: readonly NodeSpec[] = [
      { name: 'child' },
      { name: 'i', tags: ['old', 'older'], lists: ['child'] },
      { name: 's', tags: [referrerTagOf('i', '.sig')] },
      { name: 'k', tags: ['keep', 'x', 'y'] },
    ];
    expect(planOf({ nodes }).repositories[0]?.steps).toEqual([
      { action: 'untag', digest: digestOf('k'), tag: 'x', precondition: { tags: ['keep', 'x', 'y'], owners: [] } },
      { action: 'untag', digest: digestOf('k'), tag: 'y', precondition: { tags: ['keep', 'y'], owners: [] } },
      { action: 'delete', digest: digestOf('i'), precondition: { tags: ['old', 'older'], owners: [] } },
      { action: 'delete', digest: digestOf('child'), precondition: { tags: [], owners: [digestOf('i')] } },
      {
        action: 'delete',
        digest: digestOf('s'),
        precondition: { tags: [referrerTagOf('i', '.sig')], owners: [digestOf('i')] },
      },
    ]);
  });

  it('name every owner that goes before', () => {
    const nodes: readonly NodeSpec[] = [
      { name: 'c' },
      { name: 'i', tags: ['a'], lists: ['c'] },
      { name: 'j', tags: ['b'], lists: ['c'] },
    ];
    const last = planOf({ nodes }).repositories[0]?.steps.at(-1);
    expect(last).toEqual({
      action: 'delete',
      digest: digestOf('c'),
      precondition: { tags: [], owners: [digestOf('i'), digestOf('j')].sort() },
    });
  });
});

describe('decisions as shown', () => {
  it('have what is kept first, by tag, then what goes, in the order of the steps', () => {
    const nodes: readonly NodeSpec[] = [
      { name: 'old2', tags: ['a-old'], lists: ['c'] },
      { name: 'c' },
      { name: 'k2', tags: ['keep-b'] },
      { name: 'k1', tags: ['keep-a'], lists: ['kc'] },
      { name: 'kc' },
      { name: 'old1', tags: ['b-old'] },
    ];
    const names = new Map(nodes.map(({ name }) => [digestOf(name), name]));
    const shown = planOf({ nodes }).repositories[0]?.decisions;
    expect(shown?.map(({ digest }) => names.get(digest))).toEqual(['k1', 'k2', 'kc', 'old2', 'c', 'old1']);
    expect(shown?.every(({ reasons }) => reasons.every(({ text }) => text !== ''))).toBe(true);
  });
});

describe('totals', () => {
  it('count nodes, tags and bytes that only what goes has', () => {
    const nodes: readonly NodeSpec[] = [
      { name: 'a', tags: ['old', 'older'], layers: ['base', 'own'] },
      { name: 'b', tags: ['keep', 'x'], layers: ['base'] },
    ];
    // The layer "own" with 100, a config with 1, a manifest with 10.
    expect(planOf({ nodes }).repositories[0]?.totals).toEqual({
      kept: 1,
      deleted: 1,
      untagged: 1,
      tags: 4,
      reclaimableBytes: 111,
    });
  });
});

describe('guards in a plan', () => {
  it('do not take a lone signature for something that is left', () => {
    const nodes: readonly NodeSpec[] = [
      { name: 'a', tags: ['old'] },
      { name: 's', tags: [referrerTagOf('elsewhere', '.sig')] },
    ];
    const plan = buildPlan({ ...inputOf({ nodes }), guards: { maxDeleteShare: 1, allowDeleteAll: false } });
    expect(plan.repositories[0]?.guards.map(({ guard }) => guard)).toEqual(['nothing-left']);
  });

  it('count the tags that stay after untagging', () => {
    const nodes: readonly NodeSpec[] = [
      { name: 'i', lists: ['c'] },
      { name: 'c', tags: ['x'] },
    ];
    const pins = { tags: [], expressions: [], list: [digestOf('i')] };
    const { graph, decisions, records, remarks, collectsUntagged } = decisionsOn({
      nodes,
      policy: { ...ANY_AGE, pins, untag: true },
    });
    const repositories = [{ name: 'app', graph, decisions, records, remarks, collectsUntagged }];
    const plan = buildPlan({
      ...inputOf({ nodes: [] }),
      repositories,
      guards: { maxDeleteShare: 1, allowDeleteAll: false },
    });
    expect(plan.repositories[0]?.totals).toMatchObject({ kept: 2, untagged: 1 });
    expect(plan.repositories[0]?.guards.map(({ guard }) => guard)).toEqual(['nothing-left']);
  });
});

describe('a right to delete that is not proved', () => {
  it.each<[string, readonly NodeSpec[], readonly string[]]>([
    ['is worth one line when something would go', [{ name: 'a', tags: ['old'] }], ['unproved-right']],
    ['and when only a tag would come off', [{ name: 'a', tags: ['keep', 'x'] }], ['unproved-right']],
    ['and nothing when nothing would', [{ name: 'a', tags: ['keep'] }], []],
  ])('%s', (_, nodes, expected) => {
    const input = inputOf({ nodes });
    const deleteRight = { kind: 'unproved', why: 'the token does not show it' } as const;
    const [plan] = buildPlan({
      ...input,
      repositories: input.repositories.map((repository) => ({ ...repository, deleteRight })),
    }).repositories;
    expect(plan?.remarks.map(({ code }) => code)).toEqual(expected);
    expect(plan?.guards).toEqual([]);
  });

  it('is refused when it is surely missing', () => {
    const input = inputOf({ nodes: [{ name: 'a', tags: ['old'] }] });
    const deleteRight = { kind: 'missing', permission: 'the scope delete:packages' } as const;
    const [plan] = buildPlan({
      ...input,
      repositories: input.repositories.map((repository) => ({ ...repository, deleteRight })),
    }).repositories;
    expect(plan?.guards.map(({ guard }) => guard)).toEqual(['missing-right']);
    expect(plan?.remarks).toEqual([]);
  });
});

describe('a plan', () => {
  it('is the same bytes for the same input', () => {
    const nodes: readonly NodeSpec[] = [
      { name: 'a', tags: ['old'] },
      { name: 'b', tags: ['keep'] },
    ];
    expect(JSON.stringify(planOf({ nodes }))).toBe(JSON.stringify(planOf({ nodes: [...nodes].reverse() })));
  });

  it('carries the checksum of everything else', () => {
    const { sha256, ...body } = planOf({ nodes: [{ name: 'a', tags: ['old'] }] });
    expect(sha256).toBe(checksumOf(body));
  });

  it('says when it looks ahead', () => {
    const input = inputOf({ nodes: [] });
    expect(buildPlan(input)).not.toHaveProperty('asOf');
    expect(buildPlan({ ...input, asOf: instantFromMs(NOW + 1000) }).asOf).toBe('2026-11-20T12:00:01Z');
  });

  it('of an empty repository does nothing and is not refused', () => {
    const [only] = buildPlan({
      ...inputOf({ nodes: [] }),
      guards: { maxDeleteShare: 0, allowDeleteAll: false },
    }).repositories;
    expect(only).toMatchObject({ steps: [], decisions: [], guards: [] });
  });
});

describe('what a node is called', () => {
  it.each<[string, readonly NodeSpec[]]>([
    ['image', [{ name: 'a', tags: ['x'] }]],
    ['index of 2', [{ name: 'a', lists: ['b', 'c'] }]],
    ['attestation', [{ name: 'a' }, { name: 'i', attestations: ['a'] }]],
    ['not understood', [{ name: 'a', opaque: { mayListManifests: false } }]],
    ['referrer', [{ name: 'a', subject: 'b' }]],
    ['referrers list', [{ name: 'a', tags: [referrerTagOf('b')], lists: [] }]],
  ])('%s', (expected, nodes) => {
    const shown = planOf({ nodes }).repositories[0]?.decisions.find(({ digest }) => digest === digestOf('a'));
    expect(shown?.what).toBe(expected);
  });
});

describe('sizes', () => {
  it('count a blob once, however often a manifest lists it', () => {
    expect(sizeOf(nodeNamed([{ name: 'a', layers: ['l', 'l'] }], 'a'))).toBe(111);
  });

  it.each([
    'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
    'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  ])('leave out layers that are not stored here: %s', (mediaType) => {
    expect(sizeOf(withLayer(nodeNamed([{ name: 'a', layers: ['l'] }], 'a'), { mediaType }))).toBe(11);
  });

  it('count the entries of a build cache', () => {
    const node = nodeNamed([{ name: 'a', lists: [] }], 'a');
    const blob: Blob = {
      digest: digestOf('entry'),
      sizeBytes: 5,
      mediaType: 'application/vnd.docker.image.rootfs.diff.tar',
    };
    expect(sizeOf({ ...node, content: { kind: 'index', children: [], blobs: [blob] } })).toBe(15);
  });

  it('of what nobody understands are those of the manifest', () => {
    expect(sizeOf(nodeNamed([{ name: 'a', opaque: { mayListManifests: true } }], 'a'))).toBe(10);
  });

  it('free what only deleted nodes have, once', () => {
    const nodes: readonly NodeSpec[] = [
      { name: 'a', layers: ['base', 'two'] },
      { name: 'b', layers: ['base', 'two'] },
      { name: 'c', layers: ['base'] },
    ];
    const [a, b, c] = ['a', 'b', 'c'].map((name) => nodeNamed(nodes, name));
    if (a === undefined || b === undefined || c === undefined) throw new Error('three nodes were made');
    expect(reclaimableBytes([a, b], [c])).toBe(100 + 2 * 11);
    expect(reclaimableBytes([a, b, c], [])).toBe(200 + 3 * 11);
    expect(reclaimableBytes([], [a])).toBe(0);
  });
});

function withLayer(node: ImageNode, change: Partial<Blob>): ImageNode {
  if (node.content.kind !== 'image') throw new Error('it is an image');
  return {
    ...node,
    content: { ...node.content, layers: node.content.layers.map((layer) => ({ ...layer, ...change })) },
  };
}

function nodeNamed(nodes: readonly NodeSpec[], name: string): ImageNode {
  const node = snapshotOf(nodes).nodes.get(digestOf(name));
  if (node === undefined) throw new Error(`no node is named ${name}`);
  return node;
}

function inputOf(spec: DecisionSpec) {
  const { graph, decisions, records, remarks, collectsUntagged } = decisionsOn({
    ...spec,
    policy: { ...ANY_AGE, ...PINS, untag: true },
  });
  return {
    tool: 'test',
    createdAt: NOW,
    asOf: undefined,
    evidence: { repositories: [] },
    previous: undefined,
    guards: { maxDeleteShare: 1, allowDeleteAll: true },
    repositories: [{ name: 'app', graph, decisions, records, remarks, collectsUntagged }],
  };
}

function planOf(spec: DecisionSpec) {
  return buildPlan(inputOf(spec));
}
