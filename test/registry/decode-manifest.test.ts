// Decoding of manifests and configs: exact or opaque, never a guess.

import { describe, expect, it } from 'vitest';
import { decodeConfig } from '../../src/registry/decode-config.ts';
import { decodeManifest, edgesOf, guessManifestType } from '../../src/registry/decode-manifest.ts';
import {
  buildArtifact,
  buildCacheIndex,
  buildImage,
  buildIndex,
  buildMultiArch,
  buildOldArtifact,
  buildSchema1,
  TYPES,
} from '../builders/image.ts';

const HEX = 'a'.repeat(64);
const DIGEST = `sha256:${HEX}`;
const LAYER = { mediaType: TYPES.layer, digest: DIGEST, size: 3 };
const CONFIG = { mediaType: TYPES.config, digest: DIGEST, size: 2 };
const CHILD = { mediaType: TYPES.image, digest: DIGEST, size: 5 };
const IMAGE = { schemaVersion: 2, mediaType: TYPES.image, config: CONFIG, layers: [LAYER] };
const INDEX = { schemaVersion: 2, mediaType: TYPES.index, manifests: [CHILD] };

function bytesOf(json: unknown): Uint8Array {
  return Buffer.from(typeof json === 'string' ? json : JSON.stringify(json));
}

function anyWords(): unknown {
  return expect.stringMatching(/./);
}

function textWith(part: string): unknown {
  return expect.stringContaining(part);
}

describe('a manifest that decodes exactly', () => {
  it.each([
    ['an OCI image', buildImage({ annotations: { a: 'b' } }), 'image'],
    ['a Docker image', buildImage({ mediaType: TYPES.dockerImage, configType: TYPES.dockerConfig }), 'image'],
    ['an OCI index', buildMultiArch('x'), 'index'],
    ['a Docker manifest list', buildMultiArch('x', { mediaType: TYPES.dockerList }), 'index'],
    ['an artifact with a subject', buildArtifact('x', buildImage()), 'image'],
    ['an old artifact manifest', buildOldArtifact('x', buildImage()), 'index'],
    ['an empty index', buildIndex([]), 'index'],
  ])('%s keeps its kind and its type', (_name, built, kind) => {
    const decoded = decodeManifest(built.bytes, built.mediaType);
    expect([decoded.content.kind, decoded.mediaType]).toEqual([kind, built.mediaType]);
  });

  it.each([
    ['with parameters and capitals', `${TYPES.image.toUpperCase()}; charset=utf-8`],
    ['missing', undefined],
    ['empty', ' '],
  ])('is known by its own type when the declared one is %s', (_name, declared) => {
    expect(decodeManifest(bytesOf(IMAGE), declared)).toMatchObject({
      content: { kind: 'image' },
      mediaType: TYPES.image,
    });
  });

  it('may leave its type to the declaration, as the image specification allows', () => {
    const { mediaType: _own, ...untyped } = INDEX;
    expect(decodeManifest(bytesOf(untyped), TYPES.index).content.kind).toBe('index');
  });

  it('takes null for lists, annotations and subject, as Go writes them', () => {
    const json = { ...IMAGE, layers: null, annotations: null, subject: null };
    expect(decodeManifest(bytesOf(json), TYPES.image)).toMatchObject({
      content: { kind: 'image', layers: [] },
      annotations: {},
    });
    expect(decodeManifest(bytesOf({ ...INDEX, manifests: null }), TYPES.index).content).toMatchObject({ children: [] });
  });

  it('keeps children twice when they are listed twice, and names each edge once', () => {
    const subject = { mediaType: TYPES.image, digest: `sha256:${'b'.repeat(64)}`, size: 1 };
    const decoded = decodeManifest(bytesOf({ ...INDEX, manifests: [CHILD, CHILD], subject }), TYPES.index);
    expect(decoded.content).toMatchObject({ children: [{ digest: DIGEST }, { digest: DIGEST }] });
    expect(edgesOf(decoded)).toEqual([DIGEST, subject.digest]);
  });

  it.each([
    [{ os: 'linux', architecture: 'arm', variant: 'v7' }, 'linux/arm/v7'],
    [{ os: 'unknown', architecture: 'unknown' }, 'unknown/unknown'],
    [{ os: '', architecture: '' }, undefined],
    [null, undefined],
    [undefined, undefined],
  ])('writes the platform %j as %s', (platform, expected) => {
    const decoded = decodeManifest(bytesOf({ ...INDEX, manifests: [{ ...CHILD, platform }] }), TYPES.index);
    expect(decoded.content.kind === 'index' ? decoded.content.children[0]?.platform : 'no index').toBe(expected);
  });

  it('tells the entries of a build cache that are blobs from children', () => {
    const cache = buildCacheIndex('x');
    const decoded = decodeManifest(cache.bytes, cache.mediaType);
    expect(decoded.content).toMatchObject({
      kind: 'index',
      children: [],
      blobs: [{ mediaType: TYPES.layer }, { mediaType: TYPES.cacheConfig }],
    });
    expect(edgesOf(decoded)).toEqual([]);
  });

  it('takes an entry of an unknown type for a child', () => {
    const decoded = decodeManifest(
      bytesOf({ ...INDEX, manifests: [{ ...CHILD, mediaType: 'application/x.new' }] }),
      TYPES.index,
    );
    expect(edgesOf(decoded)).toEqual([DIGEST]);
  });

  it('does not let an annotation called __proto__ do harm', () => {
    const text = JSON.stringify(IMAGE).replace('{', '{"annotations":{"__proto__":"x","a":"b"},');
    expect(decodeManifest(bytesOf(text), TYPES.image).annotations).toEqual({ a: 'b' });
  });
});

describe('a manifest that does not decode exactly is opaque', () => {
  it.each<[string, unknown, string | undefined, boolean]>([
    ['no JSON', '<html>', TYPES.image, true],
    ['cut JSON', JSON.stringify(IMAGE).slice(0, -1), TYPES.image, true],
    ['a JSON array', [], TYPES.index, true],
    ['nothing at all', '', TYPES.image, true],
    ['an image served as an index', IMAGE, TYPES.index, true],
    ['an index served as an image', INDEX, TYPES.image, true],
    ['an image served as plain JSON', IMAGE, 'application/json', true],
    ['an image and an index at once', { ...IMAGE, manifests: [CHILD] }, TYPES.image, true],
    ['an index with a config', { ...INDEX, config: CONFIG }, TYPES.index, true],
    ['a key that Go reads in another case', { ...IMAGE, Manifests: [CHILD] }, TYPES.image, true],
    ['a subject in another case', { ...IMAGE, Subject: CHILD }, TYPES.image, true],
    ['a type that is no text', { ...IMAGE, mediaType: 2 }, TYPES.image, true],
    ['no type anywhere', { schemaVersion: 2, manifests: [] }, undefined, true],
    ['an unknown type', { manifests: [CHILD] }, 'application/x.unknown', true],
    [
      'an index with a child without a digest',
      { ...INDEX, manifests: [CHILD, { ...CHILD, digest: undefined }] },
      TYPES.index,
      true,
    ],
    [
      'an index with a child of an unknown algorithm',
      { ...INDEX, manifests: [{ ...CHILD, digest: `blake3:${HEX}` }] },
      TYPES.index,
      true,
    ],
    ['an index with a child that is no object', { ...INDEX, manifests: [CHILD, null] }, TYPES.index, true],
    ['an index whose list is an object', { ...INDEX, manifests: {} }, TYPES.index, true],
    ['an index without a list', { schemaVersion: 2, mediaType: TYPES.index }, TYPES.index, true],
    ['an index of schema version 3', { ...INDEX, schemaVersion: 3 }, TYPES.index, true],
    ['an index with a malformed subject', { ...INDEX, subject: 'x' }, TYPES.index, true],
    ['an image with a malformed subject', { ...IMAGE, subject: { digest: DIGEST } }, TYPES.image, true],
    ['an image without a config', { ...IMAGE, config: undefined }, TYPES.image, false],
    ['an image with a layer of negative size', { ...IMAGE, layers: [{ ...LAYER, size: -1 }] }, TYPES.image, false],
    ['an image with annotations that are no text', { ...IMAGE, annotations: { a: 1 } }, TYPES.image, false],
    [
      'an image with a platform that is no object',
      { ...IMAGE, config: { ...CONFIG, platform: 'x' } },
      TYPES.image,
      false,
    ],
    ['an image with a type of artifact that is no text', { ...IMAGE, artifactType: 1 }, TYPES.image, false],
    ['a Docker image that calls itself an OCI image', { ...IMAGE }, TYPES.dockerImage, false],
    ['an index served as Docker schema 1', INDEX, TYPES.schema1, true],
    ['an untyped index served as Docker schema 1', { schemaVersion: 1, manifests: [] }, TYPES.schema1, true],
    ['Docker schema 1', { schemaVersion: 1, fsLayers: [] }, TYPES.schema1, false],
    ['an artifact manifest with manifests', { blobs: [], manifests: [] }, TYPES.artifact, true],
  ])('%s', (_name, ...[json, declared, mayListManifests]) => {
    const { content } = decodeManifest(bytesOf(json), declared);
    expect(content).toMatchObject({ kind: 'opaque', why: anyWords(), mayListManifests });
  });

  it.each([
    ['of an unknown type', `{"mediaType":"x/y","list":[{"deep":"${DIGEST}"}]}`],
    ['spelt with escapes', `{"mediaType":"x/y","list":["${DIGEST.replace(':', '\\u003a')}"]}`],
    ['that is cut', `{"manifests":[{"digest":"${DIGEST}"`],
  ])('and tells every digest in its bytes: one %s', (_name, text) => {
    expect(decodeManifest(Buffer.from(text), undefined).content).toMatchObject({ kind: 'opaque', names: [DIGEST] });
  });

  it('and keeps the subject and annotations that can be read', () => {
    const subject = { mediaType: TYPES.image, digest: DIGEST, size: 1 };
    const json = { ...IMAGE, config: {}, subject, annotations: { a: 'b' }, artifactType: 'x/y' };
    expect(decodeManifest(bytesOf(json), TYPES.image)).toMatchObject({
      content: { kind: 'opaque' },
      subject: DIGEST,
      annotations: { a: 'b' },
      artifactType: 'x/y',
    });
  });

  it('when its bytes are not UTF-8', () => {
    const bytes = Buffer.concat([
      bytesOf(JSON.stringify(IMAGE).slice(0, -1)),
      Buffer.from([0x2c, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    ]);
    expect(decodeManifest(bytes, TYPES.image).content.kind).toBe('opaque');
  });

  it('and says why in words', () => {
    expect(decodeManifest(bytesOf(IMAGE), TYPES.index).content).toMatchObject({
      why: `it was served as ${TYPES.index} and says ${TYPES.image} itself`,
    });
    expect(decodeManifest(bytesOf({ ...INDEX, manifests: [{}] }), TYPES.index).content).toMatchObject({
      why: textWith('manifests.0.mediaType is malformed'),
    });
  });
});

describe('the type of bytes that nobody declared', () => {
  it.each([
    ['its own word', bytesOf(INDEX), TYPES.index],
    ['its own word, though nobody knows it', bytesOf({ mediaType: 'application/x' }), 'application/x'],
    ['the shape of an index', bytesOf({ manifests: [] }), TYPES.index],
    ['the shape of an image', bytesOf({ config: {}, layers: [] }), TYPES.image],
    ['the shape of Docker schema 1', buildSchema1('x').bytes, TYPES.schema1],
    ['nothing, for a config', buildImage().blobs[0]?.bytes ?? bytesOf(''), undefined],
    ['nothing, for a layer', bytesOf('layer'), undefined],
  ])('is %s', (_name, bytes, expected) => {
    expect(guessManifestType(bytes)).toBe(expected);
  });
});

describe('a config', () => {
  it.each<[string, unknown, unknown]>([
    [
      'with labels and a time',
      { created: 'T', config: { Labels: { a: 'b' } } },
      { kind: 'read', labels: { a: 'b' }, created: 'T' },
    ],
    ['with labels in lower case', { config: { labels: { a: 'b' } } }, { kind: 'read', labels: { a: 'b' } }],
    ['with nulls, as Docker writes them', { created: null, config: { Labels: null } }, { kind: 'read', labels: {} }],
    [
      'with the image that it was made from',
      { config: { Image: 'sha256:1' } },
      { kind: 'read', labels: {}, madeFrom: 'sha256:1' },
    ],
    [
      'with an empty image, as Docker writes it for a first layer',
      { config: { Image: '' } },
      { kind: 'read', labels: {} },
    ],
    ['with an image that is no text', { config: { Image: 5 } }, { kind: 'read', labels: {} }],
    ['without anything', {}, { kind: 'read', labels: {} }],
    ['of Docker without a config', { config: null }, { kind: 'read', labels: {} }],
  ])('%s is read', (_name, json, facts) => {
    expect(decodeConfig(bytesOf(json))).toEqual(facts);
  });

  it.each<[string, object, boolean]>([
    ['of one step is', {}, true],
    ['of an image that runs on a system is none', { os: 'linux' }, false],
    ['of an image with a step of another builder is none', { history: [{ author: 'kaniko' }, {}] }, false],
    ['without a step is none', { history: [] }, false],
    ['without a word of steps is none', { history: null }, false],
    ['with steps that are no list is none, and read', { history: 'kaniko' }, false],
  ])("of Kaniko's: a config %s", (_name, parts, isKanikoStep) => {
    const json = {
      architecture: '',
      os: '',
      config: {},
      history: [{ author: 'kaniko', created_by: 'RUN x' }],
      ...parts,
    };
    expect(decodeConfig(bytesOf(json))).toEqual({
      kind: 'read',
      labels: {},
      ...(isKanikoStep ? { isKanikoStep } : {}),
    });
  });

  it.each<[string, unknown]>([
    ['that is no JSON', '{'],
    ['that is a list', []],
    ['with a label that is no text', { config: { Labels: { a: 1 } } }],
    ['with labels that are a list', { config: { Labels: ['a'] } }],
    ['with a time that is no text', { created: 5 }],
  ])('%s is unread, never empty', (_name, json) => {
    expect(decodeConfig(bytesOf(json))).toEqual({ kind: 'unread', why: anyWords() });
  });
});
