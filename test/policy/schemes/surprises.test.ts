// What dapp and werf 1 did and nobody wanted (facts 4.3, 4.4 and 4.6), and what else is in a repository: none of it goes here.

import { describe, expect, it } from 'vitest';
import type { Reason } from '../../../src/model/decision.ts';
import { describeReason } from '../../../src/model/describe-reason.ts';
import type { TagSchemes } from '../../../src/model/policy.ts';
import { buildPlan } from '../../../src/plan/build-plan.ts';
import { ANY_AGE, digestOf, NOW, type NodeSpec, policyOf, referrerTagOf, usageOf } from '../../builders/snapshot.ts';
import {
  customTagMetadata,
  imageMetadata,
  indexIdOf,
  managedImage,
  rejectedMarker,
  stage,
  stageIdOf,
} from '../../builders/werf-snapshot.ts';
import { dapp, daysAgo, decideBySchemes, sha, werf1 } from './world.ts';

const OURS = 'registry.example.com/shop/app';
const ONE: TagSchemes = { commit: { last: 1, tags: [] }, tag: { last: 1, tags: [] }, branch: { last: -1, tags: [] } };

describe('unlike with dapp', () => {
  it('the newest of too many stay: 0.27, 0.35 and 0.36 deleted just these', () => {
    const nodes = Array.from({ length: 20 }, (_, at) =>
      dapp('git_commit', sha(`c${at}`), { name: `i${at}`, created: daysAgo(20 - at / 4) }),
    );
    const { kept } = decideBySchemes(nodes, { schemes: { commit: { last: 5, tags: [] } } });
    expect(kept).toEqual(['i15', 'i16', 'i17', 'i18', 'i19']);
  });

  it('Git tags and commits have limits of their own', () => {
    const nodes = [
      dapp('git_commit', sha('c1'), { name: 'commit', created: daysAgo(2) }),
      dapp('git_tag', 'v1-9-0', { name: 'tag', created: daysAgo(1) }),
    ];
    expect(decideBySchemes(nodes, { schemes: ONE }).doomed).toEqual([]);
  });

  it('what a cluster names by digest stays', () => {
    const nodes = [dapp('git_branch', 'feature-x')];
    const usage = usageOf([`${OURS}@${digestOf('feature-x')}`]);
    expect(decideBySchemes(nodes, { usage }).rulesOf('feature-x')).toEqual(['kubernetes']);
  });

  it('what a cluster uses keeps its digest, whatever became of the other tags there', () => {
    const nodes = [dapp('git_branch', ['feature-x', 'feature-y'])];
    const usage = usageOf([`${OURS}:feature-y`]);
    expect(decideBySchemes(nodes, { usage }).doomed).toEqual([]);
  });

  it("what others built on an image of dapp's stays, though it inherits the labels", () => {
    const built = (name: string, commit: string): NodeSpec =>
      dapp('git_branch', name, { labels: { 'org.opencontainers.image.revision': sha(commit) } });
    const inherited = {
      ...dapp('git_branch', 'stable'),
      annotations: { 'org.opencontainers.image.revision': sha('c4') },
    };
    const { kept, rulesOf } = decideBySchemes([built('prod', 'c3'), built('of-a-base', 'unknown'), inherited]);
    expect(kept).toEqual(['prod', 'stable']);
    expect(rulesOf('prod')).toEqual(['scheme-unknown']);
  });

  it('a pin outranks a scheme', () => {
    const policy = { pins: { tags: ['feature-*'], expressions: [], list: [] } };
    expect(decideBySchemes([dapp('git_branch', 'feature-x')], { policy }).rulesOf('feature-x')).toEqual(['pin']);
  });

  it('a broken image stays, and may be of another project as long as nobody says which is ours', () => {
    const nodes: NodeSpec[] = [
      { name: 'broken', tags: ['feature-y'], opaque: { mayListManifests: false } },
      dapp('git_branch', 'feature-x'),
    ];
    expect(decideBySchemes(nodes).doomed).toEqual([]);
    expect(describeReason(decideBySchemes(nodes).of('feature-x').reasons[0] as Reason)).toContain(
      'it is of project shop, 1 image here could not be read and may be of another, and nobody knows which is ours',
    );
    const werf = { ...policyOf().werf, project: 'shop' };
    expect(decideBySchemes(nodes, { policy: { werf } }).doomed).toEqual(['feature-x']);
  });

  it('a broken image that may list others keeps those that nobody tagged', () => {
    const nodes: NodeSpec[] = [
      { name: 'broken', tags: ['feature-y'], opaque: { mayListManifests: true, names: [] } },
      dapp('git_branch', [], { name: 'old' }),
    ];
    expect(decideBySchemes(nodes).doomed).toEqual([]);
  });

  it('a signature goes with its image and never before', () => {
    const nodes = [
      dapp('git_branch', 'feature-x'),
      { name: 'sig', tags: [referrerTagOf('feature-x', '.sig')] },
      dapp('git_branch', 'main'),
      { name: 'sig of main', tags: [referrerTagOf('main', '.sig')] },
    ];
    expect(decideBySchemes(nodes).doomed).toEqual(['feature-x', 'sig']);
  });
});

describe('a repository that werf 1.2 or later made', () => {
  const nodes = [
    stage({ name: 'web' }),
    stage({ name: 'unrecorded' }),
    stage({ name: 'untagged', isTagged: false }),
    stage({ name: 'broken' }),
    rejectedMarker(stageIdOf('broken')),
    stage({ name: 'custom', tags: ['feature-x'] }),
    managedImage('web'),
    imageMetadata({ image: 'web', commit: 'c3', stage: stageIdOf('web') }),
    imageMetadata({ image: 'web', commit: 'a lost one', stage: stageIdOf('web') }),
  ];
  const schemes = { branch: { last: -1, tags: ['{branch}'] }, commit: { last: 0, tags: ['{commit}'] } };

  it('keeps all its stages and records: they are of no scheme', () => {
    expect(decideBySchemes(nodes, { schemes, policy: ANY_AGE }).doomed).toEqual([]);
  });

  it('keeps them where foreign images are left to the other rules', () => {
    const werf = { ...policyOf().werf, foreign: 'decide' as const };
    const old = dapp('git_branch', 'feature-y');
    const { doomed } = decideBySchemes([...nodes, old], { schemes, policy: { ...ANY_AGE, werf } });
    expect(doomed).toEqual(['feature-y']);
  });

  it('keeps an index of its own that has but a custom tag', () => {
    const multi = [
      { name: 'multi', tags: ['feature-x'], lists: ['amd64'] },
      stage({ name: 'amd64', isTagged: false }),
      customTagMetadata({ tag: 'feature-x', stage: indexIdOf('multi') }),
    ];
    const werf = { ...policyOf().werf, foreign: 'decide' as const };
    const { doomed, werf: made } = decideBySchemes([stage({ name: 'web' }), ...multi], {
      schemes,
      policy: { ...ANY_AGE, werf },
    });
    expect(made?.built.has(digestOf('multi'))).toBe(true);
    expect(doomed).toEqual([]);
  });

  it('keeps what is none of its own, as ever, unless the user leaves that to the other rules', () => {
    const old = dapp('git_branch', 'feature-y');
    expect(decideBySchemes([...nodes, old], { schemes, policy: ANY_AGE }).doomed).toEqual([]);
  });
});

describe('with untagging', () => {
  const policy = { untag: true };

  it.each<[string, NodeSpec, readonly string[]]>([
    ['a tag goes whose branch is gone', dapp('git_branch', ['main', 'feature-x']), ['feature-x']],
    ['every tag stays whose branch is there', dapp('git_branch', ['main', 'core-feature-add-settings']), []],
    ['a tag of no scheme stays, and the other goes', dapp('git_branch', ['No.Scheme', 'feature-x']), ['feature-x']],
    ['a tag that names another one in its label stays', werf1('git-branch', 'main', { tags: ['main', 'golden'] }), []],
    [
      'nothing goes while the image is young',
      dapp('git_branch', ['main', 'feature-x'], { created: daysAgo(0.01) }),
      [],
    ],
    ['a tag stays of which nothing can be told', { name: 'u', tags: ['feature-x', 'feature-y'], unread: true }, []],
  ])('%s', (_, node, untag) => {
    const schemes = { branch: { last: -1, tags: ['feature-{branch}'] } };
    const decision = decideBySchemes([node], { policy, schemes }).of(node.name);
    expect(decision.decision).toBe('keep');
    expect(decision.decision === 'keep' ? decision.untag : undefined).toEqual(untag);
  });

  it('a tag goes that a cluster does not name, of an image that it uses by another', () => {
    const usage = usageOf([`${OURS}:feature-y`]);
    const decision = decideBySchemes([dapp('git_branch', ['feature-x', 'feature-y'])], { policy, usage }).of(
      'feature-x',
    );
    expect(decision.decision === 'keep' ? decision.untag : undefined).toEqual(['feature-x']);
  });
});

describe('the remarks', () => {
  it('say how many images are of no scheme, and how many cannot be told', () => {
    const nodes = [
      dapp('git_branch', 'main'),
      dapp('custom', 'a'),
      { name: 'b', tags: ['b'] },
      dapp('git_branch', ['feature-x', 'No.Scheme']),
      dapp('git_branch', ['core-feature-add-settings', 'latest']),
      { name: 'pr', tags: ['pr-7'] },
    ];
    const schemes = { branch: { last: -1, tags: ['pr-{branch}'] } };
    const { remarks } = decideBySchemes(nodes, { schemes });
    const texts = remarks.flatMap(({ code, text }) => (code === 'no-scheme' ? [text] : []));
    expect(texts).toHaveLength(2);
    expect(texts[0]).toMatch(
      /^3 of 6 images stay: they, or tags of them, are of no tag scheme; dapp and werf 1 label /,
    );
    expect(texts[1]).toMatch(/^1 of 6 images is kept only because its tags do not tell /);
  });

  it('say nothing where every image is of a scheme', () => {
    expect(decideBySchemes([dapp('git_branch', 'main')]).remarks).toEqual([]);
  });
});

describe('the wrong clone is told', () => {
  it.each<[string, readonly NodeSpec[], boolean]>([
    ['by commits, of which none is there', [dapp('git_commit', sha('lost')), dapp('git_branch', 'main')], false],
    ['by names, of which none is there', [dapp('git_branch', 'feature-x')], false],
    ['not where a commit is there', [dapp('git_commit', sha('lost')), dapp('git_commit', sha('c3'))], true],
    ['not where a name is there and nothing else tells', [dapp('git_branch', 'main')], true],
  ])('%s', (_, nodes, isBuiltHere) => {
    expect(decideBySchemes(nodes).isBuiltHere).toBe(isBuiltHere);
  });
});

it('in the wrong clone, apply is refused', () => {
  const guardsOf = (nodes: readonly NodeSpec[]) => {
    const decided = decideBySchemes(nodes);
    const plan = buildPlan({
      tool: 'test',
      createdAt: NOW,
      asOf: undefined,
      evidence: { repositories: [] },
      previous: undefined,
      guards: { maxDeleteShare: 1, allowDeleteAll: false },
      repositories: [{ name: 'app', ...decided }],
    });
    return plan.repositories[0]?.guards.map(({ guard }) => guard);
  };
  expect(guardsOf([dapp('git_branch', 'feature-x'), dapp('custom', 'a')])).toEqual(['foreign-history']);
  expect(guardsOf([dapp('git_branch', 'feature-x'), dapp('git_branch', 'main')])).toEqual([]);
});

it('at most ten reasons to go are told', () => {
  const tags = Array.from({ length: 40 }, (_, at) => `feature-${at}`);
  const { reasons } = decideBySchemes([dapp('git_branch', tags)]).of('feature-0');
  expect(reasons.filter(({ rule }) => rule === 'scheme-gone')).toHaveLength(10);
  expect(reasons.map(describeReason).at(-1)).toMatch(/old, older than 2h$/);
});
