// The second writing of werf's formats, held to the vectors that were taken from werf itself.

import { describe, expect, it } from 'vitest';
import { nameHash, nameSlug, stageDigest, tagSlug } from './werf-words.ts';

describe('what makes werf’s repositories in tests', () => {
  it.each([
    ['image', 'c8c39214'],
    ['backend', '27dba8ed'],
    ['frontend', 'fb496116'],
    ['app/web', '14cec99e'],
    ['A', '54dcf7ce'],
    ['', '0'],
  ])('calls the image %s by the hash that werf 2.77.1 gives it', (name, hash) => {
    expect(nameHash(name)).toBe(hash);
  });

  it.each([
    ['-data', 128, 'data-a871d86e'],
    ['da/ta', 128, 'da-ta-afa96f8'],
    ['x'.repeat(43), 42, `${'x'.repeat(33)}-27e2f02f`],
    ['x'.repeat(129), 128, `${'x'.repeat(119)}-8cca70eb`],
    ['v1.2.3', 48, 'v1.2.3'],
  ])('shortens %s as werf does', (text, most, slug) => {
    expect(tagSlug(text, most)).toBe(slug);
  });

  it('writes names that tags cannot hold in words, and stages as 56 hex digits', () => {
    expect([nameSlug('a b/c+d'), nameSlug('')]).toEqual(['a__space__b__slash__c__plus__d', '__nameless__']);
    expect(stageDigest('one', 'two')).toMatch(/^[0-9a-f]{56}$/);
  });
});
