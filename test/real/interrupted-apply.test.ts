// An apply that is killed again and again: whatever is left is whole, the journal can be read, and the next apply goes on.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDigest, parseTag } from '../../src/model/reference.ts';
import { type JournalRecord, parseRecord } from '../apply/scene.ts';
import { type BuiltManifest, buildIndex, pushImage, sha256 } from '../builders/image.ts';
import { runProcess } from '../cli/run-process.ts';
import { requireProgram } from '../support/real-parts.ts';
import { type RegistryServer, startRegistry } from '../support/registry-server.ts';
import { type Hands, makeHands } from './hands.ts';
import { buildAppImage, digestsOf } from './real-world.ts';

const START = fileURLToPath(new URL('../cli/start-cli.ts', import.meta.url));
const NAME = 'team/killed';
const KILLS = 10;
/** An apply of some seventy steps is killed after so many more of them. */
const MOST_STEPS_BETWEEN = 4;

const hasAll = (['docker-registry', 'skopeo'] as const).every(requireProgram);

describe.runIf(hasAll)('an apply that is killed at any moment', () => {
  let folder: string;
  let server: RegistryServer;
  let hands: Hands;
  let words: readonly string[];
  let journal: string;
  const kept: BuiltManifest[] = [];
  const doomed: BuiltManifest[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'killed-'));
    server = await startRegistry();
    hands = await makeHands(server, { folder, name: NAME });
    journal = join(folder, 'journal.jsonl');
    const config = join(folder, 'policy.yml');
    await writeFile(config, "pins:\n  tags: ['kept*']\n");
    words = [
      '--repository',
      hands.repository,
      '--config',
      config,
      '--without-git',
      '--without-kube',
      '--max-delete-share',
      '1',
    ];
    await fill();
    const plan = ['plan', ...words, '--plan-file', join(folder, 'plan.json')];
    expect(await runProcess({ file: START, words: plan, directory: folder })).toMatchObject({ code: 0 });
  });
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  /** Indexes that share children with each other, some of them with an index that stays, an index of indexes, plain images. */
  async function fill(): Promise<void> {
    const push = (manifest: BuiltManifest, tag: string) => pushImage(server.origin, NAME, { manifest, tags: [tag] });
    const shared = buildAppImage('shared by all indexes', '');
    const indexOf = (seed: string): BuiltManifest =>
      buildIndex([
        { manifest: buildAppImage(`${seed} amd64`, '') },
        { manifest: buildAppImage(`${seed} arm64`, '') },
        { manifest: shared },
      ]);
    for (let at = 0; at < 12; at += 1) doomed.push(indexOf(`doomed ${at}`));
    doomed.push(buildIndex(doomed.slice(0, 3).map((manifest) => ({ manifest }))));
    for (let at = 0; at < 36; at += 1) doomed.push(buildAppImage(`single ${at}`, ''));
    kept.push(buildIndex([{ manifest: shared }]), buildIndex([{ manifest: doomed[3]?.children[0] ?? shared }]));
    for (let at = 0; at < 5; at += 1) kept.push(indexOf(`kept ${at}`));
    // One after the other: distribution 2.8 mixes up uploads of the same blob at the same time.
    for (const [at, manifest] of doomed.entries()) await push(manifest, `doomed-${at}`);
    for (const [at, manifest] of kept.entries()) await push(manifest, `kept-${at}`);
  }

  const applyWords = (): readonly string[] => [
    'apply',
    ...words,
    '--plan-file',
    join(folder, 'plan.json'),
    '--journal',
    journal,
  ];

  /** Whole lines of the journal; what is half a line is counted and left out. */
  async function readLines(): Promise<{ readonly records: readonly JournalRecord[]; readonly broken: number }> {
    const text = await readFile(journal, 'utf8').catch(() => '');
    const lines = text.split('\n').filter((line) => line !== '');
    const records = lines.flatMap((line) => parseRecord(line) ?? []);
    return { records, broken: lines.length - records.length };
  }

  /** Starts an apply and kills it once the journal has grown by that many steps, or a moment later. */
  async function killAfter(steps: number, delayMs: number): Promise<NodeJS.Signals | null> {
    const before = (await readLines()).records.filter(({ kind }) => kind === 'intent').length;
    const environment = { PATH: process.env['PATH'], HOME: folder };
    const child = spawn(process.execPath, [START, ...applyWords()], { cwd: folder, env: environment, stdio: 'ignore' });
    const ended = once(child, 'exit');
    let size = -1;
    while (child.exitCode === null) {
      await setTimeout(1);
      const now = await stat(journal).then(
        (found) => found.size,
        () => 0,
      );
      if (now === size) continue;
      size = now;
      const intents = (await readLines()).records.filter(({ kind }) => kind === 'intent').length;
      if (intents >= before + steps) break;
    }
    await setTimeout(delayMs);
    child.kill('SIGKILL');
    await ended;
    return child.signalCode;
  }

  /** The registry's own truth: what is there, and whether every tag that is left leads to something whole. */
  async function expectWhole(): Promise<ReadonlySet<string>> {
    const digests = [...kept, ...doomed].flatMap(digestsOf).map(parseDigest);
    const read = () => hands.withRegistry((registry) => registry.readSnapshot(digests));
    let snapshot = await read();
    // The registry may still be at work on what the dead process asked for: it takes the manifest first, then its tags.
    for (let at = 0; snapshot.vanishedTags.length > 0 && at < 50; at += 1) {
      await setTimeout(50);
      snapshot = await read();
    }
    const broken = [...snapshot.absent].filter(([, namedBy]) => namedBy.length > 0);
    expect(broken).toEqual([]);
    expect(snapshot.vanishedTags).toEqual([]);
    for (const [at, { digest }] of kept.entries()) expect(snapshot.tags.get(parseTag(`kept-${at}`))).toBe(digest);
    return new Set(snapshot.nodes.keys());
  }

  async function expectJournaled(there: ReadonlySet<string>): Promise<void> {
    const { records } = await readLines();
    const bytes = new Map<string, Uint8Array>();
    for (const line of records) {
      if (line.kind === 'intent') bytes.set(line.digest, Buffer.from(line.manifestBase64, 'base64'));
    }
    for (const digest of doomed.flatMap(digestsOf)) {
      if (there.has(digest)) continue;
      expect(sha256(bytes.get(digest) ?? Buffer.alloc(0))).toBe(digest);
    }
  }

  it(`leaves only whole images and a readable journal, ${KILLS} times`, async () => {
    let killed = 0;
    for (let round = 0; round < KILLS; round += 1) {
      const steps = 1 + Math.floor(Math.random() * MOST_STEPS_BETWEEN);
      if ((await killAfter(steps, Math.random() * 6)) === 'SIGKILL') killed += 1;
      const there = await expectWhole();
      await expectJournaled(there);
      expect((await readLines()).broken).toBeLessThanOrEqual(killed);
    }
    expect(killed).toBe(KILLS);
    const left = await expectWhole();
    const goal = new Set(kept.flatMap(digestsOf)).size;
    expect(left.size).toBeGreaterThan(goal);
  });

  it('is finished by the next apply of the same plan', async () => {
    const { code } = await runProcess({ file: START, words: applyWords(), directory: folder });
    expect(code).toBe(0);
    const there = await expectWhole();
    expect([...there].toSorted()).toEqual([...new Set(kept.flatMap(digestsOf))].toSorted());
    await expectJournaled(there);
    expect(await hands.listTags()).toEqual(kept.map((_, at) => `kept-${at}`));
    await Promise.all(kept.map((_, at) => hands.pullWhole(`:kept-${at}`)));
  });

  it('can be taken back with the journal alone', async () => {
    const { records } = await readLines();
    await hands.withRegistry(async (registry) => {
      for (const line of records.toReversed()) {
        if (line.kind !== 'intent') continue;
        const manifest = { mediaType: line.mediaType, bytes: Buffer.from(line.manifestBase64, 'base64') };
        for (const at of [parseDigest(line.digest), ...line.tags.map(parseTag)])
          await registry.putManifest(manifest, at);
      }
    });
    const there = await expectWhole();
    expect(there.size).toBe(new Set([...kept, ...doomed].flatMap(digestsOf)).size);
    expect(await hands.listTags()).toHaveLength(kept.length + doomed.length);
    await hands.pullWhole(':doomed-12');
  });
});
