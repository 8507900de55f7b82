// Planning a repository on GitLab: how many requests it takes with nothing cached and with everything cached, and how long against the way
// that GitLab's documentation shows (list the tags, then ask for the details of each, sixteen at a time) on the same server.
// Of the two the fake flatters the other: it has the details in memory, and passes every manifest on to a real registry.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildImage } from '../test/builders/image.ts';
import { type FakeGitlab, startGitlab } from '../test/fakes/gitlab/gitlab.ts';
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

const TAGS = Number(process.env['BENCH_TAGS'] ?? 5_000);
const LATENCIES_MS = [0, 20];
const PEER_IN_FLIGHT = 16;
const PAGE = 100;
const PROJECT = 'group/app';

/** Prints requests by kind, cold and warm, and the ratios of the times, for each latency. */
export async function benchGitlab(): Promise<void> {
  const gitlab = await startGitlab();
  try {
    const token = gitlab.addToken();
    gitlab.addProject(PROJECT);
    const images = gitlab.registry.repository(PROJECT);
    for (let at = 0; at < TAGS; at += 1)
      images.push(buildImage({ seed: `image ${at}` }), { tags: [`v${at}`], createdAt: '2026-01-01T00:00:00Z' });
    for (const latencyMs of LATENCIES_MS) await benchLatency(gitlab, token, latencyMs);
  } finally {
    await gitlab.close();
  }
}

async function benchLatency(gitlab: FakeGitlab, token: string, latencyMs: number): Promise<void> {
  gitlab.onRequest = async () => {
    if (latencyMs > 0) await sleep(latencyMs);
    return undefined;
  };
  const runs = await repeat(countPairs(3), () => measurePair(gitlab, token));
  const [first] = runs;
  if (first === undefined) throw new Error('nothing was measured');
  const row = (title: string, key: 'cold' | 'warm') => [
    title,
    ...[first[key].lists, first[key].manifests, first[key].blobs, first[key].all].map(formatCount),
    formatSeconds(median(runs.map((run) => run[key].seconds))),
    formatMegabytes(Math.max(...runs.map((run) => run[key].peakBytes))),
  ];
  const peerSeconds = formatSeconds(median(runs.map(({ peer }) => peer.seconds)));
  printTable(`GitLab, a plan over ${formatCount(TAGS)} tags, ${latencyMs} ms to every answer, ${runs.length} pairs`, [
    ['', 'lists', 'manifests', 'configurations', 'all', 'time', 'peak'],
    row('nothing cached', 'cold'),
    row('everything cached', 'warm'),
    ['list, then details of each tag', '', '', '', formatCount(first.peer.requests), peerSeconds, ''],
  ]);
  const ratio = (key: 'cold' | 'warm') => formatRatio(median(runs.map((run) => run[key].seconds / run.peer.seconds)));
  printTable('The same as ratios', [
    ['nothing cached / details of each tag', ratio('cold')],
    ['everything cached / details of each tag', ratio('warm')],
  ]);
}

interface Counted extends Measured {
  readonly lists: number;
  readonly manifests: number;
  readonly blobs: number;
  readonly all: number;
}

interface Peer {
  readonly seconds: number;
  readonly requests: number;
}

async function measurePair(
  gitlab: FakeGitlab,
  token: string,
): Promise<{ readonly cold: Counted; readonly warm: Counted; readonly peer: Peer }> {
  const cache = mkdtempSync(join(tmpdir(), 'registry-cleanup-bench-cache-'));
  try {
    const cold = await measurePlan(gitlab, token, cache);
    const warm = await measurePlan(gitlab, token, cache);
    return { cold, warm, peer: await measurePeer(gitlab, token) };
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

async function measurePlan(gitlab: FakeGitlab, token: string, cache: string): Promise<Counted> {
  gitlab.clearRequests();
  const words = ['plan', '--repository', `${gitlab.registryHost}/${PROJECT}`, '--provider', 'gitlab'];
  const place = ['--gitlab-url', gitlab.serverUrl, '--cache-dir', cache];
  const measured = await measureRun(
    process.execPath,
    [program, ...words, ...place, '--without-git', '--without-kube', '--format', 'json'],
    { env: { ...tellPeak(), GITLAB_TOKEN: token } },
  );
  const count = (part: string): number => gitlab.requests.filter(({ path }) => path.includes(part)).length;
  return {
    ...measured,
    lists: count('/tags/list'),
    manifests: count('/manifests/'),
    blobs: count('/blobs/'),
    all: gitlab.requests.length,
  };
}

/** The list, page after page, and then the details of every tag; nothing is done with the answers. */
async function measurePeer(gitlab: FakeGitlab, token: string): Promise<Peer> {
  gitlab.clearRequests();
  const begin = performance.now();
  const base = `${gitlab.apiUrl}/projects/${encodeURIComponent(PROJECT)}/registry/repositories`;
  const [repository] = await readItems<{ readonly id: number }>(base, token);
  if (repository === undefined) throw new Error('there is no repository');
  const queue: string[] = [];
  for (let page = 1; ; page += 1) {
    const address = `${base}/${repository.id}/tags?per_page=${PAGE}&page=${page}`;
    const items = await readItems<{ readonly name: string }>(address, token);
    queue.push(...items.map(({ name }) => name));
    if (items.length < PAGE) break;
  }
  if (queue.length !== TAGS) throw new Error(`the list has ${queue.length} tags`);
  const work = async (): Promise<void> => {
    for (let tag = queue.pop(); tag !== undefined; tag = queue.pop())
      await readJson(`${base}/${repository.id}/tags/${tag}`, token);
  };
  await Promise.all(Array.from({ length: PEER_IN_FLIGHT }, work));
  return { seconds: (performance.now() - begin) / 1000, requests: gitlab.requests.length };
}

async function readItems<Item>(address: string, token: string): Promise<readonly Item[]> {
  const items = await readJson(address, token);
  if (!Array.isArray(items)) throw new Error(`${address} is no list`);
  return items as readonly Item[];
}

async function readJson(address: string, token: string): Promise<unknown> {
  const response = await fetch(address, { headers: { 'private-token': token } });
  if (!response.ok) throw new Error(`${address} answers ${response.status}`);
  return await response.json();
}
