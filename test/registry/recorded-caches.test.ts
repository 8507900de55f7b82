// What BuildKit and Kaniko really leave in a registry, and how it is read: the facts that the rules for build cache rest on.

import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Digest } from '../../src/model/reference.ts';
import type { ImageNode } from '../../src/model/snapshot.ts';
import { instantFromMs } from '../../src/model/time.ts';
import { type BuiltManifest, TYPES } from '../builders/image.ts';
import { pushRecorded, type Recording, readRecording, recordedAt } from '../builders/recorded-registry.ts';
import { openServerRegistry } from '../contract/registry-places.ts';
import { startFakeRegistry } from '../fakes/registry-server.ts';

/** The recordings were made the day before. */
const NOW = instantFromMs(Date.UTC(2026, 10, 23));

const BRANCHES = ['main', 'feature'];
const MODES = ['min', 'max'];
const FORMS = ['index', 'docker-index', 'image'];
const CACHES = MODES.flatMap((mode) => FORMS.map((form) => `buildkit/cache-${mode}-${form}`));

/** What a repository of the recording is after it was pushed, and read again. */
async function readPushed(recording: Recording, repository: string): Promise<ReadonlyMap<Digest, ImageNode>> {
  const server = await startFakeRegistry();
  onTestFinished(() => server.stop());
  await pushRecorded(server.origin, recording, { from: repository });
  const registry = await openServerRegistry(server, repository, { wantsCacheTimes: true, now: NOW });
  onTestFinished(() => registry.close());
  return (await registry.readSnapshot([])).nodes;
}

/** Digests of the layers of an image, of all images of an index, or of a cache. */
function layersOf({ blobs, children }: BuiltManifest): ReadonlySet<Digest> {
  const own = blobs.filter(({ mediaType }) => /layer|rootfs/.test(mediaType)).map(({ digest }) => digest);
  return new Set([...own, ...children.flatMap((child) => [...layersOf(child)])]);
}

function isPartOf(part: ReadonlySet<Digest>, whole: ReadonlySet<Digest>): boolean {
  return [...part].every((digest) => whole.has(digest));
}

describe('BuildKit', () => {
  let recording: Recording;
  beforeAll(() => {
    recording = readRecording('buildkit');
  });
  const timeOf = (node: ImageNode | undefined): number =>
    node?.created.kind === 'known' ? node.created.at : Number.NaN;

  it.each(CACHES)('leaves a cache of a known age: %s', async (repository) => {
    const nodes = await readPushed(recording, repository);
    const [main, feature] = BRANCHES.map((branch) =>
      timeOf(nodes.get(recordedAt(recording, repository, branch).digest)),
    );
    // The second branch was built about a second or more after the first, and all of it within minutes.
    expect(main).toBeGreaterThanOrEqual(recording.began.getTime() - 1000);
    expect(feature).toBeGreaterThan(main ?? 0);
    expect(feature).toBeLessThan(recording.began.getTime() + 600_000);
  });

  it.each(CACHES)('has all layers of an image in its cache, by the same digests: %s', (repository) => {
    for (const branch of BRANCHES) {
      const image = layersOf(recordedAt(recording, 'buildkit/app', branch));
      expect(image.size).toBeGreaterThanOrEqual(6);
      expect(isPartOf(image, layersOf(recordedAt(recording, repository, branch)))).toBe(true);
    }
  });

  it('has layers in the cache of one branch that the image of the other has, too', () => {
    const [main, feature] = BRANCHES.map((branch) => layersOf(recordedAt(recording, 'buildkit/app', branch)));
    const inBoth = [...(main ?? [])].filter((digest) => feature?.has(digest));
    expect(inBoth.length).toBeGreaterThan(0);
    for (const repository of CACHES) {
      const cached = layersOf(recordedAt(recording, repository, 'feature'));
      expect([...(main ?? [])].filter((digest) => cached.has(digest))).toEqual(inBoth);
    }
  });

  it.each(['from-local', 'from-registry'])(
    'says of a cache of which nothing was built anew that it is old: %s',
    async (tag) => {
      const again = await readPushed(recording, 'buildkit/again');
      const first = await readPushed(recording, 'buildkit/cache-max-index');
      const pushed = recordedAt(recording, 'buildkit/again', tag);
      const before = recordedAt(recording, 'buildkit/cache-max-index', 'feature');
      expect(timeOf(again.get(pushed.digest))).toBe(timeOf(first.get(before.digest)));
      expect(layersOf(pushed)).toEqual(layersOf(before));
    },
  );

  it('may give such a cache another digest, though nothing in it is new', () => {
    const digests = [
      recordedAt(recording, 'buildkit/cache-max-index', 'feature'),
      recordedAt(recording, 'buildkit/again', 'from-registry'),
    ].map(({ digest }) => digest);
    expect(new Set(digests).size).toBe(2);
  });
});

describe('Kaniko', () => {
  let recording: Recording;
  beforeAll(() => {
    recording = readRecording('kaniko');
  });
  const cacheOf = (name: string): readonly BuiltManifest[] => [
    ...(recording.repositories.get(`kaniko/${name}/cache`)?.values() ?? []),
  ];
  const imagesOf = (name: string): readonly BuiltManifest[] =>
    BRANCHES.map((branch) => recordedAt(recording, `kaniko/${name}`, branch));
  /** For each cached step, in how many of the two images its layer is. */
  const sharing = (name: string): readonly number[] =>
    cacheOf(name)
      .map((step) => imagesOf(name).filter((image) => isPartOf(layersOf(step), layersOf(image))).length)
      .sort((left, right) => left - right);

  it('has a tag of 64 hex digits for each step, with one layer, and the time of the push', async () => {
    for (const name of ['app', 'single', 'copies', 'reproducible', 'zstd']) {
      const tags = [...(recording.repositories.get(`kaniko/${name}/cache`)?.keys() ?? [])];
      expect(tags.length).toBeGreaterThanOrEqual(3);
      expect(tags.filter((tag) => !/^[0-9a-f]{64}$/.test(tag))).toEqual([]);
      expect(cacheOf(name).map((step) => layersOf(step).size)).toEqual(tags.map(() => 1));
      expect(cacheOf(name).map(({ mediaType }) => mediaType)).toEqual(tags.map(() => TYPES.dockerImage));
    }
    const nodes = await readPushed(recording, 'kaniko/app/cache');
    const times = [...nodes.values()].map(({ created }) => (created.kind === 'known' ? created.at : Number.NaN));
    expect(times.filter((at) => !(at > recording.began.getTime() && at < recording.began.getTime() + 600_000))).toEqual(
      [],
    );
  });

  it('puts a cached layer into the image as it is', () => {
    // One step is the same for both branches, one of each is not.
    expect(sharing('single')).toEqual([1, 1, 2]);
  });

  it('has cached layers of other stages that are in no image', () => {
    // Of the first stage three; the one of a step without an effect is only in the image that was built with the cache.
    expect(sharing('app')).toEqual([0, 0, 0, 1, 1, 1, 2]);
  });

  it('caches copied files too when it is told so', () => {
    expect(sharing('copies')).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 2]);
  });

  it.each(['reproducible', 'zstd'])(
    'has other layers in the image than in the cache when it is told to make it %s',
    (name) => {
      const withFiles = sharing(name).filter((count) => count > 0);
      // What is left is the layer without a file.
      expect(withFiles.length).toBeLessThanOrEqual(1);
    },
  );
});
