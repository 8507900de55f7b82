// Reading a large history: all references and the commit graph, against `git rev-list --all --count`.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  tellPeak,
} from './measure.ts';

const COMMITS = Number(process.env['BENCH_COMMITS'] ?? 200_000);
const REFERENCES_EACH = 1_000;
const SIDE_BRANCH_EVERY = 10;
const START = 1_600_000_000;

/** Prints times, ratio and peak memory; without a commit-graph file and with one. */
export async function benchGit(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'registry-cleanup-bench-git-'));
  try {
    const clone = await makeHistory(folder);
    const plain = await measurePairs('no commit-graph', clone);
    await measureRun('git', ['-C', clone, 'commit-graph', 'write', '--reachable']);
    const graph = await measurePairs('commit-graph', clone);
    printTable(
      `Git, ${formatCount(COMMITS)} commits, ${formatCount(2 * REFERENCES_EACH)} references, ${countPairs(5)} pairs`,
      [['', 'rev-list --count', 'registry-cleanup', 'ratio', 'peak'], plain, graph],
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measurePairs(name: string, clone: string): Promise<readonly string[]> {
  const load = [join(import.meta.dirname, 'load-history.ts'), clone];
  const runs = await repeat(countPairs(5), async () => ({
    git: (await measureRun('git', ['-C', clone, 'rev-list', '--all', '--count'])).seconds,
    ours: (await measureRun(process.execPath, load)).seconds,
  }));
  const { peakBytes, stdout } = await measureRun(process.execPath, load, { env: tellPeak() });
  if (stdout.trim() !== `${COMMITS} commits, ${2 * REFERENCES_EACH + 1} references`) throw new Error(`read ${stdout}`);
  return [
    name,
    formatSeconds(median(runs.map((run) => run.git))),
    formatSeconds(median(runs.map((run) => run.ours))),
    formatRatio(median(runs.map((run) => run.ours / run.git))),
    formatMegabytes(peakBytes),
  ];
}

/** A bare origin made by fast-import, and a clone of it. Returns the clone. */
async function makeHistory(folder: string): Promise<string> {
  const origin = join(folder, 'origin.git');
  const clone = join(folder, 'clone');
  await measureRun('git', ['init', '-q', '--bare', '--initial-branch=main', origin]);
  const child = spawn('git', ['-C', origin, 'fast-import', '--quiet'], { stdio: ['pipe', 'inherit', 'inherit'] });
  const ended = once(child, 'exit');
  for (const text of describeHistory()) {
    if (!child.stdin.write(text)) await once(child.stdin, 'drain');
  }
  child.stdin.end();
  const exit: unknown[] = await ended;
  if (exit[0] !== 0) throw new Error(`git fast-import ended with ${String(exit[0])}`);
  await measureRun('git', ['-C', origin, 'pack-refs', '--all']);
  await measureRun('git', ['clone', '-q', '--no-checkout', origin, clone]);
  return clone;
}

/** A main line into which every tenth commit merges its predecessor's sibling; branches and tags spread over it. */
function* describeHistory(): Generator<string> {
  for (let mark = 1; mark <= COMMITS; mark += 1) {
    const isSide = mark > 2 && mark % SIDE_BRANCH_EVERY === 0;
    const isMerge = mark > 3 && mark % SIDE_BRANCH_EVERY === 1;
    const parent = isSide || isMerge ? mark - 2 : mark - 1;
    yield `commit refs/heads/${isSide ? 'side' : 'main'}\nmark :${mark}\n`;
    yield `committer A U Thor <author@example.com> ${START + mark * 60} +0000\ndata 16\nchange something\n`;
    yield parent > 0 ? `from :${parent}\n${isMerge ? `merge :${mark - 1}\n` : ''}\n` : '\n';
  }
  yield 'reset refs/heads/side\nfrom 0000000000000000000000000000000000000000\n\n';
  for (let index = 0; index < REFERENCES_EACH; index += 1) {
    const mark = COMMITS - Math.floor((index * COMMITS) / REFERENCES_EACH);
    yield `reset refs/heads/feature/${index}\nfrom :${mark}\n\nreset refs/tags/v1.${index}\nfrom :${mark}\n\n`;
  }
}
