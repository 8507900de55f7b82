import { describe, expect, it } from 'vitest';
import type { KeepPolicy } from '../../../src/model/policy.ts';
import { durationFromMs, hours, instantFromMs } from '../../../src/model/time.ts';
import { keepPerReference } from '../../../src/policy/history/keep-per-reference.ts';
import { digestOf, NOW } from '../../builders/snapshot.ts';

type Limit = KeepPolicy['imagesPerReference'];

/** Commit number → age in hours and the images built from it. Number is also the place in children-first order. */
type Commits = readonly (readonly [ageHours: number, ...images: readonly string[]])[];

const LINE: Commits = [
  [1, 'a'],
  [24, 'b'],
  [168, 'c'],
  [720, 'd'],
];

describe('the images that one reference keeps', () => {
  it.each<[string, Limit, Commits, readonly string[]]>([
    ['last 1: the newest', { last: 1, operator: 'And' }, LINE, ['a']],
    ['last 2: the two newest', { last: 2, operator: 'And' }, LINE, ['a', 'b']],
    ['last 0: none', { last: 0, operator: 'And' }, LINE, []],
    ['last 0 with in and Or: none all the same', { last: 0, in: hours(200), operator: 'Or' }, LINE, []],
    ['a negative last: all', { last: -1, operator: 'And' }, LINE, ['a', 'b', 'c', 'd']],
    [
      'a negative last with in and And: those within in',
      { last: -1, in: hours(30), operator: 'And' },
      LINE,
      ['a', 'b'],
    ],
    ['a negative last with in and Or: all', { last: -1, in: hours(30), operator: 'Or' }, LINE, ['a', 'b', 'c', 'd']],
    ['as many as there are: all', { last: 4, operator: 'And' }, LINE, ['a', 'b', 'c', 'd']],
    ['And: the newest among the young', { last: 3, in: hours(30), operator: 'And' }, LINE, ['a', 'b']],
    ['And with nobody young: none', { last: 3, in: durationFromMs(1), operator: 'And' }, LINE, []],
    ['And: exactly as old as in is out', { last: 9, in: hours(24), operator: 'And' }, LINE, ['a']],
    ['Or: the newest and the young', { last: 1, in: hours(30), operator: 'Or' }, LINE, ['a', 'b']],
    ['Or: the newest even when nobody is young', { last: 2, in: durationFromMs(1), operator: 'Or' }, LINE, ['a', 'b']],
    ['Or without in: only the newest', { last: 2, operator: 'Or' }, LINE, ['a', 'b']],
    ['Or: exactly as old as in is not young', { last: 1, in: hours(24), operator: 'Or' }, LINE, ['a']],
    [
      'several images on one commit count once',
      { last: 1, operator: 'And' },
      [
        [1, 'a', 'a2', 'a3'],
        [2, 'b'],
      ],
      ['a', 'a2', 'a3'],
    ],
    [
      'an image with two commits counts at its newest, and leaves the older commit',
      { last: 1, operator: 'And' },
      [
        [1, 'a'],
        [2, 'a', 'b'],
      ],
      ['a'],
    ],
    [
      'an image with two commits takes one place, not two',
      { last: 2, operator: 'And' },
      [
        [1, 'a'],
        [2, 'a'],
        [3, 'b'],
        [4, 'c'],
      ],
      ['a', 'b'],
    ],
    [
      'as many images as last are all kept, also when their commits are old',
      { last: 2, operator: 'And' },
      [
        [700, 'a'],
        [800, 'b'],
      ],
      ['a', 'b'],
    ],
    ['commits without images take no place', { last: 1, operator: 'And' }, [[1], [2], [3, 'a'], [4, 'b']], ['a']],
    [
      'of equal dates the child counts as newer',
      { last: 1, operator: 'And' },
      [
        [5, 'child'],
        [5, 'parent'],
      ],
      ['child'],
    ],
    [
      'the committer date decides, also where a parent is newer than its child',
      { last: 1, operator: 'And' },
      [
        [9, 'child'],
        [5, 'parent'],
      ],
      ['parent'],
    ],
    [
      'with And an old commit of an image does not count, its young one does',
      { last: 1, in: hours(10), operator: 'And' },
      [
        [5, 'a'],
        [50, 'a', 'b'],
      ],
      ['a'],
    ],
  ])('%s', (_, limit, commits, expected) => {
    expect(kept(limit, commits).map(([image]) => image)).toEqual(expected);
  });

  it('does not depend on the order in which commits were reached', () => {
    const reached = [3, 1, 0, 2];
    expect(
      kept({ last: 2, operator: 'And' }, LINE, reached)
        .map(([image]) => image)
        .sort(),
    ).toEqual(['a', 'b']);
  });

  it('names the commit at which an image was counted', () => {
    const commits: Commits = [[1, 'a'], [2, 'a'], [3]];
    expect(kept({ last: 1, operator: 'And' }, commits, [1, 0])).toEqual([['a', 0]]);
  });

  it('keeps nothing where nothing is reached', () => {
    expect(kept({ last: 5, operator: 'And' }, LINE, [])).toEqual([]);
  });
});

function kept(
  limit: Limit,
  commits: Commits,
  reached = commits.map((_, at) => at),
): readonly (readonly [string, number])[] {
  const names = new Map(commits.flatMap(([, ...images]) => images).map((name) => [digestOf(name), name]));
  const images = keepPerReference(limit, {
    reached,
    imagesOf: (commit) => (commits[commit]?.slice(1) ?? []).map((name) => digestOf(String(name))),
    dateOf: (commit) => instantFromMs(NOW - (commits[commit]?.[0] ?? 0) * 3_600_000),
    rankOf: (commit) => commit,
    now: NOW,
  });
  return images.map(({ digest, commit }) => [names.get(digest) ?? '?', commit] as const);
}
