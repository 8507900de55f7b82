import { describe, expect, it } from 'vitest';
import { buildImageGraph } from '../../src/model/image-graph.ts';
import { orderDeletions } from '../../src/plan/order-deletions.ts';
import { digestOf, type NodeSpec, referrerTagOf, snapshotOf } from '../builders/snapshot.ts';

describe('the order of deletions', () => {
  it.each<[string, readonly NodeSpec[], readonly string[], readonly string[]]>([
    ['is the order given where nothing hangs together', [{ name: 'b' }, { name: 'a' }], ['b', 'a'], ['b', 'a']],
    ['puts an index before what it lists', [{ name: 'i', lists: ['c'] }, { name: 'c' }], ['c', 'i'], ['i', 'c']],
    [
      'puts every index before what they share',
      [{ name: 'i', lists: ['c'] }, { name: 'j', lists: ['c'] }, { name: 'c' }],
      ['c', 'i', 'j'],
      ['i', 'j', 'c'],
    ],
    [
      'puts outer indexes before inner ones',
      [{ name: 'o', lists: ['i'] }, { name: 'i', lists: ['c'] }, { name: 'c' }],
      ['c', 'i', 'o'],
      ['o', 'i', 'c'],
    ],
    ['puts a subject before what refers to it', [{ name: 'a' }, { name: 's', subject: 'a' }], ['s', 'a'], ['a', 's']],
    [
      'puts a subject before a signature by tag',
      [{ name: 'a' }, { name: 's', tags: [referrerTagOf('a', '.sig')] }],
      ['s', 'a'],
      ['a', 's'],
    ],
    [
      'keeps the parts of an image together',
      [{ name: 'i', lists: ['c'] }, { name: 'c' }, { name: 'x' }],
      ['i', 'x', 'c'],
      ['i', 'c', 'x'],
    ],
    ['does not wait for an owner that stays', [{ name: 'i', lists: ['c'] }, { name: 'c' }], ['c'], ['c']],
    [
      'ends where referrer tags go in a circle',
      [
        { name: 'a', tags: [referrerTagOf('b')] },
        { name: 'b', tags: [referrerTagOf('a')] },
      ],
      ['a', 'b'],
      ['a', 'b'],
    ],
    [
      'puts what signs something in a circle after the circle',
      [
        { name: 'a', tags: [referrerTagOf('b')] },
        { name: 'b', tags: [referrerTagOf('a')] },
        { name: 's', subject: 'a' },
      ],
      ['s', 'b', 'a'],
      ['b', 'a', 's'],
    ],
    [
      'puts listing above a referrer tag that contradicts it',
      [{ name: 'i', lists: ['c'], tags: [referrerTagOf('c')] }, { name: 'c' }],
      ['c', 'i'],
      ['i', 'c'],
    ],
    ['is empty for nothing', [{ name: 'a' }], [], []],
  ])('%s', (_, nodes, given, expected) => {
    const names = new Map(nodes.map(({ name }) => [digestOf(name), name]));
    const ordered = orderDeletions(buildImageGraph(snapshotOf(nodes)), given.map(digestOf));
    expect(ordered.map((digest) => names.get(digest))).toEqual(expected);
  });
});
