import { describe, expect, it } from 'vitest';
import { decisionsOn } from '../builders/decision.ts';
import { forgeOf } from '../builders/forge.ts';
import { historyOf } from '../builders/history.ts';
import { ANY_AGE, type NodeSpec } from '../builders/snapshot.ts';

const HISTORY = historyOf({
  commits: [{ name: 'c1', date: '2026-10-01T00:00:00Z' }],
  references: [{ kind: 'branch', name: 'main', commit: 'c1' }],
});
const ONE: readonly NodeSpec[] = [{ name: 'i', tags: ['pr-7'], lists: ['a', 'b'] }, { name: 'a' }, { name: 'b' }];
const TWO: readonly NodeSpec[] = [...ONE, { name: 'c', tags: ['pr-8', 'pr-9'] }];

describe('tags that name pull requests', () => {
  it.each<[string, readonly NodeSpec[], Partial<Parameters<typeof decisionsOn>[0]>, readonly string[]]>([
    [
      'are told of without a forge, an index with all that it lists as one image',
      ONE,
      {},
      ['1 image is kept because its tag names a pull or merge request'],
    ],
    ['are told of in one line', TWO, {}, ['2 images are kept because their tags name pull or merge requests']],
    ['are not worth a word with a forge', TWO, { forge: forgeOf({ pullRequests: [] }) }, []],
    ['are not worth a word when the rule is off by choice', TWO, { forge: forgeOf({}) }, []],
    ['are not worth a word when there are none', [{ name: 'a', tags: ['x'] }], {}, []],
    ['are not told of for a configuration that cannot be read', [{ name: 'a', tags: ['x'], unread: true }], {}, []],
  ])('%s', (_, nodes, more, expected) => {
    const { remarks } = decisionsOn({ nodes, history: HISTORY, policy: ANY_AGE, ...more });
    const told = remarks.flatMap(({ code, text }) =>
      code === 'pattern-needs-forge' ? text.replace(/, and.*$/, '') : [],
    );
    expect(told).toEqual(expected);
  });

  it('mean nothing while Git is off', () => {
    expect(decisionsOn({ nodes: ONE, policy: ANY_AGE }).remarks).toEqual([]);
  });
});

it('a forge counts for nothing without a history', () => {
  const nodes = [{ name: 'a', tags: ['pr-7'] }];
  const rules = { pullRequests: { last: 1 }, releases: { last: 1 }, deployments: { environments: ['x'], last: 1 } };
  const forge = forgeOf({
    pullRequests: [{ number: 7, head: 'c1' }],
    releases: [{ tag: 'pr-7', date: '2026-10-01T00:00:00Z' }],
    deployments: [],
  });
  const made = decisionsOn({ nodes, forge, policy: { ...ANY_AGE, forge: rules } });
  expect(made.rulesOf('a')).toEqual(['unused']);
});
