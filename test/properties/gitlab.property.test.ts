// The promise on GitLab as a property: whichever tags are deleted, every other tag still pulls whole, also after GitLab has collected.

import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Digest, parseTag, type Tag } from '../../src/model/reference.ts';
import type { Registry } from '../../src/registry/port.ts';
import { type BuiltManifest, buildImage, buildIndex } from '../builders/image.ts';
import { openGitlab } from '../contract/registry-places.ts';
import { type GitlabOptions, startGitlab } from '../fakes/gitlab/gitlab.ts';
import { requireDistribution, requireProgram } from '../support/real-parts.ts';

const hasGitlab = requireDistribution() !== undefined && requireProgram('openssl') !== undefined;
const RUNS = { numRuns: 25 };

const [one, two, three] = ['one', 'two', 'three'].map((seed) => buildImage({ seed, layers: ['shared', seed] })) as [
  BuiltManifest,
  BuiltManifest,
  BuiltManifest,
];
const pair = buildIndex([{ manifest: one }, { manifest: two }]);
/** Images and indexes that share children and layers. */
const MANIFESTS = [
  one,
  two,
  three,
  pair,
  buildIndex([{ manifest: two }, { manifest: three }]),
  buildIndex([{ manifest: pair }]),
];

interface Scene {
  /** Which manifest each tag is on, by number. */
  readonly tags: readonly number[];
  /** Which tags are to go, by number. */
  readonly doomed: ReadonlySet<number>;
  /** A tag that somebody puts on a manifest meanwhile. */
  readonly moved: { readonly tag: number; readonly to: number };
}

const scenes = fc
  .record({
    tags: fc.array(fc.nat({ max: MANIFESTS.length - 1 }), { minLength: 1, maxLength: 8 }),
    doomed: fc.uniqueArray(fc.nat({ max: 7 }), { maxLength: 6 }),
    moved: fc.record({ tag: fc.nat({ max: 12 }), to: fc.nat({ max: MANIFESTS.length - 1 }) }),
  })
  .map(
    ({ tags, doomed, moved }): Scene => ({ tags, doomed: new Set(doomed.filter((tag) => tag < tags.length)), moved }),
  );

const nameOf = (tag: number): Tag => parseTag(`t${tag}`);
const digestAt = (at: number): Digest => (MANIFESTS[at] ?? one).digest;

/** Deletes as an apply would: whole images where all of their tags are to go, single tags elsewhere. */
async function deleteDoomed(registry: Registry, { tags, doomed }: Scene): Promise<void> {
  for (const digest of new Set(tags.map(digestAt))) {
    const own = tags.flatMap((at, tag) => (digestAt(at) === digest ? [tag] : []));
    const gone = own.filter((tag) => doomed.has(tag));
    if (gone.length === own.length) await registry.deleteManifest(digest, gone.map(nameOf));
    else for (const tag of gone) await registry.deleteTag(nameOf(tag), digest);
  }
}

async function expectWhole(registry: Registry, tags: ReadonlyMap<string, Digest>): Promise<void> {
  const snapshot = await registry.readSnapshot([]);
  expect(snapshot.tags).toEqual(tags);
  expect([...snapshot.absent.keys(), ...snapshot.vanishedTags]).toEqual([]);
  for (const { content } of snapshot.nodes.values()) {
    if (content.kind !== 'image') continue;
    expect(content.facts.kind).toBe('read');
    for (const { digest } of content.layers) expect(await registry.hasBlob?.(digest)).toBe(true);
  }
}

describe.runIf(hasGitlab)('after any deletes', () => {
  it.each<[string, GitlabOptions]>([
    ['with a metadata database', {}],
    ['without one', { metadataDatabase: false, tagRoute: 'reference' }],
  ])('every other tag pulls whole, on a GitLab %s', { timeout: 120_000 }, async (_name, options) => {
    const gitlab = await startGitlab({ tagOnly: true, ...options });
    onTestFinished(() => gitlab.close());
    gitlab.addProject('group/app');
    const token = gitlab.addToken({ kind: 'job', project: 'group/app' });
    let count = 0;
    await fc.assert(
      fc.asyncProperty(scenes, async (scene) => {
        count += 1;
        const path = `group/app/run-${count}`;
        const images = gitlab.registry.repository(path);
        for (const manifest of MANIFESTS) images.push(manifest);
        for (const [tag, at] of scene.tags.entries()) images.push(MANIFESTS[at] ?? one, { tags: [nameOf(tag)] });
        const registry = await openGitlab(gitlab, path, token, { kind: 'job' });
        const fresh = await openGitlab(gitlab, path, token, { kind: 'job' });
        try {
          await registry.readSnapshot([]);
          const { tag, to } = scene.moved;
          images.push(MANIFESTS[to] ?? one, { tags: [nameOf(tag)] });
          if (images.digestOf(nameOf(tag)) !== digestAt(to)) images.moveTag(nameOf(tag), digestAt(to));
          const expected = new Map(scene.tags.map((at, number) => [nameOf(number) as string, digestAt(at)]));
          for (const number of scene.doomed) expected.delete(nameOf(number));
          // What somebody put elsewhere meanwhile is theirs; put where it was, it is what the plan knew.
          if (!scene.doomed.has(tag) || scene.tags[tag] !== to) expected.set(nameOf(tag), digestAt(to));
          await deleteDoomed(registry, scene);
          expect(new Map(images.tags().map((name) => [name, images.digestOf(name)]))).toEqual(expected);
          images.collectGarbage();
          await expectWhole(fresh, expected);
        } finally {
          await registry.close();
          await fresh.close();
        }
      }),
      RUNS,
    );
    expect(gitlab.violations).toEqual([]);
  });
});
