import { describe, expect, it } from 'vitest';
import { hours } from '../../src/model/time.ts';
import { type DecisionSpec, decisionsOn } from '../builders/decision.ts';
import { commitIdOf, historyOf } from '../builders/history.ts';
import {
  ANY_AGE,
  digestOf,
  type NodeSpec,
  policyOf,
  referrerTagOf,
  snapshotOf,
  usageOf,
} from '../builders/snapshot.ts';
import { stage } from '../builders/werf-snapshot.ts';

const OURS = 'registry.example.com/shop/app';
const REVISION = 'org.opencontainers.image.revision';
const HISTORY = historyOf({
  commits: [{ name: 'head', date: '2026-11-01T00:00:00Z' }],
  references: [
    { kind: 'branch', name: 'main', commit: 'head' },
    { kind: 'tag', name: 'v1', commit: 'head' },
  ],
});
const SHORT = commitIdOf('head').slice(0, 8);
const GIT = {
  git: {
    enabled: true,
    keepPolicies: [
      {
        name: 'p',
        references: { kind: 'branch' as const, pattern: { kind: 'literal' as const, text: 'main' } },
        imagesPerReference: { last: 1, operator: 'And' as const },
      },
    ],
  },
};

describe('with untagging, the tags that go', () => {
  it.each<[string, readonly NodeSpec[], Partial<DecisionSpec>, readonly string[]]>([
    [
      'are those beside a pinned one',
      [{ name: 'a', tags: ['keep', 'old', 'older'] }],
      { policy: pins('keep') },
      ['old', 'older'],
    ],
    [
      'are none where the registry cannot delete a tag alone',
      [{ name: 'a', tags: ['keep', 'old'] }],
      { policy: pins('keep'), snapshot: { capabilities: { ...snapshotOf([]).capabilities, deleteTagOnly: 'no' } } },
      [],
    ],
    [
      'are no referrer tags, also when one points at its own node',
      [
        { name: 'index', tags: ['keep'], lists: ['child'] },
        { name: 'child', tags: [referrerTagOf('child')] },
      ],
      { policy: pins('keep') },
      [],
    ],
    ['are none when every tag is pinned', [{ name: 'a', tags: ['keep', 'keep2'] }], { policy: pins('keep*') }, []],
    [
      'are those beside one that a cluster uses',
      [{ name: 'a', tags: ['used', 'old'] }],
      { usage: usageOf([`${OURS}:used`]) },
      ['old'],
    ],
    [
      'are none when a cluster uses the digest',
      [{ name: 'a', tags: ['used', 'old'] }],
      { usage: usageOf([`${OURS}@${digestOf('a')}`]) },
      [],
    ],
    [
      'are none when it uses the digest with a tag',
      [{ name: 'a', tags: ['used', 'old'] }],
      { usage: usageOf([`${OURS}:used@${digestOf('a')}`]) },
      [],
    ],
    [
      'are none when the keep list has the digest',
      [{ name: 'a', tags: ['old'] }],
      { policy: { pins: { tags: [], expressions: [], list: [digestOf('a')] } } },
      [],
    ],
    [
      'are none when the image is young',
      [{ name: 'a', tags: ['old'], created: '2026-11-20T11:30:00Z' }],
      { policy: { recent: { within: hours(2) } } },
      [],
    ],
    [
      'are none when its age is unknown',
      [{ name: 'a', tags: ['old'], created: null }],
      { policy: { recent: { within: hours(2) } } },
      [],
    ],
    [
      'are none when nobody understands it',
      [{ name: 'a', tags: ['old'], opaque: { mayListManifests: false } }],
      {},
      [],
    ],
    ['are none when nothing links it to a commit', [{ name: 'a', tags: ['old'] }], { history: HISTORY }, []],
    [
      'are none when a label links it to a kept commit',
      [{ name: 'a', tags: ['old'], labels: { [REVISION]: commitIdOf('head') } }],
      { history: HISTORY, policy: GIT },
      [],
    ],
    [
      'are those beside the one that links it to a kept commit',
      [{ name: 'a', tags: ['main', 'old'] }],
      { history: HISTORY, policy: GIT },
      ['old'],
    ],
    [
      'are none of several that link it to the same kept commit',
      [{ name: 'a', tags: ['main', 'v1', SHORT, 'old'] }],
      { history: HISTORY, policy: GIT },
      ['old'],
    ],
    [
      'are those of a child that stays because its index does',
      [
        { name: 'i', tags: ['keep'], lists: ['a'] },
        { name: 'a', tags: ['old'] },
      ],
      { policy: pins('keep') },
      ['old'],
    ],
    [
      'are none of an index that stays because its child does',
      [
        { name: 'i', tags: ['old'], lists: ['a'] },
        { name: 'a', tags: ['keep'] },
      ],
      { policy: pins('keep') },
      [],
    ],
    [
      'are none of a signature that stays with its image',
      [
        { name: 'a', tags: ['keep'] },
        { name: 's', tags: [referrerTagOf('a', '.sig'), 'signature'] },
      ],
      { policy: pins('keep') },
      [],
    ],
    [
      'are not the referrer tag of a signature that is pinned by a name of its own',
      [
        { name: 'a', tags: ['keep'] },
        { name: 's', tags: [referrerTagOf('a', '.sig'), 'keep-sig'] },
      ],
      { policy: pins('keep*') },
      [],
    ],
    ['are none of what goes as a whole', [{ name: 'a', tags: ['old'] }], {}, []],
    [
      'are not the tag of a child by which its index is linked',
      [
        { name: 'i', tags: ['x'], lists: ['a'] },
        { name: 'a', tags: ['main', 'old'] },
      ],
      { history: HISTORY, policy: GIT },
      ['old'],
    ],
  ])('%s', (_, nodes, spec, expected) => {
    expect(untaggedBy({ nodes, ...spec }, true)).toEqual(expected);
  });
});

it('a tag that links its image to a kept commit stays, however many reasons there are before it', () => {
  const history = historyOf({
    commits: [
      { name: 'c1', date: '2026-10-01T00:00:00Z' },
      { name: 'c2', date: '2026-11-01T00:00:00Z', parents: ['c1'] },
    ],
    references: [
      ...Array.from({ length: 12 }, (_, at) => ({ kind: 'branch' as const, name: `b${at}`, commit: 'c2' })),
      { kind: 'branch', name: 'old', commit: 'c1' },
    ],
  });
  const everyBranch = {
    name: 'p',
    references: { kind: 'branch' as const, pattern: { kind: 'regex' as const, source: '.*' } },
    imagesPerReference: { last: 1, operator: 'And' as const },
  };
  const nodes = [{ name: 'a', tags: ['loose', ...['c1', 'c2'].map((name) => commitIdOf(name).slice(0, 8))] }];
  const policy = { git: { enabled: true, keepPolicies: [everyBranch] } };
  expect(untaggedBy({ nodes, history, policy }, true)).toEqual(['loose']);
});

it('no foreign tag goes from a repository that werf made', () => {
  const foreign: NodeSpec = { name: 'a', tags: ['latest', 'mine'] };
  expect(untaggedBy({ nodes: [stage({ name: 's', tags: ['x', 'y'] }), foreign] }, true)).toEqual([]);
});

describe('where the registry collects what no tag leads to', () => {
  const { capabilities } = snapshotOf([]);
  const PART: NodeSpec = { name: 'part', tags: ['amd64'] };
  it.each<[string, readonly NodeSpec[], Partial<DecisionSpec>, readonly string[]]>([
    [
      'the last tag of a part goes when a tagged index that stays leads to it',
      [PART, { name: 'i', tags: ['keep'], lists: ['part'] }],
      { policy: pins('keep') },
      ['amd64'],
    ],
    [
      'the last tag of a part stays when the index has none',
      [PART, { name: 'i', lists: ['part'] }],
      { usage: usageOf([`${OURS}@${digestOf('i')}`]) },
      [],
    ],
    [
      'it goes when an index above that one has a tag',
      [PART, { name: 'i', lists: ['part'] }, { name: 'top', tags: ['keep'], lists: ['i'] }],
      { policy: pins('keep') },
      ['amd64'],
    ],
    ['one of several tags goes', [{ name: 'a', tags: ['keep', 'old'] }], { policy: pins('keep') }, ['old']],
  ])('%s', (_, nodes, spec, expected) => {
    const snapshot = { capabilities: { ...capabilities, collectsUntagged: true } };
    expect(untaggedBy({ nodes, snapshot, ...spec }, true)).toEqual(expected);
  });
});

it('without untagging, no tag goes from what stays', () => {
  expect(untaggedBy({ nodes: [{ name: 'a', tags: ['keep', 'old'] }], policy: pins('keep') }, false)).toEqual([]);
});

function pins(...tags: readonly string[]) {
  return { pins: { tags, expressions: [], list: [] } };
}

function untaggedBy(spec: DecisionSpec, untag: boolean): readonly string[] {
  const { decisions } = decisionsOn({ ...spec, policy: { ...policyOf(), ...ANY_AGE, ...spec.policy, untag } });
  return [...decisions.values()].flatMap((decision) => (decision.decision === 'keep' ? decision.untag : [])).sort();
}
