// Repositories with build cache of every kind, with images, signatures and indexes among it, and policies for them.

import fc from 'fast-check';
import type { CachePolicy, Policy } from '../../../src/model/policy.ts';
import {
  buildkitImage,
  buildkitIndex,
  dappStage,
  gitLabels,
  imageId,
  kanikoLayer,
} from '../../builders/build-cache.ts';
import { commitIdOf } from '../../builders/history.ts';
import { digestOf, LONG_AGO, type NodeSpec } from '../../builders/snapshot.ts';
import { cacheOf, cachePolicy, hoursAgo } from './world.ts';

/** Nodes of the repository, by the names `n0` and so on. */
export const COUNT = 10;

/** One repository, and the images of others. */
export interface World {
  readonly nodes: readonly NodeSpec[];
  readonly others: readonly NodeSpec[];
  readonly policy: Policy;
}

/** Any of them. */
export function worlds(): fc.Arbitrary<World> {
  return fc.record({
    nodes: fc.tuple(...Array.from({ length: COUNT }, (_, at) => nodeAt(at))),
    others: fc.tuple(...Array.from({ length: 4 }, (_, at) => imageAt(COUNT + 2 + at))),
    policy: policies(),
  });
}

function nodeAt(at: number): fc.Arbitrary<NodeSpec> {
  return fc.oneof(imageAt(at), cacheAt(at), cacheAt(at), attachedAt(at));
}

function attachedAt(at: number): fc.Arbitrary<NodeSpec> {
  const other = fc.integer({ min: 0, max: COUNT - 1 }).map((n) => `n${n}`);
  return fc.oneof(
    other
      .filter((name) => name !== `n${at}`)
      .map((subject) => ({ name: `n${at}`, subject, labels: { kind: 'signature' } })),
    fc
      .uniqueArray(other, { minLength: 1, maxLength: 2 })
      .map((lists) => ({ name: `n${at}`, tags: [`list-${at}`], lists })),
  );
}

/** An image: pinned or not, understood or not. */
export function imageAt(at: number): fc.Arbitrary<NodeSpec> {
  return fc
    .record({
      isPinned: fc.boolean(),
      layers: layers(),
      from: fc.option(nodeName()),
      artifact: fc.option(nodeName(), { freq: 3 }),
      isUnread: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
      opaque: fc.integer({ min: 0, max: 14 }),
    })
    .map(
      ({ isPinned, layers: some, from, artifact, isUnread, opaque }): NodeSpec => ({
        name: `n${at}`,
        tags: [isPinned ? `app-${at}` : `old-${at}`],
        layers: some,
        labels: {
          'dapp-dimg': 'true',
          ...(artifact === null ? {} : { 'dapp-artifact-x': imageId(artifact) }),
        },
        ...(from === null ? {} : { madeFrom: imageId(from) }),
        ...(isUnread ? { unread: true } : {}),
        ...(opaque === 0 ? { opaque: { mayListManifests: false } } : {}),
        ...(opaque === 1
          ? { opaque: { mayListManifests: true, names: some.map((name) => digestOf(`layer ${name}`)) } }
          : {}),
      }),
    );
}

function cacheAt(at: number): fc.Arbitrary<NodeSpec> {
  return fc
    .record({
      kind: fc.constantFrom('dapp', 'dapp', 'index', 'image', 'kaniko', 'hashed'),
      layers: layers(),
      from: fc.option(nodeName()),
      created: fc.constantFrom(LONG_AGO, LONG_AGO, hoursAgo(72), hoursAgo(1), null),
      isTagged: fc.boolean(),
      version: fc.constantFrom('32', '33'),
      commit: fc.constantFrom('lib', 'gone', 'c1'),
      repository: fc.constantFrom('lib', 'other'),
      isDev: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
    })
    .map((draw): NodeSpec => {
      const name = `n${at}`;
      const { created } = draw;
      const untagged = draw.isTagged ? {} : { tags: [] };
      const tags = [`cache-${draw.commit === 'c1' ? 'main' : 'gone'}-${at}`, `v${draw.version}-${at}`];
      const kaniko = kanikoLayer(name, draw.layers[0] ?? 'a', { created, ...untagged });
      if (draw.kind === 'kaniko') return kaniko;
      // An image of somebody else's that looks so.
      if (draw.kind === 'hashed') return without(kaniko, 'isKanikoStep');
      if (draw.kind === 'index') return buildkitIndex(name, draw.layers, { created, tags, ...untagged });
      if (draw.kind === 'image') return buildkitImage(name, draw.layers, { created, tags, ...untagged });
      return dappStage(name, {
        layers: draw.layers,
        created,
        ...(draw.from === null ? {} : { from: draw.from }),
        labels: {
          'dapp-cache-version': draw.version,
          ...gitLabels(draw.repository, commitIdOf(draw.commit)),
          ...(draw.isDev ? { 'dapp-dev-mode': 'true' } : {}),
        },
        ...untagged,
      });
    });
}

function without(spec: NodeSpec, key: keyof NodeSpec): NodeSpec {
  const { [key]: _, ...rest } = spec;
  return rest as NodeSpec;
}

function layers(): fc.Arbitrary<string[]> {
  return fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 3 });
}

function nodeName(): fc.Arbitrary<string> {
  return fc.integer({ min: 0, max: COUNT - 1 }).map((n) => `n${n}`);
}

function policies(): fc.Arbitrary<Policy> {
  const version = { current: '33', labels: ['dapp-cache-version'], tags: ['^v(\\d+)-', '^cache-(x)?'] };
  return fc
    .record({
      improperRepoCache: fc.integer({ min: 0, max: 3 }).map((n) => n > 0),
      version: fc.option(fc.constant(version), { freq: 1 }),
      improperGitCommit: fc.boolean(),
      flush: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
      isDev: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
    })
    .map(({ version: improperCacheVersion, ...draw }) => {
      const cache: CachePolicy = cacheOf({
        ...draw,
        ...(improperCacheVersion === null ? {} : { improperCacheVersion }),
      });
      return cachePolicy(cache, {
        git: { enabled: true, keepPolicies: [] },
        images: { source: [], tagPatterns: ['cache-{branch}-{build}'], unlinked: 'delete' },
      });
    });
}
