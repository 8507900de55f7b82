// Who is of which scheme, and what becomes of him: dapp's labels, then werf 1's.

import { describe, expect, it } from 'vitest';
import { describeReason } from '../../../src/model/describe-reason.ts';
import { ANY_AGE, type NodeSpec, policyOf } from '../../builders/snapshot.ts';
import { DAPP_SCHEMES, dapp, daysAgo, decideBySchemes, sha, werf1 } from './world.ts';

const werfPolicy = policyOf().werf;

function outcomeOf(node: NodeSpec): readonly [string, string] {
  const { of } = decideBySchemes([node]);
  const { decision, reasons } = of(node.name);
  return [decision, reasons.map(describeReason).join('; ')];
}

describe('an image of dapp', () => {
  it.each<[string, NodeSpec, string, string]>([
    [
      'of a branch that is there stays, however old',
      dapp('git_branch', 'main'),
      'keep',
      'branch main is there (tag main)',
    ],
    [
      'of a branch that is there under its slug stays',
      dapp('git_branch', 'core-feature-add-settings-c3fd80df'),
      'keep',
      'scheme branch: branch core/feature/ADD_SETTINGS is there (tag core-feature-add-settings-c3fd80df)',
    ],
    [
      'of a branch that is gone goes',
      dapp('git_branch', 'feature-x'),
      'delete',
      'branch feature-x is gone (scheme branch; label dapp-tag-scheme)',
    ],
    [
      'of a branch that is gone stays while it is young',
      dapp('git_branch', 'feature-x', { created: daysAgo(1 / 24) }),
      'keep',
      'created 1h ago, younger than 2h',
    ],
    [
      'of a branch that is gone stays while nobody knows its age',
      dapp('git_branch', 'feature-x', { created: null }),
      'keep',
      'age unknown',
    ],
    [
      'of a Git tag that is there stays',
      dapp('git_tag', 'v1-9-0', { created: daysAgo(29) }),
      'keep',
      'scheme tag: tag v1.9.0 is there, not older than 30d, among the newest 10 (tag v1-9-0)',
    ],
    [
      'of a Git tag that is there goes when it is too old',
      dapp('git_tag', 'v1-9-0', { created: daysAgo(31) }),
      'delete',
      '31d old, scheme tag keeps 30d',
    ],
    [
      'that is just as old as allowed stays',
      dapp('git_tag', 'v1-9-0', { created: daysAgo(30) }),
      'keep',
      'not older than 30d',
    ],
    [
      'of a Git tag that is gone goes, however young, once it is not recent',
      dapp('git_tag', 'v9-9-9', { created: daysAgo(1) }),
      'delete',
      'tag v9-9-9 is gone',
    ],
    [
      'of a commit that is there stays',
      dapp('git_commit', sha('c3'), { created: daysAgo(3) }),
      'keep',
      `scheme commit: commit ${sha('c3').slice(0, 10)} is there, not older than 30d, among the newest 50`,
    ],
    [
      'of a commit that is there goes when it is too old',
      dapp('git_commit', sha('c3'), { created: daysAgo(40) }),
      'delete',
      '40d old, scheme commit keeps 30d',
    ],
    [
      'of a commit that nothing leads to any more goes',
      dapp('git_commit', sha('lost'), { created: daysAgo(3) }),
      'delete',
      `commit ${sha('lost').slice(0, 10)} is gone (scheme commit; label dapp-tag-scheme)`,
    ],
    ['of its scheme custom stays', dapp('custom', 'anything'), 'keep', 'tag anything is of no tag scheme'],
    ['of its scheme ci stays', dapp('ci', '1234'), 'keep', 'tag 1234 is of no tag scheme'],
    ['of a scheme that nobody knows stays', dapp('git_worktree', 'main'), 'keep', 'of no tag scheme'],
    ['without a scheme stays', { name: 'a', tags: ['a'], labels: { dapp: 'shop' } }, 'keep', 'of no tag scheme'],
    [
      'that is a stage stays',
      {
        name: 's',
        tags: ['dimgstage-0a1b'],
        labels: { dapp: 'shop', 'dapp-dimg': 'false', 'dapp-tag-scheme': 'git_branch' },
      },
      'keep',
      'of no tag scheme',
    ],
    [
      'of the development mode stays',
      dapp('git_branch', 'feature-x', { labels: { 'dapp-dev-mode': 'true' } }),
      'keep',
      'of no tag scheme',
    ],
    [
      "with a tag of the shape of werf's stages stays",
      dapp('git_branch', `${'a'.repeat(56)}-1700000000000`),
      'keep',
      'of no tag scheme',
    ],
    ['with a tag that moves and names no branch stays', dapp('git_branch', 'latest'), 'keep', 'of no tag scheme'],
    [
      'whose config cannot be read stays',
      { name: 'u', tags: ['feature-x'], unread: true },
      'keep',
      'tag feature-x is of no tag scheme',
    ],
    [
      'with one more tag that somebody else made stays for that',
      dapp('git_branch', ['feature-x', 'Keep.This']),
      'keep',
      'tag Keep.This is of no tag scheme',
    ],
    [
      'with two tags goes when both are gone',
      dapp('git_branch', ['feature-x', 'feature-y']),
      'delete',
      'branch feature-x is gone (scheme branch; label dapp-tag-scheme); branch feature-y is gone',
    ],
    [
      'without a tag goes: a newer one took it',
      dapp('git_branch', [], { name: 'old' }),
      'delete',
      'no tag leads to it any more (label dapp-tag-scheme)',
    ],
    [
      'without a tag stays while it is young',
      dapp('git_branch', [], { name: 'old', created: daysAgo(0.05) }),
      'keep',
      'younger than 2h',
    ],
    ['without a tag and a scheme stays', dapp('custom', [], { name: 'old' }), 'keep', 'it is of no tag scheme'],
  ])('%s', (_, node, decision, reason) => {
    const [found, reasons] = outcomeOf(node);
    expect(reasons).toContain(reason);
    expect(found).toBe(decision);
  });

  it('never speaks for the images that are built on it, unless their tags could be its own', () => {
    const inherited = { labels: { 'dapp-dimg': 'true', dapp: 'shop', 'dapp-tag-scheme': 'git_commit' } };
    const nodes = ['latest', 'v2.0.1', '2026.11.20', 'abcdef1'].map((tag) => ({
      name: tag,
      tags: [tag],
      ...inherited,
    }));
    expect(decideBySchemes(nodes).doomed).toEqual([]);
  });

  it("speaks no more when werf's labels stand beside it", () => {
    const both = dapp('git_branch', 'feature-x', { labels: { werf: 'shop', 'werf-stage-digest': '0'.repeat(56) } });
    expect(decideBySchemes([both]).rulesOf('feature-x')).toEqual(['no-scheme']);
  });

  it('that an index lists goes with it, or stays with it', () => {
    const nodes = [
      { name: 'index', tags: ['custom-index'], lists: ['platform'] },
      dapp('git_branch', 'feature-x', { name: 'platform' }),
    ];
    // The index is nobody's, whatever it lists.
    expect(decideBySchemes(nodes).rulesOf('index')).toContain('no-scheme');
    expect(decideBySchemes(nodes).doomed).toEqual([]);
  });
});

describe('an image of werf 1', () => {
  it.each<[string, NodeSpec, string, string]>([
    ['of a branch that is there stays', werf1('git-branch', 'main'), 'keep', 'branch main is there'],
    ['of a branch that is gone goes', werf1('git-branch', 'feature-x'), 'delete', 'branch feature-x is gone'],
    [
      "of a branch under werf's slug stays",
      werf1('git-branch', 'core-feature-add-settings-c3fd80df'),
      'keep',
      'branch core/feature/ADD_SETTINGS is there',
    ],
    ['of a Git tag stays as it is', werf1('git-tag', 'v1.9.0', { created: daysAgo(3) }), 'keep', 'tag v1.9.0 is there'],
    ['of a Git tag goes when it is too old', werf1('git-tag', 'v1.9.0'), 'delete', 'scheme tag keeps 30d'],
    ['of a commit that is gone goes', werf1('git-commit', sha('lost')), 'delete', 'is gone'],
    ['of its strategy custom stays', werf1('custom', 'x'), 'keep', 'of no tag scheme'],
    ['of its strategy stages-signature stays', werf1('stages-signature', 'x'), 'keep', 'of no tag scheme'],
    [
      'that is a stage stays',
      werf1('git-branch', 'image-stage-0a1b', { labels: { 'werf-image': 'false' } }),
      'keep',
      'of no tag scheme',
    ],
    [
      'behind the name of its image, where several share a repository, goes with the branch',
      werf1('git-branch', 'backend-feature-x', {
        labels: { 'werf-image-name': 'backend', 'werf-image-tag': 'feature-x' },
      }),
      'delete',
      'branch feature-x is gone (scheme branch; label werf-tag-strategy)',
    ],
    [
      'behind the name of its image stays with the branch',
      werf1('git-branch', 'backend-main', { labels: { 'werf-image-name': 'backend', 'werf-image-tag': 'main' } }),
      'keep',
      'branch main is there',
    ],
    [
      'whose label names another tag stays: somebody else gave it this one',
      werf1('git-branch', 'feature-x', { labels: { 'werf-image-tag': 'feature-y' } }),
      'keep',
      'tag feature-x is of no tag scheme',
    ],
    [
      'with a further tag stays for that',
      werf1('git-branch', 'feature-x', { tags: ['feature-x', 'golden'] }),
      'keep',
      'tag golden is of no tag scheme',
    ],
    ['without a tag goes', werf1('git-tag', 'v1.9.0', { tags: [] }), 'delete', 'no tag leads to it any more'],
  ])('%s', (_, node, decision, reason) => {
    const [found, reasons] = outcomeOf(node);
    expect(reasons).toContain(reason);
    expect(found).toBe(decision);
  });

  it('of the first versions, which named no tag, goes by every tag that it has', () => {
    const { 'werf-image-tag': _, ...labels } = werf1('git-branch', 'x').labels ?? {};
    const nodes = [
      { name: 'gone', tags: ['feature-x'], labels },
      { name: 'named', tags: ['api-main'], labels: { ...labels, 'werf-image-name': 'api' } },
      { name: 'lost', tags: ['api-feature-x'], labels: { ...labels, 'werf-image-name': 'api' } },
      { name: 'moving', tags: ['latest'], labels },
    ];
    expect(decideBySchemes(nodes).doomed).toEqual(['gone', 'lost']);
    const built = { name: 'stage', tags: [`${'a'.repeat(56)}-1700000000000`], labels };
    expect(decideBySchemes([built], { policy: { werf: { ...werfPolicy, foreign: 'decide' } } }).doomed).toEqual([]);
  });

  it('lends its labels to nobody who is built on it with another tag, stages of werf 1.2 included', () => {
    const { labels = {} } = werf1('git-branch', 'feature-x');
    const nodes = ['feature-y', `${'a'.repeat(56)}-1700000000000`].map((tag) => ({ name: tag, tags: [tag], labels }));
    expect(decideBySchemes(nodes).doomed).toEqual([]);
  });
});

it('without a tag and of an unknown age, an image stays even where no age keeps it', () => {
  const nodes = [dapp('git_branch', [], { name: 'old', created: null })];
  expect(decideBySchemes(nodes, { policy: ANY_AGE }).rulesOf('old')).toEqual(['scheme-unknown']);
});

describe('a scheme that is off', () => {
  it('has no images: they stay', () => {
    const nodes = [dapp('git_branch', 'feature-x'), dapp('git_tag', 'v9'), dapp('git_commit', sha('lost'))];
    const { branch, commit } = DAPP_SCHEMES;
    expect(decideBySchemes(nodes, { schemes: { branch } }).doomed).toEqual(['feature-x']);
    expect(decideBySchemes(nodes, { schemes: { commit } }).doomed).toEqual([sha('lost')]);
    expect(decideBySchemes(nodes, { schemes: {} }).doomed).toEqual([]);
  });

  it('makes nothing superseded', () => {
    const nodes = [dapp('git_branch', [], { name: 'old' })];
    expect(decideBySchemes(nodes, { schemes: { tag: DAPP_SCHEMES.tag } }).doomed).toEqual([]);
  });
});

describe('without Git', () => {
  it('nothing goes, whoever forgot to ask', () => {
    const nodes = [dapp('git_branch', 'feature-x'), dapp('git_tag', [], { name: 'old' }), { name: 'n', tags: ['n'] }];
    const { decisions } = decideBySchemes(nodes, { policy: { git: { enabled: false, keepPolicies: [] } } });
    expect([...decisions.values()].map(({ decision }) => decision)).toEqual(['keep', 'keep', 'keep']);
  });
});

describe('several projects in one repository', () => {
  const nodes = [
    dapp('git_branch', 'feature-x', { project: 'shop' }),
    dapp('git_branch', 'feature-y', { project: 'blog' }),
    dapp('git_branch', [], { name: 'old', project: 'blog' }),
    dapp('git_branch', 'feature-z', { name: 'of none', project: '' }),
  ];

  it('keep all that labels call theirs, as long as nobody says which is ours', () => {
    const { doomed, of } = decideBySchemes(nodes);
    expect(doomed).toEqual([]);
    expect(of('feature-y').reasons.map(describeReason)[0]).toBe(
      'scheme branch: it is of project blog, images here are of several (blog, shop), and nobody knows which is ours (werf.project in the policy file says it)',
    );
  });

  it('keep only what is not ours once that is said', () => {
    const { doomed, of } = decideBySchemes(nodes, { policy: { werf: { ...werfPolicy, project: 'shop' } } });
    expect(doomed).toEqual(['feature-x']);
    expect(of('old').reasons.map(describeReason)[0]).toBe('scheme branch: it is of project blog, and ours is shop');
  });

  it('take no place among the newest', () => {
    const ours = Array.from({ length: 10 }, (_, at) => dapp('git_tag', `v1-${at}-0`, { created: daysAgo(20) }));
    const theirs = Array.from({ length: 10 }, (_, at) =>
      dapp('git_tag', `v1-${at}-0`, {
        name: `theirs ${at}`,
        tags: [`1-${at}-0`],
        project: 'blog',
        created: daysAgo(10),
      }),
    );
    const policy = { werf: { ...werfPolicy, project: 'shop' } };
    expect(decideBySchemes([...ours, ...theirs], { policy }).doomed).toEqual([]);
  });
});
