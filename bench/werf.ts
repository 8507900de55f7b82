// Planning a repository of werf's with many records on a real registry, against `wrk` with the same requests on the same server: once when
// nothing is known, and once with what an earlier run has read.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGitSandbox } from '../test/builders/git-repository.ts';
import type { Tagged } from '../test/builders/werf-repository.ts';
import { largeContent, largeHistory } from '../test/e2e/werf/large.ts';
import { startRegistry } from '../test/support/registry-server.ts';
import { openStorage, storeTagged } from '../test/support/registry-storage.ts';
import { startCountingProxy } from './counting-proxy.ts';
import {
  countPairs,
  formatCount,
  formatMegabytes,
  formatRatio,
  formatSeconds,
  type Measured,
  measureRun,
  median,
  printTable,
  program,
  repeat,
  tellPeak,
} from './measure.ts';
import { measureWrk } from './registry.ts';

/** 3,000 stages of ten images, and 20,000 records. */
const SIZE = { commits: 2_000, images: 10, stages: 3_000 };
const REPOSITORY = 'shop/app';
/** wrk's script holds so many paths at most. */
const MIX = 5_000;
const POLICY = 'cleanup:\n  keepPolicies:\n  - references: {branch: main}\n    imagesPerReference: {last: 100}\n';

/** Prints seconds, requests and peak memory of both plans, and requests per second as a ratio to wrk's. */
export async function benchWerf(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'registry-cleanup-bench-werf-'));
  const sandbox = createGitSandbox();
  const server = await startRegistry();
  try {
    const now = Date.now();
    const origin = sandbox.bare('origin');
    const ids = sandbox.add(origin, {
      commits: largeHistory(SIZE, now),
      branches: { main: `c${SIZE.commits - 1}` },
    });
    const clone = sandbox.clone(origin, 'clone');
    const content = largeContent(SIZE, now, (commit) => ids.get(`c${commit}`) ?? '');
    storeTagged(openStorage(server.rootDirectory, REPOSITORY), content);
    writeFileSync(join(folder, '.registry-cleanup.yml'), POLICY);
    const script = join(folder, 'mix.lua');
    writeFileSync(script, renderMix(content));
    const plan = (host: string, name: string): Promise<Measured> =>
      measureRun(process.execPath, planArgs(host, clone, join(folder, name)), { cwd: folder, env: tellPeak() });
    const counts = await countRequests(Number(server.host.split(':')[1]), plan);
    const runs = await repeat(countPairs(1), async () => {
      const name = `cache-${performance.now()}`;
      return {
        wrk: await measureWrk(server.origin, script),
        first: await plan(server.host, name),
        again: await plan(server.host, name),
      };
    });
    const rows = (['first', 'again'] as const).map((which) => [
      which === 'first' ? 'nothing known' : 'read before',
      formatSeconds(median(runs.map((run) => run[which].seconds))),
      formatCount(counts[which]),
      formatRatio(median(runs.map((run) => counts[which] / run[which].seconds / run.wrk))),
      formatMegabytes(Math.max(...runs.map((run) => run[which].peakBytes))),
    ]);
    printTable(
      `werf, ${formatCount(content.length)} tags of ${formatCount(SIZE.stages)} stages, ${runs.length} pairs`,
      [['', 'time', 'requests', 'to wrk’s rate', 'peak'], ...rows],
    );
  } finally {
    await server.stop();
    sandbox.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

function planArgs(host: string, clone: string, cache: string): readonly string[] {
  const repository = ['--repository', `${host}/${REPOSITORY}`, '--git-dir', clone, '--cache-dir', cache];
  return [program, 'plan', ...repository, '--without-kube', '--format', 'json'];
}

/** The number of requests of a first plan and of one after it. */
async function countRequests(
  port: number,
  plan: (host: string, cache: string) => Promise<Measured>,
): Promise<{ readonly first: number; readonly again: number }> {
  const proxy = await startCountingProxy(port);
  try {
    await plan(proxy.host, 'counted');
    const first = proxy.counts().requests;
    await plan(proxy.host, 'counted');
    return { first, again: proxy.counts().requests - first };
  } finally {
    proxy.stop();
  }
}

/** A script for wrk: of some tags the manifest by tag and the configuration by digest, as a plan reads them. */
function renderMix(content: readonly Tagged[]): string {
  const every = Math.ceil(content.length / MIX);
  const paths = content
    .filter((_, at) => at % every === 0)
    .flatMap(({ tag, manifest }) => [
      `/v2/${REPOSITORY}/manifests/${tag}`,
      `/v2/${REPOSITORY}/blobs/${manifest.blobs[0]?.digest}`,
    ]);
  return [
    `local paths = { ${paths.map((path) => `"${path}"`).join(', ')} }`,
    'local at = 0',
    'local headers = { ["Accept"] = "application/vnd.docker.distribution.manifest.v2+json" }',
    'request = function()',
    '  at = at % #paths + 1',
    '  return wrk.format("GET", paths[at], headers)',
    'end',
    '',
  ].join('\n');
}
