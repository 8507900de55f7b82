// improper-repo-cache: cache goes that no image needs which stays.

import { describe, expect, it } from 'vitest';
import { formatRepository, parseDigest } from '../../../src/model/reference.ts';
import { beginDecision } from '../../../src/policy/decide.ts';
import {
  buildkitImage,
  buildkitIndex,
  dappImage,
  dappStage,
  imageId,
  kanikoLayer,
  werf1Stage,
} from '../../builders/build-cache.ts';
import { digestOf, NOW, type NodeSpec, snapshotOf, usageOf } from '../../builders/snapshot.ts';
import { BY_NEED, cachePolicy, decideDeclared, decideOn, evidenceOf, hoursAgo, outcomeOf } from './world.ts';

const POLICY = cachePolicy(BY_NEED);
const APP: NodeSpec = { name: 'app', tags: ['app'], layers: ['base', 'app'] };
const OLD: NodeSpec = { name: 'old', tags: ['old'], layers: ['base', 'old'] };
const YOUNG = { created: hoursAgo(1) };
const SOME_DAYS = { created: hoursAgo(24 * 3) };
const EMPTY = 'sha256:4f4fb700ef54461cfa02571ae0db9a0dc1e0cdb5577484a6d75e68dc38e8acc1';

describe('a stage of dapp or werf 1', () => {
  it.each<[string, readonly NodeSpec[], string]>([
    [
      'stays when an image that stays was made from it',
      [dappImage('app', { from: 's' }), dappStage('s')],
      'cache-needed',
    ],
    ['goes when its image goes', [APP, dappImage('old', { from: 's' }), dappStage('s')], 'go: cache-unneeded'],
    ['goes when no image was made from it', [APP, dappStage('s')], 'go: cache-unneeded'],
    [
      'stays when a stage that is needed was made from it',
      [dappImage('app', { from: 't' }), dappStage('t', { from: 's' }), dappStage('s')],
      'cache-needed',
    ],
    [
      'stays as the source of an artifact of an image that stays',
      [dappImage('app', { labels: { 'dapp-artifact-builder': imageId('s') } }), dappStage('s')],
      'cache-needed',
    ],
    [
      "stays as an artifact's stage that is called by its signature, as dapp's last versions do",
      [dappImage('app', { labels: { 'dapp-artifact-builder': '1f2e' } }), dappStage('s', { tags: ['dimgstage-1f2e'] })],
      'cache-needed',
    ],
    [
      'stays as the source of an import that is called by its signature, with a time behind it',
      [
        dappImage('app', { labels: { 'werf-import-web': '1f2e' } }),
        werf1Stage('s', { tags: ['image-stage-1f2e-1610000000000'] }),
      ],
      'cache-needed',
    ],
    [
      "stays as an artifact's stage below a stage",
      [
        dappImage('app', { from: 't' }),
        dappStage('t', { labels: { 'dapp-artifact-builder': imageId('u') } }),
        dappStage('u', { from: 's' }),
        dappStage('s'),
      ],
      'cache-needed',
    ],
    [
      'stays when an image that stays begins with its layers',
      [APP, dappStage('s', { layers: ['base'] })],
      'cache-needed',
    ],
    [
      'goes when it has the same layers in another order',
      [APP, dappStage('s', { layers: ['app', 'base'] })],
      'go: cache-unneeded',
    ],
    ['goes when it has more layers', [APP, dappStage('s', { layers: ['base', 'app', 'more'] })], 'go: cache-unneeded'],
    ['stays when it has no layer at all', [APP, dappStage('s', { layers: [] })], 'cache-needed'],
    ['of a build that runs stays', [APP, dappStage('s', YOUNG)], 'cache-young'],
    ['of an unknown age stays', [APP, dappStage('s', { created: null })], 'cache-young'],
    ['without an image that stays, stays', [OLD, dappStage('s')], 'cache-proper'],
    ['alone in the repository stays', [dappStage('s')], 'cache-proper'],
    [
      'stays when the config of an image that stays could not be read',
      [{ name: 'app', tags: ['app'], unread: true }, dappStage('s')],
      'cache-needed',
    ],
    [
      'stays when an image that nobody understands names its layer',
      [
        { name: 'odd', tags: ['odd'], opaque: { mayListManifests: false, names: [digestOf('layer s')] } },
        dappStage('s'),
      ],
      'cache-needed',
    ],
    [
      'stays when an image that nobody understands names its config',
      [
        { name: 'odd', tags: ['odd'], opaque: { mayListManifests: false, names: [digestOf('config of s')] } },
        dappStage('s'),
      ],
      'cache-needed',
    ],
    [
      'goes when an image that nobody understands names something else',
      [
        { name: 'odd', tags: ['odd'], opaque: { mayListManifests: false, names: [digestOf('layer x')] } },
        dappStage('s'),
      ],
      'go: cache-unneeded',
    ],
    [
      'stays when nobody could look into an image that stays',
      [{ name: 'odd', tags: ['odd'], opaque: { mayListManifests: false } }, dappStage('s')],
      'cache-needed',
    ],
    [
      "of dapp's development mode is left alone",
      [APP, dappStage('s', { labels: { 'dapp-dev-mode': 'true' } })],
      'cache-proper',
    ],
    ['of werf 1 stays with its image', [{ ...APP, madeFrom: imageId('s') }, werf1Stage('s')], 'cache-needed'],
    [
      'of werf 1 stays as the source of an import',
      [{ ...APP, labels: { 'werf-import-abc': imageId('s') } }, werf1Stage('s')],
      'cache-needed',
    ],
    ['of werf 1 goes without one', [APP, werf1Stage('s')], 'go: cache-unneeded'],
    ['goes also untagged', [APP, dappStage('s', { tags: [] })], 'go: cache-unneeded'],
    [
      'untagged stays while something nobody understands may list it',
      [
        APP,
        dappStage('s', { tags: [] }),
        { name: 'odd', tags: ['odd'], opaque: { mayListManifests: true, names: [] } },
      ],
      'in-doubt',
    ],
    [
      'that an index lists which stays, stays',
      [{ name: 'list', tags: ['app'], lists: ['s'] }, dappStage('s')],
      'child',
    ],
    [
      'stays when a loop of stages leads to it',
      [dappImage('app', { from: 's' }), dappStage('s', { from: 't' }), dappStage('t', { from: 's' })],
      'cache-needed',
    ],
  ])('%s', (_, nodes, outcome) => {
    expect(outcomeOf(decideOn(nodes, POLICY), 's')).toBe(outcome);
  });

  it('stays when a cluster runs it', () => {
    const usage = usageOf(['registry.example.com/shop/app:dimgstage-s']);
    expect(outcomeOf(decideOn([APP, dappStage('s')], POLICY, { usage }), 's')).toBe('kubernetes');
  });

  it('of a running image stays: dapp deleted just those', () => {
    const nodes = [dappImage('old', { from: 's' }), dappStage('s')];
    const usage = usageOf(['registry.example.com/shop/app:old']);
    expect(outcomeOf(decideOn(nodes, POLICY, { usage }), 's')).toBe('cache-needed');
  });

  it('with a pinned tag stays', () => {
    const pins = { tags: ['app', 'dimgstage-s'], expressions: [], list: [] };
    expect(outcomeOf(decideOn([APP, dappStage('s')], cachePolicy(BY_NEED, { pins })), 's')).toBe('pin');
  });

  it('is decided as ever while no rule about cache is on', () => {
    const policy = cachePolicy({ ...BY_NEED, improperRepoCache: false });
    expect(outcomeOf(decideOn([APP, dappStage('s')], policy), 's')).toBe('go: unused');
  });

  it.each<[string, NodeSpec]>([
    ['its config', dappImage('app', { from: 't' })],
    ['its layers', dappImage('app', { layers: ['t'] })],
  ])('is not reached through one that goes for its version, by %s: the next run would not find it', (_, app) => {
    const improperCacheVersion = { current: '33', labels: ['dapp-cache-version'], tags: [] };
    const nodes = [app, dappStage('t', { from: 's', labels: { 'dapp-cache-version': '1' } }), dappStage('s')];
    const both = decideOn(nodes, cachePolicy({ ...BY_NEED, improperCacheVersion }));
    expect(['t', 's'].map((name) => outcomeOf(both, name))).toEqual(['go: cache-version', 'go: cache-unneeded']);
    expect(outcomeOf(decideOn(nodes, POLICY), 's')).toBe('cache-needed');
  });

  it('is not reached through what is no stage', () => {
    const nodes = [dappImage('app', { from: 'c' }), buildkitImage('c', ['x']), dappStage('s', { layers: ['x'] })];
    expect(outcomeOf(decideOn(nodes, POLICY), 's')).toBe('go: cache-unneeded');
  });

  it('keeps its signature', () => {
    const nodes = [dappImage('app', { from: 's' }), dappStage('s'), { name: 'sig', subject: 's' }];
    expect(outcomeOf(decideOn(nodes, POLICY), 'sig')).toBe('referrer');
  });

  it('of another project stays when ours is named', () => {
    const { werf } = POLICY;
    const nodes = [APP, dappStage('s')];
    const other = cachePolicy(BY_NEED, { werf: { ...werf, project: 'other' } });
    const ours = cachePolicy(BY_NEED, { werf: { ...werf, project: 'shop' } });
    expect([outcomeOf(decideOn(nodes, other), 's'), outcomeOf(decideOn(nodes, ours), 's')]).toEqual([
      'cache-proper',
      'go: cache-unneeded',
    ]);
  });
});

describe.each<[string, (name: string, layers: readonly string[], parts?: Partial<NodeSpec>) => NodeSpec]>([
  ['as an index', buildkitIndex],
  ['as an image', buildkitImage],
])("BuildKit's cache %s", (_, cache) => {
  it.each<[string, readonly NodeSpec[], string]>([
    ['stays with the image that was made with it', [APP, cache('c', ['base', 'app'])], 'cache-needed'],
    [
      'goes with the image that was made with it, though another has the same base',
      [APP, cache('mine', ['base', 'app']), OLD, cache('c', ['base', 'old'])],
      'go: cache-unneeded',
    ],
    ['that alone has the base of an image that stays, stays', [APP, OLD, cache('c', ['base', 'old'])], 'cache-needed'],
    [
      'that holds as much of an image as another stays',
      [APP, cache('mine', ['base', 'app']), cache('c', ['base', 'app', 'x'])],
      'cache-needed',
    ],
    [
      'of a build that runs stays',
      [APP, cache('mine', ['base', 'app']), OLD, cache('c', ['base', 'old'], YOUNG)],
      'cache-young',
    ],
    [
      'of an unknown age stays',
      [APP, cache('mine', ['base', 'app']), OLD, cache('c', ['base', 'old'], { created: null })],
      'cache-young',
    ],
    ['that has no layer of any image waits', [APP, cache('c', ['elsewhere'], SOME_DAYS)], 'cache-young'],
    ['that has no layer of any image goes in the end', [APP, cache('c', ['elsewhere'])], 'go: cache-unneeded'],
    [
      'is no image that others could be made for, also as a part of an index',
      [
        APP,
        { name: 'list', tags: ['app2'], lists: ['part'] },
        cache('part', ['elsewhere'], { tags: [] }),
        cache('c', ['elsewhere']),
      ],
      'go: cache-unneeded',
    ],
    ['without a layer waits', [APP, cache('c', [], SOME_DAYS)], 'cache-young'],
    ['without any image that stays, stays', [OLD, cache('c', ['base', 'old'])], 'cache-proper'],
    [
      'stays for a platform of an index that stays',
      [{ name: 'list', tags: ['app'], lists: ['amd'] }, { name: 'amd', layers: ['amd'] }, cache('c', ['amd'])],
      'cache-needed',
    ],
    [
      'goes with the platforms of an index that goes',
      [
        APP,
        { name: 'list', tags: ['old'], lists: ['amd'] },
        { name: 'amd', layers: ['amd'] },
        cache('c', ['amd'], SOME_DAYS),
      ],
      'go: cache-unneeded',
    ],
    [
      'stays when an image that nobody understands names its layer',
      [
        { name: 'odd', tags: ['odd'], opaque: { mayListManifests: false, names: [digestOf('layer x')] } },
        cache('c', ['x']),
      ],
      'cache-needed',
    ],
    [
      'stays when nobody could look into an image that stays',
      [APP, { name: 'odd', tags: ['odd'], opaque: { mayListManifests: false } }, cache('c', ['x'])],
      'cache-needed',
    ],
  ])('%s', (_name, nodes, outcome) => {
    expect(outcomeOf(decideOn(nodes, POLICY), 'c')).toBe(outcome);
  });

  it('of another version is no best one: the next stays', () => {
    const nodes = [
      APP,
      cache('v1', ['base', 'app'], { tags: ['cache-v1'] }),
      cache('c', ['base'], { tags: ['cache-v2'] }),
    ];
    const improperCacheVersion = { current: '2', labels: [], tags: ['^cache-v(\\d+)$'] };
    const found = decideOn(nodes, cachePolicy({ ...BY_NEED, improperCacheVersion }));
    expect(['v1', 'c'].map((name) => outcomeOf(found, name))).toEqual(['go: cache-version', 'cache-proper']);
  });

  it('with nothing but a layer without files in common belongs to nothing', () => {
    const snapshot = snapshotOf([APP, cache('c', ['x'], SOME_DAYS)]);
    const shared = [...snapshot.nodes].map(([digest, node]) => {
      const blob = {
        digest: parseDigest(EMPTY),
        sizeBytes: 32,
        mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
      };
      const { content } = node;
      if (content.kind === 'image')
        return [digest, { ...node, content: { ...content, layers: [...content.layers, blob] } }] as const;
      if (content.kind === 'index')
        return [digest, { ...node, content: { ...content, blobs: [...content.blobs, blob] } }] as const;
      return [digest, node] as const;
    });
    const found = decideOn([], POLICY, { snapshot: { ...snapshot, nodes: new Map(shared) } });
    expect(outcomeOf(found, 'c')).toBe('cache-young');
  });
});

describe("Kaniko's layers in a declared repository", () => {
  const images = [APP, OLD];
  it.each<[string, readonly NodeSpec[], readonly NodeSpec[], string]>([
    ['stay with an image that has them', images, [kanikoLayer('k', 'app')], 'cache-needed'],
    ['that several images have stay with one of them', images, [kanikoLayer('k', 'base')], 'cache-needed'],
    ['go with the image that had them', images, [kanikoLayer('k', 'old', SOME_DAYS)], 'go: cache-unneeded'],
    ['of a build that runs stay', images, [kanikoLayer('k', 'old', YOUNG)], 'cache-young'],
    ['of an unknown age stay', images, [kanikoLayer('k', 'old', { created: null })], 'cache-young'],
    ['of an intermediate stage wait', images, [kanikoLayer('k', 'elsewhere', SOME_DAYS)], 'cache-young'],
    ['of an intermediate stage go in the end', images, [kanikoLayer('k', 'elsewhere')], 'go: cache-unneeded'],
    ['stay without any image that stays', [OLD], [kanikoLayer('k', 'old')], 'cache-proper'],
    ['stay beside an empty repository', [], [kanikoLayer('k', 'old')], 'cache-proper'],
    [
      'stay when nobody could look into an image that stays',
      [APP, { name: 'odd', tags: ['odd'], opaque: { mayListManifests: false } }],
      [kanikoLayer('k', 'old')],
      'cache-needed',
    ],
  ])('%s', (_, present, nodes, outcome) => {
    expect(outcomeOf(decideDeclared({ images: present, nodes }, POLICY), 'k')).toBe(outcome);
  });

  it('stay while images stay nowhere but beside them', () => {
    const nodes = [kanikoLayer('k', 'old'), { name: 'stray', tags: ['v1'] }];
    expect(outcomeOf(decideDeclared({ images: [], nodes }, POLICY), 'k')).toBe('cache-proper');
  });

  it('name the repository of the image that needs them', () => {
    const found = decideDeclared({ images, nodes: [kanikoLayer('k', 'app')] }, POLICY);
    expect(found.decisions.get(digestOf('k'))?.reasons).toEqual([
      {
        rule: 'cache-needed',
        by: digestOf('app'),
        repository: 'registry.example.com/shop/images',
        how: 'its layer is one of that',
      },
    ]);
  });
});

describe('several repositories', () => {
  it('keep what an image in any of them needs', () => {
    const policy = POLICY;
    const here = beginDecision(evidenceOf([APP, dappStage('s'), buildkitIndex('c', ['elsewhere'])]), policy, NOW);
    const there = beginDecision(
      evidenceOf([dappImage('app', { from: 's' }), { name: 'app2', tags: ['app2'], layers: ['elsewhere'] }]),
      policy,
      NOW,
    );
    const alone = here.finish([]);
    const both = here.finish([{ ...there.built, repository: 'registry.example.com/shop/other' }]);
    expect(['s', 'c'].map((name) => outcomeOf(alone, name))).toEqual(['go: cache-unneeded', 'go: cache-unneeded']);
    expect(['s', 'c'].map((name) => outcomeOf(both, name))).toEqual(['cache-needed', 'cache-needed']);
  });

  it('follow what was made from what through stages elsewhere, whatever becomes of these', () => {
    const here = beginDecision(evidenceOf([APP, dappStage('s')]), POLICY, NOW);
    const stages = beginDecision(evidenceOf([dappStage('t', { from: 's' })]), POLICY, NOW);
    const images = beginDecision(evidenceOf([dappImage('app', { from: 't' })]), POLICY, NOW);
    const others = [
      { ...stages.built, repository: 'registry.example.com/shop/stages' },
      { ...images.built, repository: 'registry.example.com/shop/images' },
    ];
    expect(outcomeOf(here.finish(others), 's')).toBe('cache-needed');
    expect(outcomeOf(here.finish(others.slice(0, 1)), 's')).toBe('go: cache-unneeded');
  });

  it('are called by their full names', () => {
    const { built } = beginDecision(evidenceOf([APP]), POLICY, NOW);
    expect(built.repository).toBe(formatRepository(snapshotOf([]).repository));
  });
});

describe('remarks', () => {
  it('count what belongs to no image, whether it waits or goes', () => {
    const nodes = [APP, buildkitIndex('c', ['x'], SOME_DAYS), buildkitIndex('d', ['y']), buildkitIndex('e', ['app'])];
    const { remarks } = decideOn(nodes, POLICY);
    expect(remarks.map(({ code, text }) => `${code}: ${text}`)).toEqual([
      'unattributed-cache: 2 build caches share no layer with any image here, as those of intermediate build stages do not: they go 14d after they were made',
    ]);
  });
});
