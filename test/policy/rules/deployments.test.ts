import { describe, expect, it } from 'vitest';
import type { Policy } from '../../../src/model/policy.ts';
import { decisionsOn } from '../../builders/decision.ts';
import { type DeploymentSpec, forgeOf } from '../../builders/forge.ts';
import { commitIdOf, historyOf } from '../../builders/history.ts';
import { ANY_AGE, type NodeSpec } from '../../builders/snapshot.ts';

const REVISION = 'org.opencontainers.image.revision';
const NAMES = ['c1', 'c2', 'c3', 'c4', 'c5', 'c6'];

/** main: c1 ← … ← c6. */
const HISTORY = historyOf({
  commits: NAMES.map((name, at) => ({
    name,
    date: `2026-01-0${at + 1}T00:00:00Z`,
    parents: NAMES.slice(Math.max(0, at - 1), at),
  })),
  references: [{ kind: 'branch', name: 'main', commit: 'c6' }],
});
const EVERY = NAMES.map((name) => built(name));

type State = DeploymentSpec['state'];

/**
 * One deployment of each commit, so many days before now: `['c3', 'active', 1]`. The newest is written first.
 */
type Line = readonly [commit: string, state: State, daysAgo: number, environment?: string];

describe('an environment keeps', () => {
  it.each<[string, readonly Line[], number, readonly string[]]>([
    [
      'what is active, and what was before it',
      [
        ['c3', 'active', 1],
        ['c2', 'inactive', 2],
        ['c1', 'inactive', 3],
      ],
      2,
      ['c2', 'c3'],
    ],
    [
      'only what is active with one place',
      [
        ['c3', 'active', 1],
        ['c2', 'inactive', 2],
      ],
      1,
      ['c3'],
    ],
    [
      'what was active so long ago that it is hardly true',
      [
        ['c3', 'active', 300],
        ['c2', 'inactive', 400],
      ],
      2,
      ['c2', 'c3'],
    ],
    [
      'all that ever was with a negative number',
      [
        ['c3', 'active', 100],
        ['c2', 'inactive', 200],
        ['c1', 'inactive', 300],
      ],
      -1,
      ['c1', 'c2', 'c3'],
    ],
    [
      'all that are active, however many: nothing has taken their place',
      [
        ['c3', 'active', 1],
        ['c2', 'active', 100],
        ['c1', 'active', 200],
      ],
      1,
      ['c1', 'c2', 'c3'],
    ],
    [
      'a commit once, however often it was deployed',
      [
        ['c3', 'active', 1],
        ['c3', 'inactive', 2],
        ['c3', 'inactive', 3],
        ['c2', 'inactive', 4],
        ['c1', 'inactive', 5],
      ],
      2,
      ['c2', 'c3'],
    ],
    [
      'a commit that was deployed before and again, at its newest',
      [
        ['c1', 'active', 1],
        ['c2', 'inactive', 2],
        ['c3', 'inactive', 3],
        ['c1', 'inactive', 4],
      ],
      2,
      ['c1', 'c2'],
    ],
    [
      'both of one second that share the last place',
      [
        ['c3', 'active', 1],
        ['c2', 'inactive', 2],
        ['c1', 'inactive', 2],
      ],
      2,
      ['c1', 'c2', 'c3'],
    ],
    [
      'what is on its way, which takes no place',
      [
        ['c4', 'pending', 1],
        ['c3', 'active', 2],
        ['c2', 'inactive', 3],
        ['c1', 'inactive', 4],
      ],
      2,
      ['c2', 'c3', 'c4'],
    ],
    [
      'what is on its way though something newer is active',
      [
        ['c4', 'active', 1],
        ['c3', 'pending', 100],
        ['c2', 'inactive', 200],
      ],
      2,
      ['c2', 'c3', 'c4'],
    ],
    [
      'what waits behind those, as long as somebody may still approve it',
      [
        ['c4', 'active', 1],
        ['c3', 'inactive', 2],
        ['c2', 'pending', 29],
      ],
      2,
      ['c2', 'c3', 'c4'],
    ],
    [
      'nothing that waits behind those for longer',
      [
        ['c4', 'active', 1],
        ['c3', 'inactive', 2],
        ['c2', 'pending', 30],
      ],
      2,
      ['c3', 'c4'],
    ],
    [
      'what is in a state that nobody knows, whenever it was',
      [
        ['c4', 'active', 1],
        ['c3', 'inactive', 2],
        ['c2', 'unknown', 300],
      ],
      2,
      ['c2', 'c3', 'c4'],
    ],
    [
      'the newest, though it failed',
      [
        ['c4', 'failed', 1],
        ['c3', 'active', 2],
        ['c2', 'inactive', 3],
      ],
      2,
      ['c2', 'c3', 'c4'],
    ],
    [
      'nothing that failed before',
      [
        ['c4', 'active', 1],
        ['c3', 'failed', 2],
        ['c2', 'inactive', 3],
        ['c1', 'inactive', 4],
      ],
      2,
      ['c2', 'c4'],
    ],
    ['the only one, though it failed', [['c4', 'failed', 300]], 2, ['c4']],
    [
      'what was active lately, where it was torn down',
      [
        ['c4', 'inactive', 1],
        ['c3', 'inactive', 2],
        ['c2', 'inactive', 3],
      ],
      2,
      ['c3', 'c4'],
    ],
    [
      'nothing that was active longer ago, where it was torn down',
      [
        ['c4', 'inactive', 30],
        ['c3', 'inactive', 40],
      ],
      2,
      [],
    ],
    [
      'only what was active lately, where it was torn down',
      [
        ['c4', 'inactive', 29],
        ['c3', 'inactive', 31],
      ],
      2,
      ['c4'],
    ],
    [
      'nothing else where it was torn down and the last try failed',
      [
        ['c4', 'failed', 40],
        ['c3', 'inactive', 50],
      ],
      2,
      ['c4'],
    ],
    [
      'what it had before, while something is on its way',
      [
        ['c4', 'pending', 100],
        ['c3', 'inactive', 200],
        ['c2', 'inactive', 300],
        ['c1', 'inactive', 400],
      ],
      2,
      ['c2', 'c3', 'c4'],
    ],
    [
      'what it had before, while nobody knows a state',
      [
        ['c4', 'unknown', 100],
        ['c3', 'inactive', 200],
      ],
      2,
      ['c3', 'c4'],
    ],
    ['a deployment from the future', [['c4', 'inactive', -5]], 2, ['c4']],
    [
      'so many of its own, whatever others have',
      [
        ['c4', 'active', 1],
        ['c3', 'active', 2, 'staging'],
        ['c2', 'inactive', 3],
        ['c1', 'inactive', 4, 'staging'],
      ],
      2,
      ['c1', 'c2', 'c3', 'c4'],
    ],
    [
      'no place for a commit that has no image here',
      [
        ['x', 'inactive', 1],
        ['y', 'inactive', 2],
        ['c3', 'active', 3],
        ['c2', 'inactive', 4],
      ],
      2,
      ['c2', 'c3'],
    ],
    [
      'the newest that has an image here, though it failed',
      [
        ['x', 'active', 1],
        ['c3', 'failed', 2],
        ['c2', 'inactive', 3],
      ],
      1,
      ['c2', 'c3'],
    ],
  ])('%s', (_, deployments, last, expected) => {
    expect(keptOf(EVERY, deployments, { last })).toEqual(expected);
    expect(keptOf(EVERY, deployments.toReversed(), { last })).toEqual(expected);
  });

  it('so many of each product', () => {
    const nodes = [
      { ...built('c3'), name: 'api3', tags: ['api-3'] },
      { ...built('c2'), name: 'api2', tags: ['api-2'] },
      { ...built('c1'), name: 'web1', tags: ['web-1'] },
    ];
    const deployments: readonly Line[] = [
      ['c3', 'active', 1],
      ['c2', 'inactive', 2],
      ['c1', 'inactive', 3],
    ];
    const groupBy = { kind: 'tag', expression: '^([a-z]+)-' } as const;
    expect(keptOf(nodes, deployments, { last: 1, images: { groupBy } })).toEqual(['api3', 'web1']);
  });
});

describe('environments', () => {
  const deployments: readonly Line[] = [
    ['c1', 'active', 1, 'production'],
    ['c2', 'active', 1, 'production-eu'],
    ['c3', 'active', 1, 'preview/pr-12'],
    ['c4', 'active', 1, 'Staging'],
    ['c5', 'active', 1, 'a.b'],
    ['c6', 'active', 1, 'a\nb'],
  ];

  it.each<[string, readonly string[], readonly string[]]>([
    ['all count when none is named', [], ['c1', 'c2', 'c3', 'c4', 'c5', 'c6']],
    ['only the named one counts', ['production'], ['c1']],
    ['several can be named', ['production', 'a.b'], ['c1', 'c5']],
    [
      'a star stands for anything, slashes and line breaks too',
      ['production*', 'preview*', 'a*b'],
      ['c1', 'c2', 'c3', 'c5', 'c6'],
    ],
    ['a question mark stands for one character', ['a?b'], ['c5', 'c6']],
    ['a dot is a dot', ['a.b'], ['c5']],
    ['case does not count, as on GitHub', ['STAGING'], ['c4']],
    ['the whole name must match', ['prod', 'duction'], []],
  ])('%s', (_, environments, expected) => {
    expect(keptOf(EVERY, deployments, { last: 1, environments })).toEqual(expected);
  });

  it.each<[string, readonly string[], readonly string[]]>([
    [
      'that nothing was ever deployed to are remarked on: they may be misspelt',
      ['production', 'prodution'],
      ['prodution'],
    ],
    ['are not, while each glob matches one', ['production', 'pre*'], []],
    ['are not, while none is named', [], []],
  ])('%s', (_, environments, expected) => {
    const { remarks } = decide(EVERY, deployments, { last: 1, environments });
    const named = remarks.flatMap(({ code, text }) =>
      code === 'no-such-environment' ? text.replace(/^.*: /, '') : [],
    );
    expect(named).toEqual(expected);
  });
});

describe('an image is of a deployment', () => {
  const ours = { 'org.opencontainers.image.source': 'https://github.com/acme/shop' };
  const lost = commitIdOf('lost');
  const merges = { merge: 'c3' };

  it.each<[string, string, NodeSpec, Readonly<Record<string, string>>, readonly string[], boolean]>([
    ['by its label', 'c3', built('c3'), {}, [], true],
    ['by a tag whose pattern nobody declared', 'c3', tagged(`sha-${commitIdOf('c3').slice(0, 7)}`), {}, [], true],
    ['not by another commit', 'c3', built('c2'), {}, [], false],
    ['by its label, when the commit is not in the history', 'lost', labelled(lost), {}, [], true],
    ['by its label, when that is proved ours and would condemn it', 'lost', labelled(lost, ours), {}, [], true],
    ['by a short label, when the commit is not in the history', 'lost', labelled(lost.slice(0, 8)), {}, [], true],
    ['by a tag, when the commit is not in the history', 'lost', tagged(`sha-${lost.slice(0, 7)}`), {}, [], true],
    ['by a tag of a declared pattern that would condemn it', 'lost', tagged(lost.slice(0, 7)), {}, ['{commit}'], true],
    ['by a tag that a branch outlives', 'lost', tagged(`main-${lost.slice(0, 7)}`), {}, ['{branch}-{commit}'], true],
    ['not by a longer text than its id', 'lost', labelled(`${lost}00`), {}, [], false],
    ['by the commit that it merges, when a test merge was deployed', 'merge', built('c3'), merges, [], true],
    ['by a test merge of the deployed commit', 'c3', built('merge'), merges, [], true],
    ['by the deployed test merge itself', 'merge', built('merge'), merges, [], true],
    ['by the deployed test merge itself, when nobody knows what it merges', 'merge', built('merge'), {}, [], true],
    [
      'by another test merge of what the deployed one merges',
      'merge',
      built('other'),
      { ...merges, other: 'c3' },
      [],
      true,
    ],
    ['not by a test merge of something else', 'merge', built('other'), { ...merges, other: 'c2' }, [], false],
  ])('%s', (_, commit, node, testMerges, tagPatterns, isKept) => {
    const made = keptOf([node], [[commit, 'active', 1]], { last: 1, testMerges, images: { tagPatterns } });
    expect(made).toEqual(isKept ? [node.name] : []);
  });
});

it('a doubtful link takes no place from a deployment with a sure one', () => {
  for (const doubtful of ['c4', 'lost']) {
    const nodes = [tagged(commitIdOf(doubtful).slice(0, 8)), built('c3'), built('c2')];
    const deployments: readonly Line[] = [
      ['c5', 'active', 1],
      [doubtful, 'inactive', 2],
      ['c3', 'inactive', 3],
      ['c2', 'inactive', 4],
    ];
    expect(keptOf(nodes, deployments, { last: 1 })).toEqual(['c3', 'tagged']);
  }
});

describe('reasons', () => {
  it('name environment, state, commit and where it was found', () => {
    expect(decide([built('c3')], [['c3', 'active', 1]], { last: 1 }).of('c3').reasons).toEqual([
      {
        rule: 'deployment',
        environment: 'production',
        state: 'active',
        commit: commitIdOf('c3'),
        found: { kind: 'label', name: REVISION },
      },
    ]);
  });

  it('tell the strongest state of each environment, in the order of their names', () => {
    const deployments: readonly Line[] = [
      ['c3', 'failed', 1, 'b'],
      ['c3', 'inactive', 2, 'b'],
      ['c3', 'active', 3, 'b'],
      ['c3', 'pending', 4, 'a'],
      ['c3', 'inactive', 5, 'a'],
    ];
    const { reasons } = decide([built('c3')], deployments, { last: 1 }).of('c3');
    expect(
      reasons.map((reason) => (reason.rule === 'deployment' ? `${reason.environment} ${reason.state}` : '')),
    ).toEqual(['a pending', 'b active']);
  });

  it('are at most ten', () => {
    const deployments = Array.from({ length: 30 }, (_, at): Line => ['c3', 'active', 1, `e${at}`]);
    expect(decide([built('c3')], deployments, { last: 1 }).of('c3').reasons).toHaveLength(10);
  });

  it('hold every tag with the commit, when tags are taken off', () => {
    const [short, shorter] = [commitIdOf('c3').slice(0, 9), `sha-${commitIdOf('c3').slice(0, 7)}`];
    const node = { name: 'a', tags: [short, shorter, 'nightly'] };
    const images = { unlinked: 'delete' as const };
    const made = decide([node], [['c3', 'active', 1]], { last: 1, images, untag: true });
    expect(made.of('a')).toMatchObject({ decision: 'keep', untag: ['nightly'] });
  });
});

it('the rule that is off keeps nothing', () => {
  expect(keptOf(EVERY, [['c3', 'active', 1]], { last: 'off' })).toEqual([]);
});

function built(commit: string): NodeSpec {
  return { name: commit, tags: [`build-${commit}`], labels: { [REVISION]: commitIdOf(commit) } };
}

function labelled(revision: string, more: Readonly<Record<string, string>> = {}): NodeSpec {
  return { name: 'labelled', tags: ['x'], labels: { [REVISION]: revision, ...more } };
}

function tagged(tag: string): NodeSpec {
  return { name: 'tagged', tags: [tag] };
}

interface More {
  readonly last: number | 'off';
  readonly environments?: readonly string[];
  readonly testMerges?: Readonly<Record<string, string>>;
  readonly images?: Partial<Policy['images']>;
  readonly untag?: boolean;
}

function decide(nodes: readonly NodeSpec[], deployments: readonly Line[], more: More) {
  const { last, environments = [], testMerges = {} } = more;
  return decisionsOn({
    nodes,
    history: HISTORY,
    forge: forgeOf({ deployments: deployments.map(deploymentOf), testMerges }),
    policy: {
      ...ANY_AGE,
      images: { source: [], tagPatterns: [], unlinked: 'keep', ...more.images },
      forge: { pullRequests: 'off', releases: 'off', deployments: last === 'off' ? 'off' : { environments, last } },
      untag: more.untag ?? false,
    },
  });
}

/** Days before the present of tests, 2026-11-20T12:00:00Z. */
function deploymentOf([commit, state, daysAgo, environment]: Line): DeploymentSpec {
  const date = new Date(Date.UTC(2026, 10, 20 - daysAgo, 12)).toISOString();
  return { commit, state, date, ...(environment === undefined ? {} : { environment }) };
}

/** Names of nodes with a reason of this rule. */
function keptOf(nodes: readonly NodeSpec[], deployments: readonly Line[], more: More): readonly string[] {
  const made = decide(nodes, deployments, more);
  return nodes
    .map(({ name }) => name)
    .filter((name) => made.rulesOf(name).includes('deployment'))
    .sort();
}
