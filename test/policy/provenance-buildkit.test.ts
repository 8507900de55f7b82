// Provenance as a real BuildKit wrote it (test/fixtures/provenance/real/README.md), from the bytes in a layout to the decision.

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { silentLog } from '../../src/log.ts';
import { parseDigest, parseRepository } from '../../src/model/reference.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { decide } from '../../src/policy/decide.ts';
import { openRegistry } from '../../src/registry/open-registry.ts';
import { historyOf } from '../builders/history.ts';
import { layoutBlobPath, makeLayout, sha256 } from '../builders/image.ts';
import { ANY_AGE, NOW, policyOf } from '../builders/snapshot.ts';

const blob = z.strictObject({ digest: z.string(), mediaType: z.string(), text: z.string() });
const fixture = z.strictObject({
  recorded: z.strictObject({ engine: z.string(), buildx: z.string(), options: z.string(), context: z.string() }),
  commit: z.string().optional(),
  source: z.string().optional(),
  index: z.string(),
  manifests: z.array(blob).length(5),
  blobs: z.array(blob),
});
type Fixture = z.infer<typeof fixture>;

const FOLDER = join(import.meta.dirname, '..', 'fixtures', 'provenance', 'real');
const DATE = '2026-01-01T00:00:00Z';
const fixtures = new Map<string, Fixture>();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'registry-cleanup-provenance-'));
  for (const file of await readdir(FOLDER)) {
    if (!file.endsWith('.json')) continue;
    fixtures.set(file.replace(/\.json$/, ''), fixture.parse(JSON.parse(await readFile(join(FOLDER, file), 'utf8'))));
  }
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function readSnapshot(name: string): Promise<Snapshot> {
  const { manifests, blobs, index } = fixtures.get(name)!;
  const directory = join(folder, name);
  await makeLayout(directory);
  for (const { digest, text } of [...manifests, ...blobs]) {
    expect(sha256(Buffer.from(text)), name).toBe(digest);
    await writeFile(layoutBlobPath(directory, parseDigest(digest)), text);
  }
  const top = manifests.find(({ digest }) => digest === index)!;
  const size = Buffer.byteLength(top.text);
  const annotations = { 'org.opencontainers.image.ref.name': 'v1' };
  const descriptor = { mediaType: top.mediaType, digest: index, size, annotations };
  await writeFile(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [descriptor] }));
  const repository = parseRepository('registry.example.com/shop/app');
  const registry = await openRegistry(
    { kind: 'oci-layout', directory, repository },
    { settings: { plainHttp: false }, environment: {}, now: NOW, log: silentLog, wantsProvenance: true },
  );
  try {
    return await registry.readSnapshot([]);
  } finally {
    await registry.close();
  }
}

/** Why the index stays or goes when the history has these commits, no policy keeps any, and this is our source. */
async function ruleOf(name: string, commits: readonly string[], remoteUrl: string): Promise<readonly string[]> {
  const snapshot = await readSnapshot(name);
  const history = historyOf({
    commits: [{ name: 'other', date: DATE }, ...commits.map((id) => ({ name: id, id, date: DATE }))],
    references: ['other', ...commits].map((commit) => ({ kind: 'branch', name: commit, commit })),
    remoteUrls: [remoteUrl],
  });
  const policy = policyOf({ ...ANY_AGE, git: { enabled: true, keepPolicies: [] } });
  const evidence = { snapshot, history, forge: undefined, usage: undefined, firstSeen: undefined };
  const decision = decide(evidence, policy, NOW).decisions.get(parseDigest(fixtures.get(name)!.index));
  return (decision?.reasons ?? []).map(({ rule }) => rule);
}

const NAMES = [
  'git-commit-v1',
  'git-max',
  'git-max-v1',
  'git-min',
  'git-test-merge',
  'local-adds-foreign',
  'local-dirty',
  'local-max',
  'local-min',
  'local-v1',
] as const;

describe('BuildKit’s provenance', () => {
  it('was recorded, all of it', () => {
    expect([...fixtures.keys()].sort()).toEqual([...NAMES, 'local-without-git'].sort());
  });

  it.each(NAMES)('%s tells the commit on both platforms, and no other', async (name) => {
    const { commit, source } = fixtures.get(name)!;
    const snapshot = await readSnapshot(name);
    const told = [...snapshot.nodes.values()].flatMap(({ provenance }) => provenance ?? []);
    expect(told).toHaveLength(2);
    for (const facts of told) {
      if (facts.kind === 'unread') throw new Error(facts.why);
      expect(facts.revisions.map((revision) => revision.commit)).toEqual([commit]);
      expect(facts.revisions[0]?.source).toBe(source);
    }
  });

  it.each(NAMES)('%s links the index to its commit, gone or not', async (name) => {
    const { commit, source } = fixtures.get(name)!;
    expect(await ruleOf(name, [commit!], 'https://elsewhere.example.com/x')).toContain('git-superseded');
    expect(await ruleOf(name, [], source!)).toContain('git-gone');
    expect(await ruleOf(name, [], 'https://elsewhere.example.com/x')).toEqual(['unlinked']);
  });

  it('of a build outside of any clone tells nothing, and the image stays', async () => {
    expect(await ruleOf('local-without-git', [], 'https://github.com/acme/shop')).toEqual(['unlinked']);
  });
});
