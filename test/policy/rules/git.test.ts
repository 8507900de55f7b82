import { describe, expect, it } from 'vitest';
import { DEFAULT_KEEP_POLICIES } from '../../../src/config/default-keep-policies.ts';
import type { KeepPolicy, Policy } from '../../../src/model/policy.ts';
import { type DecisionSpec, decisionsOn } from '../../builders/decision.ts';
import { commitIdOf, historyOf } from '../../builders/history.ts';
import { ANY_AGE, digestOf, type NodeSpec, referrerTagOf } from '../../builders/snapshot.ts';

const REVISION = 'org.opencontainers.image.revision';
const SOURCE = 'org.opencontainers.image.source';
const GONE = 'f'.repeat(40);

/**
 * main: c1 ← c2 ← merge (of side) ← c4; tag v1 at c1, v2 at an orphaned commit off any branch; branch dev at side. Neither leads to
 * `proposed`.
 */
const HISTORY = historyOf({
  commits: [
    { name: 'c1', date: '2026-10-01T00:00:00Z' },
    { name: 'c2', date: '2026-10-02T00:00:00Z', parents: ['c1'] },
    { name: 'side', date: '2026-10-03T00:00:00Z', parents: ['c1'] },
    { name: 'merge', date: '2026-10-04T00:00:00Z', parents: ['c2', 'side'] },
    { name: 'c4', date: '2026-10-05T00:00:00Z', parents: ['merge'] },
    { name: 'orphan', date: '2026-10-06T00:00:00Z' },
    { name: 'proposed', date: '2026-10-07T00:00:00Z', parents: ['c4'] },
  ],
  references: [
    { kind: 'branch', name: 'main', commit: 'c4' },
    { kind: 'branch', name: 'dev', commit: 'side' },
    { kind: 'tag', name: 'v1', commit: 'c1' },
    { kind: 'tag', name: 'v2', commit: 'orphan' },
  ],
});

const COMMITS = ['c1', 'c2', 'side', 'merge', 'c4', 'orphan'];
const ONE_EACH = COMMITS.map((name) => built(name, name));

describe('a branch keeps', () => {
  it.each<[string, KeepPolicy, readonly string[]]>([
    ['its newest image', branch('main', 1), ['c4']],
    ['so many of its newest', branch('main', 3), ['c4', 'merge', 'side']],
    ['what a merge brought in, over all parents', branch('main', -1), ['c1', 'c2', 'c4', 'merge', 'side']],
    ['nothing that is only on other branches', branch('dev', -1), ['c1', 'side']],
    ['nothing with last 0', branch('main', 0), []],
  ])('%s', (_, policy, expected) => {
    expect(keptByGit(ONE_EACH, [policy])).toEqual(expected);
  });

  it('the newest image there is, however far behind the head', () => {
    expect(keptByGit([built('old', 'c1')], [branch('main', 1)])).toEqual(['old']);
  });
});

describe('a tag keeps', () => {
  it('only what was built from the very commit that it names', () => {
    expect(keptByGit(ONE_EACH, [tag('v1')])).toEqual(['c1']);
    expect(keptByGit([built('x', 'c1')], [tag('v2')])).toEqual([]);
  });

  it('nothing of the ancestors of its commit', () => {
    const history = historyOf({
      commits: [
        { name: 'c1', date: '2026-10-01T00:00:00Z' },
        { name: 'c2', date: '2026-10-02T00:00:00Z', parents: ['c1'] },
      ],
      references: [{ kind: 'tag', name: 'v1', commit: 'c2' }],
    });
    expect(keptByGit([built('a', 'c1')], [tag('v1', -1)], { history })).toEqual([]);
  });

  it('an image off any branch', () => {
    expect(keptByGit(ONE_EACH, [tag('v2')])).toEqual(['orphan']);
  });
});

describe('references together', () => {
  it('keep the union of what each keeps', () => {
    expect(keptByGit(ONE_EACH, [branch('main', 1), branch('dev', 1), tag('v.*')])).toEqual([
      'c1',
      'c4',
      'orphan',
      'side',
    ]);
  });

  it('count each by its last policy', () => {
    expect(keptByGit(ONE_EACH, [branch('.*', -1), branch('main', 1)])).toEqual(['c1', 'c4', 'side']);
  });

  it('are told as reasons, the newest first', () => {
    const made = decide([built('a', 'c1')], [branch('.*', 1), tag('.*')]);
    const references = made
      .of('a')
      .reasons.map((reason) => (reason.rule === 'git' ? reason.reference.name : reason.rule));
    expect(references).toEqual(['main', 'dev', 'v1']);
  });
});

describe('an index counts once', () => {
  it('though it lists several images of that commit', () => {
    const nodes: readonly NodeSpec[] = [
      { name: 'new', tags: ['new'], lists: ['new-amd', 'new-arm'] },
      { ...built('new-amd', 'c4'), tags: [] },
      { ...built('new-arm', 'c4'), tags: [] },
      built('old', 'c2'),
      built('older', 'c1'),
    ];
    expect(decide(nodes, [branch('main', 2)]).doomed).toEqual(['older']);
  });
});

describe('referrers do not count', () => {
  it('a signature on a platform image takes no place and keeps nothing', () => {
    const nodes: readonly NodeSpec[] = [
      { name: 'new', tags: ['new'], lists: ['new-amd'] },
      { ...built('new-amd', 'c4'), tags: [] },
      { name: 'new-sig', tags: [referrerTagOf('new-amd', '.sig')], labels: { [REVISION]: commitIdOf('c4') } },
      { name: 'old', tags: ['old'], lists: ['old-amd'] },
      { ...built('old-amd', 'c2'), tags: [] },
      { name: 'old-sig', tags: [referrerTagOf('old-amd', '.sig')], labels: { [REVISION]: commitIdOf('c4') } },
    ];
    expect(decide(nodes, [branch('main', 1)]).kept).toEqual(['new', 'new-amd', 'new-sig']);
  });

  it('a referrer by subject takes no place either', () => {
    const nodes = [built('new', 'c2'), { ...built('sbom', 'c4'), tags: [], subject: 'new' }];
    expect(decide(nodes, [branch('main', 1)]).doomed).toEqual([]);
  });
});

describe('links nobody declared', () => {
  const weak: NodeSpec = { name: 'weak', tags: [commitIdOf('c4').slice(0, 8)] };

  it('take no place from an image with a sure link', () => {
    expect(decide([built('sure', 'c2'), weak], [branch('main', 1)]).doomed).toEqual([]);
  });

  it('keep the image while a policy reaches it, and say by which tag', () => {
    const [reason] = decide([weak], [branch('main', 1)]).of('weak').reasons;
    expect(reason).toMatchObject({
      rule: 'git',
      found: { kind: 'tag-pattern', name: '{commit}', tag: weak.tags?.[0] },
    });
  });

  it('leave it unlinked when no policy reaches it', () => {
    expect(decide([weak], [branch('dev', 1)]).rulesOf('weak')).toEqual(['unlinked']);
    expect(decide([weak], [branch('dev', 1)], { images: { unlinked: 'delete' } }).rulesOf('weak')).toEqual([
      'unlinked-unwanted',
    ]);
  });

  it('condemn once the pattern is declared', () => {
    expect(decide([weak], [branch('dev', 1)], { images: { tagPatterns: ['{commit}'] } }).rulesOf('weak')).toEqual([
      'git-superseded',
    ]);
  });
});

describe('an image that no policy reaches', () => {
  it.each<[string, NodeSpec, Partial<Policy['images']>, string]>([
    ['goes when its commit is there', built('a', 'c1'), {}, 'git-superseded'],
    ['goes when its commit is gone and its source is ours', gone('https://github.com/acme/shop'), {}, 'git-gone'],
    ['stays when its commit is gone and its source is another', gone('https://github.com/acme/base'), {}, 'unlinked'],
    ['stays when its commit is gone and it has no source', gone(), {}, 'unlinked'],
    ['goes when its commit is gone and every image is ours', gone(), { source: 'any' }, 'git-gone'],
    ['stays when it says nothing', { name: 'a', tags: ['latest'] }, {}, 'unlinked'],
    [
      'goes when it says nothing and unlinked ones are unwanted',
      { name: 'a', tags: ['latest'] },
      { unlinked: 'delete' },
      'unlinked-unwanted',
    ],
    [
      'goes when a foreign link is all it has and unlinked ones are unwanted',
      gone(),
      { unlinked: 'delete' },
      'unlinked-unwanted',
    ],
    [
      'stays when its config cannot be read, though unlinked ones are unwanted',
      { name: 'a', tags: ['latest'], unread: true },
      { unlinked: 'delete' },
      'unlinked',
    ],
    [
      'stays when its config cannot be read, though its tag is of a branch that is gone',
      { name: 'a', tags: ['old'], unread: true },
      { tagPatterns: ['{branch}'] },
      'unlinked',
    ],
    [
      'stays when only a pull request leads to its commit and nothing proves it ours',
      built('a', 'proposed'),
      {},
      'unlinked',
    ],
    [
      'stays when only a pull request leads to the commit in a tag whose pattern nobody declared',
      { name: 'a', tags: [commitIdOf('proposed').slice(0, 8)] },
      { source: 'any' },
      'unlinked',
    ],
    [
      'goes when only a pull request leads to its commit and every image is ours',
      built('a', 'proposed'),
      { source: 'any' },
      'git-superseded',
    ],
    [
      'stays by a commit of a pull request that nothing proves, though its tag is of a branch that is gone',
      { ...built('a', 'proposed'), tags: ['old'] },
      { tagPatterns: ['{branch}'] },
      'unlinked',
    ],
    [
      'goes by its sure link though another is of a pull request that nothing proves',
      { ...built('a', 'c1'), annotations: { [REVISION]: commitIdOf('proposed') } },
      {},
      'git-superseded',
    ],
    [
      'goes when unlinked ones are unwanted and only a pull request leads to its commit',
      built('a', 'proposed'),
      { unlinked: 'delete' },
      'unlinked-unwanted',
    ],
    [
      'stays when it is of a pull request',
      { name: 'a', tags: ['pr-7'] },
      { tagPatterns: ['pr-{number}'], unlinked: 'delete' },
      'unlinked',
    ],
    [
      'stays when it is of a pull request and of a commit that is superseded',
      { ...built('a', 'c1'), tags: ['pr-7'] },
      { tagPatterns: ['pr-{number}'] },
      'unlinked',
    ],
    [
      'goes when its branch is gone by a declared pattern',
      { name: 'a', tags: ['old'] },
      { tagPatterns: ['{branch}'] },
      'git-gone',
    ],
    [
      'goes by its sure link though another is foreign',
      { ...built('a', 'c1'), annotations: { [REVISION]: GONE } },
      {},
      'git-superseded',
    ],
  ])('%s', (_, node, images, expected) => {
    expect(decide([node], [branch('dev', 0)], { images }).rulesOf('a')[0]).toBe(expected);
  });
});

describe('products in one repository', () => {
  const nodes = [
    { ...built('api-new', 'c4'), labels: { [REVISION]: commitIdOf('c4'), product: 'api' } },
    { ...built('api-old', 'c2'), labels: { [REVISION]: commitIdOf('c2'), product: 'api' } },
    { ...built('web-old', 'c2'), labels: { [REVISION]: commitIdOf('c2'), product: 'web' } },
    { ...built('web-older', 'c1'), labels: { [REVISION]: commitIdOf('c1'), product: 'web' } },
  ];

  it('are counted each by itself', () => {
    const { doomed } = decide(nodes, [branch('main', 1)], { images: { groupBy: { kind: 'label', label: 'product' } } });
    expect(doomed).toEqual(['api-old', 'web-older']);
  });

  it('are one without groupBy', () => {
    expect(decide(nodes, [branch('main', 1)]).kept).toEqual(['api-new']);
  });

  it('may both keep an image that belongs to both', () => {
    const both: NodeSpec = { ...built('both', 'c2'), tags: ['api-1', 'web-1'] };
    const api: NodeSpec = { ...built('api', 'c4'), tags: ['api-2'] };
    const { doomed } = decide([both, api], [branch('main', 1)], {
      images: { groupBy: { kind: 'tag', expression: '^([a-z]+)-' } },
    });
    expect(doomed).toEqual([]);
  });
});

describe('reasons', () => {
  it('are at most ten, however many references keep an image', () => {
    const history = historyOf({
      commits: [{ name: 'c1', date: '2026-10-01T00:00:00Z' }],
      references: Array.from({ length: 30 }, (_, at) => ({ kind: 'branch' as const, name: `b${at}`, commit: 'c1' })),
    });
    const made = decisionsOn(specOf([built('a', 'c1')], [branch('.*', 1)], { history }));
    expect(made.of('a').reasons).toHaveLength(10);
  });

  it('name policy, reference, commit and where it was found', () => {
    expect(decide([built('a', 'c4')], [branch('main', 1)]).of('a').reasons).toEqual([
      {
        rule: 'git',
        policy: 'branch main',
        reference: { kind: 'branch', name: 'main' },
        commit: commitIdOf('c4'),
        found: { kind: 'label', name: REVISION },
      },
    ]);
  });
});

it('the default set keeps what main, its tags and its live branches need', () => {
  const nodes = [...ONE_EACH, gone('https://github.com/acme/shop')];
  // Quiet branches are none of the last week's; main keeps ten, v1 and v2 their own.
  expect(decide(nodes, DEFAULT_KEEP_POLICIES).doomed).toEqual(['a']);
});

it('with the rule off, links and commits decide nothing', () => {
  const made = decisionsOn({
    ...specOf([built('a', 'c1')], []),
    policy: { ...ANY_AGE, git: { enabled: false, keepPolicies: [] } },
  });
  expect(made.rulesOf('a')).toEqual(['unused']);
  expect(made.links.size).toBe(0);
});

function built(name: string, commit: string): NodeSpec {
  return { name, tags: [name], labels: { [REVISION]: commitIdOf(commit) } };
}

function gone(source?: string): NodeSpec {
  return {
    name: 'a',
    tags: ['x'],
    labels: { [REVISION]: GONE, ...(source === undefined ? {} : { [SOURCE]: source }) },
  };
}

function branch(source: string, last: number): KeepPolicy {
  return policyFor('branch', source, last);
}

function tag(source: string, last = 1): KeepPolicy {
  return policyFor('tag', source, last);
}

function policyFor(kind: 'branch' | 'tag', source: string, last: number): KeepPolicy {
  return {
    name: `${kind} ${source}`,
    references: { kind, pattern: { kind: 'regex', source } },
    imagesPerReference: { last, operator: 'And' },
  };
}

interface More {
  readonly history?: DecisionSpec['history'];
  readonly images?: Partial<Policy['images']>;
}

function specOf(nodes: readonly NodeSpec[], keepPolicies: readonly KeepPolicy[], more: More = {}): DecisionSpec {
  return {
    nodes,
    history: more.history ?? HISTORY,
    policy: {
      ...ANY_AGE,
      git: { enabled: true, keepPolicies },
      images: { source: [], tagPatterns: [], unlinked: 'keep', ...more.images },
    },
  };
}

function decide(nodes: readonly NodeSpec[], keepPolicies: readonly KeepPolicy[], more: More = {}) {
  return decisionsOn(specOf(nodes, keepPolicies, more));
}

/** Names of nodes with a reason of the Git rule. */
function keptByGit(
  nodes: readonly NodeSpec[],
  keepPolicies: readonly KeepPolicy[],
  more: More = {},
): readonly string[] {
  const made = decide(nodes, keepPolicies, more);
  return nodes
    .map(({ name }) => name)
    .filter((name) => made.rulesOf(name).includes('git') && made.graph.nodes.has(digestOf(name)))
    .sort();
}
