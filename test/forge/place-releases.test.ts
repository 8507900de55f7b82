import { describe, expect, it } from 'vitest';
import { placeReleases } from '../../src/forge/place-releases.ts';
import { at, commitIdOf, historyOf } from '../builders/history.ts';

const DAY = '2026-01-01T00:00:00Z';

describe('a release', () => {
  const history = historyOf({
    commits: [
      { name: 'a', date: DAY },
      { name: 'b', date: DAY, parents: ['a'] },
    ],
    references: [
      { kind: 'branch', name: 'main', commit: 'b' },
      { kind: 'tag', name: 'v1', commit: 'a' },
    ],
  });

  it.each([
    ['has the commit of its tag', { tag: 'v1' }, 'a'],
    ['has the commit of its tag, whatever stands for it', { tag: 'v1', target: 'main' }, 'a'],
    ['has no commit without its tag when nothing stands for it', {}, undefined],
    ['has the commit that stands for a tag that is gone', { target: commitIdOf('a') }, 'a'],
    ['as a draft has the commit of its tag where there is one', { tag: 'v1', isDraft: true, target: 'main' }, 'a'],
    ['as a draft has the commit of the branch that it will be made on', { isDraft: true, target: 'main' }, 'b'],
    ['as a draft has the commit that it will be made on', { isDraft: true, target: commitIdOf('a') }, 'a'],
    ['as a draft has no commit that nobody knows', { isDraft: true, target: commitIdOf('x') }, undefined],
  ])('%s', (_, changes, commit) => {
    const [placed] = placeReleases([{ tag: 'v9', isDraft: false, date: at(DAY), ...changes }], history);
    expect(placed?.commit).toBe(commit === undefined ? undefined : commitIdOf(commit));
  });
});
