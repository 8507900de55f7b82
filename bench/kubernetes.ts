// Reading the pods of a large cluster, against curl that fetches the same pages and does nothing with them, against parsing every page, and
// against the typed client; on the same server, without latency and with 20 ms to every answer.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { PODS_EACH } from './kubernetes/make-pods.ts';
import {
  countPairs,
  formatCount,
  formatMegabytes,
  formatRatio,
  formatSeconds,
  measureRun,
  median,
  printTable,
  repeat,
  root,
  tellPeak,
} from './measure.ts';

const PAGES = Number(process.env['BENCH_PAGES'] ?? 100);
const LATENCIES_MS = [0, 20];
/** How it reads, by what it is called in the table. */
const WAYS: readonly (readonly [name: string, way: string])[] = [
  ['registry-cleanup', 'scan'],
  ['JSON.parse of each page', 'parse'],
  ['typed client', 'typed'],
];

interface Taken {
  readonly name: string;
  readonly seconds: number;
  readonly peakBytes: number;
}

/** Prints seconds, the ratio to curl without and with compression, and peak memory. */
export async function benchKubernetes(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'registry-cleanup-bench-kubernetes-'));
  try {
    const reader = await bundleReader(folder);
    for (const latencyMs of LATENCIES_MS) await benchWithLatency(reader, latencyMs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function benchWithLatency(reader: string, latencyMs: number): Promise<void> {
  const { child, url } = await startServer(latencyMs);
  try {
    const runs = await repeat(countPairs(3), () => runAll(reader, url));
    const secondsOf = (name: string): number[] =>
      runs.map((run) => run.find((taken) => taken.name === name)?.seconds ?? Number.NaN);
    const ratioTo = (name: string, to: string): string => {
      const bases = secondsOf(to);
      return formatRatio(median(secondsOf(name).map((seconds, index) => seconds / (bases[index] ?? Number.NaN))));
    };
    const names = runs[0]?.map(({ name }) => name) ?? [];
    printTable(
      `Kubernetes, ${formatCount(PAGES * PODS_EACH)} pods on ${PAGES} pages, ${latencyMs} ms to every answer, ${runs.length} rounds`,
      [
        ['', 'time', 'curl', 'zipped', 'typed client', 'peak'],
        ...names.map((name) => [
          name,
          formatSeconds(median(secondsOf(name))),
          ratioTo(name, CURL),
          ratioTo(name, CURL_ZIPPED),
          ratioTo(name, 'typed client'),
          formatPeak(Math.max(...runs.flat().map((taken) => (taken.name === name ? taken.peakBytes : 0)))),
        ]),
      ],
    );
  } finally {
    child.kill();
  }
}

/** curl does not tell its peak; it keeps nothing. */
function formatPeak(bytes: number): string {
  return bytes === 0 ? '–' : formatMegabytes(bytes);
}

const CURL = 'curl';
const CURL_ZIPPED = 'curl --compressed';

async function runAll(reader: string, url: string): Promise<readonly Taken[]> {
  const pages = Array.from({ length: PAGES }, (_, page) => [
    '-o',
    '/dev/null',
    `${url}/api/v1/pods?limit=${PODS_EACH}${page === 0 ? '' : `&continue=${page}`}`,
  ]).flat();
  const taken: Taken[] = [
    { ...(await measureRun('curl', ['-sf', ...pages])), name: CURL },
    { ...(await measureRun('curl', ['-sf', '--compressed', ...pages])), name: CURL_ZIPPED },
  ];
  for (const [name, way] of WAYS) taken.push(await runReader([reader, way, url], name));
  return taken;
}

/** Throws when it has not read everything, or cannot say who uses an image. */
async function runReader(args: readonly string[], name: string): Promise<Taken> {
  const { stdout, peakBytes } = await measureRun(process.execPath, args, { env: tellPeak() });
  const found: unknown = JSON.parse(stdout);
  if (typeof found !== 'object' || found === null) throw new Error(`${name} printed ${stdout}`);
  const numbers = new Map<string, unknown>(Object.entries(found));
  const [seconds, pods, images] = [numbers.get('seconds'), numbers.get('pods'), numbers.get('images')];
  const isWhole = pods === PAGES * PODS_EACH && images !== 0 && images === numbers.get('named');
  if (typeof seconds !== 'number' || !isWhole) throw new Error(`${name} found only ${stdout}`);
  return { name, seconds, peakBytes };
}

/**
 * As it is shipped: bundled, without types. In a process of its own, as a child's peak memory is at least what its parent has when it is
 * started (https://man7.org/linux/man-pages/man2/getrusage.2.html, ru_maxrss is kept by execve).
 */
async function bundleReader(folder: string): Promise<string> {
  const input = join(import.meta.dirname, 'kubernetes', 'read-pods.ts');
  const rolldown = join(root, 'node_modules', 'rolldown', 'bin', 'cli.mjs');
  const names = ['--entry-file-names', '[name].mjs', '--chunk-file-names', '[name]-[hash].mjs'];
  await measureRun(process.execPath, [rolldown, input, '--dir', folder, '--platform', 'node', '--minify', ...names]);
  return join(folder, 'read-pods.mjs');
}

async function startServer(latencyMs: number): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const script = join(import.meta.dirname, 'kubernetes', 'serve-pods.ts');
  const child = spawn(process.execPath, [script, String(PAGES), String(latencyMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const said: unknown[] = await once(lines, 'line');
  return { child, url: `http://127.0.0.1:${String(said[0])}` };
}
