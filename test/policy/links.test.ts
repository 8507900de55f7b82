import { describe, expect, it } from 'vitest';
import { buildImageGraph } from '../../src/model/image-graph.ts';
import type { Policy } from '../../src/model/policy.ts';
import type { Link } from '../../src/policy/link.ts';
import type { LinkEvidence } from '../../src/policy/link-reader.ts';
import { collectLinks, isBuiltHere } from '../../src/policy/links.ts';
import { forgeOf } from '../builders/forge.ts';
import { commitIdOf, historyOf } from '../builders/history.ts';
import { digestOf, type NodeSpec, referrerTagOf, snapshotOf } from '../builders/snapshot.ts';

const REVISION = 'org.opencontainers.image.revision';
const SOURCE = 'org.opencontainers.image.source';
const GONE = 'f'.repeat(40);
const DATE = '2026-11-01T00:00:00Z';

/**
 * `root` ← `main`; `feature/x` and tag `v1.2.3` at a commit of their own. Two commits share their first digits. Only a pull request
 * leads to `proposal`, and to `numbers`, whose id begins with eight digits.
 */
const HISTORY = historyOf({
  commits: [
    { name: 'root', date: DATE },
    { name: 'head', date: DATE, parents: ['root'] },
    { name: 'feature', date: DATE, parents: ['root'] },
    { name: 'release', date: DATE, parents: ['root'] },
    { name: 'twin1', date: DATE, id: `abcdef01${'1'.repeat(32)}` },
    { name: 'twin2', date: DATE, id: `abcdef01${'2'.repeat(32)}` },
    { name: 'dated', date: DATE, id: `20240102${'3'.repeat(32)}` },
    { name: 'proposal', date: DATE, parents: ['root'] },
    { name: 'numbers', date: DATE, id: `20250607${'4'.repeat(32)}`, parents: ['proposal'] },
  ],
  references: [
    { kind: 'branch', name: 'main', commit: 'head' },
    { kind: 'branch', name: 'feature/x', commit: 'feature' },
    { kind: 'tag', name: 'v1.2.3', commit: 'release' },
    { kind: 'branch', name: 'one', commit: 'twin1' },
    { kind: 'branch', name: 'two', commit: 'twin2' },
    { kind: 'branch', name: 'three', commit: 'dated' },
  ],
  remoteUrls: ['git@github.com:acme/shop.git'],
});

const NAMES = ['root', 'head', 'feature', 'release', 'proposal', 'merge'] as const;

describe('a revision label', () => {
  it.each<[string, NodeSpec, readonly string[]]>([
    ['names a commit by its full id', labelled(commitIdOf('root')), ['commit root by label, sure']],
    [
      'names it in upper case and with spaces around',
      labelled(` ${commitIdOf('root').toUpperCase()} `),
      ['commit root by label, sure'],
    ],
    ['names it by its first 7 digits', labelled(commitIdOf('root').slice(0, 7)), ['commit root by label, sure']],
    ['names nothing by fewer digits', labelled(commitIdOf('root').slice(0, 6)), []],
    [
      'may mean either of two commits',
      labelled('abcdef01'),
      ['commit abcdef0111 by label, sure', 'commit abcdef0122 by label, sure'],
    ],
    ['names one of them by one digit more', labelled('abcdef012'), ['commit abcdef0122 by label, sure']],
    ['names a commit that is gone, without proof', labelled(GONE), ['gone commit ffffffffff by label, unproved']],
    ['may be a dirty build, which says nothing', labelled(`${commitIdOf('root')}-dirty`), []],
    ['may be a branch name, which only protects', labelled('main'), ['commit head by label, weak']],
    ['may be a tag name, which only protects', labelled('v1.2.3'), ['commit release by label, weak']],
    [
      'may be a date, from which nothing follows when no commit begins so',
      labelled('20240101'),
      ['named 20240101 by label'],
    ],
    [
      'may be a full id of digits alone, which is a commit',
      labelled('1'.repeat(40)),
      ['gone commit 1111111111 by label, unproved'],
    ],
    ['may be empty, which says nothing', labelled(''), []],
    ['may be a word that names nothing', labelled('unknown'), []],
  ])('%s', (_, node, expected) => {
    expect(linksOf([node])).toEqual(expected);
  });

  it('counts as an annotation of the manifest too', () => {
    const node = { name: 'a', annotations: { [REVISION]: commitIdOf('root') } };
    expect(linksOf([node])).toEqual(['commit root by annotation, sure']);
  });
});

describe('a link to a commit that is gone', () => {
  it.each<[string, string, boolean]>([
    ['https', 'https://github.com/acme/shop', true],
    ['https with .git', 'https://github.com/acme/shop.git', true],
    ['https with a slash at the end', 'https://github.com/acme/shop/', true],
    ['ssh', 'ssh://git@github.com/acme/shop.git', true],
    ['the short form of ssh', 'git@github.com:acme/shop', true],
    ['other case', 'https://GitHub.com/Acme/Shop', true],
    ['another repository', 'https://github.com/acme/base', false],
    ['a repository whose name begins alike', 'https://github.com/acme/shop2', false],
    ['a fork', 'https://github.com/eve/shop', false],
    ['another host', 'https://gitlab.com/acme/shop', false],
    ['another host that ends alike', 'https://evilgithub.com/acme/shop', false],
    ['nothing', '', false],
  ])('with the source as %s', (_, source, isProof) => {
    const [link] = linksOf([labelled(GONE, { [SOURCE]: source })]);
    expect(link).toBe(
      `gone commit ffffffffff by label, ${isProof ? `proved by ${SOURCE} github.com/acme/shop` : 'unproved'}`,
    );
  });

  it('is proved by any source when the policy says that every image is ours', () => {
    expect(linksOf([labelled(GONE)], { source: 'any' })).toEqual([
      'gone commit ffffffffff by label, proved by images.source: any',
    ]);
  });

  it('is proved by a source that the policy lists', () => {
    const node = labelled(GONE, { [SOURCE]: 'https://git.example.com/old/home' });
    expect(linksOf([node], { source: ['git@git.example.com:old/home.git'] })).toEqual([
      `gone commit ffffffffff by label, proved by ${SOURCE} git.example.com/old/home`,
    ]);
  });

  it('needs its proof beside it: a source label does not vouch for an annotation', () => {
    const node = { name: 'a', annotations: { [REVISION]: GONE }, labels: { [SOURCE]: 'https://github.com/acme/shop' } };
    expect(linksOf([node])).toEqual(['gone commit ffffffffff by annotation, unproved']);
  });
});

describe('a commit that only a pull request leads to', () => {
  const OURS = { [SOURCE]: 'https://github.com/acme/shop' };
  const FORK = { [SOURCE]: 'https://github.com/eve/shop' };
  const proof = `proved by ${SOURCE} github.com/acme/shop`;

  it.each<[string, NodeSpec, Reading, readonly string[]]>([
    ['is no proof by itself', labelled(commitIdOf('proposal')), {}, ['proposed proposal by label, a stranger']],
    [
      'is a stranger from a fork',
      labelled(commitIdOf('proposal'), FORK),
      {},
      ['proposed proposal by label, a stranger'],
    ],
    ['is proved by its source', labelled(commitIdOf('proposal'), OURS), {}, [`proposed proposal by label, ${proof}`]],
    [
      'is proved when every image is ours',
      labelled(commitIdOf('proposal'), FORK),
      { source: 'any' },
      ['proposed proposal by label, proved by images.source: any'],
    ],
    [
      'only protects by a tag whose pattern nobody declared',
      { name: 'a', tags: [`sha-${commitIdOf('proposal').slice(0, 7)}`] },
      {},
      ['proposed proposal by sha-{commit}, unproved', 'proposed proposal by {branch}-{commit}, unproved'],
    ],
    [
      'is proved by a declared pattern',
      { name: 'a', tags: [commitIdOf('proposal').slice(0, 7)] },
      { tagPatterns: ['{commit}'] },
      ['proposed proposal by {commit}, proved by the declared pattern {commit}'],
    ],
    [
      'is not proved when digits alone name it, whatever the source',
      labelled('20250607', OURS),
      {},
      ['proposed 2025060744 by label, a stranger'],
    ],
    [
      'is not proved when digits alone name it in a tag of a declared pattern',
      { name: 'a', tags: ['20250607'] },
      { tagPatterns: ['{commit}'] },
      ['proposed 2025060744 by {commit}, unproved'],
    ],
    [
      'is live: a tag that names it is not gone by another pattern',
      { name: 'a', tags: [commitIdOf('proposal').slice(0, 7)] },
      { tagPatterns: ['{branch}'] },
      ['proposed proposal by {commit}, unproved'],
    ],
  ])('%s', (_, node, reading, expected) => {
    expect(linksOf([node], reading)).toEqual(expected);
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['is its test merge, with the same proof', OURS, `proposed proposal under merge by label, ${proof}`],
    ['is its test merge, and no proof either', FORK, 'proposed proposal under merge by label, a stranger'],
  ])('%s', (_, source, expected) => {
    const forge = forgeOf({ testMerges: { merge: 'proposal' } });
    expect(linksOf([labelled(commitIdOf('merge'), source)], { forge })).toEqual([expected]);
  });

  it('is the test merge of a commit that a branch leads to, which condemns no sooner for that', () => {
    const forge = forgeOf({ testMerges: { merge: 'feature' } });
    expect(linksOf([labelled(commitIdOf('merge'))], { forge })).toEqual([
      'proposed feature under merge by label, a stranger',
    ]);
  });

  it('protects for all we know when it is a test merge of something unknown', () => {
    const forge = forgeOf({ testMerges: { merge: 'lost' } });
    expect(linksOf([labelled(commitIdOf('merge'), OURS)], { forge })).toEqual(['unknown']);
  });

  it('is none once a branch or a tag leads there, over any number of parents', () => {
    expect(linksOf([labelled(commitIdOf('root'))])).toEqual(['commit root by label, sure']);
  });

  it('is no proof about the parts of what it is said of: an index may list a stranger', () => {
    const nodes = [
      { name: 'a', tags: ['envoy'] },
      { ...labelled(commitIdOf('proposal'), OURS), name: 'sister' },
      { name: 'index', tags: ['x'], lists: ['a', 'sister'] },
    ];
    expect(linksOf(nodes)).toEqual(['proposed proposal by label, unproved']);
  });
});

describe('a tag', () => {
  it.each<[string, string, readonly string[], readonly string[]]>([
    ['that looks like a branch only protects', 'feature-x', [], ['commit feature by {branch}, weak']],
    ['that looks like a Git tag only protects', '1.2.3', [], ['commit release by {tag}, weak']],
    ['that looks like a commit only protects', commitIdOf('root').slice(0, 8), [], ['commit root by {commit}, weak']],
    [
      'with sha- before a commit only protects',
      `sha-${commitIdOf('root').slice(0, 7)}`,
      [],
      ['commit root by sha-{commit}, weak', 'commit root by {branch}-{commit}, weak'],
    ],
    [
      'with a branch before a commit is of the commit alone',
      `main-${commitIdOf('root').slice(0, 7)}`,
      [],
      ['commit root by {branch}-{commit}, weak'],
    ],
    ['that is a date is no commit of ours', '20240101', [], ['named 20240101 by {commit}']],
    ['that is a date is a commit when the history has it', '20240102', [], ['commit 2024010233 by {commit}, weak']],
    ['that names nothing says nothing', 'latest', [], []],
    ['of a branch that is gone says nothing when nobody declared the pattern', 'old-feature', [], []],
    ['of a pull request needs a forge, and protects, declared or not', 'pr-7', [], ['unknown']],
    ['by a declared pattern is sure', 'feature-x', ['{branch}'], ['commit feature by {branch}, sure']],
    [
      'of a branch that is gone condemns by a declared pattern',
      'old-feature',
      ['{branch}'],
      ['gone branch old-feature by {branch}, proved by the declared pattern {branch}'],
    ],
    [
      'of a commit that is gone condemns by a declared pattern, though the branch is there',
      'main-fffffff',
      ['{branch}-{commit}'],
      ['gone commit fffffff by {branch}-{commit}, proved by the declared pattern {branch}-{commit}'],
    ],
    ['that is latest names nothing, though the pattern is declared', 'latest', ['{branch}'], []],
    [
      'that ends in a date is of no commit that is gone',
      'main-20240101',
      ['{branch}-{commit}'],
      ['named 20240101 by {branch}-{commit}'],
    ],
    [
      'of a commit that is gone by a pattern nobody declared only names it',
      'sha-fffffff',
      [],
      ['named fffffff by sha-{commit}', 'named fffffff by {branch}-{commit}'],
    ],
    ['of a pull request needs a forge, and protects', 'pr-7', ['pr-{number}'], ['unknown']],
    ['that does not match the declared pattern says nothing by it', 'latest', ['v{tag}'], []],
    [
      'keeps the literal of a declared pattern',
      'v1.2.3',
      ['v{tag}'],
      ['commit release by v{tag}, sure', 'commit release by {tag}, weak'],
    ],
    [
      'with one live reading is not gone by another',
      'feature-x',
      ['{tag}', '{branch}'],
      ['commit feature by {branch}, sure'],
    ],
    [
      'that only looks live by a built-in pattern is not gone by a declared one',
      'feature-x',
      ['{tag}'],
      ['commit feature by {branch}, weak'],
    ],
  ])('%s', (_, tag, tagPatterns, expected) => {
    expect(linksOf([{ name: 'a', tags: [tag] }], { tagPatterns })).toEqual(expected);
  });

  it.each<[string, string, string]>([
    ['{tag}-{branch}', '1.2.3-feature-x', 'the first placeholder could take more'],
    ['{branch}-{tag}', 'main-v1.2.3', 'the split is plain'],
    ['{branch}-build-{tag}', 'feature-x-build-nothing', 'the literal is a word'],
    ['{tag}.{branch}', '1.2.3.feature.x', 'the literal is a dot'],
  ])('by the declared pattern %s is live by whichever split is (%s: %s)', (pattern, tag) => {
    const links = linksOf([{ name: 'a', tags: [tag] }], { tagPatterns: [pattern] });
    expect(links.join()).not.toContain('gone');
    expect(links.join()).toContain(`by ${pattern}, sure`);
  });

  describe('of a pull request, with a forge', () => {
    const ABC = commitIdOf('proposal').slice(0, 7);
    const ROOT = commitIdOf('root').slice(0, 7);
    const MERGE = commitIdOf('merge').slice(0, 9);
    const DECLARED = 'pr-{number}-{commit}';
    const forge = forgeOf({
      pullRequests: [{ number: 12, head: 'proposal' }],
      testMerges: { merge: 'proposal' },
    });

    it.each<[string, string, readonly string[], readonly string[]]>([
      ['that is open is of it', 'pr-12', [], ['pull request 12 by pr-{number}']],
      ['that is open is of it by a declared pattern too', 'pr-12', ['pr-{number}'], ['pull request 12 by pr-{number}']],
      [
        'that is open is not gone by a pattern of something else',
        'pr-12',
        ['{branch}'],
        ['pull request 12 by pr-{number}'],
      ],
      ['that is open, written with zeros', 'pr-0012', [], ['pull request 12 by pr-{number}']],
      ['that is not open says nothing when nobody declared the pattern', 'pr-7', [], []],
      [
        'that is not open is gone by a declared pattern',
        'pr-7',
        ['pr-{number}'],
        ['gone pull request 7 by pr-{number}, proved by the declared pattern pr-{number}'],
      ],
      [
        'with a commit that it leads to is of the commit',
        `pr-12-${ABC}`,
        [DECLARED],
        [
          `proposed proposal by ${DECLARED}, proved by the declared pattern ${DECLARED}`,
          'proposed proposal by {branch}-{commit}, unproved',
        ],
      ],
      [
        'with a test merge of it is of the commit that this merges',
        `pr-12-${MERGE}`,
        [DECLARED],
        [
          `proposed proposal under merge by ${DECLARED}, proved by the declared pattern ${DECLARED}`,
          'proposed proposal under merge by {branch}-{commit}, unproved',
        ],
      ],
      [
        'that is not open, with a commit that a branch leads to, is of the commit',
        `pr-7-${ROOT}`,
        [DECLARED],
        [`commit root by ${DECLARED}, sure`, 'commit root by {branch}-{commit}, weak'],
      ],
      [
        'that is open, with a commit that nobody knows, is of it',
        'pr-12-fffffff',
        [DECLARED],
        [`pull request 12 at fffffff by ${DECLARED}`, 'named fffffff by {branch}-{commit}'],
      ],
      [
        'that is not open, with a commit that nobody knows, is gone',
        'pr-7-fffffff',
        [DECLARED],
        [
          `gone pull request 7, commit fffffff by ${DECLARED}, proved by the declared pattern ${DECLARED}`,
          'named fffffff by {branch}-{commit}',
        ],
      ],
      [
        'that is not open, with digits that may be no commit, is not gone',
        'pr-7-20240101',
        [DECLARED],
        [`named 20240101 by ${DECLARED}`, 'named 20240101 by {branch}-{commit}'],
      ],
      [
        'that is not open, beside a live branch, only looks like one: the number may be of anything',
        'feature-x-7',
        ['{branch}-{number}'],
        ['commit feature by {branch}-{number}, weak'],
      ],
      [
        "that is not open, beside a branch that is gone, may be a build's",
        'lost-7',
        ['{branch}-{number}'],
        ['unknown'],
      ],
      ["that is a build's says nothing of a pull request", 'build-7', ['build-{number}'], ['unknown']],
      [
        'that is not open is gone by other words for it',
        'app.pull-request_7',
        ['app.pull-request_{number}'],
        ['gone pull request 7 by app.pull-request_{number}, proved by the declared pattern app.pull-request_{number}'],
      ],
      ['that only ends like such a word is not one', 'expr-7', ['expr-{number}'], ['unknown']],
      [
        'that is open, beside a branch that is gone, is of it',
        'lost-12',
        ['{branch}-{number}'],
        ['pull request 12 by {branch}-{number}'],
      ],
    ])('%s', (_, tag, tagPatterns, expected) => {
      expect(linksOf([{ name: 'a', tags: [tag] }], { tagPatterns, forge })).toEqual(expected);
    });

    it('that was not asked for pull requests is kept as without one', () => {
      const { pullRequests: _, ...silent } = forge;
      expect(linksOf([{ name: 'a', tags: ['pr-7'] }], { forge: silent, tagPatterns: ['pr-{number}'] })).toEqual([
        'unknown',
      ]);
    });

    it('that has none open at all condemns all by a declared pattern', () => {
      const none = forgeOf({ pullRequests: [] });
      expect(linksOf([{ name: 'a', tags: ['pr-7'] }], { forge: none, tagPatterns: ['pr-{number}'] })).toEqual([
        'gone pull request 7 by pr-{number}, proved by the declared pattern pr-{number}',
      ]);
    });

    it('makes what hangs together with its image one of the pull request too', () => {
      const nodes = [
        { name: 'child', tags: ['x'] },
        { name: 'index', tags: ['pr-12'], lists: ['child'] },
      ];
      expect(linksOf(nodes, { forge })).toEqual(['pull request 12 by pr-{number}']);
    });
  });

  it('that points at another manifest is no name of an image', () => {
    expect(
      linksOf([{ name: 'a', tags: [referrerTagOf('b', '.sig')] }, { name: 'b' }], { tagPatterns: ['{branch}'] }),
    ).toEqual([]);
  });
});

describe('a configuration that cannot be read', () => {
  it('is a link nobody knows', () => {
    expect(linksOf([{ name: 'a', unread: true }])).toEqual(['unknown']);
  });

  it('makes the index around it unknown too', () => {
    expect(
      linksOf([
        { name: 'index', lists: ['a'] },
        { name: 'a', unread: true },
      ]),
    ).toEqual(['unknown']);
  });

  it('of an attestation says nothing, as attestations have none that tells', () => {
    expect(
      linksOf([
        { name: 'index', attestations: ['a'] },
        { name: 'a', unread: true },
      ]),
    ).toEqual([]);
  });
});

describe('links travel', () => {
  it('from what an index lists to the index, at any depth', () => {
    const nodes = [
      { name: 'top', lists: ['index'] },
      { name: 'index', lists: ['image'] },
      { ...labelled(commitIdOf('root')), name: 'image' },
    ];
    expect(linksOf(nodes)).toEqual(['commit root by label, sure']);
  });

  it('from an index to a tagged child, but nothing that is gone: an index may list a stranger', () => {
    const nodes = [
      { name: 'a', tags: ['envoy'] },
      { ...labelled(GONE, { [SOURCE]: 'https://github.com/acme/shop' }), name: 'sister' },
      { name: 'index', tags: ['x'], lists: ['a', 'sister'] },
    ];
    expect(linksOf(nodes)).toEqual(['named ffffffffff by label']);
  });

  it('from an index to a tagged child, and from its sister images', () => {
    const nodes: readonly NodeSpec[] = [
      { name: 'child', tags: ['child-tag'] },
      { name: 'index', tags: ['main'], lists: ['child', 'sister'] },
      { ...labelled(commitIdOf('root')), name: 'sister' },
    ];
    expect(linksOf(nodes)).toEqual(['commit head by {branch}, weak', 'commit root by label, sure']);
  });

  it('not from one image to another that shares nothing with it', () => {
    expect(linksOf([{ name: 'alone' }, labelled(commitIdOf('root'))])).toEqual([]);
  });

  it('and end on input that lists itself in a circle', () => {
    const nodes: readonly NodeSpec[] = [
      { name: 'a', lists: ['b'], annotations: { [REVISION]: commitIdOf('root') } },
      { name: 'b', lists: ['a'] },
    ];
    expect(linksOf(nodes)).toEqual(['commit root by annotation, sure']);
  });
});

describe('names as pipelines rewrite them', () => {
  const long = `feature/PROJ-123--${'word_'.repeat(14)}end`;

  it.each<[string, 'branch' | 'tag', string, string]>([
    ['metadata-action: a slash', 'branch', 'feature/x', 'feature-x'],
    ['metadata-action: kept case, dot and underscore', 'branch', 'Release/1.x_Y', 'Release-1.x_Y'],
    ['metadata-action: a run of bad characters is one dash', 'branch', 'fix/#12', 'fix-12'],
    ['metadata-action: semver without v', 'tag', 'v1.2.3', '1.2.3'],
    ['metadata-action: a raw Git tag', 'tag', 'v1.2.3', 'v1.2.3'],
    ['a Git tag without v and an image tag with it', 'tag', '1.2.3', 'v1.2.3'],
    ['Helm-like: + as _', 'tag', 'v1.0.0+7', '1.0.0_7'],
    ['GitLab: lower case, every bad character a dash', 'branch', 'Fix_#12', 'fix--12'],
    ['GitLab: no dash at the ends', 'branch', '_wip_', 'wip'],
    ['GitLab: cut at 63', 'branch', `f/${'x'.repeat(80)}`, `f-${'x'.repeat(61)}`],
    ['GitLab: cut at 63 after every bad character became a dash', 'branch', long, gitlabSlug(long)],
    ['GitLab: cut at a dash', 'branch', `${'y'.repeat(62)}/zzz`, 'y'.repeat(62)],
    ['metadata-action: longer than 63', 'branch', long, long.replace(/[^\w.-]+/g, '-')],
  ])('%s', (_, kind, name, tag) => {
    const history = historyOf({ commits: [{ name: 'c', date: DATE }], references: [{ kind, name, commit: 'c' }] });
    const graph = buildImageGraph(snapshotOf([{ name: 'a', tags: [tag] }]));
    const images = { source: [], tagPatterns: [`{${kind}}`], unlinked: 'keep' as const };
    const kinds = collectLinks(graph, { history, images })
      .get(digestOf('a'))
      ?.map((link) => link.kind);
    expect(kinds).toEqual(['commit']);
  });

  it('do not make a branch of another name live', () => {
    expect(linksOf([{ name: 'a', tags: ['feature-xy'] }], { tagPatterns: ['{branch}'] })).toEqual([
      'gone branch feature-xy by {branch}, proved by the declared pattern {branch}',
    ]);
  });

  it('do not strip a v from a branch', () => {
    expect(linksOf([{ name: 'a', tags: ['vmain'] }])).toEqual([]);
  });
});

/** As GitLab makes CI_COMMIT_REF_SLUG. */
describe('images are built here', () => {
  const built = (nodes: readonly NodeSpec[], tagPatterns: readonly string[] = []): boolean =>
    isBuiltHere(
      collectLinks(buildImageGraph(snapshotOf(nodes)), {
        history: HISTORY,
        images: { source: [], tagPatterns, unlinked: 'keep' },
      }),
    );

  it.each<[string, readonly NodeSpec[], readonly string[], boolean]>([
    ['when a label names a commit of the history', [labelled(commitIdOf('root'))], [], true],
    [
      'not when labels name only others, though a tag is called main',
      [{ ...labelled(GONE), tags: ['main'] }],
      ['{branch}'],
      false,
    ],
    [
      'not when a tag names a commit that is gone',
      [
        { name: 'a', tags: ['main-fffffff'] },
        { name: 'b', tags: ['main'] },
      ],
      ['{branch}-{commit}', '{branch}'],
      false,
    ],
    [
      'when nothing names commits and a declared pattern finds a branch',
      [{ name: 'a', tags: ['main'] }],
      ['{branch}'],
      true,
    ],
    ['not when nobody declared the pattern that does', [{ name: 'a', tags: ['main'] }], [], false],
    ['not when there are no links at all', [{ name: 'a' }], [], false],
    [
      'when an image proved ours names a commit of a pull request',
      [labelled(commitIdOf('proposal'), { [SOURCE]: 'https://github.com/acme/shop' })],
      [],
      true,
    ],
    [
      'when only a doubtful tag names one, and a declared pattern finds a branch',
      [{ name: 'a', tags: [commitIdOf('proposal').slice(0, 7), 'main'] }],
      ['{branch}'],
      true,
    ],
    [
      "not when a stranger's names one, though a tag is called main",
      [{ ...labelled(commitIdOf('proposal')), tags: ['main'] }],
      ['{branch}'],
      false,
    ],
    [
      'not when a tag of a pattern that nobody declared names one',
      [{ name: 'a', tags: [commitIdOf('proposal').slice(0, 7)] }],
      [],
      false,
    ],
  ])('%s', (_, nodes, tagPatterns, expected) => {
    expect(built(nodes, tagPatterns)).toBe(expected);
  });
});

function gitlabSlug(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
}

function labelled(revision: string, more: Readonly<Record<string, string>> = {}): NodeSpec {
  return { name: 'labelled', labels: { [REVISION]: revision, ...more } };
}

/** What links are read by besides {@link HISTORY}; by default no forge, and no pattern. */
interface Reading extends Partial<Policy['images']> {
  readonly forge?: LinkEvidence['forge'];
}

/** The links of the first node, each on one line. */
function linksOf(nodes: readonly NodeSpec[], { forge, ...images }: Reading = {}): readonly string[] {
  const graph = buildImageGraph(snapshotOf(nodes));
  const links = collectLinks(graph, {
    history: HISTORY,
    images: { source: [], tagPatterns: [], unlinked: 'keep', ...images },
    forge,
  });
  return (links.get(digestOf(nodes[0]?.name ?? '')) ?? []).map(describeLink);
}

function describeLink(link: Link): string {
  if (link.kind === 'unknown') return 'unknown';
  const by = link.found.kind === 'tag-pattern' ? link.found.name : link.found.kind;
  const trust = (proof: string | undefined): string => (proof === undefined ? 'unproved' : `proved by ${proof}`);
  const commit = typeof link.commit === 'number' ? nameOf(HISTORY.graph.idOf(link.commit)) : link.commit;
  switch (link.kind) {
    case 'commit':
      return `commit ${commit} by ${by}, ${link.mayCondemn ? 'sure' : 'weak'}`;
    case 'gone':
      return `gone ${link.what} by ${by}, ${trust(link.proof)}`;
    case 'proposed': {
      const merge = link.merge === undefined ? '' : ` under ${nameOf(link.merge)}`;
      return `proposed ${commit}${merge} by ${by}, ${link.isStranger ? 'a stranger' : trust(link.proof)}`;
    }
    case 'named':
      return `named ${link.commit.slice(0, 10)} by ${by}`;
    case 'pull-request':
      return `pull request ${link.number}${commit === undefined ? '' : ` at ${commit}`} by ${by}`;
  }
}

function nameOf(id: string): string {
  return NAMES.find((each) => commitIdOf(each) === id) ?? id.slice(0, 10);
}
