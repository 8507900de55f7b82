// What a forge may do to decisions: protect, tell that a pull request is closed, and nothing else.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildCommitGraph } from '../../src/git/commit-graph.ts';
import type { Forge } from '../../src/model/forge.ts';
import type { History } from '../../src/model/history.ts';
import type { Policy } from '../../src/model/policy.ts';
import { type Digest, parseTag } from '../../src/model/reference.ts';
import { instantFromMs } from '../../src/model/time.ts';
import { decide } from '../../src/policy/decide.ts';
import type { Decisions } from '../../src/policy/decisions.ts';
import { reachedByAny } from '../../src/policy/history/reach.ts';
import { commitIdOf } from '../builders/history.ts';
import { ANY_AGE, digestOf, NOW, snapshotOf, usageOf } from '../builders/snapshot.ts';
import { forges, type World, worlds } from './world.ts';

const RUNS = { numRuns: 1_000 };
const REVISION = 'org.opencontainers.image.revision';
const SOURCE = 'org.opencontainers.image.source';
const NUMBERED = /^pr-\d+/;

/** Worlds without an age rule, in which the other rules decide, each with what a forge may say. */
const asked = fc
  .tuple(worlds(), forges())
  .map(([world, forge]) => ({ ...world, forge, policy: { ...world.policy, ...ANY_AGE } }));

describe('for every repository, history, policy and forge', () => {
  it('what a forge says never enlarges the deletions, save where it tells that a pull request is closed or what its commits are', () => {
    fc.assert(
      fc.property(asked, (world) => {
        const before = decideOn({ ...world, forge: undefined });
        const doomed = doomedBy(before);
        for (const digest of doomedBy(decideOn(world))) {
          if (!doomed.has(digest)) expect(tagsAround(before, digest).some((tag) => NUMBERED.test(tag))).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it('nor do the commits of pull requests enlarge them, when they come into the history with what the forge says', () => {
    fc.assert(
      fc.property(asked, (world) => {
        const history = spread(world.history);
        const doomed = doomedBy(decideOn({ ...world, history: withoutProposals(history), forge: undefined }));
        const after = decideOn({ ...world, history });
        for (const digest of doomedBy(after)) {
          if (!doomed.has(digest)) expect(tagsAround(after, digest).some((tag) => NUMBERED.test(tag))).toBe(true);
        }
      }),
      RUNS,
    );
  });

  it('nor does it where every tag names an open pull request by its number alone', () => {
    const open = asked
      .filter(({ forge }) => forge.pullRequests !== undefined)
      .map((world) => {
        const known = world.forge.pullRequests ?? [];
        const head = commitIdOf('c0');
        const more = [1, 2].filter((number) => known.every((pull) => pull.number !== number));
        const pullRequests = [...known, ...more.map((number) => ({ number, head, baseBranch: 'main' }))];
        const nodes = world.nodes.map((node) => ({
          ...node,
          tags: (node.tags ?? []).filter((tag) => !NUMBERED.test(tag) || /^pr-\d$/.test(tag)),
        }));
        return { ...world, nodes, forge: { ...world.forge, pullRequests } };
      });
    fc.assert(
      fc.property(open, (world) => {
        const doomed = doomedBy(decideOn({ ...world, forge: undefined }));
        for (const digest of doomedBy(decideOn(world))) expect(doomed.has(digest)).toBe(true);
      }),
      RUNS,
    );
  });

  it('lists that are empty, or about commits and names that no image knows, change nothing', () => {
    const strange: fc.Arbitrary<Forge> = forges().map((forge) => ({
      ...forge,
      pullRequests: [],
      releases: (forge.releases ?? []).map(({ tag, isDraft, date }) => ({
        // No version in it: a release `other-v1.0.0` is one that an image `v1.0.0` may be of.
        tag: `other-${tag.replaceAll(/\d/g, 'x')}`,
        isDraft,
        date,
        commit: commitIdOf(tag),
      })),
      deployments: (forge.deployments ?? []).map((deployment) => ({ ...deployment, commit: commitIdOf('strange') })),
      testMerges: new Map(),
    }));
    const empty: Forge = {
      complete: true,
      title: 'GitHub',
      requestName: 'pull request',
      repository: 'a/b',
      releases: [],
      deployments: [],
      testMerges: new Map(),
    };
    const unnumbered = worlds().map((world) => ({
      ...world,
      nodes: world.nodes.map((node) => ({ ...node, tags: (node.tags ?? []).filter((tag) => !NUMBERED.test(tag)) })),
    }));
    fc.assert(
      fc.property(
        unnumbered,
        fc.oneof(strange, fc.constant(empty), fc.constant({ ...empty, pullRequests: [] })),
        (world, forge) => {
          expect([...decideOn({ ...world, forge }).decisions]).toEqual([
            ...decideOn({ ...world, forge: undefined }).decisions,
          ]);
        },
      ),
      RUNS,
    );
  });

  it('a forge whose rules are all off changes nothing at all', () => {
    fc.assert(
      fc.property(asked, (world) => {
        const forge: Policy['forge'] = { pullRequests: 'off', releases: 'off', deployments: 'off' };
        const off = { ...world, forge: { ...world.forge, testMerges: new Map() }, policy: { ...world.policy, forge } };
        expect([...decideOn(off).decisions]).toEqual([...decideOn({ ...off, forge: undefined }).decisions]);
      }),
      RUNS,
    );
  });

  it('the order of what a forge lists changes nothing', () => {
    const shuffled = asked.chain((world) =>
      fc.tuple(
        fc.constant(world),
        fc.shuffledSubarray([...(world.forge.pullRequests ?? [])], {
          minLength: world.forge.pullRequests?.length ?? 0,
        }),
        fc.shuffledSubarray([...(world.forge.releases ?? [])], { minLength: world.forge.releases?.length ?? 0 }),
        fc.shuffledSubarray([...(world.forge.deployments ?? [])], { minLength: world.forge.deployments?.length ?? 0 }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([world, pullRequests, releases, deployments]) => {
        const forge = {
          ...world.forge,
          ...(world.forge.pullRequests === undefined ? {} : { pullRequests }),
          ...(world.forge.releases === undefined ? {} : { releases }),
          ...(world.forge.deployments === undefined ? {} : { deployments }),
          testMerges: new Map([...world.forge.testMerges].reverse()),
        };
        const other = decideOn({ ...world, forge });
        const made = decideOn(world);
        expect([...other.decisions]).toEqual([...made.decisions]);
        expect(other.remarks).toEqual(made.remarks);
      }),
      RUNS,
    );
  });

  it('larger numbers never enlarge the deletions', () => {
    fc.assert(
      fc.property(
        asked,
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom('pullRequests', 'releases', 'deployments'),
        (world, more, rule) => {
          const doomed = doomedBy(decideOn(world));
          const generous = { ...world, policy: { ...world.policy, forge: raise(world.policy.forge, rule, more) } };
          for (const digest of doomedBy(decideOn(generous))) expect(doomed.has(digest)).toBe(true);
        },
      ),
      RUNS,
    );
  });

  it('one more list, one more open pull request, one more draft or one more active deployment never enlarges them', () => {
    fc.assert(
      fc.property(asked, fc.nat(7), fc.nat(3), (world, n, kind) => {
        const doomed = doomedBy(decideOn(world));
        const commit = commitIdOf(`c${n}`);
        const { pullRequests, releases, deployments } = world.forge;
        const before = instantFromMs(0);
        const changes: readonly Partial<Forge>[] = [
          pullRequests === undefined
            ? {}
            : { pullRequests: [...pullRequests, { number: 99, head: commit, baseBranch: 'main' }] },
          releases === undefined ? {} : { releases: [...releases, { tag: 'new', isDraft: true, date: NOW, commit }] },
          { releases: releases ?? [], deployments: deployments ?? [] },
          {
            deployments: [
              ...(deployments ?? []),
              { environment: 'production', commit, state: 'active', createdAt: before },
            ],
          },
        ];
        const forge = { ...world.forge, ...changes[kind] };
        for (const digest of doomedBy(decideOn({ ...world, forge }))) expect(doomed.has(digest)).toBe(true);
      }),
      RUNS,
    );
  });

  it('no plain image goes that is of an open head, named by an open number, active somewhere, a draft or the newest release', () => {
    fc.assert(
      fc.property(asked, (world) => {
        const made = doomedBy(decideOn(world));
        const needed = neededCommits(world);
        for (const node of world.nodes) {
          const isPlain = node.lists === undefined && node.opaque === undefined && node.unread !== true;
          const tags = (node.tags ?? []).filter((tag) => !tag.startsWith('sha256-'));
          if (!isPlain || tags.length === 0) continue;
          const isNamed = tags.some((tag) => needed.tags.has(tag));
          if (isNamed || needed.commits.has(node.labels?.[REVISION] ?? ''))
            expect(made.has(digestOf(node.name))).toBe(false);
        }
      }),
      RUNS,
    );
  });

  it('a commit that no branch or tag leads to condemns nothing without proof that the image is ours', () => {
    fc.assert(
      fc.property(asked, (world) => {
        const policy = { ...world.policy, images: { ...world.policy.images, source: [], tagPatterns: [] } };
        const made = decideOn({ ...world, policy });
        const { graph, references } = world.history;
        const reached = reachedByAny(
          graph,
          references.map(({ commit }) => graph.indexOf(commit) ?? 0),
        );
        for (const node of world.nodes) {
          const decision = made.decisions.get(digestOf(node.name));
          if (decision?.decision !== 'delete' || node.lists !== undefined || node.labels?.[SOURCE] !== undefined)
            continue;
          for (const reason of decision.reasons) {
            if (reason.rule === 'git-superseded') expect(reached[graph.indexOf(reason.commit) ?? -1]).toBe(1);
          }
        }
      }),
      RUNS,
    );
  });
});

/** What nobody can deny, straight from the lists. */
function neededCommits({ forge, policy }: World): {
  readonly commits: ReadonlySet<string>;
  readonly tags: ReadonlySet<string>;
} {
  const commits = new Set<string>();
  const tags = new Set<string>();
  const { pullRequests, releases, deployments } = policy.forge;
  if (pullRequests !== 'off') {
    for (const { number, head } of forge?.pullRequests ?? []) {
      commits.add(head);
      tags.add(`pr-${number}`);
    }
  }
  if (releases !== 'off') {
    const all = forge?.releases ?? [];
    const newest = Math.max(...all.filter(({ isDraft }) => !isDraft).map(({ date }) => date));
    for (const { isDraft, date, commit, tag } of all) {
      if (!isDraft && date < newest) continue;
      if (commit !== undefined) commits.add(commit);
      tags.add(parseTag(tag));
    }
  }
  if (deployments !== 'off') {
    for (const { environment, state, commit } of forge?.deployments ?? []) {
      const isWanted = deployments.environments.length === 0 || environment === 'production';
      if (isWanted && state === 'active') commits.add(commit);
    }
  }
  return { commits, tags };
}

function raise(rules: Policy['forge'], rule: keyof Policy['forge'], more: number): Policy['forge'] {
  const wish = rules[rule];
  if (wish === 'off') return rules;
  return { ...rules, [rule]: { ...wish, last: wish.last < 0 ? wish.last : wish.last + more } };
}

/** The same history with a date of its own for each commit: between equal dates any order is as good. */
function spread(history: History): History {
  const { graph } = history;
  return {
    ...history,
    graph: rebuild(
      history,
      () => true,
      (at) => instantFromMs(graph.dateOf(at) + at * 1000),
    ),
  };
}

/** As it is before pull requests are asked for: only what branches and tags lead to. */
function withoutProposals(history: History): History {
  const { graph, references } = history;
  const reached = reachedByAny(
    graph,
    references.flatMap(({ commit }) => graph.indexOf(commit) ?? []),
  );
  return {
    ...history,
    graph: rebuild(
      history,
      (at) => reached[at] === 1,
      (at) => graph.dateOf(at),
    ),
  };
}

function rebuild(
  { graph }: History,
  isWanted: (at: number) => boolean,
  dateOf: (at: number) => History['references'][number]['date'],
) {
  const places = Array.from({ length: graph.size }, (_, at) => at).filter(isWanted);
  return buildCommitGraph(
    places.map((at) => ({
      id: graph.idOf(at),
      date: dateOf(at),
      parents: graph.parentsOf(at).map((parent) => graph.idOf(parent)),
    })),
  );
}

/** Tags of a node and of everything that hangs together with it. */
function tagsAround({ graph }: Decisions, digest: Digest): readonly string[] {
  const seen = new Set([digest]);
  for (const each of seen) {
    const next = [graph.parentsOf(each), graph.childrenOf(each), graph.subjectsOf(each), graph.referrersOf(each)];
    for (const other of next.flat()) seen.add(other);
  }
  return [...seen].flatMap((each) => graph.nodes.get(each)?.tags ?? []);
}

function decideOn(world: World): Decisions {
  const { history, forge } = world;
  const evidence = {
    snapshot: snapshotOf(world.nodes),
    history,
    forge,
    usage: usageOf(world.used),
    firstSeen: undefined,
  };
  return decide(evidence, world.policy, NOW);
}

function doomedBy({ decisions }: Decisions): ReadonlySet<Digest> {
  return new Set([...decisions.values()].flatMap(({ decision, digest }) => (decision === 'delete' ? digest : [])));
}
