// Where every request to GitHub waits for its turn: a free place, its points, and the end of a silence that GitHub asked for.

import { setTimeout as sleep } from 'node:timers/promises';
import PQueue from 'p-queue';
import { CONTENT_A_MINUTE, createMinuteWindow, createSpread, POINTS_A_MINUTE, pointsOf } from './points.ts';

/** Time, for those who wait. */
export interface Clock {
  /** Milliseconds since 1970, never going back. */
  now(): number;
  /** @throws when the signal ends the waiting. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** The machine's time; a correction of its clock changes nothing while the process runs. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
};

/** What a request costs. */
export interface RequestKind {
  readonly method: string;
  /** It makes something that people are notified of, as a comment. */
  readonly isContent: boolean;
}

/** All requests pass here, in the order they come. */
export interface RequestGate {
  /** Runs one exchange when it may begin. @throws the reason of the gate's signal when that ends the waiting. */
  run<T>(kind: RequestKind, exchange: () => Promise<T>): Promise<T>;
  /** Lets nothing begin for so long, counted from now; a longer hold that is already there stays. */
  holdFor(ms: number): void;
}

/** What a gate is made from. */
export interface GateOptions {
  readonly maxInFlight: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Points a minute; GitHub's published ones unless told otherwise. */
  readonly pointsPerMinute?: number;
}

/** Writes that go at once before the pace of three a second begins: ten deletes need not take three seconds. */
const FIRST_WRITES = 10;

/** A gate that nothing has passed yet. */
export function createRequestGate(options: GateOptions): RequestGate {
  const { clock, signal } = options;
  const pointsPerMinute = options.pointsPerMinute ?? POINTS_A_MINUTE;
  const places = new PQueue({ concurrency: options.maxInFlight });
  const points = createMinuteWindow(pointsPerMinute);
  const contents = createMinuteWindow(CONTENT_A_MINUTE);
  const writes = createSpread(pointsPerMinute, FIRST_WRITES * pointsOf('DELETE'));
  let heldUntilMs = 0;
  let lastInLine: Promise<unknown> = Promise.resolve();

  function waitFor(kind: RequestKind): number {
    const now = clock.now();
    const cost = pointsOf(kind.method);
    const isWrite = cost > 1;
    const pace = isWrite ? writes.waitFor(cost, now) : 0;
    const content = kind.isContent ? contents.waitFor(1, now) : 0;
    return Math.max(heldUntilMs - now, points.waitFor(cost, now), pace, content);
  }

  async function waitForTurn(kind: RequestKind): Promise<() => void> {
    for (;;) {
      signal.throwIfAborted();
      const wait = waitFor(kind);
      if (wait <= 0) break;
      // An end of the waiting shows above, with its own reason.
      await clock.sleep(Math.ceil(wait), signal).catch((cause: unknown) => {
        if (!signal.aborted) throw cause;
      });
    }
    const now = clock.now();
    const cost = pointsOf(kind.method);
    if (cost > 1) writes.spend(cost, now);
    const ends = [points.spend(cost, now), ...(kind.isContent ? [contents.spend(1, now)] : [])];
    return () => {
      for (const end of ends) end(clock.now());
    };
  }

  /** One after the other, so that many cheap requests cannot keep a dear one waiting for ever. */
  function standInLine(kind: RequestKind): Promise<() => void> {
    const turn = lastInLine.then(() => waitForTurn(kind));
    lastInLine = turn.catch(() => undefined);
    return turn;
  }

  return {
    run: (kind, exchange) =>
      places.add(async () => {
        const end = await standInLine(kind);
        try {
          return await exchange();
        } finally {
          end();
        }
      }),
    holdFor: (ms) => {
      heldUntilMs = Math.max(heldUntilMs, clock.now() + ms);
    },
  };
}
