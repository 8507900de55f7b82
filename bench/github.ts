// Planning a package of GitHub's: how many requests it takes with nothing cached and with everything cached, and how long against
// the way that today's tools go (list, then read every manifest, ten at a time) on the same server with 30 ms to every answer.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildAttested, buildImage } from '../test/builders/image.ts';
import { type FakeGithub, startGithub } from '../test/fakes/github/github.ts';
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

const VERSIONS = Number(process.env['BENCH_VERSIONS'] ?? 5_000);
const LATENCY_MS = 30;
/** As the reference peer has in flight, by its source. */
const PEER_IN_FLIGHT = 10;
const PAGE = 100;
const PACKAGE = 'team/app';

/** Prints requests by kind, cold and warm, and the ratio of the times. */
export async function benchGithub(): Promise<void> {
  const github = await startGithub();
  const token = github.addToken({ kind: 'classic' });
  try {
    seed(github);
    const versions = github.package(PACKAGE).versions().length;
    github.onRequest = async () => {
      await sleep(LATENCY_MS);
      return undefined;
    };
    const runs = await repeat(countPairs(3), () => measurePair(github, token));
    const [first] = runs;
    if (first === undefined) throw new Error('nothing was measured');
    printTable(
      `GitHub, a plan over ${formatCount(versions)} versions, ${LATENCY_MS} ms to every answer, ${runs.length} pairs`,
      [
        ['', 'lists', 'manifests', 'configurations', 'all', 'time', 'peak'],
        [
          'nothing cached',
          ...countRow(first.cold),
          formatSeconds(median(runs.map(({ cold }) => cold.seconds))),
          formatMegabytes(first.cold.peakBytes),
        ],
        [
          'everything cached',
          ...countRow(first.warm),
          formatSeconds(median(runs.map(({ warm }) => warm.seconds))),
          formatMegabytes(first.warm.peakBytes),
        ],
        [
          'list, then ten at a time',
          '',
          '',
          '',
          '',
          formatSeconds(median(runs.map(({ peerSeconds }) => peerSeconds))),
          '',
        ],
      ],
    );
    printTable('The same as ratios', [
      [
        'nothing cached / ten at a time',
        formatRatio(median(runs.map(({ cold, peerSeconds }) => cold.seconds / peerSeconds))),
      ],
      [
        'everything cached / ten at a time',
        formatRatio(median(runs.map(({ warm, peerSeconds }) => warm.seconds / peerSeconds))),
      ],
      ['list pages that must be read', formatCount(Math.ceil(versions / PAGE))],
      ['most requests for one manifest, cold', formatCount(first.mostForOne)],
    ]);
  } finally {
    await github.close();
  }
}

/** Half of the versions belong to images with an attestation (three each), the others are plain ones; all tagged and old. */
function seed(github: FakeGithub): void {
  const app = github.addPackage(PACKAGE, { visibility: 'private' });
  for (let at = 0; app.versions().length < VERSIONS; at += 1) {
    const manifest = at % 4 === 0 ? buildAttested(`attested ${at}`).index : buildImage({ seed: `plain ${at}` });
    app.add(manifest, { tags: [`v${at}`] });
  }
}

interface Counted extends Measured {
  readonly lists: number;
  readonly manifests: number;
  readonly blobs: number;
  readonly all: number;
}

interface Pair {
  readonly cold: Counted;
  readonly warm: Counted;
  readonly peerSeconds: number;
  /** Requests for the manifest that was asked for most often, with nothing cached. */
  readonly mostForOne: number;
}

async function measurePair(github: FakeGithub, token: string): Promise<Pair> {
  const cache = mkdtempSync(join(tmpdir(), 'registry-cleanup-bench-cache-'));
  try {
    const cold = await measurePlan(github, token, cache);
    const perManifest = new Map<string, number>();
    for (const { path } of github.requests.filter(isManifest)) perManifest.set(path, (perManifest.get(path) ?? 0) + 1);
    const warm = await measurePlan(github, token, cache);
    return {
      cold,
      warm,
      peerSeconds: await measurePeer(github, token),
      mostForOne: Math.max(0, ...perManifest.values()),
    };
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

async function measurePlan(github: FakeGithub, token: string, cache: string): Promise<Counted> {
  github.clearRequests();
  const args = [
    'plan',
    '--repository',
    `${github.registryHost}/${PACKAGE}`,
    '--provider',
    'github',
    '--cache-dir',
    cache,
  ];
  const measured = await measureRun(
    process.execPath,
    [program, ...args, '--without-git', '--without-kube', '--format', 'json'],
    {
      env: { ...tellPeak(), GITHUB_API_URL: github.apiUrl, GITHUB_SERVER_URL: github.serverUrl, GITHUB_TOKEN: token },
    },
  );
  const count = (test: (request: Request) => boolean): number => github.requests.filter(test).length;
  return {
    ...measured,
    lists: count(({ path }) => path.includes('/versions?')),
    manifests: count(isManifest),
    blobs: count(({ path }) => path.includes('/blobs/')),
    all: github.requests.length,
  };
}

type Request = FakeGithub['requests'][number];

function isManifest({ path }: Request): boolean {
  return path.includes('/manifests/');
}

function countRow({ lists, manifests, blobs, all }: Counted): readonly string[] {
  return [lists, manifests, blobs, all].map(formatCount);
}

/** Seconds for the list, page after page, and then every manifest; nothing is done with the answers. */
async function measurePeer(github: FakeGithub, token: string): Promise<number> {
  const begin = performance.now();
  const digests: string[] = [];
  const authorization = `Bearer ${token}`;
  for (let page = 1; ; page += 1) {
    const address = `${github.apiUrl}/orgs/team/packages/container/app/versions?per_page=${PAGE}&page=${page}`;
    const items: unknown = await (await fetch(address, { headers: { authorization } })).json();
    if (!Array.isArray(items)) throw new Error('the list of versions is no list');
    digests.push(...items.map((item: { readonly name: string }) => item.name));
    if (items.length < PAGE) break;
  }
  const basic = `Basic ${Buffer.from(`x:${token}`).toString('base64')}`;
  const grant = `http://${github.registryHost}/token?service=${github.registryHost}&scope=repository:${PACKAGE}:pull`;
  const answer = (await (await fetch(grant, { headers: { authorization: basic } })).json()) as {
    readonly token: string;
  };
  const queue = [...digests];
  const work = async (): Promise<void> => {
    for (let digest = queue.pop(); digest !== undefined; digest = queue.pop()) {
      const response = await fetch(`http://${github.registryHost}/v2/${PACKAGE}/manifests/${digest}`, {
        headers: { authorization: `Bearer ${answer.token}`, accept: '*/*' },
      });
      if (!response.ok) throw new Error(`a manifest answers ${response.status}`);
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: PEER_IN_FLIGHT }, work));
  return (performance.now() - begin) / 1000;
}
