// A thousand commits that share ten images, each recorded: which images stay follows from the records, and no record outlives its use.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runApply, runPlan, runRecord } from '../../src/cleanup.ts';
import { normalizeRecord } from '../../src/config/normalize-record.ts';
import { normalizeSettings } from '../../src/config/normalize-settings.ts';
import { silentLog } from '../../src/log.ts';
import { isRecordTag } from '../../src/model/build-record.ts';
import type { CommitId } from '../../src/model/history.ts';
import { type Instant, instantFromMs } from '../../src/model/time.ts';
import type { Report } from '../../src/report/report.ts';
import { createGitSandbox, type GitSandbox } from '../builders/git-repository.ts';
import type { BuiltManifest } from '../builders/image.ts';
import { requireDistribution, requireProgram } from '../support/real-parts.ts';
import { type RegistryServer, startRegistry } from '../support/registry-server.ts';
import { type Hands, makeHands } from './hands.ts';
import { buildAppImage } from './real-world.ts';

const DAY = 86_400_000;
const FIRST = Date.parse('2026-09-01T00:00:00Z');
const IMAGES = 10;
/** Long after the last commit: nothing is kept for its age. */
const NOW = instantFromMs(Date.parse('2026-11-20T12:00:00Z'));
const LONG_AGO = instantFromMs(NOW - 30 * DAY);

const distribution = requireDistribution();
const hasAll = (['docker-registry', 'skopeo', 'git'] as const).every(requireProgram);
const SERVERS = [
  { name: 'CNCF distribution 3', program: distribution, count: 1000 },
  { name: "Debian's docker-registry", program: 'docker-registry', count: 200 },
].flatMap(({ program, ...rest }) => (program === undefined ? [] : [{ program, ...rest }]));

describe.runIf(hasAll).each(SERVERS)('ten images of $count commits in $name', ({ program, count }) => {
  let server: RegistryServer;
  let sandbox: GitSandbox;
  let folder: string;
  let hands: Hands;
  let commits: readonly string[];
  let images: readonly BuiltManifest[];

  beforeAll(async () => {
    server = await startRegistry({ program });
    folder = await mkdtemp(join(tmpdir(), 'record-real-'));
    sandbox = createGitSandbox();
    commits = makeHistory(sandbox, count);
    hands = await makeHands(server, { folder, name: 'team/app' });
    // As a build that takes all from its cache: the label is of the commit that built it first.
    images = Array.from({ length: IMAGES }, (_, at) => buildAppImage(`image ${at}`, commits[at] ?? ''));
    for (const [at, image] of images.entries()) await hands.push(image, `content-${at}`);
    for (const at of images.keys()) {
      const published = commits.filter((_, which) => which % IMAGES === at);
      await record(at, { published, at: LONG_AGO });
    }
  }, 300_000);
  afterAll(async () => {
    sandbox.remove();
    await server.stop();
    await rm(folder, { recursive: true });
  });

  /** As one build after another does; one opening of the registry is enough here. */
  async function record(
    image: number,
    { published, at }: { readonly published: readonly string[]; readonly at: Instant },
  ): Promise<void> {
    const [commit = ''] = published;
    const name = `${hands.repository}@${images[image]?.digest}`;
    const raw = { command: 'record', image: [name], commit, ref: 'refs/heads/main' };
    const { settings } = await normalizeRecord(raw, { environment: {}, workingDirectory: folder, frontEnd: 'cli' });
    const all = published.map((one) => ({ commit: one as CommitId, reference: 'refs/heads/main' }));
    const context = { log: silentLog, environment: {}, now: () => at };
    const report = await runRecord({ ...settings, built: { kind: 'given', commits: all } }, context);
    expect(report.records.filter(({ outcome }) => outcome === 'written')).toHaveLength(published.length);
  }

  async function run(command: 'plan' | 'apply', last: number): Promise<Report> {
    const config = join(folder, `last-${last}.yml`);
    await writeFile(
      config,
      `cleanup: {keepPolicies: [{references: {branch: main}, imagesPerReference: {last: ${last}}}]}\n`,
    );
    const raw = {
      command,
      config,
      repository: [hands.repository],
      'git-dir': join(sandbox.root, 'clone'),
      'without-kube': true,
      ...(command === 'apply' ? { journal: join(folder, 'journal.jsonl') } : {}),
    };
    const { settings } = await normalizeSettings(raw, { environment: {}, workingDirectory: folder, frontEnd: 'cli' });
    const context = { log: silentLog, environment: {}, now: () => NOW };
    return await (command === 'plan' ? runPlan : runApply)(settings, context);
  }

  const imageTags = async () => (await hands.listTags()).filter((tag) => !isRecordTag(tag));
  const records = async () => (await hands.listTags()).filter(isRecordTag);

  it('have a record each, and a plan reads each of them once', async () => {
    expect(await records()).toHaveLength(count);
    const seen = (await server.accessLog()).length;
    const began = performance.now();
    const planned = await run('plan', 10);
    const seconds = (performance.now() - began) / 1000;
    const sent = (await server.accessLog()).slice(seen);
    process.stderr.write(`a plan over ${count} records: ${sent.length} requests, ${seconds.toFixed(1)} s\n`);
    expect(planned.result).toEqual({ kind: 'planned' });
    expect(sent.filter((line) => !/^(?:GET|HEAD) /.test(line))).toEqual([]);
    // One for each record and image, one for each image's config, and a handful for lists.
    expect(sent.length).toBeLessThan(count + 2 * IMAGES + 20);
  }, 120_000);

  it('stay, all ten, where the ten newest commits count, with one record each', async () => {
    const applied = await run('apply', 10);
    expect(applied).toMatchObject({ result: { kind: 'applied' }, totals: { failed: 0 } });
    expect(countImages(applied)).toEqual({ kept: IMAGES, deleted: 0 });
    expect(await imageTags()).toHaveLength(IMAGES);
    expect(await records()).toHaveLength(IMAGES);
  }, 300_000);

  it('go but for the three of the three newest commits where these count, and leave no record behind', async () => {
    // Superseded already, and younger than the grace: these stay as long as their images do.
    const young = instantFromMs(NOW - 3 * DAY);
    await record(9, { published: commits.slice(count / 2 + 9).slice(0, 1), at: young });
    await record(0, { published: commits.slice(count / 2).slice(0, 1), at: young });
    const applied = await run('apply', 3);
    expect(applied).toMatchObject({ result: { kind: 'applied' }, totals: { failed: 0 } });
    expect(countImages(applied)).toEqual({ kept: 3, deleted: 7 });
    expect(await imageTags()).toEqual(['content-7', 'content-8', 'content-9']);
    expect(await records()).toHaveLength(4);
    for (const image of images.slice(0, 7)) expect(await hands.has(`@${image.digest}`)).toBe(false);
    for (const tag of await imageTags()) await hands.pullWhole(`:${tag}`);
  }, 120_000);

  it('leave nothing to do for a second run', async () => {
    const again = await run('apply', 3);
    expect(again).toMatchObject({ result: { kind: 'applied' }, totals: { deleted: 0, failed: 0 } });
    expect(again.plan?.repositories.flatMap(({ steps }) => steps)).toEqual([]);
    expect(await records()).toHaveLength(4);
  }, 60_000);

  it('keep, for a new commit, the image that is recorded for it', async () => {
    await record(7, { published: addCommit(sandbox, commits.at(-1) ?? ''), at: LONG_AGO });
    await run('apply', 1);
    expect(await imageTags()).toEqual(['content-7']);
    expect(await records()).toHaveLength(1);
  }, 60_000);
});

/** Images alone: records are counted apart. */
function countImages({ plan }: Report): object {
  const { kept, deleted } = plan?.repositories[0]?.totals ?? {};
  return { kept, deleted };
}

function makeHistory(sandbox: GitSandbox, count: number): readonly string[] {
  const origin = sandbox.bare('origin');
  const names = Array.from({ length: count }, (_, at) => `c${at}`);
  const ids = sandbox.add(origin, {
    commits: names.map((name, at) => ({
      name,
      date: dateOf(at),
      parents: names.slice(Math.max(0, at - 1), at),
    })),
    branches: { main: names.at(-1) ?? '' },
  });
  sandbox.clone(origin, 'clone');
  return names.map((name) => ids.get(name) ?? '');
}

/** One more on main. */
function addCommit(sandbox: GitSandbox, parent: string): readonly string[] {
  const origin = join(sandbox.root, 'origin');
  const tree = sandbox.git(origin, 'rev-parse', `${parent}^{tree}`);
  const id = sandbox.gitAt(new Date(NOW - DAY).toISOString(), origin, 'commit-tree', tree, '-p', parent, '-m', 'next');
  sandbox.git(origin, 'update-ref', 'refs/heads/main', id);
  return [id];
}

function dateOf(at: number): string {
  return new Date(FIRST + at * 3_600_000).toISOString().replace('.000Z', 'Z');
}
