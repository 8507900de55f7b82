// How often progress is told.

/** Whether to tell of a step now. */
export type Pace = (step: string, isEnd: boolean) => boolean;

/** Says yes to the first report of each step, to its end (once), and between them once per interval. `clock`: milliseconds. */
export function createPace(clock: () => number, intervalMs: number): Pace {
  const last = new Map<string, number | 'ended'>();
  return (step, isEnd) => {
    const before = last.get(step);
    const at = clock();
    const isDue = isEnd ? before !== 'ended' : typeof before !== 'number' || at - before >= intervalMs;
    if (isDue) last.set(step, isEnd ? 'ended' : at);
    return isDue;
  };
}
