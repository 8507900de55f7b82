// Which attestations are asked for the commit of their image: those alone that nothing else tells of, each once.

import { describe, expect, it } from 'vitest';
import type { Digest } from '../../src/model/reference.ts';
import type { ProvenanceFacts } from '../../src/model/snapshot.ts';
import { MAX_PROVENANCE_BYTES } from '../../src/registry/decode-provenance.ts';
import type { Registry } from '../../src/registry/port.ts';
import { type BuiltManifest, buildImage, buildIndex, pushImage } from '../builders/image.ts';
import {
  BUILT_COMMITS,
  buildAttestation,
  buildFromGit,
  buildIndexWith,
  PROVENANCE,
  readProvenance,
} from '../builders/provenance.ts';
import { openServerRegistry } from '../contract/registry-places.ts';
import { startFakeRegistry } from '../fakes/registry-server.ts';
import { matching } from '../support/typed-matchers.ts';

const REVISION = { 'org.opencontainers.image.revision': 'a'.repeat(40) };
const READ: ProvenanceFacts = {
  kind: 'read',
  predicateType: `${PROVENANCE}v1`,
  revisions: [{ commit: BUILT_COMMITS.git, source: 'https://github.com/team/app.git' }],
};

/** Pushes to a registry of its own, and reads it. */
async function readOf(
  pushed: readonly BuiltManifest[],
  options: { readonly wantsProvenance?: boolean; readonly read?: (registry: Registry) => Promise<unknown> } = {},
): Promise<{ nodes: ReadonlyMap<Digest, { readonly provenance?: ProvenanceFacts }>; blobs: readonly string[] }> {
  const { wantsProvenance = true } = options;
  const server = await startFakeRegistry();
  try {
    for (const [at, manifest] of pushed.entries())
      await pushImage(server.origin, 'team/app', { manifest, tags: [`v${at}`] });
    const before = server.log.length;
    const registry = await openServerRegistry(server, 'team/app', { wantsProvenance });
    const { nodes } = await registry.readSnapshot([]);
    await registry.close();
    const blobs = server.log.slice(before).flatMap((line) => /^GET .*\/blobs\/(.+)$/.exec(line)?.[1] ?? []);
    return { nodes, blobs };
  } finally {
    await server.stop();
  }
}

/** An image with this provenance beside it, and what came of it. */
async function provenanceOf(
  statements: Parameters<typeof buildAttestation>[0],
  image = buildImage({ seed: 'any' }),
): Promise<ProvenanceFacts | undefined> {
  const attestation = buildAttestation(statements);
  const { nodes } = await readOf([buildIndexWith(image, attestation)]);
  return nodes.get(attestation.digest)?.provenance;
}

const IMAGE = buildImage({ seed: 'any' });
const GOOD = readProvenance('v1-min-git', IMAGE.digest);
const predicateType = GOOD.predicateType;

describe('the provenance in an attestation', () => {
  it('is read once, for one request more', async () => {
    const { index, image, attestation } = buildFromGit('plain');
    const { nodes, blobs } = await readOf([index, index]);
    expect(nodes.get(attestation.digest)?.provenance).toEqual(READ);
    expect(nodes.get(image.digest)?.provenance).toBeUndefined();
    expect(new Set(blobs)).toEqual(new Set([image.blobs[0]?.digest, attestation.blobs[1]?.digest]));
    expect(blobs).toHaveLength(2);
  });

  it('is left alone where nobody wants it', async () => {
    const { index, image, attestation } = buildFromGit('plain');
    const { nodes, blobs } = await readOf([index], { wantsProvenance: false });
    expect(nodes.get(attestation.digest)?.provenance).toBeUndefined();
    expect(blobs).toEqual([image.blobs[0]?.digest]);
  });

  const labelled = buildImage({ seed: 'labelled', labels: REVISION });
  const annotated = buildImage({ seed: 'annotated', annotations: REVISION });
  const { attestation } = buildFromGit('told');
  const listed = buildIndex([
    { manifest: IMAGE, annotations: REVISION },
    { manifest: attestation, annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } },
  ]);
  it.each([
    ['a label of the image', buildIndexWith(labelled, attestation)],
    ['an annotation of the image', buildIndexWith(annotated, attestation)],
    ['an annotation of the index', buildIndexWith(IMAGE, attestation, { annotations: REVISION })],
    ['an annotation in the index, of what it lists', listed],
  ])('that cannot be understood is left out where %s names a revision', async (_name, index) => {
    const { nodes } = await readOf([index]);
    expect(nodes.get(attestation.digest)).toBeDefined();
    expect(nodes.get(attestation.digest)?.provenance).toBeUndefined();
  });

  it('is read although a label names a revision, which a base image may have handed down', async () => {
    const image = buildImage({ seed: 'heir', labels: REVISION });
    const content = readProvenance('v1-min-git', image.digest);
    expect(await provenanceOf([{ content, predicateType }], image)).toEqual(READ);
  });

  it('is read where the label is empty, as of a build without git', async () => {
    const image = buildImage({ seed: 'empty label', labels: { 'org.opencontainers.image.revision': '' } });
    const content = readProvenance('v1-min-git', image.digest);
    expect(await provenanceOf([{ content, predicateType }], image)).toEqual(READ);
  });

  it('is read where one of two indexes says nothing', async () => {
    const told = buildIndexWith(IMAGE, attestation, { annotations: REVISION });
    const { nodes } = await readOf([told, buildIndexWith(IMAGE, attestation)]);
    expect(nodes.get(attestation.digest)?.provenance?.kind).toBe('unread');
  });

  it('is told for each platform by its own attestation', async () => {
    const platforms = ['amd64', 'arm64'].map((name) => buildFromGit(name));
    const entries = platforms.flatMap((platform) => [
      { manifest: platform.image, platform: { os: 'linux', architecture: 'amd64' } },
      {
        manifest: platform.attestation,
        annotations: {
          'vnd.docker.reference.type': 'attestation-manifest',
          'vnd.docker.reference.digest': platform.image.digest,
        },
      },
    ]);
    const { nodes } = await readOf([buildIndex(entries)]);
    for (const platform of platforms) expect(nodes.get(platform.attestation.digest)?.provenance).toEqual(READ);
  });

  it('may be about any image of the index when the index does not say about which', async () => {
    const index = buildIndex([
      { manifest: IMAGE },
      {
        manifest: buildAttestation([{ content: GOOD, predicateType }]),
        annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
      },
    ]);
    const { nodes } = await readOf([index]);
    expect(nodes.get(index.children[1]?.digest ?? IMAGE.digest)?.provenance).toEqual(READ);
  });

  it('lies beside a bill of materials, which nobody reads', async () => {
    const bill = {
      content: { predicateType: 'https://spdx.dev/Document' },
      predicateType: 'https://spdx.dev/Document',
    };
    const both = buildAttestation([bill, { content: GOOD, predicateType }]);
    const { nodes, blobs } = await readOf([buildIndexWith(IMAGE, both)]);
    expect(nodes.get(both.digest)?.provenance).toEqual(READ);
    expect(blobs).not.toContain(both.blobs[1]?.digest);
  });

  it('is nothing where the attestation holds none', async () => {
    const content = { ...GOOD, predicateType: 'https://spdx.dev/Document' };
    expect(await provenanceOf([{ content, predicateType: content.predicateType }])).toBeUndefined();
    expect(await provenanceOf([{ content }])).toBeUndefined();
    expect(await provenanceOf([])).toBeUndefined();
  });

  it('is found in a statement that does not say what it is', async () => {
    expect(await provenanceOf([{ content: GOOD }])).toEqual(READ);
  });

  it('in several statements names all their commits', async () => {
    const other = readProvenance('v0.2-min-local-vcs', IMAGE.digest);
    const facts = await provenanceOf([
      { content: GOOD, predicateType },
      { content: other, predicateType: other.predicateType },
    ]);
    expect(facts).toMatchObject({ revisions: [{ commit: BUILT_COMMITS.git }, { commit: BUILT_COMMITS.local }] });
  });
});

describe('a provenance is unread, and says why,', () => {
  it.each<[string, Parameters<typeof buildAttestation>[0][number], RegExp]>([
    ['when it is corrupt', { content: Buffer.from('{') }, /^it is not JSON/],
    ['when it is about something else', { content: readProvenance('v1-min-git') }, /about something else/],
    [
      'when it says that it is larger than is read',
      { content: GOOD, size: MAX_PROVENANCE_BYTES + 1 },
      /has more than 8388608 bytes$/,
    ],
    ['when it is larger than it says', { content: GOOD, size: 10 }, /has more than 10 bytes$/],
  ])('%s', async (_name, statement, why) => {
    expect(await provenanceOf([{ predicateType, ...statement }])).toEqual({ kind: 'unread', why: matching(why) });
  });

  it('when the index says that it lies beside another image than it is about', async () => {
    const other = buildImage({ seed: 'other' });
    const index = buildIndexWith(IMAGE, buildAttestation([{ content: GOOD, predicateType }]), { about: other.digest });
    const { nodes } = await readOf([index]);
    expect(nodes.get(index.children[1]?.digest ?? IMAGE.digest)?.provenance?.kind).toBe('unread');
  });

  it('when one of two statements is', async () => {
    const facts = await provenanceOf([
      { content: GOOD, predicateType },
      { content: Buffer.from('x'), predicateType },
    ]);
    expect(facts?.kind).toBe('unread');
  });

  it('when its bytes are not there, or others', async () => {
    const { index, attestation } = buildFromGit('lost');
    const server = await startFakeRegistry();
    await pushImage(server.origin, 'team/app', { manifest: index, tags: ['v1'] });
    const statement = attestation.blobs[1];
    const why: unknown[] = [];
    for (const answer of [
      { status: 404, body: '' },
      { status: 200, body: '{}' },
    ]) {
      server.script = ({ path }) => (path.endsWith(`/blobs/${statement?.digest}`) ? answer : undefined);
      const registry = await openServerRegistry(server, 'team/app', { wantsProvenance: true });
      const { nodes } = await registry.readSnapshot([]);
      why.push(nodes.get(attestation.digest)?.provenance);
      await registry.close();
    }
    await server.stop();
    expect(why).toEqual([
      { kind: 'unread', why: `its statement ${statement?.digest} is not there` },
      { kind: 'unread', why: `its statement does not have the digest ${statement?.digest}` },
    ]);
  });
});

it('a provenance that nobody gets an answer about ends the reading', async () => {
  const { index, attestation } = buildFromGit('broken');
  const server = await startFakeRegistry();
  await pushImage(server.origin, 'team/app', { manifest: index, tags: ['v1'] });
  server.script = ({ path }) => (path.endsWith(`/blobs/${attestation.blobs[1]?.digest}`) ? { status: 500 } : undefined);
  const registry = await openServerRegistry(server, 'team/app', { wantsProvenance: true });
  await expect(registry.readSnapshot([])).rejects.toMatchObject({ name: 'NetworkError' });
  await registry.close();
  await server.stop();
});
