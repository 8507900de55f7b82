// What `explain` takes for a name of an image.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { silentLog } from '../../src/log.ts';
import { parseRepository, shortDigest } from '../../src/model/reference.ts';
import type { Explanation } from '../../src/report/explanation.ts';
import { runExplain } from '../../src/run/explain.ts';
import { addToLayout, type BuiltManifest, buildImage, makeLayout } from '../builders/image.ts';
import { NOW, policyOf } from '../builders/snapshot.ts';

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
