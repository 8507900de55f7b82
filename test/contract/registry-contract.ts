// One suite for every adapter: what the port promises, whatever the registry behind it is like. It reads capabilities, never names.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Digest, parseDigest, parseTag, type Tag } from '../../src/model/reference.ts';
import type { ImageNode, Snapshot } from '../../src/model/snapshot.ts';
import type { PutAnswer, Registry } from '../../src/registry/port.ts';
import {
  type BuiltManifest,
  buildArtifact,
  buildAttested,
  buildImage,
  buildIndex,
  buildMultiArch,
  buildOdd,
  buildOldArtifact,
  buildSchema1,
  cosignTag,
  fallbackTag,
  TYPES,
} from '../builders/image.ts';
import { BUILT_COMMITS, buildFromGit } from '../builders/provenance.ts';
import { matching } from '../support/typed-matchers.ts';

/** One repository at the place, and the ways around the adapter. */
export interface ContractRepository {
  readonly registry: Registry;
  /** Puts a manifest with everything it needs, by digest when there is no tag. */
  put(manifest: BuiltManifest, ...tags: string[]): Promise<void>;
  /** Deletes one manifest behind the adapter's back, whatever lists it. */
  erase(digest: Digest): Promise<void>;
  /** A text that changes with every change that the adapter makes or tries to make. */
  changes(): Promise<string>;
}

/** Something that holds repositories. */
export interface ContractPlace {
  readonly name: string;
  /** Whether it takes manifests of any type, Docker schema 1 included. */
  readonly takesAnyManifest: boolean;
  start(): Promise<void>;
  /** A repository that nobody used before; it exists only once something was put there. */
  openRepository(): Promise<ContractRepository>;
  stop(): Promise<void>;
}

const NOWHERE = parseDigest(`sha256:${'0'.repeat(64)}`);

/** Declares the suite for a place. */
export function describeRegistryContract(place: ContractPlace): void {
  describe(`${place.name} keeps the contract of the registry port`, () => {
    let repository: ContractRepository;
    let registry: Registry;
    beforeAll(() => place.start());
    afterAll(() => place.stop());
    beforeEach(async () => {
      repository = await place.openRepository();
      ({ registry } = repository);
      return () => registry.close();
    });

    describe('a snapshot', () => {
      it('holds an image with its tag, config facts and blobs', async () => {
        const labels = { 'org.opencontainers.image.revision': 'abc' };
        const image = buildImage({ seed: 'one', labels, created: '2026-01-02T03:04:05Z', annotations: { a: 'b' } });
        await repository.put(image, 'v1');
        const snapshot = await registry.readSnapshot([]);
        expect(snapshot.complete).toBe(true);
        expect(snapshot.repository).toEqual(registry.repository);
        expect([...snapshot.tags]).toEqual([['v1', image.digest]]);
        expect(nodeOf(snapshot, image)).toMatchObject({
          digest: image.digest,
          mediaType: image.mediaType,
          sizeBytes: image.bytes.byteLength,
          tags: ['v1'],
          content: { kind: 'image', facts: { kind: 'read', labels, created: '2026-01-02T03:04:05Z' } },
          annotations: { a: 'b' },
          created: { kind: 'known', at: Date.UTC(2026, 0, 2, 3, 4, 5) },
        });
        const { times } = nodeOf(snapshot, image);
        expect(Object.keys(times).length > 0).toBe(snapshot.capabilities.listTimes);
        expect(snapshot.absent.size + snapshot.vanishedTags.length).toBe(0);
      });

      it('holds a multi-arch index with its children', async () => {
        const index = buildMultiArch('multi');
        await repository.put(index, 'v1');
        const snapshot = await registry.readSnapshot([]);
        expect(digestsOf(snapshot)).toEqual(digestsIn(index));
        expect(nodeOf(snapshot, index).content).toMatchObject({
          kind: 'index',
          children: [
            { digest: index.children[0]?.digest, platform: 'linux/amd64' },
            { digest: index.children[1]?.digest, platform: 'linux/arm64/v8' },
          ],
          blobs: [],
        });
        expect(nodeOf(snapshot, index.children[0]).tags).toEqual([]);
      });

      it('follows nested indexes to the images', async () => {
        const inner = buildMultiArch('inner');
        const outer = buildIndex([{ manifest: buildIndex([{ manifest: inner }]) }]);
        await repository.put(outer, 'nested');
        expect(digestsOf(await registry.readSnapshot([]))).toEqual(digestsIn(outer));
      });

      it('holds a child that two indexes share once', async () => {
        const shared = buildImage({ seed: 'shared' });
        const one = buildIndex([{ manifest: shared }, { manifest: shared }]);
        const two = buildIndex([{ manifest: shared }, { manifest: buildImage({ seed: 'other' }) }]);
        await repository.put(one, 'one');
        await repository.put(two, 'two');
        const snapshot = await registry.readSnapshot([]);
        expect(digestsOf(snapshot)).toEqual(digestsIn(one, two));
        expect(nodeOf(snapshot, one).content).toMatchObject({
          children: [{ digest: shared.digest }, { digest: shared.digest }],
        });
      });

      it('holds an attestation, whose config nobody needs', async () => {
        const { index, image, attestation } = buildAttested('attested');
        await repository.put(index, 'v1');
        const snapshot = await registry.readSnapshot([]);
        expect(nodeOf(snapshot, image).content).toMatchObject({
          facts: { kind: 'read', labels: { seed: 'attested' } },
        });
        expect(nodeOf(snapshot, attestation).content).toMatchObject({ facts: { kind: 'read', labels: {} } });
        expect(nodeOf(snapshot, attestation).created.kind).toBe('unknown');
      });

      it('holds what an attestation says of the commit, where nothing else does', async () => {
        const { index, image, attestation } = buildFromGit('from git');
        await repository.put(index, 'v1');
        const snapshot = await registry.readSnapshot([]);
        expect(nodeOf(snapshot, attestation).provenance).toMatchObject({
          kind: 'read',
          revisions: [{ commit: BUILT_COMMITS.git }],
        });
        expect(nodeOf(snapshot, image).provenance).toBeUndefined();
        const { nodes } = await registry.readDigests([index.digest]);
        expect(nodes.get(attestation.digest)?.provenance).toEqual(nodeOf(snapshot, attestation).provenance);
      });

      it('finds the untagged subject that only a cosign tag names', async () => {
        const image = buildImage({ seed: 'signed' });
        const signature = buildImage({ seed: 'signature' });
        await repository.put(image);
        await repository.put(signature, cosignTag(image, 'sig'));
        expect(digestsOf(await registry.readSnapshot([]))).toEqual(digestsIn(image, signature));
      });

      it('finds referrers through a fallback tag', async () => {
        const image = buildImage({ seed: 'with fallback' });
        const referrer = buildArtifact('sbom', image);
        const list = buildIndex([{ manifest: referrer }]);
        await repository.put(image, 'v1');
        await repository.put(list, fallbackTag(image));
        const snapshot = await registry.readSnapshot([]);
        expect(digestsOf(snapshot)).toEqual(digestsIn(image, list));
        expect(nodeOf(snapshot, referrer)).toMatchObject({ subject: image.digest, artifactType: 'application/x.test' });
      });

      it('survives a fallback list that lists its own subject', async () => {
        const image = buildImage({ seed: 'in a circle' });
        const list = buildIndex([{ manifest: image }]);
        await repository.put(image, cosignTag(image, 'sig'));
        await repository.put(list, fallbackTag(image));
        expect(digestsOf(await registry.readSnapshot([]))).toEqual(digestsIn(image, list));
      });

      it('finds untagged referrers, and theirs, where the registry can tell', async () => {
        const image = buildMultiArch('referred to');
        const referrer = buildArtifact('signature', image.children[0]);
        const second = buildArtifact('signature of the signature', referrer);
        await repository.put(image, 'v1');
        await repository.put(referrer);
        await repository.put(second);
        const snapshot = await registry.readSnapshot([]);
        const canTell = snapshot.capabilities.referrers !== 'fallback-tags';
        expect(digestsOf(snapshot)).toEqual(canTell ? digestsIn(image, referrer, second) : digestsIn(image));
        expect(registry.capabilities).toEqual(snapshot.capabilities);
      });

      it('reads the subject of a tagged referrer, and says when it is not there', async () => {
        const image = buildImage({ seed: 'subject' });
        const gone = buildImage({ seed: 'gone' });
        await repository.put(image);
        const found = buildArtifact('of an image', image);
        const orphan = buildArtifact('of nothing', gone);
        await repository.put(found, 'found');
        await repository.put(orphan, 'orphan');
        const snapshot = await registry.readSnapshot([]);
        expect(digestsOf(snapshot)).toEqual(digestsIn(image, found, orphan));
        expect([...snapshot.absent]).toEqual([[gone.digest, [orphan.digest]]]);
      });

      it('proves a ghost child absent and names who lists it', async () => {
        const index = buildMultiArch('sparse');
        await repository.put(index, 'v1');
        const ghost = index.children[1]?.digest ?? NOWHERE;
        await repository.erase(ghost);
        const snapshot = await registry.readSnapshot([]);
        expect(snapshot.nodes.has(ghost)).toBe(false);
        expect([...snapshot.absent]).toEqual([[ghost, [index.digest]]]);
        expect(nodeOf(snapshot, index).content).toMatchObject({ kind: 'index', children: [{}, { digest: ghost }] });
      });

      it('holds two tags of one digest, sorted', async () => {
        const image = buildImage({ seed: 'twice' });
        await repository.put(image, 'z', 'a');
        const snapshot = await registry.readSnapshot([]);
        expect(nodeOf(snapshot, image).tags).toEqual(['a', 'z']);
        expect(snapshot.nodes.size).toBe(1);
      });

      it('reads further digests with all they list, where they exist', async () => {
        const tagged = buildImage({ seed: 'tagged' });
        const used = buildMultiArch('used by digest');
        await repository.put(tagged, 'v1');
        await repository.put(used);
        const snapshot = await registry.readSnapshot([used.digest, NOWHERE, tagged.digest]);
        expect(digestsOf(snapshot)).toEqual(digestsIn(tagged, used));
        expect([...snapshot.absent]).toEqual([[NOWHERE, []]]);
        const { nodes, absent } = await registry.readDigests([used.digest, NOWHERE]);
        expect([...nodes.keys()].sort()).toEqual(digestsIn(used));
        expect([...absent]).toEqual([[NOWHERE, []]]);
      });

      it('does not take a config for a manifest', async () => {
        const image = buildImage({ seed: 'configured' });
        await repository.put(image, 'v1');
        const config = image.blobs[0]?.digest ?? NOWHERE;
        const snapshot = await registry.readSnapshot([config]);
        expect(digestsOf(snapshot)).toEqual([image.digest]);
        expect([...snapshot.absent]).toEqual([[config, []]]);
      });

      it('changes nothing', async () => {
        const { index } = buildAttested('untouched');
        await repository.put(index, 'v1', 'v2');
        const before = await repository.changes();
        await registry.readSnapshot([NOWHERE]);
        await registry.listTags();
        await registry.resolveTag(parseTag('v1'));
        await registry.readManifest(index.digest);
        await registry.readEdges(index.digest);
        expect(await repository.changes()).toBe(before);
      });

      it('of an emptied repository is empty, where the registry lets the last image go', async () => {
        const image = buildImage({ seed: 'the only one' });
        await repository.put(image, 'v1');
        const { kind } = await registry.deleteManifest(image.digest, [parseTag('v1')]);
        const left = kind === 'protected' ? 1 : 0;
        const snapshot = await registry.readSnapshot([]);
        expect([snapshot.nodes.size, snapshot.tags.size, snapshot.vanishedTags.length]).toEqual([left, left, 0]);
        expect(await registry.listTags()).toHaveLength(left);
      });

      if (place.takesAnyManifest) describe('of odd manifests', describeOddManifests);

      function describeOddManifests(): void {
        it('keeps Docker schema 1 opaque, without suspecting it of listing anything', async () => {
          const old = buildSchema1('v0');
          await repository.put(old, 'v0');
          const node = nodeOf(await registry.readSnapshot([]), old);
          expect(node.content).toMatchObject({ kind: 'opaque', why: 'Docker schema 1', mayListManifests: false });
          expect(await registry.readEdges(old.digest)).toBe('opaque');
        });

        it('keeps an unknown type opaque, with its subject, and suspects it', async () => {
          const image = buildImage({ seed: 'subject of the unknown' });
          const content = { schemaVersion: 2, subject: { mediaType: image.mediaType, digest: image.digest, size: 1 } };
          const unknown = buildOdd('application/x.unknown+json', content);
          await repository.put(image);
          await repository.put(unknown, 'odd');
          const snapshot = await registry.readSnapshot([]);
          expect(nodeOf(snapshot, unknown)).toMatchObject({
            mediaType: 'application/x.unknown+json',
            content: { kind: 'opaque', mayListManifests: true },
            subject: image.digest,
          });
          expect(snapshot.nodes.has(image.digest)).toBe(true);
          expect(await registry.readEdges(unknown.digest)).toBe('opaque');
        });

        it('reads a child of an unknown type, which its parent alone declares', async () => {
          const child = buildOdd('application/x.unknown+json', { whatever: [1] });
          const index = buildIndex([{ manifest: child }]);
          await repository.put(index, 'v1');
          const snapshot = await registry.readSnapshot([]);
          expect(nodeOf(snapshot, child).content.kind).toBe('opaque');
          expect(await registry.readEdges(child.digest)).toBe('opaque');
          expect((await registry.readManifest(child.digest)) !== 'absent').toBe(true);
        });

        it('tells an old artifact manifest as an index without children, under its subject', async () => {
          const image = buildImage({ seed: 'subject of the old' });
          const artifact = buildOldArtifact('old', image);
          await repository.put(image, 'v1');
          await repository.put(artifact, 'old');
          const node = nodeOf(await registry.readSnapshot([]), artifact);
          expect(node).toMatchObject({ subject: image.digest, artifactType: 'application/x.old' });
          expect(node.content).toMatchObject({ kind: 'index', children: [], blobs: [{ mediaType: 'text/plain' }] });
        });
      }
    });

    describe('tags', () => {
      it('resolve, move, and are absent', async () => {
        const [one, two] = [buildImage({ seed: 'before' }), buildImage({ seed: 'after' })];
        await repository.put(one, 'v1');
        expect(await registry.resolveTag(parseTag('v1'))).toBe(one.digest);
        await repository.put(two, 'v1');
        expect(await registry.resolveTag(parseTag('v1'))).toBe(two.digest);
        expect(await registry.resolveTag(parseTag('v2'))).toBe('absent');
        const snapshot = await registry.readSnapshot([one.digest]);
        expect([nodeOf(snapshot, one).tags, nodeOf(snapshot, two).tags]).toEqual([[], ['v1']]);
        expect(await registry.listTags()).toEqual(['v1']);
      });

      it('are deleted alone, or not at all', async () => {
        const index = buildMultiArch('two names');
        await repository.put(index, 'v1', 'v2');
        const answer = await registry.deleteTag(parseTag('v1'), index.digest);
        if (registry.capabilities.deleteTagOnly === 'yes') expect(answer).toEqual({ kind: 'deleted' });
        const isGone = answer.kind === 'deleted';
        expect(await registry.resolveTag(parseTag('v1'))).toBe(isGone ? 'absent' : index.digest);
        expect(await registry.resolveTag(parseTag('v2'))).toBe(index.digest);
        expect(digestsOf(await registry.readSnapshot([]))).toEqual(digestsIn(index));
        if (isGone) expect(await registry.deleteTag(parseTag('v1'), index.digest)).toEqual({ kind: 'already-gone' });
      });

      it('leave the manifest behind when the last one goes', async () => {
        const image = buildImage({ seed: 'nameless' });
        await repository.put(image, 'v1');
        const { kind } = await registry.deleteTag(parseTag('v1'), image.digest);
        const snapshot = await registry.readSnapshot([]);
        const isListed = kind !== 'deleted' || snapshot.capabilities.listUntagged;
        expect(digestsOf(snapshot)).toEqual(isListed ? [image.digest] : []);
        expect(bytesIn(await registry.readManifest(image.digest))).toEqual(bytesIn(image));
      });
    });

    describe('a look around', () => {
      it('finds new tags and, where the registry lists them, new untagged manifests', async () => {
        const image = buildImage({ seed: 'known' });
        const [tagged, untagged] = [buildImage({ seed: 'new' }), buildImage({ seed: 'new and nameless' })];
        await repository.put(image, 'v1');
        const snapshot = await registry.readSnapshot([]);
        const known = { tags: snapshot.tags, digests: new Set(snapshot.nodes.keys()) };
        expect(await registry.lookAround(known)).toMatchObject({ unresolved: [], untagged: [] });
        await repository.put(tagged, 'v2');
        await repository.put(untagged);
        const found = await registry.lookAround(known);
        expect(found.tags.get(parseTag('v2'))).toBe(tagged.digest);
        expect(found.unresolved).toEqual([]);
        expect(found.untagged).toEqual(snapshot.capabilities.listUntagged ? [untagged.digest] : []);
        expect(await registry.readEdges(tagged.digest)).toEqual([]);
      });

      it('at one digest tells its tags now, where the registry can', async () => {
        const image = buildImage({ seed: 'looked at' });
        await repository.put(image, 'v1');
        await registry.readSnapshot([]);
        await repository.put(image, 'v2');
        const tags = await registry.listTagsOf(image.digest);
        if (tags === 'unsupported') return;
        expect(tags).toEqual(['v1', 'v2']);
        expect(await registry.listTagsOf(NOWHERE)).toBe('absent');
      });
    });

    describe('manifests', () => {
      it('are read byte for byte, with their edges', async () => {
        const index = buildMultiArch('exact', { subject: buildImage({ seed: 'elsewhere' }) });
        await repository.put(index, 'v1');
        expect(bytesIn(await registry.readManifest(index.digest))).toEqual(bytesIn(index));
        const edges = [...index.children.map(({ digest }) => digest), buildImage({ seed: 'elsewhere' }).digest];
        expect(await registry.readEdges(index.digest)).toEqual(edges);
        expect(await registry.readEdges(edges[0] ?? NOWHERE)).toEqual([]);
        expect(await registry.readManifest(NOWHERE)).toBe('absent');
        expect(await registry.readEdges(NOWHERE)).toBe('absent');
      });

      it('are looked for without being read, where that saves anything', async () => {
        const image = buildImage({ seed: 'looked for' });
        await repository.put(image, 'v1');
        expect((await registry.hasManifest?.(image.digest)) ?? true).toBe(true);
        expect((await registry.hasManifest?.(NOWHERE)) ?? false).toBe(false);
      });

      it('are deleted with all their tags, once', async () => {
        const image = buildImage({ seed: 'to go' });
        const other = buildImage({ seed: 'to stay' });
        await repository.put(image, 'v1', 'v2');
        await repository.put(other, 'v3');
        const tags = [parseTag('v1'), parseTag('v2')];
        expect(await registry.deleteManifest(image.digest, tags)).toEqual({ kind: 'deleted' });
        expect((await registry.readManifest(image.digest)) === 'absent').toBe(!registry.capabilities.collectsUntagged);
        expect(await Promise.all(tags.map((tag) => registry.resolveTag(tag)))).toEqual(['absent', 'absent']);
        expect(await registry.deleteManifest(image.digest, tags)).toEqual({ kind: 'already-gone' });
        const snapshot = await registry.readSnapshot([]);
        expect([...snapshot.tags]).toEqual([['v3', other.digest]]);
        expect(digestsOf(snapshot)).toEqual([other.digest]);
      });

      it('leave their children when an index goes, until these are deleted too', async () => {
        const index = buildMultiArch('from the top');
        const other = buildImage({ seed: 'to stay' });
        await repository.put(index, 'v1');
        await repository.put(other, 'v2');
        const children = index.children.map(({ digest }) => digest);
        expect(await registry.deleteManifest(index.digest, [parseTag('v1')])).toEqual({ kind: 'deleted' });
        // Nobody knows how long a registry takes that collects by itself, and it needs no help.
        const { collectsUntagged } = registry.capabilities;
        expect((await registry.readEdges(index.digest)) === 'absent').toBe(!collectsUntagged);
        const left = await registry.readSnapshot(children);
        expect(digestsOf(left)).toEqual([...children, other.digest].sort());
        for (const child of children) {
          const { kind } = await registry.deleteManifest(child, []);
          expect(kind).toBe(collectsUntagged ? 'protected' : 'deleted');
        }
        const last = collectsUntagged ? [...children, other.digest].sort() : [other.digest];
        expect(digestsOf(await registry.readSnapshot(children))).toEqual(last);
      });

      it('that an index lists are refused or deleted, as the capabilities say', async () => {
        const index = buildMultiArch('guarded');
        await repository.put(index, 'v1');
        const child = index.children[0]?.digest ?? NOWHERE;
        const { kind } = await registry.deleteManifest(child, []);
        const { childProtected, collectsUntagged } = registry.capabilities;
        const refused = collectsUntagged ? 'protected' : 'refused';
        expect(kind).toBe(childProtected || collectsUntagged ? refused : 'deleted');
        expect((await registry.readManifest(child)) !== 'absent').toBe(childProtected || collectsUntagged);
      });

      it('name blobs that can be looked for, where manifests can be put back', async () => {
        const image = buildImage({ seed: 'looked into' });
        await repository.put(image, 'v1');
        expect(registry.hasBlob !== undefined).toBe(registry.capabilities.undo === 'put-manifest');
        if (registry.hasBlob === undefined) return;
        for (const { digest } of image.blobs) expect(await registry.hasBlob(digest)).toBe(true);
        expect(await registry.hasBlob(NOWHERE)).toBe(false);
      });

      it('can be put back, as far as the capabilities say', async () => {
        const image = buildImage({ seed: 'there and back' });
        await repository.put(image, 'v1');
        await repository.put(buildImage({ seed: 'to stay' }), 'v3');
        const manifest = await registry.readManifest(image.digest);
        if (manifest === 'absent') throw new Error('It was put and is not there.');
        await registry.deleteManifest(image.digest, [parseTag('v1')]);
        const putBack = registry.putManifest(manifest, image.digest);
        if (registry.capabilities.undo === 'none') {
          await expect(putBack).rejects.toMatchObject({ name: 'RegistryError', code: 'REGISTRY_REFUSED' });
          return;
        }
        await putBack;
        await registry.putManifest(manifest, parseTag('v2'));
        const snapshot = await registry.readSnapshot([]);
        expect(snapshot.tags).toEqual(
          new Map([
            ['v2', image.digest],
            ['v3', buildImage({ seed: 'to stay' }).digest],
          ]),
        );
        expect(nodeOf(snapshot, image).content).toMatchObject({ kind: 'image', facts: { kind: 'read' } });
      });

      it('are restored with their tags, where the registry can', async () => {
        const index = buildMultiArch('gone and restored');
        await repository.put(index, 'v1', 'v2');
        await repository.put(buildImage({ seed: 'to stay' }), 'v3');
        expect('restore' in registry).toBe(registry.capabilities.undo === 'restore');
        if (registry.restore === undefined) return;
        const before = await registry.readSnapshot([]);
        const tags = [parseTag('v1'), parseTag('v2')];
        const children = index.children.map(({ digest }) => digest);
        await registry.deleteManifest(index.digest, tags);
        for (const child of children) await registry.deleteManifest(child, []);
        const answers: unknown[] = [];
        const wanted = [...children, index.digest, NOWHERE];
        await registry.restore(wanted, (digest, answer) => Promise.resolve(void answers.push([digest, answer])));
        expect(answers).toEqual([
          ...children.map((child) => [child, { kind: 'restored', tags: [] }]),
          [index.digest, { kind: 'restored', tags }],
          [NOWHERE, { kind: 'refused', why: matching(/deleted/) }],
        ]);
        const after = await registry.readSnapshot([]);
        expect(after.tags).toEqual(before.tags);
        expect(digestsOf(after)).toEqual(digestsOf(before));
        await registry.restore([index.digest], (_digest, answer) => Promise.resolve(void answers.push(answer)));
        expect(answers.at(-1)).toEqual({ kind: 'already-there', tags });
      });

      it('are not put at a digest that is not theirs', async () => {
        const image = buildImage({ seed: 'misplaced' });
        await repository.put(image, 'v1');
        const before = await repository.changes();
        const misplaced = registry.putManifest({ mediaType: image.mediaType, bytes: image.bytes }, NOWHERE);
        await expect(misplaced).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
        expect(await repository.changes()).toBe(before);
      });
    });

    describe('what is pushed', () => {
      it('is a Docker image of blobs and a manifest, which reads back', async () => {
        const labels = { from: 'a push' };
        const { dockerImage, dockerConfig } = TYPES;
        const image = buildImage({ seed: 'pushed', labels, mediaType: dockerImage, configType: dockerConfig });
        expect(await push(image, parseTag('pushed'))).toEqual({ isIndexed: false });
        const snapshot = await registry.readSnapshot([]);
        expect([...snapshot.tags]).toEqual([['pushed', image.digest]]);
        expect(nodeOf(snapshot, image).content).toMatchObject({ kind: 'image', facts: { kind: 'read', labels } });
        expect(bytesIn(await registry.readManifest(image.digest))).toEqual(bytesIn(image));
      });

      it('is not sent again when it is there', async () => {
        const image = buildImage({ seed: 'pushed twice' });
        await push(image, parseTag('v1'));
        const before = await repository.changes();
        for (const { bytes } of image.blobs) await registry.putBlob?.(bytes);
        expect(await repository.changes()).toBe(before);
      });

      it('is an artifact about an image, found by its subject where the answer promised that', async () => {
        const image = buildImage({ seed: 'about this' });
        await repository.put(image, 'v1');
        const artifact = buildArtifact('pushed', image, { note: 'x' });
        const { isIndexed } = await push(artifact, artifact.digest);
        const snapshot = await registry.readSnapshot([]);
        const { referrers, listUntagged } = snapshot.capabilities;
        if (isIndexed) expect(referrers).not.toBe('fallback-tags');
        expect(snapshot.nodes.has(artifact.digest)).toBe(isIndexed || listUntagged);
        await registry.putManifest({ mediaType: artifact.mediaType, bytes: artifact.bytes }, parseTag('artifact'));
        const node = nodeOf(await registry.readSnapshot([]), artifact);
        expect(node).toMatchObject({ subject: image.digest, tags: ['artifact'], annotations: { note: 'x' } });
        expect(node.artifactType).toBe('application/x.test');
      });

      it('tells its referrers at once, where the registry has an index of them', async () => {
        const image = buildImage({ seed: 'asked about' });
        await repository.put(image, 'v1');
        expect(registry.listReferrers).toBeUndefined();
        await registry.readSnapshot([]);
        expect(registry.listReferrers !== undefined).toBe(registry.capabilities.referrers === 'api');
        if (registry.listReferrers === undefined) return;
        expect(await registry.listReferrers(image.digest)).toEqual([]);
        const [one, two] = [buildArtifact('one', image), buildArtifact('two', image)];
        for (const artifact of [one, two]) expect((await push(artifact, artifact.digest)).isIndexed).toBe(true);
        expect([...(await registry.listReferrers(image.digest))].sort()).toEqual(digestsIn(one, two));
        expect(await registry.listReferrers(NOWHERE)).toEqual([]);
      });

      async function push(manifest: BuiltManifest, at: Digest | Tag): Promise<PutAnswer> {
        for (const { bytes } of manifest.blobs) await registry.putBlob?.(bytes);
        return registry.putManifest({ mediaType: manifest.mediaType, bytes: manifest.bytes }, at);
      }
    });

    it('may be closed twice', async () => {
      await registry.close();
      await registry.close();
    });
  });
}

function nodeOf(snapshot: Snapshot, manifest: BuiltManifest | undefined): ImageNode {
  const node = snapshot.nodes.get(manifest?.digest ?? NOWHERE);
  if (node === undefined) throw new Error(`The snapshot lacks ${manifest?.digest}.`);
  return node;
}

function digestsOf(snapshot: Snapshot): readonly Digest[] {
  return [...snapshot.nodes.keys()].sort();
}

/** All digests of these manifests and what they list, once, sorted. */
function digestsIn(...manifests: readonly BuiltManifest[]): readonly Digest[] {
  const all = manifests.flatMap((manifest) => [manifest.digest, ...digestsIn(...manifest.children)]);
  return [...new Set(all)].sort();
}

function bytesIn(manifest: { readonly mediaType: string; readonly bytes: Uint8Array } | 'absent'): unknown {
  if (manifest === 'absent') return 'absent';
  return { mediaType: manifest.mediaType, text: Buffer.from(manifest.bytes).toString('utf8') };
}
