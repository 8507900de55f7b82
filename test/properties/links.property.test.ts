// What a link may do and what it may not, and what may not matter at all.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Digest, parseTag } from '../../src/model/reference.ts';
import { parseReferrerTag } from '../../src/model/referrer-tag.ts';
import { decide } from '../../src/policy/decide.ts';
import type { Decisions } from '../../src/policy/decisions.ts';
import type { Link } from '../../src/policy/link.ts';
import { commitIdOf } from '../builders/history.ts';
import { ANY_AGE, digestOf, NOW, policyOf, snapshotOf, usageOf } from '../builders/snapshot.ts';
import { someTag, type World, worlds } from './world.ts';

const RUNS = { numRuns: 1_000 };

describe('for every repository, history, cluster and policy', () => {
  it('a tag that only looks like a branch, Git tag or commit dooms no node but those that rest on such a tag too', () => {
    fc.assert(
      fc.property(fc.oneof(worlds(), crowdedWorlds()), fc.nat(13), someTag(), (drawn, n, tag) => {
        const world = { ...drawn, policy: { ...drawn.policy, images: { ...drawn.policy.images, tagPatterns: [] } } };
        const node = world.nodes[n];
        // A first tag makes a child an image that counts, and a tag can be on one node only.
        if (node?.tags?.some((each) => parseReferrerTag(each) === undefined) !== true) return;
        if (world.nodes.some(({ tags = [] }) => tags.includes(tag))) return;
        const tagged = {
          ...world,
          nodes: world.nodes.map((each) => (each === node ? { ...each, tags: [...(each.tags ?? []), tag] } : each)),
        };
        const before = decideOn(world);
        const doomed = doomedBy(before);
        for (const digest of doomedBy(decideOn(tagged))) {
          if (!restsOnLooks(before, digest)) expect(doomed.has(digest)).toBe(true);
        }
      }),
      { numRuns: 4_000 },
    );
  });

  it('a larger number of images per reference never enlarges the deletions', () => {
    fc.assert(
      fc.property(worlds(), fc.integer({ min: 1, max: 3 }), (world, more) => {
        const keepPolicies = world.policy.git.keepPolicies.map((policy) => {
          const { last } = policy.imagesPerReference;
          return {
            ...policy,
            imagesPerReference: { ...policy.imagesPerReference, last: last < 0 ? last : last + more },
          };
        });
        const generous = { ...world, policy: { ...world.policy, git: { enabled: true, keepPolicies } } };
        const before = doomedBy(decideOn(world));
        for (const digest of doomedBy(decideOn(generous))) expect(before.has(digest)).toBe(true);
      }),
      RUNS,
    );
  });

  it('one more exact pin on a digest keeps that node, whatever else is said', () => {
    fc.assert(
      fc.property(worlds(), fc.nat(13), (world, n) => {
        const pin = digestOf(`n${n}`);
        const pinned = { ...world, policy: { ...world.policy, pins: { ...world.policy.pins, list: [pin] } } };
        expect(doomedBy(decideOn(pinned)).has(pin)).toBe(false);
      }),
      RUNS,
    );
  });

  it('the order in which branches and tags are listed changes nothing', () => {
    const shuffled = worlds().chain((world) =>
      fc.tuple(
        fc.constant(world),
        fc.shuffledSubarray([...world.history.references], { minLength: world.history.references.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([world, references]) => {
        const other = { ...world, history: { ...world.history, references } };
        expect([...decideOn(other).decisions]).toEqual([...decideOn(world).decisions]);
      }),
      RUNS,
    );
  });

  it('with untagging, no tag goes that a pin or a cluster names or that links its image to a kept commit', () => {
    fc.assert(
      fc.property(worlds(), (drawn) => {
        const world = { ...drawn, policy: { ...drawn.policy, untag: true } };
        const made = decideOn(world);
        for (const decision of made.decisions.values()) {
          if (decision.decision !== 'keep') continue;
          const commits = decision.reasons.flatMap((reason) => (reason.rule === 'git' ? reason.commit : []));
          const linking = (made.links.get(decision.digest) ?? []).flatMap((link) =>
            link.kind === 'commit' && commits.includes(world.history.graph.idOf(link.commit))
              ? (link.found.tag ?? [])
              : [],
          );
          const named = [...world.policy.pins.tags, ...linking];
          for (const tag of decision.untag) {
            expect(named).not.toContain(tag);
            expect(world.used).not.toContain(`registry.example.com/shop/app:${parseTag(tag)}`);
          }
        }
      }),
      RUNS,
    );
  });
});

/**
 * Whether the node, or something that it belongs to, has a doubtful link, or stays for a tag whose pattern nobody declared: such nodes
 * compete with each other.
 */
function restsOnLooks(decided: Decisions, digest: Digest): boolean {
  const seen = new Set([digest]);
  for (const each of seen) {
    for (const owner of [...decided.graph.parentsOf(each), ...decided.graph.subjectsOf(each)]) seen.add(owner);
  }
  return [...seen].some(
    (each) =>
      (decided.links.get(each) ?? []).some(isDoubtful) ||
      decided.decisions
        .get(each)
        ?.reasons.some((reason) => reason.rule === 'release' && reason.found.tag !== undefined),
  );
}

function isDoubtful(link: Link): boolean {
  if (link.kind === 'commit') return !link.mayCondemn;
  return link.kind === 'named' || ((link.kind === 'proposed' || link.kind === 'gone') && link.proof === undefined);
}

/** Plain images with sure links that compete for few places: where one more candidate shows at once. */
function crowdedWorlds(): fc.Arbitrary<World> {
  const images = fc.array(fc.option(fc.nat(7), { freq: 6 }), { minLength: 3, maxLength: 8 }).map((commits) =>
    commits.map((commit, at) => ({
      name: `n${at}`,
      tags: [`build-${at}`],
      labels: commit === null ? {} : { 'org.opencontainers.image.revision': commitIdOf(`c${commit}`) },
    })),
  );
  return fc.tuple(worlds(), images, fc.constantFrom(1, 2)).map(([world, nodes, last]) => ({
    ...world,
    nodes,
    used: [],
    policy: policyOf({
      ...ANY_AGE,
      git: {
        enabled: true,
        keepPolicies: [
          {
            name: 'few',
            references: { kind: 'branch', pattern: { kind: 'regex', source: '.*' } },
            imagesPerReference: { last, operator: 'And' },
          },
        ],
      },
      images: world.policy.images,
    }),
  }));
}

function decideOn(world: World): Decisions {
  const evidence = {
    snapshot: snapshotOf(world.nodes),
    history: world.history,
    forge: world.forge,
    usage: usageOf(world.used),
    firstSeen: undefined,
  };
  return decide(evidence, world.policy, NOW);
}

function doomedBy({ decisions }: Decisions): ReadonlySet<Digest> {
  return new Set([...decisions.values()].flatMap(({ decision, digest }) => (decision === 'delete' ? digest : [])));
}
