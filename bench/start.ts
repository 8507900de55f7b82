// How long it takes until something is said: help, version and a mistake in an option, against Node's own start.

import { join } from 'node:path';
import {
  countPairs,
  formatMegabytes,
  formatRatio,
  formatSeconds,
  measureRun,
  median,
  printTable,
  program,
  repeat,
  root,
  tellPeak,
} from './measure.ts';

const CASES: readonly {
  readonly name: string;
  readonly args: readonly string[];
  readonly exitCodes: readonly number[];
}[] = [
  { name: '--help', args: [program, '--help'], exitCodes: [0] },
  { name: '--version', args: [program, '--version'], exitCodes: [0] },
  { name: 'unknown option', args: [program, 'plan', '--no-such-option'], exitCodes: [2] },
  { name: 'action without inputs', args: [join(root, 'dist', 'index.js')], exitCodes: [2] },
];

/** Prints, for each case, the median of the ratios to `node -e 0` that was run just before it. */
export async function benchStart(): Promise<void> {
  const pairs = countPairs(15);
  const rows: (readonly string[])[] = [['', 'node -e 0', 'registry-cleanup', 'ratio', 'peak']];
  for (const { name, args, exitCodes } of CASES) {
    const runs = await repeat(pairs, async () => ({
      node: (await measureRun(process.execPath, ['-e', '0'])).seconds,
      ours: (await measureRun(process.execPath, args, { exitCodes })).seconds,
    }));
    const { peakBytes } = await measureRun(process.execPath, args, { exitCodes, env: tellPeak() });
    rows.push([
      name,
      formatSeconds(median(runs.map((run) => run.node))),
      formatSeconds(median(runs.map((run) => run.ours))),
      formatRatio(median(runs.map((run) => run.ours / run.node))),
      formatMegabytes(peakBytes),
    ]);
  }
  printTable(`Start, ${pairs} pairs`, rows);
}
