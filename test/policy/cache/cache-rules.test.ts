// improper-cache-version, improper-git-commit, flush and the development mode.

import { describe, expect, it } from 'vitest';
import type { CachePolicy, Policy } from '../../../src/model/policy.ts';
import { parseTag } from '../../../src/model/reference.ts';
import { hours } from '../../../src/model/time.ts';
import { buildPlan } from '../../../src/plan/build-plan.ts';
import type { Decisions } from '../../../src/policy/decisions.ts';
import type { Evidence } from '../../../src/policy/evidence.ts';
import {
  buildkitIndex,
  dappImage,
  dappStage,
  gitLabels,
  kanikoKey,
  kanikoLayer,
  werf1Stage,
} from '../../builders/build-cache.ts';
import { forgeOf } from '../../builders/forge.ts';
import { commitIdOf, historyOf } from '../../builders/history.ts';
import { digestOf, LONG_AGO, NOW, type NodeSpec, snapshotOf, usageOf } from '../../builders/snapshot.ts';
import { cacheOf, cachePolicy, decideDeclared, decideOn, furtherOf, hoursAgo, outcomeOf } from './world.ts';

const APP: NodeSpec = { name: 'app', tags: ['app'], layers: ['base', 'app'] };
const VERSION_LABELS = ['dapp-cache-version', 'werf-cache-version'];
const LIBRARY = {
  commits: [{ name: 'lib', date: LONG_AGO }],
  references: [{ kind: 'branch', name: 'main', commit: 'lib' }],
} as const;
const HISTORY = historyOf({
  commits: [{ name: 'c1', date: LONG_AGO }],
  references: [{ kind: 'branch', name: 'main', commit: 'c1' }],
});
const SOURCE = { 'org.opencontainers.image.source': 'https://github.com/acme/shop' };

describe('cache of another version', () => {
  const byVersion = versionPolicy('33', VERSION_LABELS, []);
  const byTag = versionPolicy('2', VERSION_LABELS, ['^cache-v(\\d+)-.*$', '^c(\\d+)?$']);
  it.each<[string, NodeSpec, Policy, string]>([
    ['goes', dappStage('s', { labels: { 'dapp-cache-version': '32' } }), byVersion, 'go: cache-version'],
    [
      'goes although it is higher',
      dappStage('s', { labels: { 'dapp-cache-version': '34' } }),
      byVersion,
      'go: cache-version',
    ],
    ['goes also of werf 1', werf1Stage('s'), byVersion, 'go: cache-version'],
    ['is not that of the current one', dappStage('s'), byVersion, 'cache-proper'],
    ['is not that of none', dappStage('s', { labels: { 'dapp-cache-version': '' } }), byVersion, 'cache-proper'],
    ['is not that of which nothing is told', buildkitIndex('s', ['x']), byVersion, 'cache-proper'],
    ['stays while it is young', dappStage('s', old({ created: hoursAgo(1) })), byVersion, 'cache-young'],
    ['stays at an unknown age', dappStage('s', old({ created: null })), byVersion, 'cache-young'],
    [
      'is told by an annotation',
      buildkitIndex('s', ['x'], { annotations: { 'dapp-cache-version': '1' } }),
      byVersion,
      'go: cache-version',
    ],
    ['goes by its tag', buildkitIndex('s', ['x'], { tags: ['cache-v1-main'] }), byTag, 'go: cache-version'],
    ['stays by its tag', buildkitIndex('s', ['x'], { tags: ['cache-v2-main'] }), byTag, 'cache-proper'],
    [
      'stays by one of its tags',
      buildkitIndex('s', ['x'], { tags: ['cache-v1-a', 'cache-v2-a'] }),
      byTag,
      'cache-proper',
    ],
    [
      'stays when a tag tells none',
      buildkitIndex('s', ['x'], { tags: ['cache-v1-a', 'latest'] }),
      byTag,
      'cache-proper',
    ],
    ['stays when the group of its tag is empty', buildkitIndex('s', ['x'], { tags: ['c'] }), byTag, 'cache-proper'],
    ['without a tag tells none', buildkitIndex('s', ['x'], { tags: [] }), byTag, 'cache-proper'],
    [
      'is no image with that label',
      dappImage('s', { tags: ['app-s'], labels: { 'dapp-cache-version': '1' } }),
      byVersion,
      'pin',
    ],
  ])('%s', (_, spec, policy, outcome) => {
    expect(outcomeOf(decideOn([APP, spec], policy), 's')).toBe(outcome);
  });

  it('goes although an image needs it, but not what a cluster runs', () => {
    const nodes = [dappImage('app', { from: 's' }), dappStage('s', old({}))];
    const usage = usageOf(['registry.example.com/shop/app:dimgstage-s']);
    expect(outcomeOf(decideOn(nodes, byVersion), 's')).toBe('go: cache-version');
    expect(outcomeOf(decideOn(nodes, byVersion, { usage }), 's')).toBe('kubernetes');
  });

  it('says where the version is told', () => {
    const found = decideOn([APP, dappStage('s', old({}))], byVersion);
    expect(found.decisions.get(digestOf('s'))?.reasons).toEqual([
      { rule: 'cache-version', where: 'label dapp-cache-version', value: '1', current: '33' },
    ]);
  });
});

describe('cache of a commit that is gone', () => {
  const policy = cachePolicy(cacheOf({ improperGitCommit: true }), {
    git: { enabled: true, keepPolicies: [] },
    images: { source: [], tagPatterns: ['cache-{branch}'], unlinked: 'keep' },
  });
  const gone = commitIdOf('gone');
  const there = commitIdOf('lib');
  const revision = (commit: string) => ({ 'org.opencontainers.image.revision': commit });
  it.each<[string, NodeSpec, Partial<Evidence>, string]>([
    ['goes by a label of this repository', stage({ ...revision(gone), ...SOURCE }), {}, 'go: cache-gone'],
    ['stays without proof that it is ours', stage(revision(gone)), {}, 'cache-proper'],
    [
      'stays with a commit that a branch leads to',
      stage({ ...revision(commitIdOf('c1')), ...SOURCE }),
      {},
      'cache-proper',
    ],
    ['goes by its tag', buildkitIndex('s', ['x'], { tags: ['cache-gone'] }), {}, 'go: cache-gone'],
    ['stays by its tag', buildkitIndex('s', ['x'], { tags: ['cache-main'] }), {}, 'cache-proper'],
    ['stays by one of its tags', buildkitIndex('s', ['x'], { tags: ['cache-main', 'cache-gone'] }), {}, 'cache-proper'],
    [
      'stays by its tag although an annotation names a gone commit',
      buildkitIndex('s', ['x'], { tags: ['cache-main'], annotations: { ...revision(gone), ...SOURCE } }),
      {},
      'cache-proper',
    ],
    [
      'goes by an annotation',
      buildkitIndex('s', ['x'], { tags: ['other'], annotations: { ...revision(gone), ...SOURCE } }),
      {},
      'go: cache-gone',
    ],
    ['stays when a tag says nothing', buildkitIndex('s', ['x'], { tags: ['cache-gone', 'other'] }), {}, 'cache-proper'],
    [
      'goes when all its tags are of gone branches',
      buildkitIndex('s', ['x'], { tags: ['cache-a', 'cache-b'] }),
      {},
      'go: cache-gone',
    ],
    ['stays while Git is off', stage({ ...revision(gone), ...SOURCE }), { history: undefined }, 'cache-proper'],
    ['goes by a declared repository', stage(gitLabels('lib', gone)), withLibrary(), 'go: cache-gone'],
    ['stays by a declared repository', stage(gitLabels('lib', there)), withLibrary(), 'cache-proper'],
    ['stays by an undeclared repository', stage(gitLabels('other', gone)), withLibrary(), 'cache-proper'],
    ['stays where no repository is declared', stage(gitLabels('lib', gone)), {}, 'cache-proper'],
    [
      'stays by one that was not read whole',
      stage(gitLabels('lib', gone)),
      { cache: furtherOf({ lib: 'partial' }) },
      'cache-proper',
    ],
    [
      'goes when one of several is gone',
      stage({ ...gitLabels('lib', gone), ...gitLabels('app', there) }),
      { cache: furtherOf({ lib: LIBRARY, app: LIBRARY }) },
      'go: cache-gone',
    ],
    [
      'goes by a declared one whatever an undeclared one says',
      stage({ ...gitLabels('lib', gone), ...gitLabels('other', there) }),
      withLibrary(),
      'go: cache-gone',
    ],
    ['stays with less than a whole id', stage(gitLabels('lib', gone.slice(0, 12))), withLibrary(), 'cache-proper'],
    ['stays with no id at all', stage(gitLabels('lib', 'main')), withLibrary(), 'cache-proper'],
    [
      'stays with a merge that werf made for itself, which is in no repository',
      stage({ ...gitLabels('lib', gone), 'dapp-git-lib-virtual-merge': 'true' }),
      withLibrary(),
      'cache-proper',
    ],
    [
      'goes also of werf 1',
      werf1Stage('s', { labels: { 'werf-git-lib-commit': gone } }),
      withLibrary(),
      'go: cache-gone',
    ],
    [
      'stays while it is young',
      { ...stage(gitLabels('lib', gone)), created: hoursAgo(1) },
      withLibrary(),
      'cache-young',
    ],
    ['stays at an unknown age', { ...stage(gitLabels('lib', gone)), created: null }, withLibrary(), 'cache-young'],
    ['stays when it tells nothing', dappStage('s'), withLibrary(), 'cache-proper'],
  ])('%s', (_, spec, parts, outcome) => {
    expect(outcomeOf(decideOn([APP, spec], policy, { history: HISTORY, ...parts }), 's')).toBe(outcome);
  });

  it('names the repositories that nobody declared', () => {
    const { remarks } = decideOn([APP, stage({ ...gitLabels('a', gone), ...gitLabels('b', gone) })], policy, {
      history: HISTORY,
    });
    expect(remarks.filter(({ code }) => code === 'undeclared-git-repository').map(({ text }) => text)).toEqual([
      'labels of build cache name commits of "a", "b", and nobody says which Git repository that is: nothing follows from these; declare it with --cache-git-repository',
    ]);
  });

  it('takes no place among the images of a pull request', () => {
    const history = historyOf({
      commits: [
        { name: 'c1', date: '2026-10-01T00:00:00Z' },
        { name: 'p1', date: '2026-10-02T00:00:00Z', parents: ['c1'] },
        { name: 'p2', date: '2026-10-03T00:00:00Z', parents: ['p1'] },
      ],
      references: [{ kind: 'branch', name: 'main', commit: 'c1' }],
    });
    const forge = forgeOf({ pullRequests: [{ number: 1, head: 'p2' }] });
    const asked = { ...policy, forge: { ...policy.forge, pullRequests: { last: 1 } } };
    const nodes = [
      { name: 'image', tags: ['image'], labels: { ...revision(commitIdOf('p1')), ...SOURCE } },
      stage({ ...revision(commitIdOf('p2')), ...SOURCE }),
    ];
    const found = decideOn(nodes, asked, { history, forge });
    expect(['image', 's'].map((name) => outcomeOf(found, name))).toEqual(['pull-request', 'cache-proper']);
  });

  it("takes no part in Git's rule for images: neither kept by a branch nor in the place of an image", () => {
    const keepPolicies: Policy['git']['keepPolicies'] = [
      {
        name: 'one',
        references: { kind: 'branch', pattern: { kind: 'literal', text: 'main' } },
        imagesPerReference: { last: 1, operator: 'And' },
      },
    ];
    const history = historyOf({
      commits: [
        { name: 'first', date: '2026-10-01T00:00:00Z' },
        { name: 'second', date: '2026-10-02T00:00:00Z', parents: ['first'] },
      ],
      references: [{ kind: 'branch', name: 'main', commit: 'second' }],
    });
    const nodes = [
      { name: 'image', tags: ['image'], labels: { ...revision(commitIdOf('first')), ...SOURCE } },
      stage({ ...revision(commitIdOf('second')), ...SOURCE }),
    ];
    const on = { ...policy, git: { enabled: true, keepPolicies } };
    const off = { ...on, cache: cacheOf({}) };
    const names = ['image', 's'];
    const outcomes = [on, off].map((one) => names.map((name) => outcomeOf(decideOn(nodes, one, { history }), name)));
    expect(outcomes).toEqual([
      ['git', 'cache-proper'],
      ['go: git-superseded', 'git'],
    ]);
  });
});

describe('a flush', () => {
  const policy = cachePolicy(cacheOf({ flush: true }));
  it.each<[string, readonly NodeSpec[], string]>([
    ['takes cache that an image needs', [dappImage('app', { from: 's' }), dappStage('s')], 'go: cache-flush'],
    ['takes cache where no image is', [dappStage('s')], 'go: cache-flush'],
    ["takes BuildKit's cache", [APP, buildkitIndex('s', ['app'])], 'go: cache-flush'],
    ['leaves what a running build may just have made', [dappStage('s', { created: hoursAgo(1) })], 'cache-young'],
    ['leaves what is of an unknown age', [dappStage('s', { created: null })], 'cache-young'],
    ["leaves dapp's development mode", [dappStage('s', { labels: { 'dapp-dev-mode': 'true' } })], 'cache-proper'],
    ['leaves images to the other rules', [{ name: 's', tags: ['app-s'] }], 'pin'],
  ])('%s', (_, nodes, outcome) => {
    expect(outcomeOf(decideOn(nodes, policy), 's')).toBe(outcome);
  });

  it('leaves what is pinned', () => {
    const pins = { tags: ['dimgstage-*'], expressions: [], list: [] };
    expect(outcomeOf(decideOn([dappStage('s')], cachePolicy(cacheOf({ flush: true }), { pins })), 's')).toBe('pin');
  });
});

describe("dapp's development mode", () => {
  const policy = cachePolicy(cacheOf({ improperRepoCache: true, isDev: true }), {
    pins: { tags: [], expressions: [], list: [] },
  });
  const dev = { 'dapp-dev-mode': 'true' };
  it.each<[string, readonly NodeSpec[], string]>([
    ['is all that is looked at: its cache goes', [APP, dappStage('s', { labels: dev })], 'go: cache-unneeded'],
    ['is all that is looked at: other cache stays', [APP, dappStage('s')], 'cache-proper'],
    ["is all that is looked at: BuildKit's cache stays", [APP, buildkitIndex('s', ['x'])], 'cache-proper'],
    ['is all that is looked at: every image stays', [{ name: 's', tags: ['old'] }], 'no-cache'],
    [
      'keeps the cache of its images',
      [dappImage('app', { from: 's', labels: dev }), dappStage('s', { labels: dev })],
      'cache-needed',
    ],
  ])('%s', (_, nodes, outcome) => {
    expect(outcomeOf(decideOn(nodes, policy), 's')).toBe(outcome);
  });

  it('keeps no image while no rule about cache is on', () => {
    const off = cachePolicy(cacheOf({ isDev: true }), { pins: { tags: [], expressions: [], list: [] } });
    expect(outcomeOf(decideOn([{ name: 's', tags: ['old'] }], off), 's')).toBe('go: unused');
  });
});

describe('where nothing but build cache is looked at', () => {
  const policy = cachePolicy(cacheOf({ improperRepoCache: true, isAlone: true }), {
    pins: { tags: [], expressions: [], list: [] },
  });
  const signature = { name: 'sig', subject: 's', tags: [] };
  it.each<[string, readonly NodeSpec[], string]>([
    ['every image stays', [{ name: 's', tags: ['old'] }], 'no-cache'],
    ['an untagged image stays', [{ name: 's' }], 'no-cache'],
    ['cache goes that no image needs', [APP, dappStage('s')], 'go: cache-unneeded'],
    [
      "cache of BuildKit's goes that another one is better than",
      [APP, buildkitIndex('s', ['base']), buildkitIndex('t', ['base', 'app'])],
      'go: cache-unneeded',
    ],
    [
      'cache stays that an image needs which would go otherwise',
      [dappImage('app', { from: 's' }), dappStage('s')],
      'cache-needed',
    ],
    ["dapp's development mode stays", [APP, dappStage('s', { labels: { 'dapp-dev-mode': 'true' } })], 'cache-proper'],
  ])('%s', (_, nodes, outcome) => {
    expect(outcomeOf(decideOn(nodes, policy), 's')).toBe(outcome);
  });

  it('what is attached to cache goes with it', () => {
    expect(outcomeOf(decideOn([APP, dappStage('s'), signature], policy), 'sig')).toBe('go: owner-goes');
  });

  it('nothing is kept for it while no rule about cache is on', () => {
    const off = cachePolicy(cacheOf({ isAlone: true }), { pins: { tags: [], expressions: [], list: [] } });
    expect(outcomeOf(decideOn([{ name: 's', tags: ['old'] }], off), 's')).toBe('go: unused');
  });
});

describe('a repository that is declared to hold build cache', () => {
  const flush = cachePolicy(cacheOf({ flush: true }), { pins: { tags: [], expressions: [], list: [] } });
  it.each<[string, NodeSpec, string]>([
    ['keeps an image', { name: 's', tags: ['v1'] }, 'no-cache'],
    ['keeps an untagged image with several layers', { name: 's', layers: ['a', 'b'] }, 'no-cache'],
    ['keeps an index', { name: 's', tags: ['v1'], lists: ['k'] }, 'no-cache'],
    ["loses Kaniko's layers", kanikoLayer('s', 'x'), 'go: cache-flush'],
    ["loses BuildKit's caches", buildkitIndex('s', ['x']), 'go: cache-flush'],
    ["loses dapp's stages", dappStage('s'), 'go: cache-flush'],
    [
      'keeps what it cannot understand',
      { name: 's', tags: ['odd'], opaque: { mayListManifests: false, names: [] } },
      'unreadable',
    ],
  ])('%s', (_, spec, outcome) => {
    expect(outcomeOf(decideDeclared({ images: [APP], nodes: [spec] }, flush), 's')).toBe(outcome);
  });

  it('keeps everything while no rule about cache is on', () => {
    const off = cachePolicy(cacheOf({}), { pins: { tags: [], expressions: [], list: [] } });
    const nodes = [kanikoLayer('s', 'x'), { name: 'i', tags: ['v1'] }];
    const found = decideDeclared({ images: [], nodes }, off);
    expect(['s', 'i'].map((name) => outcomeOf(found, name))).toEqual(['cache-proper', 'no-cache']);
  });

  it('loses what hangs on cache with it, and keeps what hangs on images', () => {
    const nodes = [
      kanikoLayer('s', 'x'),
      { name: 'sig', tags: [], subject: 's' },
      { name: 'i', tags: ['v1'] },
      { name: 'isig', tags: [], subject: 'i' },
    ];
    const found = decideDeclared({ images: [APP], nodes }, flush);
    expect(['s', 'sig', 'i', 'isig'].map((name) => outcomeOf(found, name))).toEqual([
      'go: cache-flush',
      'go: owner-goes',
      'no-cache',
      'referrer',
    ]);
  });

  it('keeps what clusters use', () => {
    const usage = usageOf([`registry.example.com/shop/app@${digestOf('s')}`]);
    expect(outcomeOf(decideDeclared({ images: [APP], nodes: [kanikoLayer('s', 'x')] }, flush, { usage }), 's')).toBe(
      'kubernetes',
    );
  });

  it('keeps what was pushed a moment ago, and what the registry protects', () => {
    const tag = parseTag(kanikoKey('s'));
    const spec = kanikoLayer('s', 'x', { created: hoursAgo(3) });
    const fresh = { ...flush, recent: { within: hours(4) } };
    expect(outcomeOf(decideDeclared({ images: [APP], nodes: [spec] }, fresh), 's')).toBe('recent');
    const snapshot = { ...snapshotOf([spec]), protectedTags: new Map([[tag, 'a rule']]) };
    expect(outcomeOf(decideDeclared({ images: [APP], nodes: [] }, flush, { snapshot }), 's')).toBe(
      'registry-protected',
    );
  });

  it('says how much in it is no cache', () => {
    const { remarks } = decideDeclared(
      { images: [APP], nodes: [{ name: 'i', tags: ['v1'] }, kanikoLayer('s', 'x')] },
      flush,
    );
    expect(remarks.map(({ text }) => text)).toEqual([
      '1 image is no build cache, and stays in this repository, which is declared to hold nothing else',
    ]);
  });

  it("is not taken for another clone's while the images are of this history", () => {
    const byCommit = cachePolicy(cacheOf({ improperGitCommit: true }), {
      git: { enabled: true, keepPolicies: [] },
      images: { source: [], tagPatterns: ['cache-{branch}'], unlinked: 'keep' },
    });
    const nodes = [buildkitIndex('s', ['x'], { tags: ['cache-gone'] })];
    const parts = { history: HISTORY };
    const [ours, theirs] = [true, false].map((isBuiltHere) =>
      decideDeclared({ images: [APP], nodes }, byCommit, { ...parts, isBuiltHere }),
    );
    expect(outcomeOf(ours ?? expect.fail(), 's')).toBe('go: cache-gone');
    expect([ours?.isBuiltHere, theirs?.isBuiltHere]).toEqual([true, false]);
  });
});

describe('guards', () => {
  it('take no flush for a mistake, but every other loss', () => {
    const nodes = [APP, dappStage('s'), dappStage('t'), dappStage('u')];
    const guards = { maxDeleteShare: 0.5, allowDeleteAll: false };
    expect(guardsOf(decideOn(nodes, cachePolicy(cacheOf({ flush: true }))), guards)).toEqual([]);
    expect(guardsOf(decideOn(nodes, cachePolicy(cacheOf({ improperRepoCache: true }))), guards)).toEqual([
      'max-delete-share',
    ]);
    const alone = decideOn([dappStage('s')], cachePolicy(cacheOf({ flush: true })));
    expect(guardsOf(alone, guards)).toEqual([]);
  });

  it('suspect the wrong clone when cache goes for its commit and no image is of this history', () => {
    const policy = cachePolicy(cacheOf({ improperGitCommit: true }), { git: { enabled: true, keepPolicies: [] } });
    const nodes = [APP, stage({ 'org.opencontainers.image.revision': commitIdOf('gone'), ...SOURCE })];
    const guards = { maxDeleteShare: 1, allowDeleteAll: false };
    expect(guardsOf(decideOn(nodes, policy, { history: HISTORY }), guards)).toEqual(['foreign-history']);
  });
});

function guardsOf(decisions: Decisions, guards: Policy['guards']): readonly string[] {
  const plan = buildPlan({
    tool: 'test',
    createdAt: NOW,
    asOf: undefined,
    evidence: { repositories: [] },
    previous: undefined,
    guards,
    repositories: [{ name: 'app', ...decisions }],
  });
  return (plan.repositories[0]?.guards ?? []).map(({ guard }) => guard);
}

function versionPolicy(current: string, labels: readonly string[], tags: readonly string[]): Policy {
  const improperCacheVersion: NonNullable<CachePolicy['improperCacheVersion']> = { current, labels, tags };
  return cachePolicy(cacheOf({ improperCacheVersion }));
}

function old(parts: Partial<NodeSpec>): Partial<NodeSpec> {
  return { labels: { 'dapp-cache-version': '1' }, ...parts };
}

function stage(labels: NonNullable<NodeSpec['labels']>): NodeSpec {
  return dappStage('s', { labels });
}

function withLibrary(): Partial<Evidence> {
  return { cache: furtherOf({ lib: LIBRARY }) };
}
