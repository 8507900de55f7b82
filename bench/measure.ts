// Measuring whole processes: wall time, peak memory, medians of pairs, and a table to print them in.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What one process took. */
export interface Measured {
  readonly seconds: number;
  /** Resident set at its largest; 0 for programs that are not Node. */
  readonly peakBytes: number;
  readonly stdout: string;
}

/** How to run a program. */
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Exit codes that count as success. Default: 0. */
  readonly exitCodes?: readonly number[];
}

/** The repository's top folder. */
export const root: string = join(import.meta.dirname, '..');

/** The `registry-cleanup` program. */
export const program: string = join(root, 'bin', 'registry-cleanup.js');

/** Runs a program to its end. Throws with its output when it does not end as it should. */
export function measureRun(command: string, args: readonly string[], options: RunOptions = {}): Measured {
  const folder = mkdtempSync(join(tmpdir(), 'registry-cleanup-bench-'));
  const peakFile = join(folder, 'peak');
  try {
    const begin = performance.now();
    const run = spawnSync(command, args, {
      encoding: 'utf8',
      maxBuffer: 1 << 30,
      cwd: options.cwd ?? folder,
      env: { ...process.env, ...options.env, BENCH_PEAK_FILE: peakFile },
    });
    const seconds = (performance.now() - begin) / 1000;
    if (run.error !== undefined) throw run.error;
    if (run.status === null || !(options.exitCodes ?? [0]).includes(run.status)) {
      throw new Error(
        `${command} ${args.join(' ')} ended with ${run.status ?? run.signal}:\n${run.stderr.slice(-4000)}`,
      );
    }
    return { seconds, peakBytes: readPeak(peakFile), stdout: run.stdout };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Options of Node that make a process, and those it starts, tell their peak memory to {@link measureRun}. */
export function tellPeak(): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--import=${join(import.meta.dirname, 'tell-peak.ts')}` };
}

function readPeak(file: string): number {
  try {
    return Math.max(...readFileSync(file, 'utf8').trim().split('\n').map(Number)) * 1024;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return 0;
    throw cause;
  }
}

/** The middle value; of an even number, the upper one of the two in the middle. Throws for none. */
export function median(values: readonly number[]): number {
  const middle = values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)];
  if (middle === undefined) throw new Error('a median needs a value');
  return middle;
}

/** How often to repeat: BENCH_PAIRS from the environment, or the given number. */
export function countPairs(usual: number): number {
  const asked = Number(process.env['BENCH_PAIRS'] ?? usual);
  if (!Number.isInteger(asked) || asked < 1) throw new Error('BENCH_PAIRS must be a whole number above 0');
  return asked;
}

/** Prints a heading and rows of words; columns are as wide as their widest word, numbers stand to the right. */
export function printTable(heading: string, rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((word, column) => (column === 0 ? word.padEnd(widths[0] ?? 0) : word.padStart(widths[column] ?? 0)))
      .join('  '),
  );
  process.stdout.write(`\n${heading}\n${lines.map((line) => `  ${line.trimEnd()}`).join('\n')}\n`);
}

/** `1.53`. */
export function formatRatio(ratio: number): string {
  return ratio.toFixed(2);
}

/** `12,345`. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** `98 MB`. */
export function formatMegabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

/** `1.234 s`. */
export function formatSeconds(seconds: number): string {
  return `${seconds.toFixed(3)} s`;
}
