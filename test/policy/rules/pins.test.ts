import { describe, expect, it } from 'vitest';
import type { Policy } from '../../../src/model/policy.ts';
import { parseTag } from '../../../src/model/reference.ts';
import { keepPinned } from '../../../src/policy/rules/pins.ts';
import { digestOf, referrerTagOf, snapshotOf } from '../../builders/snapshot.ts';

describe('a pin', () => {
  it.each<[string, Partial<Policy['pins']>, string, boolean]>([
    ['glob without wildcards is the tag itself', { tags: ['stable'] }, 'stable', true],
    ['glob without wildcards is the whole tag', { tags: ['stable'] }, 'stable-2', false],
    ['glob star is any run', { tags: ['v*'] }, 'v1.2.3', true],
    ['glob star is also nothing', { tags: ['v*'] }, 'v', true],
    ['glob star stands anywhere', { tags: ['*-lts-*'] }, '1-lts-2', true],
    ['glob must match from the start', { tags: ['v*'] }, 'rev1', false],
    ['glob must match to the end', { tags: ['*v'] }, 'v1', false],
    ['glob question mark is one character', { tags: ['v?'] }, 'v1', true],
    ['glob question mark is not two', { tags: ['v?'] }, 'v10', false],
    ['glob question mark is not none', { tags: ['v?'] }, 'v', false],
    ['glob dot is a dot', { tags: ['1.2'] }, '1x2', false],
    ['glob has no sets', { tags: ['v[12]'] }, 'v1', false],
    ['glob minds the case', { tags: ['Stable'] }, 'stable', false],
    ['expression matches the whole tag', { expressions: ['v\\d+'] }, 'v12', true],
    ['expression does not match a part of the tag', { expressions: ['v\\d+'] }, 'v12-rc', false],
    ['expression with a bar is anchored on both sides of it', { expressions: ['a|b'] }, 'ab', false],
    ['expression with a bar matches either', { expressions: ['a|b'] }, 'b', true],
    ['expression takes the longer of two that begin alike', { expressions: ['v1|v1-lts'] }, 'v1-lts', true],
    ['keep list holds the tag', { list: [parseTag('v1')] }, 'v1', true],
    ['keep list is no glob', { list: [parseTag('v1')] }, 'v10', false],
    ['keep list holds the digest', { list: [digestOf('a')] }, 'v1', true],
    ['keep list of another digest holds nothing', { list: [digestOf('b')] }, 'v1', false],
    ['list that is empty pins nothing', {}, 'v1', false],
  ])('%s', (_, pins, tag, expected) => {
    const { nodes } = snapshotOf([{ name: 'a', tags: [tag] }]);
    expect(keepPinned(nodes, { tags: [], expressions: [], list: [], ...pins }).has(digestOf('a'))).toBe(expected);
  });

  it('names itself and the tag', () => {
    const { nodes } = snapshotOf([{ name: 'a', tags: ['v1', 'x'] }]);
    const kept = keepPinned(nodes, { tags: ['v*'], expressions: ['x'], list: [digestOf('a'), parseTag('x')] });
    expect(kept.get(digestOf('a'))).toEqual([
      { rule: 'pin', pin: 'the keep list' },
      { rule: 'pin', pin: 'pins.tags v*', tag: 'v1' },
      { rule: 'pin', pin: 'the keep list', tag: 'x' },
      { rule: 'pin', pin: 'pins.expressions x', tag: 'x' },
    ]);
  });

  it('reaches a signature by its tag', () => {
    const { nodes } = snapshotOf([{ name: 'image' }, { name: 'sig', tags: [referrerTagOf('image', '.sig')] }]);
    const kept = keepPinned(nodes, { tags: ['sha256-*.sig'], expressions: [], list: [] });
    expect([...kept.keys()]).toEqual([digestOf('sig')]);
  });

  it('reaches an untagged manifest by its digest', () => {
    const { nodes } = snapshotOf([{ name: 'a' }]);
    expect(keepPinned(nodes, { tags: ['*'], expressions: ['.*'], list: [] }).size).toBe(0);
    expect(keepPinned(nodes, { tags: [], expressions: [], list: [digestOf('a')] }).size).toBe(1);
  });
});
