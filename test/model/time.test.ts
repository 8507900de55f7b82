import { describe, expect, it } from 'vitest';
import {
  believableCreated,
  durationFromMs,
  formatDuration,
  parseDuration,
  parseRfc3339,
} from '../../src/model/time.ts';
import { at } from '../builders/history.ts';
import { NOW } from '../builders/snapshot.ts';

describe('an RFC 3339 time', () => {
  it.each<[string, string | undefined]>([
    ['2026-11-20T10:00:00Z', '2026-11-20T10:00:00.000Z'],
    ['2026-11-20t10:00:00z', '2026-11-20T10:00:00.000Z'],
    ['2026-11-20 10:00:00Z', '2026-11-20T10:00:00.000Z'],
    ['2026-11-20T10:00:00.123456789Z', '2026-11-20T10:00:00.123Z'],
    ['2026-11-20T10:00:00+02:00', '2026-11-20T08:00:00.000Z'],
    ['2026-11-20T10:00:00-05:30', '2026-11-20T15:30:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['2026-11-20', undefined],
    ['2026-11-20T10:00:00', undefined],
    ['2026-13-20T10:00:00Z', undefined],
    ['2026-11-20T25:00:00Z', undefined],
    ['1732096800', undefined],
    ['', undefined],
    ['x2026-11-20T10:00:00Z', undefined],
    ['2026-11-20T10:00:00Z\n', undefined],
  ])('%j is %s', (text, expected) => {
    const instant = parseRfc3339(text);
    expect(instant === undefined ? undefined : new Date(instant).toISOString()).toBe(expected);
  });
});

describe('a time that an image claims', () => {
  it.each<[string | undefined, RegExp | 'known']>([
    ['2026-01-01T00:00:00Z', 'known'],
    ['2013-03-01T00:00:00Z', 'known'],
    ['2013-02-28T23:59:59Z', /placeholder/],
    ['1970-01-01T00:00:00Z', /placeholder/],
    ['2026-11-21T12:00:00Z', 'known'],
    ['2026-11-21T12:00:00.001Z', /future/],
    [undefined, /no creation time/],
    ['', /no creation time/],
    ['now', /is not a date/],
  ])('%j is %s', (text, expected) => {
    const time = believableCreated(text, NOW);
    if (expected === 'known') expect(time).toEqual({ kind: 'known', at: at(text ?? '') });
    else expect(time).toEqual({ kind: 'unknown', why: expect.stringMatching(expected) as string });
  });
});

describe('a duration', () => {
  it.each<[string, number]>([
    ['2h', 7_200_000],
    ['168h', 604_800_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['.5h', 1_800_000],
    ['500ms', 500],
    ['1m1s', 61_000],
    ['0', 0],
    ['0h', 0],
    [' 2h ', 7_200_000],
  ])('%j is %d ms', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  it.each(['', ' ', '2', '-2h', '+2h', 'h', '2 h', '2y', '2h-1m', '2hx', '1e3h', 'Infinity', '..5h'])(
    '%j is none',
    (text) => {
      expect(() => parseDuration(text)).toThrow(/is not a duration/);
    },
  );

  it.each<[number, string]>([
    [0, '0s'],
    [59_000, '59s'],
    [7_200_000, '2h'],
    [5_400_000, '1h30m'],
    [604_800_000, '7d'],
    [90_061_000, '1d1h'],
  ])('%d ms reads %s', (ms, expected) => {
    expect(formatDuration(durationFromMs(ms))).toBe(expected);
  });
});
