import { describe, expect, it } from 'vitest';
import { buildImageGraph } from '../../../src/model/image-graph.ts';
import { recognizeCaches } from '../../../src/policy/cache/recognize-cache.ts';
import {
  buildkitImage,
  buildkitIndex,
  dappImage,
  dappStage,
  kanikoKey,
  kanikoLayer,
  werf1Stage,
} from '../../builders/build-cache.ts';
import { digestOf, type NodeSpec, referrerTagOf, snapshotOf } from '../../builders/snapshot.ts';

/** A program and nothing else, as builders of static programs leave it. */
const HASHED: NodeSpec = { name: 'a', tags: [kanikoKey('a')], layers: ['x'] };
const STAGE_OF_LATER_WERF = { 'werf-stage-content-digest': 'abc' };

describe('build cache', () => {
  it.each<[string, NodeSpec, string | undefined]>([
    ["dapp's stage is", dappStage('a'), 'dapp'],
    ["dapp's stage without a tag is, by its project", dappStage('a', { tags: [] }), 'dapp'],
    ["dapp's stage with two tags of stages is", dappStage('a', { tags: ['dimgstage-a', 'dimgstage-b'] }), 'dapp'],
    ["dapp's stage with a tag of its own is an image", dappStage('a', { tags: ['dimgstage-a', 'v1.0'] }), undefined],
    ["a tag of a stage's shape alone is none", { name: 'a', tags: ['dimgstage-a'] }, undefined],
    ["dapp's image is none, whatever its tag", dappImage('a', { tags: ['dimgstage-a'] }), undefined],
    ['an untagged image with half of the labels is none', { name: 'a', labels: { 'dapp-dimg': 'false' } }, undefined],
    ['a stage whose config could not be read is none', dappStage('a', { unread: true }), undefined],
    ['a stage of werf 1 is', werf1Stage('a'), 'werf'],
    [
      'a stage of werf 1 with a tag of its own is an image',
      werf1Stage('a', { tags: ['image-stage-a', 'v1'] }),
      undefined,
    ],
    ['an untagged stage of werf may be of a later version', werf1Stage('a', { tags: [] }), undefined],
    ['a stage of a later werf is none', werf1Stage('a', { labels: STAGE_OF_LATER_WERF }), undefined],
    ["BuildKit's index of blobs is", buildkitIndex('a', ['x']), 'buildkit'],
    ["BuildKit's image with a config of cache is", buildkitImage('a', ['x']), 'buildkit'],
    ["BuildKit's cache that another one took the tag from is", buildkitImage('a', ['x'], { tags: [] }), 'buildkit'],
    ['the name of its tag proves nothing', { name: 'a', tags: ['buildcache'] }, undefined],
    ["Kaniko's layer is an image where nobody declared otherwise", kanikoLayer('a', 'x'), undefined],
  ])('%s', (_, spec, kind) => {
    expect(kindOf(spec, false)).toBe(kind);
  });

  it.each<[string, NodeSpec, string | undefined]>([
    ["Kaniko's layer is", kanikoLayer('a', 'x'), 'kaniko'],
    ["Kaniko's step without a layer is", kanikoLayer('a', 'x', { layers: [] }), 'kaniko'],
    ["Kaniko's layer that was pushed again under its key is", kanikoLayer('a', 'x', { tags: [] }), 'kaniko'],
    ['an image that another builder tags by a hash is none, also one without labels', HASHED, undefined],
    ['an image that lost its tag is none', { ...HASHED, tags: [] }, undefined],
    ['one further tag makes it an image', kanikoLayer('a', 'x', { tags: [kanikoKey('a'), 'v1'] }), undefined],
    ['a shorter key is none', kanikoLayer('a', 'x', { tags: [kanikoKey('a').slice(1)] }), undefined],
    ['two layers are an image', kanikoLayer('a', 'x', { layers: ['x', 'y'] }), undefined],
    ['labels are of an image', kanikoLayer('a', 'x', { labels: { maintainer: 'me' } }), undefined],
    ['what could not be read is none', kanikoLayer('a', 'x', { unread: true }), undefined],
    ['an artifact is none', kanikoLayer('a', 'x', { artifactType: 'application/vnd.example' }), undefined],
    [
      "a chart's config is none",
      kanikoLayer('a', 'x', { configType: 'application/vnd.cncf.helm.config.v1+json' }),
      undefined,
    ],
    ['an index is none', { name: 'a', tags: [kanikoKey('a')], lists: ['b'] }, undefined],
    ["BuildKit's is there too", buildkitIndex('a', ['x']), 'buildkit'],
  ])('in a declared repository: %s', (_, spec, kind) => {
    expect(kindOf(spec, true)).toBe(kind);
  });

  it.each([
    ['without a tag', dappStage('a', { tags: [] }), false],
    ['under the tag of a stage', dappStage('a'), false],
    ["under Kaniko's key", kanikoLayer('a', 'x'), true],
    ["of BuildKit's", buildkitImage('a', ['x']), false],
  ])('is nothing that an index lists, %s', (_, spec, isDeclared) => {
    const nodes = [spec, { name: 'index', tags: ['v1'], lists: ['a'] }];
    expect(cachesIn(nodes, isDeclared).size).toBe(0);
  });

  it('is nothing that belongs to an image', () => {
    const nodes = [{ name: 'app', tags: ['app'] }, buildkitImage('a', ['x'], { tags: [referrerTagOf('app', '.sig')] })];
    expect(cachesIn(nodes, false).size).toBe(0);
  });

  it('is no index that lists manifests beside its config', () => {
    const snapshot = snapshotOf([buildkitIndex('a', ['x']), { name: 'amd', tags: [] }]);
    const node = snapshot.nodes.get(digestOf('a'));
    if (node?.content.kind !== 'index') throw new Error('the builder makes an index');
    const child = {
      digest: digestOf('amd'),
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      sizeBytes: 1,
      annotations: {},
    };
    const mixed = { ...node, content: { ...node.content, children: [child] } };
    const graph = buildImageGraph({ nodes: new Map([...snapshot.nodes, [node.digest, mixed]]) });
    expect(recognizeCaches(graph, { isDeclared: false }).size).toBe(0);
  });

  it("tells dapp's development mode and the project", () => {
    const dev = dappStage('a', { labels: { 'dapp-dev-mode': 'true' } });
    expect(cachesIn([dev], false).get(digestOf('a'))).toMatchObject({ isDev: true, project: 'shop' });
    expect(cachesIn([dappStage('a')], false).get(digestOf('a'))).toMatchObject({ isDev: false });
  });
});

function kindOf(spec: NodeSpec, isDeclared: boolean): string | undefined {
  return cachesIn([spec], isDeclared).get(digestOf(spec.name))?.kind;
}

function cachesIn(nodes: readonly NodeSpec[], isDeclared: boolean) {
  return recognizeCaches(buildImageGraph(snapshotOf(nodes)), { isDeclared });
}
