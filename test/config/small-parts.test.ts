import { describe, expect, it } from 'vitest';
import { parseKeepList } from '../../src/config/parse-keep-list.ts';
import { nearestName } from '../../src/util/nearest-name.ts';

describe('the nearest name', () => {
  it.each([
    ['keepPolicy', ['keepPolicies', 'disable'], 'keepPolicies'],
    ['alpply', ['plan', 'apply'], 'apply'],
    ['paln', ['plan', 'apply'], 'plan'],
    ['KEEP-LIST', ['keep-list'], 'keep-list'],
    ['repo', ['repository', 'report-file'], 'repository'],
    ['xyz', ['plan', 'apply'], undefined],
    ['', ['plan'], undefined],
    ['plan', [], undefined],
  ])('to %j among %j is %j', (text, known, expected) => {
    expect(nearestName(text, known)).toBe(expected);
  });
});

describe('a keep list', () => {
  const digest = `sha256:${'a'.repeat(64)}`;

  it('holds tags and digests, with comments and blank lines between them', () => {
    const text = `\uFEFF# what support asked for\r\n\r\nv1.0 # the old one\n  ${digest}  \nv1.0\n\t# end`;
    expect(parseKeepList(text, 'keep.txt')).toEqual({ entries: ['v1.0', digest], mistakes: [] });
  });

  it('tells every line that protects nothing', () => {
    const { mistakes } = parseKeepList('v1\nghcr.io/team/app:v1\n-x\nsha256:abc\nv1#2\n', 'keep.txt');
    expect(mistakes.map(({ place, text }) => `${place}: ${text}`)).toEqual([
      'keep.txt:2: got "ghcr.io/team/app:v1", expected a tag or a digest',
      'keep.txt:3: got "-x", expected a tag or a digest',
      'keep.txt:4: got "sha256:abc", expected a tag or a digest',
      'keep.txt:5: got "v1#2", expected a tag or a digest',
    ]);
  });
});
