import { describe, expect, it } from 'vitest';
import { formatBytes } from '../../src/report/format-bytes.ts';
import { formatCount } from '../../src/report/format-count.ts';
import { joinSome } from '../../src/report/join-some.ts';
import { pluralize } from '../../src/report/pluralize.ts';

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [1, '1 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [1024, '1.0 kB'],
    [9949, '9.9 kB'],
    [9950, '10 kB'],
    [52_428_800, '52 MB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [999_999_999, '1.0 GB'],
    [1_234_567_890, '1.2 GB'],
    [43_000_000_000_000, '43 TB'],
    [7e18, '7000 PB'],
  ])('shows %d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('formatCount', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [4832, '4,832'],
    [1_204_000, '1,204,000'],
  ])('groups %d as %s', (count, text) => {
    expect(formatCount(count)).toBe(text);
  });
});

describe('pluralize', () => {
  it.each([
    [0, '0 branches'],
    [1, '1 branch'],
    [2, '2 branches'],
    [4832, '4,832 branches'],
  ])('says %d as %s', (count, text) => {
    expect(pluralize(count, 'branch', 'branches')).toBe(text);
  });

  it('adds an s when no plural is given', () => {
    expect(pluralize(3, 'image')).toBe('3 images');
  });
});

describe('joinSome', () => {
  it.each([
    [[], ''],
    [['a'], 'a'],
    [['a', 'b'], 'a, b'],
    [['a', 'b', 'c'], 'a, b and 1 more'],
  ])('joins %j as "%s"', (names, text) => {
    expect(joinSome(names, 2)).toBe(text);
  });
});
