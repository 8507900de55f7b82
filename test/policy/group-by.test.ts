import { describe, expect, it } from 'vitest';
import { buildImageGraph } from '../../src/model/image-graph.ts';
import type { GroupBy } from '../../src/model/policy.ts';
import { makeGroupOf } from '../../src/policy/group-by.ts';
import { digestOf, type NodeSpec, snapshotOf } from '../builders/snapshot.ts';

const LABEL: GroupBy = { kind: 'label', label: 'product' };
/** A product that no other image shares. */
const ALONE = [`alone ${digestOf('a')}`];
const TAG: GroupBy = { kind: 'tag', expression: '^([a-z]+)-v' };

describe('the products of an image', () => {
  it.each<[string, GroupBy | undefined, readonly NodeSpec[], readonly string[]]>([
    ['are one when nobody tells them apart', undefined, [{ name: 'a', labels: { product: 'x' } }], ['']],
    ['come from its label', LABEL, [{ name: 'a', labels: { product: 'x' } }], ['x']],
    ['come from its annotation', LABEL, [{ name: 'a', annotations: { product: 'x' } }], ['x']],
    ['are its own without the label', LABEL, [{ name: 'a' }], ALONE],
    [
      'of an index come from what it lists',
      LABEL,
      [
        { name: 'a', lists: ['b'] },
        { name: 'b', labels: { product: 'x' } },
      ],
      ['x'],
    ],
    [
      'of an index are all that its images have',
      LABEL,
      [
        { name: 'a', lists: ['b', 'c', 'd'] },
        { name: 'b', labels: { product: 'x' } },
        { name: 'c', labels: { product: 'y' } },
        { name: 'd' },
      ],
      ['x', 'y'],
    ],
    ['come from the first group of the expression on a tag', TAG, [{ name: 'a', tags: ['api-v1'] }], ['api']],
    ['are as many as its tags name', TAG, [{ name: 'a', tags: ['api-v1', 'web-v1', 'latest'] }], ['api', 'web']],
    ['are its own when no tag matches', TAG, [{ name: 'a', tags: ['latest'] }], ALONE],
    [
      'are its own when the expression has no group',
      { kind: 'tag', expression: 'v' },
      [{ name: 'a', tags: ['v1'] }],
      ALONE,
    ],
    [
      'are found anywhere in a tag',
      { kind: 'tag', expression: '_([a-z]+)$' },
      [{ name: 'a', tags: ['v1_api'] }],
      ['api'],
    ],
  ])('%s', (_, groupBy, nodes, expected) => {
    const graph = buildImageGraph(snapshotOf(nodes));
    expect([...makeGroupOf(graph, groupBy)(digestOf('a'))].sort()).toEqual(expected);
  });
});
