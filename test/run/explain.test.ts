// What `explain` takes for a name of an image.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { silentLog } from '../../src/log.ts';
import { RECORD_KEYS, RECORD_TYPE } from '../../src/model/build-record.ts';
import { parseRepository, shortDigest } from '../../src/model/reference.ts';
import type { Annotations } from '../../src/model/snapshot.ts';
import { describeLink } from '../../src/report/describe-link.ts';
import type { Explanation } from '../../src/report/explanation.ts';
import { runExplain } from '../../src/run/explain.ts';
import { showLinks } from '../../src/run/show-links.ts';
import { decisionsOn } from '../builders/decision.ts';
import { forgeOf } from '../builders/forge.ts';
import { commitIdOf, historyOf } from '../builders/history.ts';
import { addToLayout, type BuiltManifest, buildImage, makeLayout } from '../builders/image.ts';
import { digestOf, NOW, type NodeSpec, policyOf } from '../builders/snapshot.ts';

let folder: string;
let image: BuiltManifest;
let twins: readonly BuiltManifest[];

/** How many digits the digests of {@link twins} share: enough for a start of one, found by search. */
const SHARED = 7;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'registry-cleanup-explain-'));
  await makeLayout(folder);
  image = buildImage({ seed: 'app' });
  twins = findTwins();
  await addToLayout(folder, image, ['v1']);
  for (const [number, twin] of twins.entries()) await addToLayout(folder, twin, [`twin-${number}`]);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Two images whose digests begin alike. */
function findTwins(): readonly BuiltManifest[] {
  const seen = new Map<string, string>();
  for (let number = 0; ; number += 1) {
    const seed = `twin ${number}`;
    const built = buildImage({ seed });
    const start = hexOf(built).slice(0, SHARED);
    const other = seen.get(start);
    if (other !== undefined) return [buildImage({ seed: other }), built];
    seen.set(start, seed);
  }
}

function hexOf({ digest }: BuiltManifest): string {
  return digest.slice('sha256:'.length);
}

async function explain(target: string): Promise<readonly Explanation[]> {
  const repository = parseRepository('registry.example.com/shop/app');
  return await runExplain(
    {
      command: 'explain',
      repositories: [{ kind: 'oci-layout', directory: folder, repository }],
      policy: policyOf(),
      registry: { plainHttp: false },
      git: 'off',
      kubernetes: 'off',
      forge: 'off',
      missing: [],
      journal: join(folder, 'journal.jsonl'),
      format: 'text',
      logLevel: 'info',
      target,
    },
    { log: silentLog, environment: {}, now: () => NOW },
  );
}

const digestsOf = (explanations: readonly Explanation[]) => explanations.map(({ node }) => node.digest);

describe('an image to explain', () => {
  it.each([
    ['its tag', () => 'v1'],
    ['its digest', () => image.digest],
    ['its digest as reports show it', () => shortDigest(image.digest)],
    ['the first 7 digits of its digest', () => `sha256:${hexOf(image).slice(0, 7)}`],
    ['digits alone', () => hexOf(image).slice(0, 12)],
    ['all digits alone', () => hexOf(image)],
  ])('goes by %s', async (_, target) => {
    expect(digestsOf(await explain(target()))).toEqual([image.digest]);
  });

  it.each([
    ['too few digits', () => hexOf(image).slice(0, 6)],
    ['digits from the middle', () => hexOf(image).slice(1, 13)],
    ['another algorithm', () => `sha512:${hexOf(image).slice(0, 12)}`],
    ['digits that no digest begins with', () => `${hexOf(image).slice(0, 12)}${hexOf(image)[12] === '0' ? '1' : '0'}`],
  ])('does not go by %s', async (_, target) => {
    await expect(explain(target())).rejects.toThrow(/^No repository has/);
  });

  it('is refused when several begin alike, and all of them are named', async () => {
    const start = hexOf(twins[0] ?? image).slice(0, SHARED);
    const thrown: unknown = await explain(start).catch((cause: unknown) => cause);
    expect(thrown).toBeInstanceOf(UsageError);
    for (const { digest } of twins) expect(String(thrown)).toContain(digest);
    expect(String(thrown)).not.toContain(image.digest);
  });

  it('goes by a tag of that name, whatever digests begin so', async () => {
    const tag = hexOf(image).slice(0, 8);
    const tagged = buildImage({ seed: 'tagged' });
    await addToLayout(folder, tagged, [tag]);
    expect(digestsOf(await explain(tag))).toEqual([tagged.digest]);
    expect(digestsOf(await explain(`sha256:${tag}`))).toEqual([image.digest]);
  });
});

describe("a stage of werf's to explain", () => {
  const STAGE = `${'5a7e'.repeat(14)}-1700000000000`;
  const stage = buildImage({ seed: 'stage' });
  beforeAll(() => addToLayout(folder, stage, [STAGE]));

  it.each([STAGE, STAGE.slice(0, 33), STAGE.slice(0, 7), STAGE.slice(0, 60), `${'5a7e'.repeat(14)}-`])(
    'goes by its start: %s',
    async (target) => {
      expect(digestsOf(await explain(target))).toEqual([stage.digest]);
    },
  );

  it.each([STAGE.slice(0, 6), STAGE.slice(1, 12), `${STAGE}0`])('does not go by %s', async (target) => {
    await expect(explain(target)).rejects.toThrow(/^No repository has/);
  });

  it('is refused when another one begins alike, and both are named', async () => {
    const other = `${STAGE.slice(0, -1)}1`;
    await addToLayout(folder, buildImage({ seed: 'other stage' }), [other]);
    const thrown: unknown = await explain(STAGE.slice(0, 20)).catch((cause: unknown) => cause);
    expect(thrown).toBeInstanceOf(UsageError);
    for (const id of [STAGE, other]) expect(String(thrown)).toContain(id);
  });

  it('does not make other tags go by their start', async () => {
    await addToLayout(folder, buildImage({ seed: 'long' }), ['abcdef0-and-more']);
    await expect(explain('abcdef0')).rejects.toThrow(/^No repository has/);
  });
});

describe('the links of an explained image', () => {
  const DAY = '2026-01-01T00:00:00Z';
  const OURS = 'https://github.com/acme/shop';
  const history = historyOf({
    commits: [
      { name: 'root', date: DAY },
      { name: 'head', date: DAY, parents: ['root'] },
      { name: 'proposal', date: DAY, parents: ['root'] },
    ],
    references: [{ kind: 'branch', name: 'main', commit: 'head' }],
    defaultBranch: 'main',
    remoteUrls: [OURS],
  });
  const forge = forgeOf({
    pullRequests: [
      { number: 12, head: 'proposal' },
      { number: 13, head: 'head' },
    ],
    testMerges: { merge: 'proposal' },
  });
  const revision = (commit: string, source = OURS): Annotations => ({
    'org.opencontainers.image.revision': commit,
    'org.opencontainers.image.source': source,
  });
  const nodes: readonly NodeSpec[] = [
    {
      name: 'index',
      tags: ['main', 'pr-12', 'pr-12-fedcba9', 'sha-abcdef0'],
      lists: ['amd64', 'arm64'],
      attestations: ['of amd64', 'of arm64'],
    },
    { name: 'amd64', labels: revision(commitIdOf('root')) },
    { name: 'arm64', unread: true, tags: ['arm'] },
    {
      name: 'of amd64',
      provenance: {
        kind: 'read',
        predicateType: 'https://slsa.dev/provenance/v1',
        revisions: [{ commit: 'e'.repeat(40), source: OURS }],
      },
    },
    { name: 'of arm64', provenance: { kind: 'unread', why: 'the blob is not there' } },
    { name: 'proposed', tags: ['p'], labels: revision(commitIdOf('proposal'), 'https://github.com/fork/shop') },
    { name: 'tested', tags: ['t'], labels: revision(commitIdOf('merge')) },
    { name: 'guessed', tags: ['edge'] },
    { name: 'record', subject: 'guessed', artifactType: RECORD_TYPE, annotations: {} },
    { name: 'published', tags: ['content'] },
    {
      name: 'of published',
      subject: 'published',
      artifactType: RECORD_TYPE,
      annotations: { [RECORD_KEYS.commit]: commitIdOf('head'), [RECORD_KEYS.imageName]: 'web' },
    },
  ];
  const images = { ...policyOf().images, tagPatterns: ['pr-{number}-{commit}'] };
  const decided = decisionsOn({
    nodes,
    history,
    forge,
    policy: { images, forge: { pullRequests: { last: 2 }, releases: 'off', deployments: 'off' } },
  });
  const linksOf = (name: string): readonly string[] =>
    showLinks(digestOf(name), { decided, collected: { history, forge } }).map(describeLink).toSorted();
  const short = (name: string): string => shortDigest(digestOf(name));

  it('are all there, each with the place where it stands', () => {
    const root = commitIdOf('root');
    const head = commitIdOf('head');
    const proof = 'provenance of github.com/acme/shop';
    expect(linksOf('index')).toEqual(
      [
        `${root} by label org.opencontainers.image.revision, in the history, on ${short('amd64')}, which it lists`,
        `${head} by tag main by {branch}, in the history, only protects: nobody declared the pattern`,
        `commit eeeeeeeeee by provenance https://slsa.dev/provenance/v1, not in the history; ours by ${proof}, on the attestation ${short('of amd64')}, which it lists`,
        'open pull request 12 by tag pr-12 by pr-{number}',
        'open pull request 12 by tag pr-12-fedcba9 by pr-{number}-{commit}, with commit fedcba9, which nobody knows',
        `its config could not be read (no such blob): kept for that, on arm (${short('arm64')}), which it lists`,
        `its provenance could not be read (the blob is not there): kept for that, on the attestation ${short('of arm64')}, which it lists`,
        'abcdef0 by tag sha-abcdef0 by sha-{commit}, not in the history: nothing follows from that',
        'fedcba9 by tag pr-12-fedcba9 by {branch}-{commit}, not in the history: nothing follows from that',
        'abcdef0 by tag sha-abcdef0 by {branch}-{commit}, not in the history: nothing follows from that',
      ].sort(),
    );
  });

  it('of a part are its own, its owner’s, and those of the other parts', () => {
    const links = linksOf('arm64');
    expect(links).toContain('its config could not be read (no such blob): kept for that');
    expect(links).toContain(
      `${commitIdOf('head')} by tag main by {branch}, in the history, only protects: nobody declared the pattern, on main (${short('index')}), which it belongs to`,
    );
    expect(links).toContain(
      `${commitIdOf('root')} by label org.opencontainers.image.revision, in the history, on ${short('amd64')}, which belongs to the same image`,
    );
    expect(links).toContain(
      `${'e'.repeat(40)} by provenance https://slsa.dev/provenance/v1, not in the history: nothing follows from that, on the attestation ${short('of amd64')}, which belongs to the same image`,
    );
  });

  it('tell the pull request that alone leads to a commit', () => {
    const found = 'by label org.opencontainers.image.revision';
    const proposal = commitIdOf('proposal');
    expect(linksOf('proposed')).toEqual([
      `${proposal} ${found}, only pull request 12 leads to it, only protects: nothing proves that the image is ours`,
    ]);
    expect(linksOf('tested')).toEqual([
      `${proposal} ${found}, as the test merge ${commitIdOf('merge')}, only pull request 12 leads to it; ours by org.opencontainers.image.source github.com/acme/shop`,
    ]);
  });

  it('tell guesses, and records with the image’s name', () => {
    expect(linksOf('guessed')).toEqual([
      `${commitIdOf('head')} by tag edge by {default branch}, in the history, only protects: a guess, for want of better`,
    ]);
    const [published, ...others] = linksOf('published');
    expect(published).toMatch(new RegExp(`^${commitIdOf('head')} by record .*, in the history, as image web$`));
    expect(others).toEqual([]);
  });
});
