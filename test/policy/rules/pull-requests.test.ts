import { describe, expect, it } from 'vitest';
import { EvidenceError } from '../../../src/errors.ts';
import type { Policy } from '../../../src/model/policy.ts';
import { decisionsOn } from '../../builders/decision.ts';
import { type ForgeSpec, forgeOf } from '../../builders/forge.ts';
import { commitIdOf, type HistorySpec, historyOf } from '../../builders/history.ts';
import { ANY_AGE, type NodeSpec } from '../../builders/snapshot.ts';

const REVISION = 'org.opencontainers.image.revision';
const SOURCE = 'org.opencontainers.image.source';
const OURS = 'https://github.com/acme/shop';

/**
 * main: m1 ← m2 ← m3. Pull request 12: p1 (on m1) ← p2 (merges m2 in) ← p3; only its head leads there. Pull request 13 is of the
 * branch feature: f1 (on m3). Pull request 14 wants into feature: g1 (on f1).
 */
const HISTORY: HistorySpec = {
  commits: [
    { name: 'm1', date: '2026-10-01T00:00:00Z' },
    { name: 'p1', date: '2026-10-02T00:00:00Z', parents: ['m1'] },
    { name: 'm2', date: '2026-10-05T00:00:00Z', parents: ['m1'] },
    { name: 'p2', date: '2026-10-06T00:00:00Z', parents: ['p1', 'm2'] },
    { name: 'p3', date: '2026-10-07T00:00:00Z', parents: ['p2'] },
    { name: 'm3', date: '2026-10-20T00:00:00Z', parents: ['m2'] },
    { name: 'f1', date: '2026-10-21T00:00:00Z', parents: ['m3'] },
    { name: 'g1', date: '2026-10-22T00:00:00Z', parents: ['f1'] },
  ],
  references: [
    { kind: 'branch', name: 'main', commit: 'm3' },
    { kind: 'branch', name: 'feature', commit: 'f1' },
    { kind: 'tag', name: 'v1', commit: 'm2' },
  ],
};
const OPEN = [
  { number: 12, head: 'p3' },
  { number: 13, head: 'f1' },
  { number: 14, head: 'g1', base: 'feature' },
] as const;
const EVERY = ['m1', 'p1', 'm2', 'p2', 'p3', 'm3', 'f1', 'g1'].map((name) => built(name));

describe('an open pull request keeps', () => {
  it.each<[string, NonNullable<ForgeSpec['pullRequests']>, number, readonly string[]]>([
    ['its newest image', [OPEN[0]], 1, ['p3']],
    ['so many of its newest', [OPEN[0]], 2, ['p2', 'p3']],
    ['all that is its own, and nothing of its base, though this was merged in', [OPEN[0]], -1, ['p1', 'p2', 'p3']],
    ['nothing of its base where its own are fewer', [OPEN[1]], 5, ['f1']],
    ['what a branch leads to as well', [OPEN[1]], 1, ['f1']],
    ['only what it adds to another pull request that it is stacked on', [OPEN[2]], 5, ['g1']],
    ['nothing of others', OPEN, 1, ['f1', 'g1', 'p3']],
    [
      'all that it leads to when its base branch is not there, since nobody can tell them apart',
      [{ number: 12, head: 'p3', base: 'gone' }],
      1,
      ['m1', 'm2', 'p1', 'p2', 'p3'],
    ],
    [
      'all that it leads to when only a Git tag is called as its base',
      [{ number: 12, head: 'p3', base: 'v1' }],
      1,
      ['m1', 'm2', 'p1', 'p2', 'p3'],
    ],
    ['its head, though its base leads there', [{ number: 15, head: 'm2' }], 1, ['m2']],
  ])('%s', (_, pullRequests, last, expected) => {
    expect(keptOf(EVERY, { pullRequests }, { last })).toEqual([...expected].sort());
  });

  it('the newest image there is, however far behind the head', () => {
    expect(keptOf([built('p1'), built('m3')], { pullRequests: [OPEN[0]] }, { last: 1 })).toEqual(['p1']);
  });

  it('its head, whatever the dates of its commits say', () => {
    const commits = HISTORY.commits.map((commit) =>
      commit.name === 'p3' ? { ...commit, date: '2020-01-01T00:00:00Z' } : commit,
    );
    expect(keptOf(EVERY, { pullRequests: [OPEN[0]] }, { last: 1, history: { ...HISTORY, commits } })).toEqual([
      'p2',
      'p3',
    ]);
  });

  it('several images of one commit, which count once', () => {
    const nodes = [built('p3'), { ...built('p3'), name: 'twin', tags: ['twin'] }, built('p2'), built('p1')];
    expect(keptOf(nodes, { pullRequests: [OPEN[0]] }, { last: 2 })).toEqual(['p2', 'p3', 'twin']);
  });

  it('an index once, though all it lists are of the commit', () => {
    const nodes: readonly NodeSpec[] = [
      { name: 'i', tags: ['i'], lists: ['amd', 'arm'] },
      { ...built('p3'), name: 'amd', tags: [] },
      { ...built('p3'), name: 'arm', tags: [] },
      built('p2'),
      built('p1'),
    ];
    expect(keptOf(nodes, { pullRequests: [OPEN[0]] }, { last: 2 })).toEqual(['i', 'p2']);
  });

  it('no more for signatures, which are no images', () => {
    const nodes: readonly NodeSpec[] = [{ ...built('p3'), tags: [], subject: 'p1' }, built('p2'), built('p1')];
    expect(keptOf(nodes, { pullRequests: [OPEN[0]] }, { last: 1 })).toEqual(['p2']);
  });

  it('so many of each product', () => {
    const nodes = ['p1', 'p2', 'p3'].flatMap((commit) =>
      (commit === 'p3' ? ['api'] : ['api', 'web']).map((product) => ({
        ...built(commit),
        name: `${product}-${commit}`,
        tags: [`${product}-${commit}`],
      })),
    );
    const groupBy = { kind: 'tag', expression: '^([a-z]+)-' } as const;
    expect(keptOf(nodes, { pullRequests: [OPEN[0]] }, { last: 1, images: { groupBy } })).toEqual(['api-p3', 'web-p2']);
  });
});

describe('doubtful links', () => {
  const weak = { name: 'weak', tags: [`sha-${commitIdOf('p3').slice(0, 7)}`] };

  it('keep an image of a pull request', () => {
    expect(keptOf([weak], { pullRequests: [OPEN[0]] }, { last: 1 })).toEqual(['weak']);
  });

  it('take no place from a sure one', () => {
    expect(keptOf([weak, built('p2'), built('p1')], { pullRequests: [OPEN[0]] }, { last: 1 })).toEqual(['p2', 'weak']);
  });

  it('of images that nothing proves ours take no place either', () => {
    const stranger = { name: 'stranger', tags: ['s'], labels: { [REVISION]: commitIdOf('p3') } };
    expect(keptOf([stranger, built('p2'), built('p1')], { pullRequests: [OPEN[0]] }, { last: 1 })).toEqual([
      'p2',
      'stranger',
    ]);
  });
});

describe('a test merge', () => {
  const testMerges = { now: 'p3', before: 'p2', older: 'p1' };
  const forge: ForgeSpec = { pullRequests: [OPEN[0]], testMerges };

  it('counts at the commit that it merges', () => {
    const nodes = [built('now'), built('before'), built('older')];
    expect(keptOf(nodes, forge, { last: 1 })).toEqual(['now']);
    expect(keptOf(nodes, forge, { last: 2 })).toEqual(['before', 'now']);
  });

  it('counts once with its commit, and with other test merges of it', () => {
    const nodes = [built('now'), built('p3'), built('again'), built('before'), built('older')];
    const more = { ...forge, testMerges: { ...testMerges, again: 'p3' } };
    expect(keptOf(nodes, more, { last: 2 })).toEqual(['again', 'before', 'now', 'p3']);
  });

  it('is found by a tag whose pattern nobody declared', () => {
    expect(keptOf([{ name: 'a', tags: [`sha-${commitIdOf('now').slice(0, 7)}`] }], forge, { last: 1 })).toEqual(['a']);
  });

  it('keeps no image at the branch that its commit is on: policies of Git do not count it', () => {
    const merge = { pullRequests: [], testMerges: { merge: 'f1' } };
    expect(decide([built('merge')], merge, { last: 1 }).rulesOf('merge')).toEqual(['git-superseded']);
  });

  it('is told by its own id when it goes, too', () => {
    const [reason] = decide([built('older'), built('now')], forge, { last: 1 }).of('older').reasons;
    expect(reason).toMatchObject({ rule: 'git-superseded', commit: commitIdOf('older') });
  });

  it('is told by its own id', () => {
    expect(decide([built('now')], forge, { last: 1 }).of('now').reasons).toEqual([
      {
        rule: 'pull-request',
        number: 12,
        by: { kind: 'test-merge', commit: commitIdOf('now'), found: { kind: 'label', name: REVISION } },
      },
    ]);
  });
});

describe('a tag that names a pull request', () => {
  const declared = { tagPatterns: ['pr-{number}', 'pr-{number}-{commit}'] };
  const short = (name: string): string => commitIdOf(name).slice(0, 7);

  it.each<[string, NodeSpec, Partial<Policy['images']>, string]>([
    ['keeps while it is open', { name: 'a', tags: ['pr-12'] }, {}, 'pull-request'],
    ['keeps by a declared pattern', { name: 'a', tags: ['pr-12'] }, declared, 'pull-request'],
    [
      'keeps an image of a commit that is long superseded',
      { ...built('m1'), name: 'a', tags: ['pr-12'] },
      {},
      'pull-request',
    ],
    ['keeps an image of a commit that is gone', { ...built('lost'), name: 'a', tags: ['pr-12'] }, {}, 'pull-request'],
    ['keeps while unlinked ones are unwanted', { name: 'a', tags: ['pr-12'] }, { unlinked: 'delete' }, 'pull-request'],
    ['keeps with the newest commit', { name: 'a', tags: [`pr-12-${short('p3')}`] }, declared, 'pull-request'],
    ['keeps with a commit that nobody knows', { name: 'a', tags: ['pr-12-fffffff'] }, declared, 'pull-request'],
    ['keeps with the newest test merge', { name: 'a', tags: [`pr-12-${short('now')}`] }, declared, 'pull-request'],
    ['is superseded with an older commit', { name: 'a', tags: [`pr-12-${short('p1')}`] }, declared, 'git-superseded'],
    [
      'is superseded with an older test merge',
      { name: 'a', tags: [`pr-12-${short('older')}`] },
      declared,
      'git-superseded',
    ],
    ['is gone when it is closed', { name: 'a', tags: ['pr-7'] }, declared, 'git-gone'],
    ['says nothing when it is closed and nobody declared the pattern', { name: 'a', tags: ['pr-7'] }, {}, 'unlinked'],
    [
      'says nothing when it is closed, so that another link decides',
      { ...built('lost'), name: 'a', tags: ['pr-7'] },
      {},
      'git-gone',
    ],
    [
      'is gone when it is closed, with a commit that nobody knows',
      { name: 'a', tags: ['pr-7-fffffff'] },
      declared,
      'git-gone',
    ],
    [
      'does not condemn when it is closed and a label says a stranger',
      {
        name: 'a',
        tags: ['pr-7'],
        labels: { [REVISION]: commitIdOf('lost'), [SOURCE]: 'https://github.com/eve/shop' },
      },
      declared,
      'unlinked',
    ],
    [
      'does not condemn when it is closed and the configuration cannot be read',
      { name: 'a', tags: ['pr-7'], unread: true },
      declared,
      'unlinked',
    ],
  ])('%s', (_, node, images, expected) => {
    const forge: ForgeSpec = { pullRequests: [OPEN[0]], testMerges: { now: 'p3', older: 'p1' } };
    const others = [built('p3'), built('p2')];
    expect(decide([node, ...others], forge, { last: 2, images }).rulesOf('a')[0]).toBe(expected);
  });

  it('that is closed keeps what a branch needs all the same', () => {
    const node = { name: 'a', tags: [`pr-7-${short('m3')}`] };
    const made = decide([node], { pullRequests: [] }, { last: 2, images: declared, main: 1 });
    expect(made.rulesOf('a')).toEqual(['git']);
  });
});

describe('a stranger', () => {
  const forge: ForgeSpec = { pullRequests: [OPEN[0]] };
  const eve = { [SOURCE]: 'https://github.com/eve/shop' };

  it('whose commit only a pull request leads to is not condemned by it', () => {
    const nodes = [
      { name: 'a', tags: ['a'], labels: { [REVISION]: commitIdOf('p1'), ...eve } },
      built('p2'),
      built('p3'),
    ];
    expect(decide(nodes, forge, { last: 1 }).rulesOf('a')).toEqual(['unlinked']);
  });

  it('is not condemned by a declared pattern beside its label either', () => {
    const labels = { [REVISION]: commitIdOf('p1'), ...eve };
    const images = { tagPatterns: ['{branch}', '{commit}'] };
    const nodes = [{ name: 'a', tags: ['lost', commitIdOf('p1').slice(0, 8)], labels }, built('p2'), built('p3')];
    expect(decide(nodes, forge, { last: 1, images }).rulesOf('a')).toEqual(['unlinked']);
  });

  it('is condemned when every image is ours', () => {
    const labels = { [REVISION]: commitIdOf('p1'), ...eve };
    const nodes = [{ name: 'a', tags: ['a'], labels }, built('p2'), built('p3')];
    const made = decide(nodes, forge, { last: 1, images: { source: 'any' } });
    expect(made.of('a').reasons).toEqual([
      {
        rule: 'git-superseded',
        commit: commitIdOf('p1'),
        found: { kind: 'label', name: REVISION },
        proof: 'images.source: any',
      },
    ]);
  });
});

describe('reasons', () => {
  it('name the pull request, the commit and where it was found', () => {
    expect(decide([built('p3')], { pullRequests: [OPEN[0]] }, { last: 1 }).of('p3').reasons).toEqual([
      {
        rule: 'pull-request',
        number: 12,
        by: { kind: 'commit', commit: commitIdOf('p3'), found: { kind: 'label', name: REVISION } },
      },
    ]);
  });

  it('tell one place about the whole image, and no tag beside it', () => {
    const node = {
      ...built('p3'),
      name: 'a',
      tags: [commitIdOf('p3').slice(0, 8), `sha-${commitIdOf('p3').slice(0, 8)}`],
    };
    expect(decide([node], { pullRequests: [OPEN[0]] }, { last: 1 }).rulesOf('a')).toEqual(['pull-request']);
  });

  it('are at most ten, however many pull requests keep an image, the latest first', () => {
    const pullRequests = Array.from({ length: 30 }, (_, at) => ({ number: at + 1, head: 'p3' }));
    const { reasons } = decide([built('p3')], { pullRequests }, { last: 1 }).of('p3');
    expect(reasons.map((reason) => (reason.rule === 'pull-request' ? reason.number : 0))).toEqual([
      30, 29, 28, 27, 26, 25, 24, 23, 22, 21,
    ]);
  });

  it('hold every tag by which it is kept, however many there are, when tags are taken off', () => {
    const pullRequests = Array.from({ length: 12 }, (_, at) => ({ number: at + 1, head: 'p3' }));
    const tags = pullRequests.map(({ number }) => `pr-${number}`);
    const made = decide([{ name: 'a', tags: [...tags, 'nightly'] }], { pullRequests }, { last: 1, untag: true });
    expect(made.of('a')).toMatchObject({ decision: 'keep', untag: ['nightly'] });
    expect(made.rulesOf('a')).toHaveLength(12);
  });
});

describe('the rule', () => {
  it('that is off keeps nothing, and knows nothing of closed pull requests', () => {
    const nodes = [built('p3'), { name: 'a', tags: ['pr-7'] }];
    const made = decide(nodes, { pullRequests: [OPEN[0]] }, { last: 'off', images: { tagPatterns: ['pr-{number}'] } });
    expect([made.rulesOf('p3'), made.rulesOf('a')]).toEqual([['git-superseded'], ['unlinked']]);
  });

  it('keeps nothing when the forge was not asked for pull requests', () => {
    expect(decide([built('p3')], {}, { last: 2 }).rulesOf('p3')).toEqual(['git-superseded']);
  });

  it('stops when a head is not among the commits: nobody can tell what the pull request needs', () => {
    expect(() => decide([built('p3')], { pullRequests: [{ number: 9, head: 'unread' }] }, { last: 1 })).toThrow(
      EvidenceError,
    );
  });

  it('tells as many pull requests apart as there are, not only those of one pass over the graph', () => {
    const branches = Array.from({ length: 50 }, (_, at) => `b${at}`);
    const history: HistorySpec = {
      commits: [
        ...HISTORY.commits,
        ...branches.map((name) => ({ name, date: '2026-10-23T00:00:00Z', parents: ['m3'] })),
      ],
      references: HISTORY.references,
    };
    const pullRequests = branches.map((head, at) => ({ number: at + 100, head }));
    const made = decide([built('m3'), ...branches.map((name) => built(name))], { pullRequests }, { last: 1, history });
    expect(made.doomed).toEqual(['m3']);
    const [reason] = made.of('b49').reasons;
    expect(reason).toMatchObject({ rule: 'pull-request', number: 149 });
  });
});

function built(commit: string): NodeSpec {
  return { name: commit, tags: [commit], labels: { [REVISION]: commitIdOf(commit), [SOURCE]: OURS } };
}

interface More {
  readonly last: number | 'off';
  readonly history?: HistorySpec;
  readonly images?: Partial<Policy['images']>;
  readonly untag?: boolean;
  /** So many newest images of main are kept. */
  readonly main?: number;
}

function decide(nodes: readonly NodeSpec[], forge: ForgeSpec, more: More) {
  const keepPolicies = [
    {
      name: 'main',
      references: { kind: 'branch' as const, pattern: { kind: 'literal' as const, text: 'main' } },
      imagesPerReference: { last: more.main ?? 0, operator: 'And' as const },
    },
  ];
  return decisionsOn({
    nodes,
    history: historyOf(more.history ?? HISTORY),
    forge: forgeOf(forge),
    policy: {
      ...ANY_AGE,
      git: { enabled: true, keepPolicies },
      images: { source: [], tagPatterns: [], unlinked: 'keep', ...more.images },
      forge: {
        pullRequests: more.last === 'off' ? 'off' : { last: more.last },
        releases: 'off',
        deployments: 'off',
      },
      untag: more.untag ?? false,
    },
  });
}

/** Names of nodes with a reason of this rule. */
function keptOf(nodes: readonly NodeSpec[], forge: ForgeSpec, more: More): readonly string[] {
  const made = decide(nodes, forge, more);
  return nodes
    .map(({ name }) => name)
    .filter((name) => made.rulesOf(name).includes('pull-request'))
    .sort();
}
