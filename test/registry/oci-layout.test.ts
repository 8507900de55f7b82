// The layout adapter: what is particular to a directory. The rest is in the contract suite.

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { CleanupError } from '../../src/errors.ts';
import { silentLog } from '../../src/log.ts';
import { type Digest, parseRepository, parseTag } from '../../src/model/reference.ts';
import { openOciLayout } from '../../src/registry/oci-layout.ts';
import type { Registry } from '../../src/registry/port.ts';
import {
  addToLayout,
  type BuiltManifest,
  buildImage,
  buildIndex,
  buildMultiArch,
  buildOdd,
  layoutBlobPath,
  makeLayout,
} from '../builders/image.ts';
import { NOW } from '../contract/registry-places.ts';

const repository = parseRepository('registry.example.com/team/app');
const indexSchema = z.looseObject({ manifests: z.array(z.looseObject({ digest: z.string() })) });
const REF_NAME = 'org.opencontainers.image.ref.name';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'layout-'));
  await makeLayout(directory);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function open(): Promise<Registry> {
  return openOciLayout({ directory, repository, now: NOW, log: silentLog });
}

async function readIndex(): Promise<z.infer<typeof indexSchema>> {
  return indexSchema.parse(JSON.parse(await readFile(join(directory, 'index.json'), 'utf8')));
}

async function writeIndex(index: object): Promise<void> {
  await writeFile(join(directory, 'index.json'), JSON.stringify(index));
}

async function blobs(): Promise<readonly string[]> {
  return (await readdir(join(directory, 'blobs', 'sha256'))).sort();
}

/** File names of everything that these manifests need, themselves included. */
function filesOf(...manifests: readonly BuiltManifest[]): readonly string[] {
  const all = manifests.flatMap((manifest) => [
    ...[manifest, ...manifest.blobs].map(({ digest }) => digest.slice('sha256:'.length)),
    ...filesOf(...manifest.children),
  ]);
  return [...new Set(all)].sort();
}

describe('opening', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['nothing', () => rm(directory, { recursive: true })],
    ['a directory without the marker', () => rm(join(directory, 'oci-layout'))],
    ['a marker of another version', () => writeFile(join(directory, 'oci-layout'), '{"imageLayoutVersion":"2.0.0"}')],
    ['a marker that is no JSON', () => writeFile(join(directory, 'oci-layout'), '1.0.0')],
    ['a directory without an index', () => rm(join(directory, 'index.json'))],
    ['a directory without blobs', () => rm(join(directory, 'blobs'), { recursive: true })],
  ])('%s is a mistake of the user', async (_name, spoil) => {
    await spoil();
    await expect(open()).rejects.toMatchObject({ name: 'UsageError', exitCode: 2 });
  });
});

describe('an index that cannot be understood stops everything', () => {
  const image = buildImage();
  const entry = { mediaType: image.mediaType, digest: image.digest, size: image.bytes.byteLength };
  const named = (name: string, digest = image.digest): object => ({
    ...entry,
    digest,
    annotations: { [REF_NAME]: name },
  });

  it.each<[string, object]>([
    ['no list', { schemaVersion: 2 }],
    ['a descriptor without a digest', { schemaVersion: 2, manifests: [{ ...entry, digest: undefined }] }],
    [
      'a digest that climbs out of the folder',
      { schemaVersion: 2, manifests: [{ ...entry, digest: 'sha256:../../../etc/passwd' }] },
    ],
    ['a name that is no tag', { schemaVersion: 2, manifests: [named('no tag!')] }],
    ['a reference without a tag', { schemaVersion: 2, manifests: [named('example.com/team/app')] }],
    ['a reference by digest', { schemaVersion: 2, manifests: [named(`example.com/team/app@${image.digest}`)] }],
    [
      'one tag on two digests',
      { schemaVersion: 2, manifests: [named('v1'), named('v1', buildImage({ seed: 'b' }).digest)] },
    ],
    [
      'names of two repositories',
      { schemaVersion: 2, manifests: [named('example.com/a:v1'), named('example.com/b:v2')] },
    ],
  ])('%s', async (_name, index) => {
    await addToLayout(directory, image, ['v0']);
    const registry = await open();
    await writeIndex(index);
    const before = [await blobs(), await readFile(join(directory, 'index.json'), 'utf8')];
    await expect(registry.readSnapshot([])).rejects.toMatchObject({ name: 'ProtocolError', code: 'PROTOCOL' });
    await expect(registry.listTags()).rejects.toMatchObject({ code: 'PROTOCOL' });
    await expect(registry.deleteManifest(image.digest, [])).rejects.toMatchObject({ code: 'PROTOCOL' });
    expect([await blobs(), await readFile(join(directory, 'index.json'), 'utf8')]).toEqual(before);
  });

  it('a blob with other content than its name says', async () => {
    await addToLayout(directory, image, ['v1']);
    await writeFile(layoutBlobPath(directory, image.digest), '{}');
    await expect((await open()).readSnapshot([])).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });
});

describe('reading', () => {
  it('takes the tag of a whole reference, as podman writes it', async () => {
    const image = buildImage();
    await addToLayout(directory, image, ['localhost/team/app:v1', 'v2']);
    expect((await (await open()).readSnapshot([])).tags).toEqual(
      new Map([
        ['v1', image.digest],
        ['v2', image.digest],
      ]),
    );
  });

  it('sees untagged descriptors, and not what nothing lists', async () => {
    const [listed, unlisted] = [buildMultiArch('listed'), buildImage({ seed: 'unlisted' })];
    await addToLayout(directory, listed);
    await addToLayout(directory, unlisted, ['v1']);
    const index = await readIndex();
    await writeIndex({ ...index, manifests: index.manifests.filter(({ digest }) => digest !== unlisted.digest) });
    const snapshot = await (await open()).readSnapshot([]);
    expect(snapshot.nodes.size).toBe(3);
    expect(snapshot.nodes.has(unlisted.digest)).toBe(false);
  });

  it('lets a tag vanish whose blob is missing, and keeps the rest', async () => {
    const [there, missing] = [buildImage({ seed: 'there' }), buildImage({ seed: 'missing' })];
    await addToLayout(directory, there, ['v1']);
    await addToLayout(directory, missing, ['v2']);
    await rm(layoutBlobPath(directory, missing.digest));
    const registry = await open();
    const snapshot = await registry.readSnapshot([]);
    expect([[...snapshot.tags.keys()], snapshot.vanishedTags]).toEqual([['v1'], ['v2']]);
    expect(await registry.resolveTag(parseTag('v2'))).toBe('absent');
  });

  it('keeps a manifest of 5 MB opaque', async () => {
    const large = buildOdd(buildIndex([]).mediaType, {
      schemaVersion: 2,
      manifests: [],
      annotations: { a: 'x'.repeat(5_000_000) },
    });
    await addToLayout(directory, large, ['v1']);
    const registry = await open();
    expect((await registry.readSnapshot([])).nodes.get(large.digest)?.content).toMatchObject({
      kind: 'opaque',
      mayListManifests: true,
    });
    expect(await registry.readEdges(large.digest)).toBe('opaque');
    await expect(registry.readManifest(large.digest)).rejects.toMatchObject({ code: 'TOO_LARGE' });
  });

  it('sees at once what another program has written', async () => {
    const registry = await open();
    expect(await registry.listTags()).toEqual([]);
    await addToLayout(directory, buildImage(), ['v1']);
    expect(await registry.listTags()).toEqual(['v1']);
  });
});

describe('deleting', () => {
  it('frees the manifest with its blobs, and only those that nothing else holds', async () => {
    const going = buildImage({ seed: 'going', layers: ['shared', 'own'] });
    const staying = buildImage({ seed: 'staying', layers: ['shared'] });
    await addToLayout(directory, going, ['v1', 'v2']);
    await addToLayout(directory, staying, ['v3']);
    expect(await (await open()).deleteManifest(going.digest, [])).toEqual({ kind: 'deleted' });
    expect(await blobs()).toEqual(filesOf(staying));
    expect((await readIndex()).manifests.map(({ digest }) => digest)).toEqual([staying.digest]);
  });

  it('frees everything, from the index down', async () => {
    const [index, staying] = [buildMultiArch('going'), buildImage({ seed: 'staying' })];
    await addToLayout(directory, index, ['v1']);
    await addToLayout(directory, staying, ['v2']);
    const registry = await open();
    for (const { digest } of [index, ...index.children])
      expect(await registry.deleteManifest(digest, [])).toEqual({ kind: 'deleted' });
    expect(await blobs()).toEqual(filesOf(staying));
  });

  it('of an index lists its children without a tag, so that the next run sees them', async () => {
    const shared = buildImage({ seed: 'shared' });
    const own = buildImage({ seed: 'own' });
    const [going, staying] = [
      buildIndex([{ manifest: shared }, { manifest: own }]),
      buildIndex([{ manifest: shared }]),
    ];
    await addToLayout(directory, going, ['v1']);
    await addToLayout(directory, staying, ['v2']);
    await (await open()).deleteManifest(going.digest, []);
    expect((await readIndex()).manifests.map(({ digest }) => digest)).toEqual([staying.digest, own.digest]);
    expect((await (await open()).readSnapshot([])).nodes.has(own.digest)).toBe(true);
    expect(await blobs()).toEqual(filesOf(staying, own));
  });

  it('frees no blob while a manifest stays that cannot be understood', async () => {
    const [going, odd] = [buildImage({ seed: 'going' }), buildOdd('application/x.unknown', { refers: 'to anything' })];
    await addToLayout(directory, going, ['v1']);
    await addToLayout(directory, odd, ['v2']);
    await (await open()).deleteManifest(going.digest, []);
    const left = filesOf(going, odd).filter((file) => file !== hexOf(going.digest));
    expect(await blobs()).toEqual(left);
  });

  it('does not free a blob that is itself a manifest which stays', async () => {
    const staying = buildImage({ seed: 'staying' });
    const going = buildImage({ seed: 'going' });
    const sly = buildOdd(going.mediaType, {
      schemaVersion: 2,
      mediaType: going.mediaType,
      config: { mediaType: 'application/x', digest: staying.digest, size: 1 },
      layers: [],
    });
    await addToLayout(directory, staying, ['v1']);
    await addToLayout(directory, sly, ['v2']);
    await (await open()).deleteManifest(sly.digest, []);
    expect(await blobs()).toEqual(filesOf(staying));
  });

  it('does not touch configs and layers that are named as manifests', async () => {
    const image = buildImage();
    await addToLayout(directory, image, ['v1']);
    const registry = await open();
    for (const { digest } of image.blobs)
      expect(await registry.deleteManifest(digest, [])).toEqual({ kind: 'already-gone' });
    expect(await blobs()).toEqual(filesOf(image));
  });

  it('keeps what else the index holds', async () => {
    const image = buildImage();
    await addToLayout(directory, image, ['v1', 'v2']);
    const { manifests } = await readIndex();
    await writeIndex({
      schemaVersion: 2,
      annotations: { a: 'b' },
      custom: 1,
      manifests: manifests.map((entry) => ({ ...entry, urls: [] })),
    });
    await (await open()).deleteTag(parseTag('v1'), image.digest);
    expect(await readIndex()).toEqual({
      schemaVersion: 2,
      annotations: { a: 'b' },
      custom: 1,
      manifests: [{ ...manifests[1], urls: [] }],
    });
  });

  it('of a tag that has moved is refused', async () => {
    const [old, next] = [buildImage({ seed: 'old' }), buildImage({ seed: 'next' })];
    await addToLayout(directory, next, ['v1']);
    const answer = await (await open()).deleteTag(parseTag('v1'), old.digest);
    expect(answer).toMatchObject({ kind: 'refused' });
    expect((await readIndex()).manifests).toHaveLength(1);
  });

  it('works for many at once, one after the other', async () => {
    const images = Array.from({ length: 20 }, (_, at) => buildImage({ seed: `image ${at}` }));
    for (const [at, image] of images.entries()) await addToLayout(directory, image, [`v${at}`]);
    const registry = await open();
    const answers = await Promise.all(images.slice(1).map(({ digest }) => registry.deleteManifest(digest, [])));
    expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(['deleted']));
    expect(await blobs()).toEqual(filesOf(...images.slice(0, 1)));
    expect(await readdir(directory)).toEqual(['blobs', 'index.json', 'oci-layout']);
  });

  it('that fails half way leaves files too many, and nothing listed that is not whole', async () => {
    const [going, staying] = [buildImage({ seed: 'going' }), buildImage({ seed: 'staying' })];
    await addToLayout(directory, going, ['v1']);
    await addToLayout(directory, staying, ['v2']);
    const registry = await open();
    // A blob that cannot be deleted as a file stops the delete there.
    for (const { digest } of going.blobs) {
      await rm(layoutBlobPath(directory, digest));
      await mkdir(layoutBlobPath(directory, digest));
    }
    await expect(registry.deleteManifest(going.digest, [])).rejects.toBeInstanceOf(CleanupError);
    const snapshot = await (await open()).readSnapshot([]);
    expect([[...snapshot.tags.keys()], [...snapshot.nodes.keys()]]).toEqual([['v2'], [staying.digest]]);
  });
});

describe('putting', () => {
  it('under a tag moves the tag and leaves the old manifest listed', async () => {
    const [old, next] = [buildImage({ seed: 'old' }), buildImage({ seed: 'next' })];
    await addToLayout(directory, old, ['v1']);
    await addToLayout(directory, next);
    const registry = await open();
    await registry.putManifest({ mediaType: next.mediaType, bytes: next.bytes }, parseTag('v1'));
    expect((await readIndex()).manifests).toEqual([
      { mediaType: old.mediaType, digest: old.digest, size: old.bytes.byteLength },
      {
        mediaType: next.mediaType,
        digest: next.digest,
        size: next.bytes.byteLength,
        annotations: { [REF_NAME]: 'v1' },
      },
    ]);
  });

  it('a manifest whose blobs are gone is refused, and nothing is written', async () => {
    const image = buildImage();
    const registry = await open();
    await expect(
      registry.putManifest({ mediaType: image.mediaType, bytes: image.bytes }, image.digest),
    ).rejects.toMatchObject({
      name: 'RegistryError',
      code: 'REGISTRY_REFUSED',
    });
    expect(await blobs()).toEqual([]);
  });
});

function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
