// Measuring whole processes: wall time, peak memory, medians of pairs, and a table to print them in.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

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

/** Runs a program to its end. Throws with what it said when it does not end as it should. */
export async function measureRun(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'registry-cleanup-bench-'));
  const peakFile = join(folder, 'peak');
  try {
    const begin = performance.now();
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: options.cwd ?? folder,
      env: { ...process.env, ...options.env, BENCH_PEAK_FILE: peakFile },
    });
    // Never spawnSync: the servers that are measured are children, too, and stop when nobody reads what they print.
    const [stdout, stderr, end] = await Promise.all([text(child.stdout), text(child.stderr), endOf(child)]);
    const seconds = (performance.now() - begin) / 1000;
    if (typeof end !== 'number' || !(options.exitCodes ?? [0]).includes(end)) {
      throw new Error(`${command} ${args.join(' ')} ended with ${end}:\n${stderr.slice(-4000)}`);
    }
    return { seconds, peakBytes: readPeak(peakFile), stdout };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Does it so many times, one after the other. */
export async function repeat<Result>(times: number, work: () => Promise<Result>): Promise<readonly Result[]> {
  const results: Result[] = [];
  while (results.length < times) results.push(await work());
  return results;
}

/** The exit code, or the name of the signal that ended it. */
async function endOf(child: ChildProcess): Promise<number | string> {
  await once(child, 'exit');
  return child.exitCode ?? child.signalCode ?? 'nothing';
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
