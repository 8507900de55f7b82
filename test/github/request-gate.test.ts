// The gate: order, pace, places and silences, on a clock whose waits pass at once.

import { describe, expect, it } from 'vitest';
import { createRequestGate, type RequestGate } from '../../src/github/request-gate.ts';
import { createSkippingClock, type SkippingClock } from './try-github.ts';

const DELETE = { method: 'DELETE', isContent: false };
const GET = { method: 'GET', isContent: false };
const COMMENT = { method: 'POST', isContent: true };
const MINUTE_MS = 60_000;

interface Opened {
  readonly gate: RequestGate;
  readonly clock: SkippingClock;
  readonly closing: AbortController;
}

function open(options: { readonly maxInFlight?: number } = {}): Opened {
  const clock = createSkippingClock(0);
  const closing = new AbortController();
  const gate = createRequestGate({ maxInFlight: 32, clock, signal: closing.signal, ...options });
  return { gate, clock, closing };
}

describe('the gate', () => {
  it('lets 180 deletes go in a minute, and never more in any minute', async () => {
    const { gate, clock } = open();
    const times = await Promise.all(Array.from({ length: 600 }, () => gate.run(DELETE, async () => clock.now())));
    const most = Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + MINUTE_MS).length));
    expect(most).toBeLessThanOrEqual(180);
    // 190 in the first minute would be too many, so the burst at the start is paid back within it.
    expect(clock.now() / MINUTE_MS).toBeGreaterThan(3);
    expect(clock.now() / MINUTE_MS).toBeLessThan(3.4);
  });

  it('lets 900 reads go at once, and the next a minute later', async () => {
    const { gate, clock } = open();
    await Promise.all(Array.from({ length: 900 }, () => gate.run(GET, async () => undefined)));
    expect(clock.waits).toEqual([]);
    await gate.run(GET, async () => undefined);
    expect(clock.now()).toBe(MINUTE_MS);
  });

  it('lets 80 comments go in a minute', async () => {
    const { gate, clock } = open();
    const times = await Promise.all(Array.from({ length: 81 }, () => gate.run(COMMENT, async () => clock.now())));
    expect(times.at(-1)! - times[0]!).toBeGreaterThanOrEqual(MINUTE_MS);
  });

  it('keeps the order, whatever things cost', async () => {
    const { gate } = open();
    const order: number[] = [];
    const kinds = Array.from({ length: 300 }, (_, index) => (index % 3 === 0 ? DELETE : GET));
    await Promise.all(kinds.map((kind, index) => gate.run(kind, async () => void order.push(index))));
    expect(order).toEqual(kinds.map((_, index) => index));
  });

  it('has no more under way than it may', async () => {
    const { gate } = open({ maxInFlight: 3 });
    let underWay = 0;
    let peak = 0;
    await Promise.all(
      Array.from({ length: 20 }, () =>
        gate.run(GET, async () => {
          underWay += 1;
          peak = Math.max(peak, underWay);
          await new Promise((resolve) => setImmediate(resolve));
          underWay -= 1;
        }),
      ),
    );
    expect(peak).toBe(3);
  });

  it('lets nothing begin during a silence, and keeps the longer of two', async () => {
    const { gate, clock } = open();
    gate.holdFor(90_000);
    gate.holdFor(30_000);
    await gate.run(GET, async () => undefined);
    expect(clock.now()).toBe(90_000);
  });

  it('ends the waiting with the reason of its signal', async () => {
    const closing = new AbortController();
    const gate = createRequestGate({
      maxInFlight: 1,
      signal: closing.signal,
      clock: {
        now: () => 0,
        sleep: (_, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', reject)),
      },
    });
    gate.holdFor(1);
    const waiting = gate.run(GET, async () => 'sent');
    closing.abort(new Error('closed'));
    await expect(waiting).rejects.toThrow('closed');
  });

  it('frees the place of what failed', async () => {
    const { gate } = open({ maxInFlight: 1 });
    await expect(gate.run(GET, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await gate.run(GET, async () => 'yes')).toBe('yes');
  });
});
