// What a plan tells of images without a link.

import { describe, expect, it } from 'vitest';
import { decisionsOn } from '../builders/decision.ts';
import { commitIdOf, historyOf } from '../builders/history.ts';
import { ANY_AGE, type NodeSpec } from '../builders/snapshot.ts';

const HISTORY = historyOf({
  commits: [{ name: 'c', date: '2026-01-01T00:00:00Z' }],
  references: [{ kind: 'branch', name: 'main', commit: 'c' }],
});
const linked: NodeSpec = {
  name: 'linked',
  tags: ['l'],
  labels: { 'org.opencontainers.image.revision': commitIdOf('c') },
};
const linkedToo: NodeSpec = { ...linked, name: 'linked too', tags: ['m'] };
const loose = (name: string): NodeSpec => ({ name, tags: [name] });
const index: readonly NodeSpec[] = [{ name: 'i', tags: ['i'], lists: ['a', 'b'] }, { name: 'a' }, { name: 'b' }];

function told(nodes: readonly NodeSpec[]): readonly string[] {
  return decisionsOn({ nodes, history: HISTORY, policy: ANY_AGE }).remarks.flatMap(({ code, text }) =>
    code === 'many-unlinked' ? text : [],
  );
}

describe('the remark on images without a link', () => {
  it.each<[string, readonly NodeSpec[], string | undefined]>([
    ['is not made where all have one', [linked], undefined],
    ['says how many of how many', [linked, linkedToo, loose('x')], '1 of 3 images is kept only because'],
    ['counts an index with its platforms once', [linked, linkedToo, ...index], '1 of 3 images is kept only because'],
    ['speaks of one image', [loose('x')], '1 of 1 image is kept only because'],
    ['speaks of several', [loose('x'), loose('y'), linked], '2 of 3 images are kept only because'],
  ])('%s', (_, nodes, start) => {
    const texts = told(nodes);
    expect(texts).toHaveLength(start === undefined ? 0 : 1);
    if (start !== undefined) expect(texts[0]).toMatch(new RegExp(`^${start}`));
  });

  it.each([
    ['some', [linked, linkedToo, loose('x')], false],
    ['half', [linked, loose('x')], true],
  ])('is plainer when %s have none', (_, nodes, isPlain) => {
    expect(told(nodes)[0]?.includes('keep policies decide about the rest alone')).toBe(isPlain);
  });

  it('names every way to a link, and where they are told', () => {
    const [text] = told([loose('x')]);
    for (const way of [
      'metadata-action',
      'provenance',
      'registry-cleanup record',
      'images.tagPatterns',
      'docs/links.md',
    ])
      expect(text).toContain(way);
  });

  it('is not made while Git is off', () => {
    expect(decisionsOn({ nodes: [loose('x')], policy: ANY_AGE }).remarks).toEqual([]);
  });
});
