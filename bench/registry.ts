// Planning a large repository on a real registry, against `wrk` with the same requests on the same server.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRegistry } from '../test/support/registry-server.ts';
import { startCountingProxy } from './counting-proxy.ts';
import {
  countPairs,
  formatCount,
  formatMegabytes,
  formatRatio,
  measureRun,
  median,
  printTable,
  program,
  repeat,
  tellPeak,
} from './measure.ts';
import { type SeededImage, seedRegistry } from './seed-registry.ts';

const TAGS = Number(process.env['BENCH_TAGS'] ?? 5_000);
const REPOSITORY = 'team/app';
const WRK_SECONDS = 5;
/** As many as a plan has in flight. */
const CONNECTIONS = 32;
const ACCEPT = 'application/vnd.oci.image.manifest.v1+json';

/** Prints requests per second of both, the ratio, the number of requests and connections, and peak memory. */
export async function benchRegistry(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'registry-cleanup-bench-wrk-'));
  const server = await startRegistry();
  try {
    const images = seedRegistry({ rootDirectory: server.rootDirectory, repository: REPOSITORY, tags: TAGS });
    const script = join(folder, 'mix.lua');
    writeFileSync(script, renderMix(images));
    const counted = await countRequests(Number(server.host.split(':')[1]));
    const runs = await repeat(countPairs(3), async () => {
      const wrk = await measureWrk(server.origin, script);
      const plan = await measureRun(process.execPath, planArgs(server.host), { env: tellPeak() });
      return { wrk, ours: counted.requests / plan.seconds, peakBytes: plan.peakBytes };
    });
    printTable(`Registry, ${formatCount(TAGS)} tags with distinct configurations, ${runs.length} pairs`, [
      ['wrk, same requests', `${formatCount(median(runs.map((run) => run.wrk)))} requests/s`],
      ['registry-cleanup plan, whole process', `${formatCount(median(runs.map((run) => run.ours)))} requests/s`],
      ['ratio', formatRatio(median(runs.map((run) => run.ours / run.wrk)))],
      ['requests', formatCount(counted.requests)],
      ['connections', formatCount(counted.connections)],
      ['peak memory', formatMegabytes(Math.max(...runs.map((run) => run.peakBytes)))],
    ]);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function planArgs(host: string): readonly string[] {
  return [
    program,
    'plan',
    '--repository',
    `${host}/${REPOSITORY}`,
    '--without-git',
    '--without-kube',
    '--format',
    'json',
  ];
}

/** The number of requests and connections of one plan. */
async function countRequests(port: number): Promise<{ readonly requests: number; readonly connections: number }> {
  const proxy = await startCountingProxy(port);
  try {
    await measureRun(process.execPath, planArgs(proxy.host));
    return proxy.counts();
  } finally {
    proxy.stop();
  }
}

/** Requests per second. Throws when the server answered with an error, as these are quicker than answers. */
export async function measureWrk(origin: string, script: string): Promise<number> {
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${WRK_SECONDS}s`, '-s', script, origin];
  const { stdout } = await measureRun('wrk', args);
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1];
  if (rate === undefined || stdout.includes('Non-2xx')) throw new Error(`wrk says:\n${stdout}`);
  return Number(rate);
}

/** A script for wrk: of each image the manifest by tag and the configuration by digest, as a plan reads them. */
function renderMix(images: readonly SeededImage[]): string {
  const paths = images.flatMap((image) => [
    `/v2/${REPOSITORY}/manifests/${image.tag}`,
    `/v2/${REPOSITORY}/blobs/${image.configDigest}`,
  ]);
  return [
    'local paths = {',
    ...paths.map((path) => `  "${path}",`),
    '}',
    'local at = 0',
    `local headers = { ["Accept"] = "${ACCEPT}" }`,
    'request = function()',
    '  at = at % #paths + 1',
    '  return wrk.format("GET", paths[at], headers)',
    'end',
    '',
  ].join('\n');
}
