// Bounds the requests in flight, and holds all of them back while a registry asks for quiet.

import PQueue from 'p-queue';

/** A gate that every single HTTP request passes (never a chain of requests: that would starve the others). */
export interface Limiter {
  /** Runs the task when a slot is free. */
  run<T>(task: () => Promise<T>): Promise<T>;
  /** Starts no task for so long, counted from now; a longer hold that is already there stays. */
  holdFor(ms: number): void;
  /** Ends a hold. */
  release(): void;
}

/** A limiter of so many tasks at once; the others wait in order. */
export function createLimiter(maxInFlight: number): Limiter {
  const queue = new PQueue({ concurrency: maxInFlight });
  let heldUntil = 0;
  let timer: NodeJS.Timeout | undefined;
  function release(): void {
    clearTimeout(timer);
    heldUntil = 0;
    queue.start();
  }
  return {
    run: (task) => queue.add(task),
    holdFor: (ms) => {
      const until = performance.now() + ms;
      if (until <= heldUntil) return;
      heldUntil = until;
      queue.pause();
      clearTimeout(timer);
      timer = setTimeout(release, ms);
    },
    release,
  };
}
