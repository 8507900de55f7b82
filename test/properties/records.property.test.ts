// Two runs, one after the other, over images with records of ours: nothing may go because the first has deleted records.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RECORD_KEYS, RECORD_TYPE } from '../../src/model/build-record.ts';
import type { KeepPolicy, Policy } from '../../src/model/policy.ts';
import { hours, instantFromMs } from '../../src/model/time.ts';
import { decide } from '../../src/policy/decide.ts';
import type { Decisions } from '../../src/policy/decisions.ts';
import { commitIdOf } from '../builders/history.ts';
import { digestOf, LONG_AGO, NOW, type NodeSpec, policyOf, snapshotOf, usageOf } from '../builders/snapshot.ts';
import { forges, type World, worlds } from './world.ts';

const RUNS = { numRuns: 1000 };
const IMAGES = 5;
/** The last two are gone. */
const COMMITS = 10;
const OURS = { 'org.opencontainers.image.source': 'https://github.com/acme/shop' };

describe('for every repository with records of ours', () => {
  it('what stays does not go a minute later because superseded records have gone', () => {
    fc.assert(
      fc.property(recordWorlds(), (world) => {
        const first = decideOn(world, 0);
        const left = world.nodes.filter(({ name }) => !isSuperseded(name, first));
        const second = decideOn({ ...world, nodes: left }, 60_000);
        const lost = left.filter(({ name }) => stays(name, first) && !stays(name, second));
        expect(lost.map(({ name }) => name)).toEqual([]);
      }),
      RUNS,
    );
  });
});

/** It goes although what it is about stays. */
function isSuperseded(name: string, made: Decisions): boolean {
  const digest = digestOf(name);
  if (!made.records.has(digest) || stays(name, made)) return false;
  return made.graph.subjectsOf(digest).some((image) => made.decisions.get(image)?.decision === 'keep');
}

function stays(name: string, { decisions }: Decisions): boolean {
  return decisions.get(digestOf(name))?.decision === 'keep';
}

function decideOn({ nodes, history, forge, used, policy }: World, laterMs: number): Decisions {
  const evidence = { snapshot: snapshotOf(nodes), history, forge, usage: usageOf(used), firstSeen: undefined };
  return decide(evidence, policy, instantFromMs(NOW + laterMs));
}

/** Few images, each with many words about it, and policies that keep few. */
function recordWorlds(): fc.Arbitrary<World> {
  return fc
    .record({
      world: worlds(),
      images: fc.tuple(...Array.from({ length: IMAGES }, (_, at) => imageAt(at))),
      records: fc.uniqueArray(someRecord(), { maxLength: 9, selector: ({ name }) => name }),
      used: fc.subarray(['n0', 'n1', 'n2']),
      forge: fc.option(forges(), { nil: undefined, freq: 2 }),
      policy: policies(),
    })
    .map(({ world, images, records, used, forge, policy }) => ({
      ...world,
      nodes: [...images, ...records],
      used: used.map((name) => `elsewhere.example.com/x@${digestOf(name)}`),
      forge,
      policy: forge === undefined ? policy : { ...policy, forge: ASKED },
    }));
}

const ASKED: Policy['forge'] = {
  pullRequests: { last: 2 },
  releases: { last: 1 },
  deployments: { environments: [], last: 1 },
};

function imageAt(at: number): fc.Arbitrary<NodeSpec> {
  const names = ['main', 'dev', 'v1.0.0'].slice(at, at + 1);
  return fc
    .record({
      tags: fc.subarray([`t${at}`, ...names]),
      commit: fc.option(fc.nat(COMMITS - 1), { freq: 2 }),
      isOurs: fc.boolean(),
      lists: fc.subarray(Array.from({ length: at }, (_, other) => `n${other}`)),
      isIndex: fc.constantFrom(true, false, false),
    })
    .map(({ tags, commit, isOurs, lists, isIndex }) => ({
      name: `n${at}`,
      tags,
      created: LONG_AGO,
      labels: {
        ...(commit === null ? {} : { 'org.opencontainers.image.revision': commitIdOf(`c${commit}`) }),
        ...(isOurs ? OURS : {}),
        ...(at % 2 === 0 ? {} : { product: 'web' }),
      },
      ...(isIndex && lists.length > 0 ? { lists } : {}),
    }));
}

function someRecord(): fc.Arbitrary<NodeSpec> {
  return fc
    .record({ at: fc.nat(IMAGES - 1), commit: fc.nat(COMMITS - 1), image: fc.constantFrom('', '', 'web', 'api') })
    .map(({ at, commit, image }) => ({
      name: `record of ${at} for ${commit} ${image}`,
      subject: `n${at}`,
      artifactType: RECORD_TYPE,
      created: LONG_AGO,
      annotations: {
        [RECORD_KEYS.commit]: commitIdOf(`c${commit}`),
        ...(image === '' ? {} : { [RECORD_KEYS.imageName]: image }),
      },
    }));
}

function policies(): fc.Arbitrary<Policy> {
  return fc
    .record({
      branches: fc.subarray(['main', '.*', 'dev|feature/x'], { minLength: 1 }),
      last: fc.constantFrom(1, 1, 2),
      ofTags: fc.constantFrom(0, 1),
      unlinked: fc.constantFrom('keep' as const, 'keep' as const, 'delete' as const),
      isGrouped: fc.constantFrom(false, false, true),
    })
    .map(({ branches, last, ofTags, unlinked, isGrouped }) =>
      policyOf({
        recent: { within: hours(0) },
        git: {
          enabled: true,
          keepPolicies: [...branches.map((source) => keeping('branch', source, last)), keeping('tag', '.*', ofTags)],
        },
        images: {
          source: [],
          tagPatterns: [],
          unlinked,
          ...(isGrouped ? { groupBy: { kind: 'label', label: 'product' } } : {}),
        },
      }),
    );
}

function keeping(kind: 'branch' | 'tag', source: string, last: number): KeepPolicy {
  const references = { kind, pattern: { kind: 'regex', source } } as const;
  return { name: source, references, imagesPerReference: { last, operator: 'And' } };
}
