// GitHub's points: no minute of the server's may hold more than it grants, however long requests take and whenever it notes them.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createMinuteWindow,
  createSpread,
  type MinuteWindow,
  POINTS_A_MINUTE,
  pointsOf,
} from '../../src/github/points.ts';

const MINUTE_MS = 60_000;

interface Planned {
  readonly cost: number;
  /** Pause before it is wanted. */
  readonly gapMs: number;
  readonly latencyMs: number;
  /** When within its flight the server notes it: 0 to 1. */
  readonly noted: number;
}

interface Sent {
  readonly cost: number;
  readonly notedMs: number;
  readonly sentMs: number;
}

/** Sends one after the other, never waiting for an answer, as the window allows. */
function simulate(window: MinuteWindow, plan: readonly Planned[]): readonly Sent[] {
  let now = 0;
  let underWay: { endMs: number; end: (endMs: number) => void }[] = [];
  const moveTo = (ms: number): void => {
    now = ms;
    for (const { endMs, end } of underWay.filter((one) => one.endMs <= now)) end(endMs);
    underWay = underWay.filter((one) => one.endMs > now);
  };
  return plan.map(({ cost, gapMs, latencyMs, noted }) => {
    moveTo(now + gapMs);
    for (let turns = 0; ; turns += 1) {
      const wait = window.waitFor(cost, now);
      if (wait <= 0) break;
      expect(turns).toBeLessThan(1000);
      moveTo(now + wait);
    }
    underWay.push({ endMs: now + latencyMs, end: window.spend(cost, now) });
    return { cost, sentMs: now, notedMs: now + noted * latencyMs };
  });
}

function dearestMinute(sent: readonly Sent[]): number {
  return Math.max(
    0,
    ...sent.map(({ notedMs: from }) =>
      sent
        .filter(({ notedMs }) => notedMs >= from && notedMs < from + MINUTE_MS)
        .reduce((sum, { cost }) => sum + cost, 0),
    ),
  );
}

const planned = fc.record({
  cost: fc.constantFrom(1, 5),
  gapMs: fc.oneof(fc.constant(0), fc.nat(2_000), fc.nat(90_000)),
  latencyMs: fc.oneof(fc.constant(0), fc.nat(800), fc.nat(120_000)),
  noted: fc.double({ min: 0, max: 1, noNaN: true }),
});

describe('the window of a minute', () => {
  it('never lets a minute of the server hold more than it may', () => {
    fc.assert(
      fc.property(fc.array(planned, { maxLength: 200 }), fc.integer({ min: 5, max: 60 }), (plan, max) => {
        expect(dearestMinute(simulate(createMinuteWindow(max), plan))).toBeLessThanOrEqual(max);
      }),
    );
  });

  it('lets everything go at once while there is room', () => {
    const sent = simulate(
      createMinuteWindow(900),
      Array.from({ length: 180 }, () => one(5)),
    );
    expect(sent.map(({ sentMs }) => sentMs)).toEqual(Array.from({ length: 180 }, () => 0));
  });

  it('grants no less than its sum each minute when answers are quick', () => {
    const sent = simulate(
      createMinuteWindow(900),
      Array.from({ length: 541 }, () => one(5)),
    );
    expect(sent.at(-1)?.sentMs).toBe(3 * MINUTE_MS);
  });

  it('counts what is under way, however long it takes', () => {
    const window = createMinuteWindow(5);
    const end = window.spend(5, 0);
    expect(window.waitFor(1, 10 * MINUTE_MS)).toBe(MINUTE_MS);
    end(10 * MINUTE_MS + 1_000);
    expect(window.waitFor(1, 10 * MINUTE_MS + 1_000)).toBe(MINUTE_MS);
    expect(window.waitFor(1, 11 * MINUTE_MS + 1_000)).toBe(0);
  });

  it('waits for as many ends as a dear request needs', () => {
    const window = createMinuteWindow(10);
    window.spend(5, 0)(0);
    window.spend(4, 1_000)(1_000);
    expect(window.waitFor(1, 2_000)).toBe(0);
    expect(window.waitFor(5, 2_000)).toBe(58_000);
    expect(window.waitFor(10, 2_000)).toBe(59_000);
  });
});

describe('the spread', () => {
  it('lets a burst go at once, and then keeps an even pace', () => {
    const spread = createSpread(900, 50);
    const times = paceOf(spread, 200);
    expect(times.filter((ms) => ms === 0)).toHaveLength(10);
    const gaps = times.slice(10).map((ms, index) => ms - (times[index + 9] ?? 0));
    expect(new Set(gaps.map(Math.round))).toEqual(new Set([333]));
  });

  it('gives the burst back after a pause, and no more than that', () => {
    const spread = createSpread(900, 50);
    paceOf(spread, 100);
    const later = 100 * MINUTE_MS;
    expect(paceOf(spread, 30, later).filter((ms) => ms === later)).toHaveLength(10);
  });

  it('together with the window makes 180 deletes a minute in the long run', () => {
    const spread = createSpread(POINTS_A_MINUTE, 50);
    const window = createMinuteWindow(POINTS_A_MINUTE);
    let now = 0;
    for (let count = 0; count < 1800; count += 1) {
      for (;;) {
        const wait = Math.max(window.waitFor(5, now), spread.waitFor(5, now));
        if (wait <= 0) break;
        now += wait;
      }
      spread.spend(5, now);
      window.spend(5, now)(now);
    }
    expect(now / MINUTE_MS).toBeGreaterThan(9);
    expect(now / MINUTE_MS).toBeLessThanOrEqual(10);
  });
});

describe('the points of a request', () => {
  it.each([
    ['GET', 1],
    ['HEAD', 1],
    ['OPTIONS', 1],
    ['POST', 5],
    ['PATCH', 5],
    ['PUT', 5],
    ['DELETE', 5],
  ])('%s costs %i', (method, points) => {
    expect(pointsOf(method)).toBe(points);
  });
});

function one(cost: number): Planned {
  return { cost, gapMs: 0, latencyMs: 0, noted: 0 };
}

function paceOf(spread: ReturnType<typeof createSpread>, count: number, startMs = 0): readonly number[] {
  let now = startMs;
  return Array.from({ length: count }, () => {
    now += spread.waitFor(5, now);
    spread.spend(5, now);
    return now;
  });
}
