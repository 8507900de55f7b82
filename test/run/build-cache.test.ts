// Build cache of several repositories: what is decided together, and what speaks against a step while an apply goes on.

import { describe, expect, it } from 'vitest';
import type { Policy } from '../../src/model/policy.ts';
import { type Digest, parseRepository } from '../../src/model/reference.ts';
import { buildPlan } from '../../src/plan/build-plan.ts';
import type { Outcome, OutcomeKind } from '../../src/plan/outcome.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { Decisions } from '../../src/policy/decisions.ts';
import type { Collected, CollectedRepository } from '../../src/run/collect-evidence.ts';
import { decideRepositories } from '../../src/run/decide-repositories.ts';
import { watchBuildCache } from '../../src/run/watch-build-cache.ts';
import { buildkitImage, buildkitIndex, dappImage, dappStage, gitLabels, kanikoLayer } from '../builders/build-cache.ts';
import { historyOf } from '../builders/history.ts';
import { createMemoryRegistry } from '../builders/memory-registry.ts';
import { ANY_AGE, digestOf, NOW, type NodeSpec, policyOf, snapshotOf } from '../builders/snapshot.ts';

const APP = 'registry.example.com/shop/app';
const WEB = 'registry.example.com/shop/web';
const CACHE = 'registry.example.com/shop/cache';
const OFF = policyOf().cache;
const BY_NEED = { ...OFF, improperRepoCache: true };

/** What is pinned stays, everything else goes. */
const policyWith = (cache: Policy['cache'], parts: Partial<Policy> = {}): Policy =>
  policyOf({
    ...ANY_AGE,
    git: { enabled: false, keepPolicies: [] },
    pins: { tags: ['stay*'], expressions: [], list: [] },
    cache,
    ...parts,
  });

function place(name: string, nodes: readonly NodeSpec[], isBuildCache?: true): CollectedRepository {
  const snapshot = { ...snapshotOf(nodes), repository: parseRepository(name) };
  const { registry } = createMemoryRegistry();
  return { name, registry, snapshot, ...(isBuildCache === undefined ? {} : { isBuildCache }) };
}

function collectedOf(repositories: readonly CollectedRepository[], parts: Partial<Collected> = {}): Collected {
  return {
    repositories,
    history: undefined,
    forge: undefined,
    usage: undefined,
    summary: { repositories: [] },
    ...parts,
  };
}

function decideAll(collected: Collected, policy: Policy): ReadonlyMap<string, Decisions> {
  return decideRepositories({ collected, policy, previous: undefined, now: NOW });
}

function fateIn(decided: ReadonlyMap<string, Decisions>): (name: string, node: string) => string | undefined {
  return (name, node) => decided.get(name)?.decisions.get(digestOf(node))?.decision;
}

/** Two repositories with an image that stays and one that goes, and the cache of all four. */
const app = place(APP, [
  { name: 'app', tags: ['stay'], layers: ['base', 'app'] },
  { name: 'old-app', tags: ['old'], layers: ['base', 'old-app'] },
]);
const web = place(WEB, [
  { name: 'web', tags: ['stay'], layers: ['base', 'web'] },
  { name: 'old-web', tags: ['old'], layers: ['base', 'old-web'] },
]);
const cache = place(
  CACHE,
  [
    kanikoLayer('of-app', 'app'),
    kanikoLayer('of-web', 'web'),
    kanikoLayer('of-old-app', 'old-app'),
    kanikoLayer('of-old-web', 'old-web'),
    { name: 'no-cache', tags: ['latest'], layers: ['anything'] },
  ],
  true,
);

describe('a repository of build cache', () => {
  it.each<[string, readonly CollectedRepository[]]>([
    ['after the others', [app, web, cache]],
    ['in another order', [web, app, cache]],
  ])('goes by the images of all repositories: %s', (_, repositories) => {
    const decided = decideAll(collectedOf(repositories), policyWith(BY_NEED));
    const fate = fateIn(decided);
    expect([...decided.keys()]).toEqual(repositories.map(({ name }) => name));
    expect(['of-app', 'of-web', 'of-old-app', 'of-old-web', 'no-cache'].map((node) => fate(CACHE, node))).toEqual([
      'keep',
      'keep',
      'delete',
      'delete',
      'keep',
    ]);
    expect(['app', 'old-app'].map((node) => fate(APP, node))).toEqual(['keep', 'delete']);
    expect(['web', 'old-web'].map((node) => fate(WEB, node))).toEqual(['keep', 'delete']);
  });

  it('stays whole while no rule is on, whatever it holds and however old it is', () => {
    const decided = decideAll(collectedOf([app, cache]), policyWith(OFF));
    expect([...(decided.get(CACHE)?.decisions.values() ?? [])].map(({ decision }) => decision)).toEqual(
      Array.from({ length: 5 }, () => 'keep'),
    );
  });

  it('stays when no repository has an image any more, and goes with flush', () => {
    const empty = place(APP, []);
    const fate = fateIn(decideAll(collectedOf([empty, cache]), policyWith(BY_NEED)));
    expect(fate(CACHE, 'of-app')).toBe('keep');
    const flushed = fateIn(decideAll(collectedOf([empty, cache]), policyWith({ ...OFF, flush: true })));
    expect([flushed(CACHE, 'of-app'), flushed(CACHE, 'no-cache')]).toEqual(['delete', 'keep']);
  });

  it('holds stages that lead from an image elsewhere to stages elsewhere', () => {
    const finals = place(APP, [
      dappImage('stay', { from: 'second', layers: ['x'] }),
      dappStage('first', { layers: ['1'] }),
      dappStage('unneeded', { layers: ['9'] }),
    ]);
    const stages = place(CACHE, [dappStage('second', { from: 'first', layers: ['2'] })], true);
    const fate = fateIn(decideAll(collectedOf([finals, stages]), policyWith(BY_NEED)));
    expect([fate(CACHE, 'second'), fate(APP, 'first'), fate(APP, 'unneeded')]).toEqual(['keep', 'keep', 'delete']);
  });

  it('keeps cache elsewhere for what is no cache in it', () => {
    const stages = place(APP, [
      { name: 'app', tags: ['stay'], layers: ['x'] },
      dappStage('first', { layers: ['1'] }),
      dappStage('unneeded', { layers: ['9'] }),
    ]);
    const odd = place(CACHE, [dappImage('odd', { from: 'first', layers: ['2'] })], true);
    const fate = fateIn(decideAll(collectedOf([stages, odd]), policyWith(BY_NEED)));
    expect([fate(CACHE, 'odd'), fate(APP, 'first'), fate(APP, 'unneeded')]).toEqual(['keep', 'keep', 'delete']);
  });

  it('is built here when any image of the others is', () => {
    const history = historyOf({
      commits: [{ name: 'head', date: '2026-11-01T00:00:00Z' }],
      references: [{ kind: 'branch', name: 'main', commit: 'head' }],
    });
    const policy = policyWith(BY_NEED, { git: { enabled: true, keepPolicies: [] } });
    const decided = decideAll(collectedOf([app, cache], { history }), policy);
    expect([decided.get(APP)?.isBuiltHere, decided.get(CACHE)?.isBuiltHere]).toEqual([false, false]);
    expect(decideAll(collectedOf([app, cache]), policyWith(BY_NEED)).get(CACHE)?.isBuiltHere).toBeUndefined();
  });
});

describe('commits of further Git repositories', () => {
  const gone = '1'.repeat(40);
  const history = historyOf({
    commits: [{ name: 'head', date: '2026-11-01T00:00:00Z' }],
    references: [{ kind: 'branch', name: 'main', commit: 'head' }],
  });
  const stages = place(APP, [
    { name: 'app', tags: ['stay'], layers: ['x'] },
    dappStage('of-lib', { layers: ['1'], labels: gitLabels('lib', gone) }),
    dappStage('of-other', { layers: ['2'], labels: gitLabels('other', gone) }),
  ]);
  const policy = policyWith({ ...OFF, improperGitCommit: true }, { git: { enabled: true, keepPolicies: [] } });

  it.each<[string, Partial<Collected>, readonly string[]]>([
    ['count where the repository was read', { furtherGit: new Map([['lib', history]]) }, ['delete', 'keep']],
    ['count for nothing where none was declared', {}, ['keep', 'keep']],
  ])('%s', (_, parts, expected) => {
    const fate = fateIn(decideAll(collectedOf([stages], { history, ...parts }), policy));
    expect([fate(APP, 'of-lib'), fate(APP, 'of-other')]).toEqual(expected);
  });
});

describe('build cache whose image was to go', () => {
  interface Told {
    readonly outcomes?: Readonly<Record<string, OutcomeKind>>;
    /** Names of nodes whose steps the reviewed plan does not have. */
    readonly notReviewed?: readonly string[];
    readonly policy?: Policy;
  }

  function planOf(decided: ReadonlyMap<string, Decisions>, policy: Policy): Plan {
    return buildPlan({
      tool: 'test',
      createdAt: NOW,
      asOf: undefined,
      evidence: { repositories: [] },
      previous: undefined,
      guards: policy.guards,
      repositories: [...decided].map(([name, decisions]) => ({ name, ...decisions, deleteRight: undefined })),
    });
  }

  async function ask(
    repositories: readonly CollectedRepository[],
    [name, node]: readonly [string, string],
    { outcomes, notReviewed = [], policy = policyWith(BY_NEED) }: Told = {},
  ): Promise<string | undefined> {
    const collected = collectedOf(repositories);
    const decided = decideAll(collected, policy);
    expect(fateIn(decided)(name, node)).toBe('delete');
    const plan = planOf(decided, policy);
    const without = new Set<Digest>(notReviewed.map(digestOf));
    const stepsOf = (one: string) =>
      (plan.repositories.find((repository) => repository.name === one)?.steps ?? []).filter(
        ({ digest }) => !without.has(digest),
      );
    const kindOf = new Map(Object.entries(outcomes ?? {}).map(([of, kind]) => [digestOf(of), kind]));
    const decideKeeping = (list: readonly Digest[]) =>
      decideAll(collected, { ...policy, pins: { ...policy.pins, list } });
    const watch = watchBuildCache({
      planned: { decided, plan, decideKeeping },
      stepsOf,
      outcomesOf: (one) =>
        one === name
          ? undefined
          : stepsOf(one).map((step): Outcome => ({ step, outcome: kindOf.get(step.digest) ?? 'deleted' })),
    });
    return await watch(name)(digestOf(node));
  }

  const all = [app, web, cache];
  const why = (node: string, name: string) =>
    `it is build cache of ${digestOf(node)} in ${name}, which was to go and was not deleted`;

  it('goes when the image went', async () => {
    expect(await ask(all, [CACHE, 'of-old-app'])).toBeUndefined();
    expect(await ask(all, [CACHE, 'of-old-app'], { outcomes: { 'old-app': 'already-gone' } })).toBeUndefined();
  });

  it.each(['skipped', 'failed'] as const)('stays when the image was %s', async (outcome) => {
    const told = { outcomes: { 'old-app': outcome } };
    expect(await ask(all, [CACHE, 'of-old-app'], told)).toBe(why('old-app', APP));
    expect(await ask(all, [CACHE, 'of-old-web'], told)).toBeUndefined();
  });

  it('stays when the reviewed plan leaves the image', async () => {
    expect(await ask(all, [CACHE, 'of-old-app'], { notReviewed: ['old-app'] })).toBe(why('old-app', APP));
  });

  it('stays when the reviewed plan leaves the image in its own repository', async () => {
    const both = place(APP, [
      { name: 'app', tags: ['stay'], layers: ['base', 'app'] },
      { name: 'old-app', tags: ['old'], layers: ['base', 'old-app'] },
      buildkitImage('cache-app', ['base', 'app']),
      buildkitIndex('cache-old', ['base', 'old-app']),
    ]);
    expect(await ask([both], [APP, 'cache-old'])).toBeUndefined();
    expect(await ask([both], [APP, 'cache-old'], { notReviewed: ['old-app'] })).toBe(why('old-app', APP));
  });

  it('stays when the index with the image stayed', async () => {
    const platforms = place(APP, [
      { name: 'app', tags: ['stay'], layers: ['base', 'app'] },
      { name: 'old-index', tags: ['old'], lists: ['old-app'] },
      { name: 'old-app', layers: ['base', 'old-app'] },
    ]);
    const told = { outcomes: { 'old-index': 'skipped', 'old-app': 'skipped' } } as const;
    expect(await ask([platforms, cache], [CACHE, 'of-old-app'], told)).toBe(why('old-app', APP));
  });

  it('goes by another rule whatever needs it', async () => {
    const policy = policyWith({ ...OFF, flush: true });
    expect(await ask(all, [CACHE, 'of-old-app'], { outcomes: { 'old-app': 'failed' }, policy })).toBeUndefined();
    const version = { current: '2', labels: ['dapp-cache-version'], tags: [] };
    const both = policyWith({ ...BY_NEED, improperCacheVersion: version });
    const stages = place(APP, [
      { name: 'app', tags: ['stay'], layers: ['x'] },
      dappImage('old', { from: 'stage', layers: ['1', '2'] }),
      dappStage('stage', { layers: ['1'] }),
    ]);
    expect(await ask([stages], [APP, 'stage'], { notReviewed: ['old'], policy: both })).toBeUndefined();
    expect(await ask([stages], [APP, 'stage'], { notReviewed: ['old'] })).toBe(why('old', APP));
  });
});
