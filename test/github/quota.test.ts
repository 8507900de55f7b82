// The hourly quota and the share of it that writes may use.

import { describe, expect, it } from 'vitest';
import { createQuotaWatch, type QuotaWatch, readQuota } from '../../src/github/quota.ts';
import { containing } from '../support/typed-matchers.ts';

const NOW = Date.UTC(2026, 10, 21, 21);
const RESET = NOW / 1000 + 1800;

function headers(remaining: number, change: { readonly [name: string]: string } = {}) {
  const all: { readonly [name: string]: string } = {
    'x-ratelimit-limit': '1000',
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': String(RESET),
    ...change,
  };
  return (name: string): string | undefined => all[name];
}

function mayWrite(watch: QuotaWatch, nowMs = NOW): boolean {
  try {
    watch.checkBudget('delete a thing', nowMs);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ name: 'RegistryError', code: 'QUOTA', temporary: false });
    return false;
  }
}

describe('the budget', () => {
  it('lets writes go until its share is used', () => {
    const watch = createQuotaWatch(0.8);
    watch.learn(headers(201), NOW);
    expect(mayWrite(watch)).toBe(true);
    watch.learn(headers(200), NOW);
    expect(mayWrite(watch)).toBe(false);
  });

  it('says what is used, and when the quota is whole again', () => {
    const watch = createQuotaWatch(0.8);
    watch.learn(headers(150), NOW);
    expect(() => watch.checkBudget('delete a thing', NOW)).toThrow(
      expect.objectContaining({
        message: containing('80 % of the 1000 requests'),
        hint: containing('21:30 UTC'),
        details: { purpose: 'delete a thing', limit: 1000, remaining: 150, resetAt: '2026-11-21T21:30:00.000Z' },
      }),
    );
  });

  it('counts what is under way', () => {
    const watch = createQuotaWatch(0.8);
    watch.learn(headers(202), NOW);
    const ends = [watch.begin(), watch.begin()];
    expect(mayWrite(watch)).toBe(false);
    ends[0]?.();
    expect(mayWrite(watch)).toBe(true);
  });

  it('starts anew with the hour, by the clock of the answer', () => {
    const watch = createQuotaWatch(0.5);
    // The machine's clock is three hours late.
    const wrongNow = NOW - 3 * 3_600_000;
    watch.learn(headers(100, { date: 'Sat, 21 Nov 2026 21:00:00 GMT' }), wrongNow);
    expect(mayWrite(watch, wrongNow + 1_799_000)).toBe(false);
    expect(mayWrite(watch, wrongNow + 1_800_000)).toBe(true);
  });

  it('takes the lower of two answers of one hour, whichever comes last', () => {
    const watch = createQuotaWatch(0.8);
    watch.learn(headers(150), NOW);
    watch.learn(headers(151, { 'x-ratelimit-reset': String(RESET + 1) }), NOW);
    expect(watch.quota()?.remaining).toBe(150);
  });

  it('takes the next hour as it is, and no word of the last one after it', () => {
    const watch = createQuotaWatch(0.8);
    watch.learn(headers(150), NOW);
    watch.learn(headers(990, { 'x-ratelimit-reset': String(RESET + 3600) }), NOW + 1_900_000);
    expect(watch.quota()?.remaining).toBe(990);
    watch.learn(headers(3), NOW + 1_900_000);
    expect(watch.quota()?.remaining).toBe(990);
  });

  it('with a share of 0 lets no write go, with 1 all of them to the last', () => {
    const none = createQuotaWatch(0);
    none.learn(headers(1000), NOW);
    expect(mayWrite(none)).toBe(false);
    const all = createQuotaWatch(1);
    all.learn(headers(1), NOW);
    expect(mayWrite(all)).toBe(true);
    all.learn(headers(0), NOW);
    expect(mayWrite(all)).toBe(false);
  });

  it('refuses nothing where GitHub tells no quota', () => {
    const watch = createQuotaWatch(0.1);
    watch.learn(() => undefined, NOW);
    expect(watch.quota()).toBeUndefined();
    expect(mayWrite(watch)).toBe(true);
  });
});

describe('the quota of an answer', () => {
  it.each([
    ['that of GraphQL', { 'x-ratelimit-resource': 'graphql' }],
    ['a limit of nothing', { 'x-ratelimit-limit': '0' }],
    ['a limit that is no number', { 'x-ratelimit-limit': 'many' }],
    ['a reset that is no number', { 'x-ratelimit-reset': '-1' }],
  ])('is not %s', (_, change) => {
    expect(readQuota(headers(5, change))).toBeUndefined();
  });
});
