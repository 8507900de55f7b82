import { describe, expect, it } from 'vitest';
import type { Policy } from '../../../src/model/policy.ts';
import { decisionsOn } from '../../builders/decision.ts';
import { forgeOf, type ReleaseSpec } from '../../builders/forge.ts';
import { commitIdOf, historyOf } from '../../builders/history.ts';
import { ANY_AGE, type NodeSpec } from '../../builders/snapshot.ts';

const REVISION = 'org.opencontainers.image.revision';

/** main: c1 ← c2 ← c3 ← c4; Git tags v1, v2 and v3 at the first three. */
const HISTORY = historyOf({
  commits: ['c1', 'c2', 'c3', 'c4'].map((name, at, all) => ({
    name,
    date: `2026-10-0${at + 1}T00:00:00Z`,
    parents: all.slice(Math.max(0, at - 1), at),
  })),
  references: [
    { kind: 'branch', name: 'main', commit: 'c4' },
    { kind: 'tag', name: 'v1', commit: 'c1' },
    { kind: 'tag', name: 'v2', commit: 'c2' },
    { kind: 'tag', name: 'v3', commit: 'c3' },
  ],
});
const V1: ReleaseSpec = { tag: 'v1', commit: 'c1', date: '2026-10-11T00:00:00Z' };
const V2: ReleaseSpec = { tag: 'v2', commit: 'c2', date: '2026-10-12T00:00:00Z' };
const V3: ReleaseSpec = { tag: 'v3', commit: 'c3', date: '2026-10-13T00:00:00Z' };
const EVERY = ['c1', 'c2', 'c3', 'c4'].map((name) => built(name));

describe('releases keep', () => {
  it.each<[string, readonly ReleaseSpec[], number, readonly string[]]>([
    ['the newest', [V1, V2, V3], 1, ['c3']],
    ['so many of the newest, by date and not by order', [V3, V1, V2], 2, ['c2', 'c3']],
    ['all of them', [V1, V2, V3], -1, ['c1', 'c2', 'c3']],
    [
      'what was published last, not what has the highest number',
      [{ ...V1, date: '2026-11-01T00:00:00Z' }, V2, V3],
      1,
      ['c1'],
    ],
    ['both of a date that shares the last place', [V1, { ...V2, date: V3.date }, V3], 1, ['c2', 'c3']],
    ['nothing when there are none', [], 5, []],
    ['every draft, however old', [{ ...V1, draft: true }, V2, V3], 1, ['c1', 'c3']],
    ['no place for a draft', [{ ...V1, date: '2026-11-01T00:00:00Z', draft: true }, V2, V3], 1, ['c1', 'c3']],
    ['nothing of a branch that is called as the release', [{ tag: 'main', date: V3.date }], 1, []],
    ['a draft of a commit that has no Git tag yet', [{ ...V1, tag: 'v9', commit: 'c4', draft: true }], 1, ['c4']],
    ['the commit of the Git tag when the release says none', [{ tag: 'v2', date: V2.date }], 1, ['c2']],
    [
      'no place for a release without any image here',
      [V1, V2, V3, { tag: 'docs-1', commit: 'x', date: '2026-11-09T00:00:00Z' }],
      1,
      ['c3'],
    ],
  ])('%s', (_, releases, last, expected) => {
    expect(keptOf(EVERY, releases, { last })).toEqual(expected);
  });

  it('so many of each product', () => {
    const nodes = [
      { ...built('c3'), name: 'api3', tags: ['api-3'] },
      { ...built('c2'), name: 'api2', tags: ['api-2'] },
      { ...built('c2'), name: 'web2', tags: ['web-2'] },
      { ...built('c1'), name: 'web1', tags: ['web-1'] },
    ];
    const groupBy = { kind: 'tag', expression: '^([a-z]+)-' } as const;
    expect(keptOf(nodes, [V1, V2, V3], { last: 1, images: { groupBy } })).toEqual(['api3', 'web2']);
  });
});

describe('an image is of a release', () => {
  const lost: ReleaseSpec = { tag: 'v2.0.0', date: V2.date };

  it.each<[string, NodeSpec, ReleaseSpec, readonly string[], boolean]>([
    ['by its label', built('c2'), V2, [], true],
    [
      'by a tag with the commit that nobody declared',
      { name: 'a', tags: [`sha-${commitIdOf('c2').slice(0, 7)}`] },
      V2,
      [],
      true,
    ],
    ['by the name of the Git tag, when the commit is not there', { name: 'a', tags: ['v2.0.0'] }, lost, [], true],
    ['by the name without v', { name: 'a', tags: ['2.0.0'] }, lost, [], true],
    ['by the name inside a declared pattern', { name: 'a', tags: ['app-2.0.0'] }, lost, ['app-{tag}'], true],
    [
      'by the name inside a declared pattern of several ways to split',
      { name: 'a', tags: ['2.0.0-fix-x'] },
      lost,
      ['{tag}-{branch}'],
      true,
    ],
    ['by the name, though its label says another commit', { ...built('c4'), tags: ['2.0.0'] }, lost, [], true],
    ['not by part of the name', { name: 'a', tags: ['2.0'] }, lost, [], false],
    ['not by the name inside a pattern that nobody declared', { name: 'a', tags: ['app-2.0.0'] }, lost, [], false],
    ['not by another commit', built('c1'), V2, [], false],
  ])('%s', (_, node, release, tagPatterns, isKept) => {
    expect(keptOf([node], [release], { last: 1, images: { tagPatterns } })).toEqual(isKept ? [node.name] : []);
  });

  it('and what it lists stays with it', () => {
    const nodes = [
      { name: 'index', tags: ['2.0.0'], lists: ['amd'] },
      { name: 'amd' },
      { name: 'old', tags: ['old'], labels: { [REVISION]: commitIdOf('c1') } },
    ];
    expect(decide(nodes, [lost], { last: 1 }).kept).toEqual(['index', 'amd']);
  });
});

it('a doubtful link takes no place from a release with a sure one', () => {
  const nodes = [{ name: 'weak', tags: ['v3'] }, built('c2'), built('c1')];
  expect(keptOf(nodes, [V1, V2, V3], { last: 1 })).toEqual(['c2', 'weak']);
});

describe('reasons', () => {
  it('name release, commit and where it was found', () => {
    expect(decide([built('c2')], [V2], { last: 1 }).of('c2').reasons).toEqual([
      { rule: 'release', tag: 'v2', commit: commitIdOf('c2'), found: { kind: 'label', name: REVISION } },
    ]);
  });

  it('name no commit when nobody knows it', () => {
    const made = decide([{ name: 'a', tags: ['9'] }], [{ tag: 'v9', date: V1.date }], { last: 1 });
    expect(made.of('a').reasons[0]).toEqual({
      rule: 'release',
      tag: 'v9',
      found: { kind: 'tag-pattern', name: '{tag}', tag: '9' },
    });
  });

  it('hold the tags that name the release, when tags are taken off', () => {
    const node = { name: 'a', tags: ['v2', '2', 'nightly'] };
    const made = decide([node], [V2], { last: 1, untag: true, images: { unlinked: 'delete' } });
    expect(made.of('a')).toMatchObject({ decision: 'keep', untag: ['nightly'] });
  });
});

describe('remarks', () => {
  const lost = (tag: string): ReleaseSpec => ({ tag, date: V1.date });
  const lostDraft = { ...lost('v8'), draft: true };

  it.each<[string, readonly ReleaseSpec[], number | 'off', readonly string[]]>([
    [
      'name a release whose Git tag is not there',
      [lost('v7'), V2],
      1,
      ['a release has no Git tag, so that only tags of images can name it: v7'],
    ],
    [
      'name only a few of many, whatever their order',
      [lost('e'), lost('d'), lost('c'), lost('b'), lost('a')],
      1,
      ['5 releases have no Git tag, so that only tags of images can name it: a, b, c and 2 more'],
    ],
    [
      'name a release that is called as a branch',
      [lost('main')],
      1,
      ['a release has no Git tag, so that only tags of images can name it: main'],
    ],
    ['say nothing of a draft, which has none yet', [lostDraft], 1, []],
    ['say nothing of a release that says no commit while its Git tag is there', [lost('v2')], 1, []],
    ['say nothing while the rule is off', [lost('v7')], 'off', []],
  ])('%s', (_, releases, last, expected) => {
    const { remarks } = decide(EVERY, releases, { last });
    expect(remarks.flatMap(({ code, text }) => (code === 'release-without-tag' ? text : []))).toEqual(expected);
  });
});

it('the rule that is off keeps nothing', () => {
  expect(keptOf(EVERY, [V1, V2, V3], { last: 'off' })).toEqual([]);
});

function built(commit: string): NodeSpec {
  return { name: commit, tags: [`build-${commit}`], labels: { [REVISION]: commitIdOf(commit) } };
}

interface More {
  readonly last: number | 'off';
  readonly images?: Partial<Policy['images']>;
  readonly untag?: boolean;
}

function decide(nodes: readonly NodeSpec[], releases: readonly ReleaseSpec[], more: More) {
  return decisionsOn({
    nodes,
    history: HISTORY,
    forge: forgeOf({ releases }),
    policy: {
      ...ANY_AGE,
      images: { source: [], tagPatterns: [], unlinked: 'keep', ...more.images },
      forge: { pullRequests: 'off', releases: more.last === 'off' ? 'off' : { last: more.last }, deployments: 'off' },
      untag: more.untag ?? false,
    },
  });
}

/** Names of nodes with a reason of this rule. */
function keptOf(nodes: readonly NodeSpec[], releases: readonly ReleaseSpec[], more: More): readonly string[] {
  const made = decide(nodes, releases, more);
  return nodes
    .map(({ name }) => name)
    .filter((name) => made.rulesOf(name).includes('release'))
    .sort();
}
